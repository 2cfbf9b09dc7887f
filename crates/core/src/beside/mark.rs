//! What is kept of a row while the application's table is left alone: enough to know it again, and to see what changed.

use sha2::{Digest as _, Sha256};

use crate::id::UserId;

/// The mark of a text of this user's, in hexadecimal digits: equal texts of one user have equal marks.
///
/// Half of a SHA-256 over id and text: it says nothing of a hash with a salt, and of an address only to who guesses it.
pub fn mark(user: UserId, text: &str) -> String {
    let digest = Sha256::new().chain_update(user.as_bytes()).chain_update(text).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_user_and_one_text() {
        let (one, two) = (UserId::from_bytes([1; 16]), UserId::from_bytes([2; 16]));
        assert_eq!(mark(one, "tim"), mark(one, "tim"));
        assert_eq!(mark(one, "tim").len(), 32);
        assert_ne!(mark(one, "tim"), mark(one, "Tim"));
        assert_ne!(mark(one, "tim"), mark(two, "tim"));
    }
}
