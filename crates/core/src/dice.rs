//! Randomness as an argument.

/// What throws the dice: the operating system's source in the server, a loaded one in tests.
///
/// An implementation fills the whole slice with unpredictable bytes or does not return.
pub trait Dice: Send + Sync {
    /// Fills `bytes` with random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn array<const N: usize>(dice: &dyn Dice) -> [u8; N] {
    let mut bytes = [0; N];
    dice.fill(&mut bytes);
    bytes
}
