//! Usernames.

use super::text::{fold, is_mark, is_unprintable};
use unicode_normalization::UnicodeNormalization;

/// A well-formed username and the key by which it is found.
///
/// 1 to 64 characters; any script. It never looks like an e-mail address or an id, and holds nothing that
/// can't be seen (ATTACKS A02, A03).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Username {
    text: String,
    key: String,
}

/// Why a text can't be a username.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UsernameError {
    /// No character at all.
    #[error("a username has at least 1 character")]
    Empty,
    /// More than 64 code points.
    #[error("a username has at most {} characters", Username::MAX)]
    TooLong,
    /// A control, zero-width, bidirectional, private or unassigned character.
    #[error("a username holds no invisible characters")]
    Unprintable,
    /// White space at an end, twice in a row, or of another kind than the two plain spaces.
    #[error("a username has no white space at its ends, and single spaces within")]
    WhiteSpace,
    /// It begins with a character that joins to the one before it.
    #[error("a username does not begin with a combining character")]
    BeginsWithMark,
    /// It holds an `@` in some width.
    #[error("a username holds no @")]
    LooksLikeEmail,
    /// It reads as a UUID in some spelling.
    #[error("a username does not look like an id")]
    LooksLikeId,
}

impl Username {
    /// The longest name, in code points of its NFC form.
    pub const MAX: usize = 64;

    /// Reads a name as typed.
    ///
    /// # Errors
    /// [`UsernameError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        if text.is_empty() {
            return Err(UsernameError::Empty);
        }
        if text.nfc().take(Self::MAX + 1).count() > Self::MAX || text.len() > Self::MAX * 16 {
            return Err(UsernameError::TooLong);
        }
        check_characters(text)?;
        let key = fold(text);
        check_characters(&key)?;
        if key.contains('@') {
            return Err(UsernameError::LooksLikeEmail);
        }
        if uuid::Uuid::try_parse(&key).is_ok() {
            return Err(UsernameError::LooksLikeId);
        }
        Ok(Self { text: text.to_owned(), key })
    }

    /// The name as typed.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The canonical form: two names with one key can't both exist.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The key of any text, read as a username: NFKC and full case folding to a fixed point.
///
/// Total and idempotent; two spellings of one name have one key.
pub fn username_key(text: &str) -> String {
    fold(text)
}

fn check_characters(text: &str) -> Result<(), UsernameError> {
    let mut before = ' ';
    for c in text.chars() {
        if c.is_whitespace() {
            let plain = matches!(c, ' ' | '\u{3000}');
            if !plain || before.is_whitespace() {
                return Err(if c.is_control() {
                    UsernameError::Unprintable
                } else {
                    UsernameError::WhiteSpace
                });
            }
        } else if is_unprintable(c) {
            return Err(UsernameError::Unprintable);
        }
        before = c;
    }
    if before.is_whitespace() {
        return Err(UsernameError::WhiteSpace);
    }
    if text.chars().next().is_some_and(is_mark) {
        return Err(UsernameError::BeginsWithMark);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_names_of_all_scripts_pass_as_typed() {
        for (name, key) in [
            ("tim", "tim"),
            ("Tim", "tim"),
            ("q", "q"),
            ("anew", "anew"),
            ("znew", "znew"),
            ("山田太郎", "山田太郎"),
            ("ティム", "ティム"),
            ("ﾃｨﾑ", "ティム"),
            ("山田　太郎", "山田 太郎"),
            ("o'neil-smith_2", "o'neil-smith_2"),
            ("Straße", "strasse"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("ﬁona", "fiona"),
            ("5", "5"),
        ] {
            let parsed = Username::parse(name).unwrap();
            assert_eq!((parsed.as_str(), parsed.key()), (name, key));
        }
    }

    #[test]
    fn a02_a03_what_a_username_can_not_be() {
        use UsernameError::*;
        for (name, why) in [
            ("", Empty),
            (" tim", WhiteSpace),
            ("tim ", WhiteSpace),
            ("a  b", WhiteSpace),
            ("a\u{a0}b", WhiteSpace),
            ("\u{3000}tim", WhiteSpace),
            ("a\nb", Unprintable),
            ("a\0b", Unprintable),
            ("a\u{1b}[31m", Unprintable),
            ("ti\u{200b}m", Unprintable),
            ("\u{202e}mit", Unprintable),
            ("ti\u{feff}m", Unprintable),
            ("tim\u{fe0f}", Unprintable),
            ("\u{3164}", Unprintable),
            ("\u{e000}", Unprintable),
            ("\u{378}", Unprintable),
            ("\u{301}tim", BeginsWithMark),
            ("tim@gmail.com", LooksLikeEmail),
            ("tim＠gmail.com", LooksLikeEmail),
            ("tim﹫", LooksLikeEmail),
            ("0199F0A2-6c1e-7777-b777-777777777777", LooksLikeId),
            ("0199f0a26c1e7777b777777777777777", LooksLikeId),
            ("{0199f0a2-6c1e-7777-b777-777777777777}", LooksLikeId),
            ("０199f0a26c1e7777b777777777777777", LooksLikeId),
        ] {
            assert_eq!(Username::parse(name), Err(why), "{name:?}");
        }
    }

    #[test]
    fn a_name_is_measured_in_composed_characters() {
        assert!(Username::parse(&"名".repeat(64)).is_ok());
        assert!(Username::parse(&"e\u{301}".repeat(64)).is_ok());
        assert_eq!(Username::parse(&"x".repeat(65)), Err(UsernameError::TooLong));
    }

    #[test]
    fn a02_letters_that_look_alike_stay_apart() {
        assert_ne!(username_key("аlice"), username_key("alice"));
        assert_ne!(username_key("mıke"), username_key("mike"));
    }

    proptest! {
        #[test]
        fn a02_the_key_is_idempotent(text in "\\PC*|.*") {
            let key = username_key(&text);
            prop_assert_eq!(username_key(&key), key);
        }

        #[test]
        fn the_key_of_a_name_is_itself_a_name_with_that_key(text in "\\PC{1,12}|[ａ-ｚＡ-Ｚßﬀﬁİıſ ]{1,8}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(name.key(), username_key(&text));
                if name.key().chars().count() <= Username::MAX {
                    let again = Username::parse(name.key()).unwrap();
                    prop_assert_eq!(again.key(), name.key());
                }
            }
        }
    }
}
