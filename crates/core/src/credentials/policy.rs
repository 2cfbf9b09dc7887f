//! Which passwords may be set.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use crate::accounts::username_key;
use crate::invalid::Invalid;
use crate::loc;
use crate::secret::SecretString;

/// What a new password must be like (NIST SP 800-63B-4, 3.1.1.2): long enough, not too long, not among those that
/// everyone tries first, not the account's own name. No rule about kinds of characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PasswordPolicy {
    /// The fewest code points of the NFC form.
    pub min_length: usize,
    /// The most code points of the NFC form.
    pub max_length: usize,
    /// Whether the most common passwords are refused.
    pub refuse_common: bool,
}

/// Why a password can't be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PasswordError {
    /// Fewer code points than the policy wants.
    #[error("a password has at least {min} characters")]
    TooShort {
        /// The fewest allowed.
        min: usize,
    },
    /// More code points than the policy allows.
    #[error("a password has at most {max} characters")]
    TooLong {
        /// The most allowed.
        max: usize,
    },
    /// One of the most common passwords.
    #[error("this password is one of the most common, choose another")]
    Common,
    /// The account's own name or address.
    #[error("the password must not be the name or the e-mail address")]
    SameAsAccount,
    /// More than 72 bytes, where new hashes are bcrypt, which sees no further.
    #[error("the password has more than 72 bytes, which bcrypt can not keep")]
    TooLongForBcrypt,
    /// A NUL character, where new hashes are bcrypt, which ends there.
    #[error("the password holds a NUL character, which bcrypt can not keep")]
    NulForBcrypt,
    /// The configured cost is above what this server would verify.
    #[error("the configured hashing cost is out of range")]
    CostOutOfRange,
}

impl PasswordError {
    /// The entry of a 422's list that says so; the password itself is not in it.
    pub fn to_invalid(self) -> Invalid {
        let (loc, input) = (loc!["body", "password"], Value::from("[redacted]"));
        match self {
            Self::TooShort { min } => Invalid::string_too_short(loc, input, min),
            Self::TooLong { max } => Invalid::string_too_long(loc, input, max),
            other => Invalid::value_error(loc, input, other),
        }
    }
}

/// A password that may be hashed: its bytes as sent, and its NFC form.
///
/// No trimming and no case folding: spaces at the ends and the cases of letters count.
#[derive(Clone, Debug)]
pub struct NewPassword {
    sent: SecretString,
    nfc: SecretString,
}

impl NewPassword {
    /// A password that has just been proven at log-in, for the rewriting of its hash. Rules hold when a password is
    /// set, so none is asked here.
    pub fn proven(password: &SecretString) -> Self {
        Self { nfc: composed(password), sent: password.clone() }
    }

    /// The NFC form: what is measured, and what Argon2id hashes.
    pub fn expose(&self) -> &str {
        self.nfc.expose()
    }

    /// The text as sent: what bcrypt hashes.
    pub fn as_sent(&self) -> &str {
        self.sent.expose()
    }
}

impl PasswordPolicy {
    /// Accepts a password for the account with this name and address, or says what is wrong with it.
    ///
    /// # Errors
    /// The first rule of the policy that the password breaks.
    pub fn check(
        &self,
        password: SecretString,
        username: &str,
        email: Option<&str>,
    ) -> Result<NewPassword, PasswordError> {
        let nfc = composed(&password);
        let length = nfc.expose().chars().count();
        if length < self.min_length {
            return Err(PasswordError::TooShort { min: self.min_length });
        }
        if length > self.max_length {
            return Err(PasswordError::TooLong { max: self.max_length });
        }
        let folded = SecretString::new(username_key(nfc.expose()));
        if is_the_accounts_own(folded.expose(), username, email) {
            return Err(PasswordError::SameAsAccount);
        }
        if self.refuse_common && is_common(folded.expose()) {
            return Err(PasswordError::Common);
        }
        Ok(NewPassword { sent: password, nfc })
    }
}

fn composed(password: &SecretString) -> SecretString {
    SecretString::new(password.expose().nfc().collect())
}

