//! The table of schemes, and who in it reads a stored text.

use super::scheme::Row;
use super::{argon2, bcrypt, bcrypt_sha256, ldap, pbkdf2, phpass, scrypt, sha_crypt};

/// Every scheme that is verified. A new scheme is a file that provides a [`Row`], and a line here.
pub(super) const TABLE: &[Row] = &[
    argon2::ROW,
    bcrypt::ROW,
    bcrypt_sha256::ROW,
    scrypt::ROW,
    pbkdf2::ROW,
    sha_crypt::ROW,
    ldap::ROW,
    phpass::ROW,
];

/// A stored text, and the row of the table that reads it.
pub(super) struct Found<'a> {
    pub(super) row: &'static Row,
    pub(super) text: &'a str,
    /// Whether something stood before the text: new hashes have nothing there.
    pub(super) wrapped: bool,
}

/// The row that reads this text; `None` for an unknown scheme.
pub(super) fn find(stored: &str) -> Option<Found<'_>> {
    let text = unwrapped(stored);
    let row = TABLE.iter().find(|row| (row.recognises)(text))?;
    Some(Found { row, text, wrapped: text.len() < stored.len() })
}

/// Without what some software writes before a hash that is otherwise as its own makers write it: Django's names of
/// its hashers, and the braces of directories.
fn unwrapped(stored: &str) -> &str {
    for (before, after) in
        [("argon2", "$argon2"), ("bcrypt$", "$2"), ("{CRYPT}", "$"), ("{ARGON2}", "$argon2")]
    {
        match stored.split_at_checked(before.len()) {
            Some((start, rest)) if start.eq_ignore_ascii_case(before) && rest.starts_with(after) => {
                return rest;
            }
            _ => {}
        }
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_hash_is_taken_off_where_a_hash_follows() {
        for (stored, text) in [
            ("argon2$argon2id$v=19$m", "$argon2id$v=19$m"),
            ("bcrypt$$2b$12$abc", "$2b$12$abc"),
            ("{crypt}$6$salt$hash", "$6$salt$hash"),
            ("{ARGON2}$argon2i$v=19", "$argon2i$v=19"),
        ] {
            let found = find(stored).unwrap();
            assert_eq!((found.text, found.wrapped), (text, true));
            assert!(!find(text).unwrap().wrapped);
        }
        for stored in ["argon2", "bcrypt$", "bcrypt$x", "{CRYPT}", "{CRYPT}x", "{CRYPT}{CRYPT}$6$", "é", ""]
        {
            assert!(find(stored).is_none(), "{stored}");
        }
    }

    #[test]
    fn no_scheme_stands_in_two_rows() {
        let mut names: Vec<_> =
            TABLE.iter().flat_map(|row| row.schemes).map(|scheme| scheme.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 13);
        assert_eq!(TABLE.iter().map(|row| row.schemes.len()).sum::<usize>(), 13);
    }
}
