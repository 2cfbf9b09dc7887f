//! The block of memory that Argon2 works in, kept from hash to hash.

use argon2::Block;
use zeroize::Zeroize;

/// A reusable block of Argon2 memory; one for each hashing thread.
///
/// It is wiped when it is given back ([`Memory::release`]) or dropped, not after each hash: that would cost 2.6 ms of
/// 14. A block of the size that its thread uses holds what the last hash left, which the next overwrites.
#[derive(Default)]
pub struct Memory {
    blocks: Vec<Block>,
}

impl Memory {
    /// The capacity kept between hashes, in KiB. Above 32 MiB the allocator always gives an allocation a mapping of
    /// its own, so that releasing it returns the memory to the system; what is not touched costs nothing.
    const KEPT: usize = 33 * 1024;

    /// No memory yet; the first hash takes it.
    pub const fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// Wipes the memory and gives it back to the system.
    pub fn release(&mut self) {
        for block in &mut self.blocks {
            block.zeroize();
        }
        self.blocks = Vec::new();
    }

    /// Runs `work` in `count` blocks of 1 KiB, and keeps them unless they are more than the usual.
    pub(super) fn with<T>(&mut self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        if count > self.blocks.capacity() {
            self.release();
            self.blocks = Vec::with_capacity(count.max(Self::KEPT));
        }
        if count > self.blocks.len() {
            self.blocks.resize(count, Block::new());
        }
        let result = work(&mut self.blocks[..count]);
        if count > Self::KEPT {
            self.release();
        }
        result
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.release();
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} KiB)", self.blocks.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_kept_up_to_the_usual_and_given_back_above() {
        let mut memory = Memory::new();
        memory.with(64, |blocks| assert_eq!(blocks.len(), 64));
        let kept = memory.blocks.as_ptr();
        memory.with(128, |blocks| assert_eq!(blocks.len(), 128));
        assert_eq!((memory.blocks.as_ptr(), memory.blocks.capacity()), (kept, Memory::KEPT));
        memory.with(Memory::KEPT + 1, |blocks| assert_eq!(blocks.len(), Memory::KEPT + 1));
        assert_eq!(memory.blocks.capacity(), 0);
    }
}
