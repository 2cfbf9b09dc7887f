//! The block of memory that Argon2 and scrypt work in, kept from hash to hash, and what all threads may have beyond it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use argon2::Block;
use zeroize::Zeroize;

/// A reusable block of memory; one for each hashing thread.
///
/// It is wiped when it is given back ([`Memory::release`]) or dropped, not after each hash: that would cost 2.6 ms of
/// 14. A block of the size that its thread uses holds what the last hash left, which the next overwrites.
pub struct Memory {
    blocks: Vec<Block>,
    /// The blocks that any hash may use without asking.
    usual: usize,
    reserve: Arc<Reserve>,
}

impl Memory {
    /// The capacity kept between hashes, in KiB. Above 32 MiB the allocator always gives an allocation a mapping of
    /// its own, so that releasing it returns the memory to the system; what is not touched costs nothing.
    const KEPT: usize = 33 * 1024;

    /// No memory yet; the first hash takes it. Nobody else draws on its reserve.
    pub fn new() -> Self {
        Self::sharing(Arc::default())
    }

    /// No memory yet; hashes that need more than the usual draw on this reserve.
    pub fn sharing(reserve: Arc<Reserve>) -> Self {
        Self { blocks: Vec::new(), usual: Self::KEPT, reserve }
    }

    /// The bytes held now.
    pub const fn held(&self) -> usize {
        self.blocks.len() * Block::SIZE
    }

    /// Wipes the memory and gives it back to the system.
    pub fn release(&mut self) {
        for block in &mut self.blocks {
            block.zeroize();
        }
        self.blocks = Vec::new();
    }

    /// What a new hash needs, in KiB, is usual however much it is: the settings ask for it on every thread.
    pub(super) fn suit(&mut self, kib: u32) {
        self.usual = Self::KEPT.max(kib as usize);
    }

    /// Runs `work` in `count` blocks of 1 KiB, and keeps them unless they are more than the usual. More than that is
    /// waited for while other threads have it.
    pub(super) fn with<T>(&mut self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let reserve = Arc::clone(&self.reserve);
        let beyond = count.saturating_sub(self.usual);
        let mut taken = None;
        if beyond > 0 {
            // Its own block first: what is waited for must not be what is held.
            self.release();
            taken = Some(reserve.take(beyond));
        }
        if count > self.blocks.capacity() {
            self.release();
            self.blocks = Vec::with_capacity(count.max(Self::KEPT));
        }
        if count > self.blocks.len() {
            self.blocks.resize(count, Block::new());
        }
        let result = work(&mut self.blocks[..count]);
        if taken.is_some() {
            self.release();
        }
        result
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
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

/// What the hashing threads together may have beyond their usual blocks, for hashes of other software that need more:
/// 64 MiB, or the needs of one hash if those are more.
#[derive(Default)]
pub struct Reserve {
    /// Held while waiting, so that a hash which needs all of it is not overtaken for ever by smaller ones.
    turn: Mutex<()>,
    /// In KiB.
    taken: Mutex<usize>,
    returned: Condvar,
}

impl Reserve {
    /// In KiB.
    const WHOLE: usize = 64 * 1024;

    fn take(&self, kib: usize) -> Taken<'_> {
        let share = kib.min(Self::WHOLE);
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = self.taken();
        while *taken + share > Self::WHOLE {
            taken = self.returned.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += share;
        drop(turn);
        Taken { reserve: self, share }
    }

    fn taken(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Reserve {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reserve({} KiB taken)", self.taken())
    }
}

/// A share of the reserve; dropped, it is there again, even after a panic.
struct Taken<'a> {
    reserve: &'a Reserve,
    share: usize,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.reserve.taken() -= self.share;
        self.reserve.returned.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

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
        memory.suit(40 * 1024);
        memory.with(Memory::KEPT + 1, |_| ());
        assert_eq!(memory.blocks.len(), Memory::KEPT + 1, "the settings made it usual");
    }

    #[test]
    fn p13_beyond_the_usual_the_threads_share_one_reserve() {
        let reserve = Arc::new(Reserve::default());
        let (inside, entered) = mpsc::channel();
        let half = Memory::KEPT + Reserve::WHOLE / 2;
        std::thread::scope(|scope| {
            let (leave, wait) = mpsc::channel::<()>();
            let (mut first, mut second) =
                (Memory::sharing(Arc::clone(&reserve)), Memory::sharing(Arc::clone(&reserve)));
            let tell = inside.clone();
            scope.spawn(move || {
                first.with(half, |_| {
                    tell.send("first").unwrap();
                    wait.recv().unwrap();
                    tell.send("first leaves").unwrap();
                });
            });
            assert_eq!(entered.recv(), Ok("first"));
            // What is usual goes past, and so does what still fits.
            second.with(Memory::KEPT, |_| ());
            second.with(half, |_| assert_eq!(*reserve.taken(), Reserve::WHOLE));
            scope.spawn(move || second.with(2 * Reserve::WHOLE, |_| inside.send("the large one").unwrap()));
            leave.send(()).unwrap();
            assert_eq!(entered.recv(), Ok("first leaves"));
            assert_eq!(entered.recv(), Ok("the large one"));
        });
        assert_eq!(*reserve.taken(), 0);
    }

    #[test]
    fn a_panic_gives_its_share_back() {
        let reserve = Arc::new(Reserve::default());
        let mut memory = Memory::sharing(Arc::clone(&reserve));
        let work = || memory.with(Memory::KEPT + 9, |_| panic!("planted"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        assert_eq!(*reserve.taken(), 0);
    }
}