fn is_the_accounts_own(folded: &str, username: &str, email: Option<&str>) -> bool {
    let local = email.and_then(|email| email.rsplit_once('@')).map(|(local, _)| local);
    [Some(username), email, local].into_iter().flatten().any(|own| username_key(own) == folded)
}

/// The common passwords, folded as [`username_key`] folds, sorted by bytes, one a line.
static COMMON: &str = include_str!("common.txt");

/// Whether a folded password is one of the most common. The list is searched by bisection of its text, so that it
/// costs nothing at start.
fn is_common(folded: &str) -> bool {
    let (mut low, mut high) = (0, COMMON.len());
    while low < high {
        // The whole line around the middle, cut at line breaks; bytes, because the middle may split a character.
        let middle = low + (high - low) / 2;
        let bytes = COMMON.as_bytes();
        let start = bytes[low..middle].iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let end = bytes[middle..high].iter().position(|byte| *byte == b'\n').map_or(high, |at| middle + at);
        match bytes[start..end].cmp(folded.as_bytes()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVELOPMENT: PasswordPolicy =
        PasswordPolicy { min_length: 6, max_length: 1024, refuse_common: true };

    fn check(password: &str) -> Result<NewPassword, PasswordError> {
        DEVELOPMENT.check(password.into(), "Tim.R", Some("tim-ruscica@gmail.com"))
    }

    #[test]
    fn the_seeds_passwords_can_be_set_in_development() {
        assert!(DEVELOPMENT.check("tim1234".into(), "tim", Some("tim@gmail.com")).is_ok());
        assert!(DEVELOPMENT.check("secret-123".into(), "anew", Some("anew@example.com")).is_ok());
    }

    #[test]
    fn p03_length_is_counted_in_code_points_of_the_nfc_form() {
        assert_eq!(check("tim12").unwrap_err(), PasswordError::TooShort { min: 6 });
        assert_eq!(check(&"e\u{301}".repeat(5)).unwrap_err(), PasswordError::TooShort { min: 6 });
        for good in ["🔑".repeat(6), "é".repeat(1024), "e\u{301}".repeat(1024), "\u{378}\u{202e}שלום".into()]
        {
            assert!(check(&good).is_ok());
        }
        assert_eq!(check(&"x y".repeat(342)).unwrap_err(), PasswordError::TooLong { max: 1024 });
    }

    #[test]
    fn p08_what_is_kept_is_nfc_untrimmed() {
        let password = check(" Cafe\u{301}s ").unwrap();
        assert_eq!((password.expose(), password.as_sent()), (" Caf\u{e9}s ", " Cafe\u{301}s "));
        assert_eq!(format!("{password:?}"), "NewPassword { sent: [redacted], nfc: [redacted] }");
    }

    #[test]
    fn the_accounts_own_name_is_no_password() {
        for own in ["TIM-RUSCICA@gmail.com", "Tim-Ruscica", "ｔｉｍ-ruscica"] {
            assert_eq!(check(own).unwrap_err(), PasswordError::SameAsAccount, "{own}");
        }
        let own = DEVELOPMENT.check("Tim.Ruscica".into(), "tim.ruscica", None);
        assert_eq!(own.unwrap_err(), PasswordError::SameAsAccount);
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in ["password", "PassWord", "123456", "qwerty", "ｐａｓｓｗｏｒｄ", "zxcvbnm", "iloveyou"]
        {
            assert_eq!(check(common).unwrap_err(), PasswordError::Common, "{common}");
        }
        let lax = PasswordPolicy { refuse_common: false, ..DEVELOPMENT };
        assert!(lax.check("password".into(), "tim", None).is_ok());
    }

    #[test]
    fn the_list_is_sorted_folded_and_found_line_by_line() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.len() >= 3000, "{}", lines.len());
        assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        for line in lines {
            assert!(line.chars().count() >= 6 && username_key(line) == line, "{line}");
            assert!(is_common(line), "{line}");
        }
        for other in ["", "\n", "0", "passwor", "zzzzzzzzzzz1", "password\n", "tim1234", "\u{ff}"] {
            assert!(!is_common(other), "{other:?}");
        }
    }
}
