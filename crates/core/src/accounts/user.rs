//! A user as the database has one, as the API shows one, and as people name one when they log in.

use serde::Serialize;

use super::email::email_key;
use super::username::username_key;
use crate::id::UserId;
use crate::time::Timestamp;

/// One user. No password in it: hashes live beside users, not in them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The identity, which never changes.
    pub id: UserId,
    /// The name as typed at registration; what `sub` says in an access token.
    pub username: String,
    /// The address as typed, where there is one.
    pub email: Option<String>,
    /// What to call the person.
    pub full_name: Option<String>,
    /// The identifier in the system from which the user was adopted.
    pub external_id: Option<String>,
    /// Raised by a password change; a token says which version it was made under.
    pub token_version: i64,
    /// Since when the user may not enter; `None` for one who may.
    pub disabled_at: Option<Timestamp>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Whether the user may not enter.
    pub const fn is_disabled(&self) -> bool {
        self.disabled_at.is_some()
    }
}

/// What the API shows of a user: exactly the seeds' four members, in their order (ATTACKS L04).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct PublicUser<'a> {
    /// The name as typed.
    pub username: &'a str,
    /// The address as typed, or null.
    pub email: Option<&'a str>,
    /// What to call the person, or null.
    pub full_name: Option<&'a str>,
    /// Whether the user may not enter.
    pub disabled: bool,
}

impl<'a> From<&'a User> for PublicUser<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            username: &user.username,
            email: user.email.as_deref(),
            full_name: user.full_name.as_deref(),
            disabled: user.is_disabled(),
        }
    }
}

/// What somebody typed to say who they are. It is looked up as an exact name, then as a name's key, then as an
/// e-mail address's key; a username never looks like an address, so at most one of the last two can fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoginName {
    /// The text as typed.
    pub text: String,
    /// Its key as a username.
    pub key: String,
    /// Its key as an e-mail address, if it is one.
    pub email_key: Option<String>,
}

impl LoginName {
    /// The longest text, in bytes, whose keys are computed. No name or address that can be registered is longer
    /// in any spelling; a longer text is its own key, and finds nobody but an adopted user of exactly that name.
    pub const MAX: usize = 4096;

    /// Reads what was typed; any text will do.
    pub fn of(text: &str) -> Self {
        if text.len() > Self::MAX {
            return Self { text: text.to_owned(), key: text.to_owned(), email_key: None };
        }
        Self { text: text.to_owned(), key: username_key(text), email_key: email_key(text) }
    }

    /// Under which name attempts are counted: the e-mail key where there is one, else the name key.
    ///
    /// All spellings of an address that find one account share it. Their name keys differ, since UTS 46 unites more
    /// in a domain (`。`, A-labels) than folding does.
    pub fn counted(&self) -> &str {
        self.email_key.as_deref().unwrap_or(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn l04_the_public_form_has_four_members_in_the_seeds_order() {
        let now = Timestamp::from_seconds(0);
        let tim = User {
            id: UserId::from_bytes([1; 16]),
            username: "tim".into(),
            email: Some("tim@gmail.com".into()),
            full_name: None,
            external_id: Some("1".into()),
            token_version: 0,
            disabled_at: Some(now),
            created_at: now,
            updated_at: now,
        };
        assert_eq!(
            serde_json::to_string(&PublicUser::from(&tim)).unwrap(),
            r#"{"username":"tim","email":"tim@gmail.com","full_name":null,"disabled":true}"#
        );
    }

    #[test]
    fn a_login_name_has_the_keys_of_both_readings() {
        let name = LoginName::of("Tim@Gmail.COM");
        assert_eq!((name.text.as_str(), name.key.as_str()), ("Tim@Gmail.COM", "tim@gmail.com"));
        assert_eq!(name.email_key.as_deref(), Some("tim@gmail.com"));
        assert_eq!(LoginName::of("ＴＩＭ").key, "tim");
        assert_eq!(LoginName::of("tim").email_key, None);
        assert_eq!(LoginName::of(&"A".repeat(5000)).key, "A".repeat(5000));
    }
    #[test]
    fn p06_spellings_of_one_address_are_counted_as_one() {
        for spelling in [
            "tim@Bücher.example",
            "TIM@bücher。example",
            "tim@xn--bcher-kva.example",
            "ｔｉｍ@BÜCHER．example",
        ] {
            assert_eq!(LoginName::of(spelling).counted(), "tim@xn--bcher-kva.example", "{spelling}");
        }
        assert_eq!(LoginName::of("ＴＩＭ").counted(), "tim");
        assert_eq!(LoginName::of("@TIM").counted(), "@tim");
    }

    proptest! {
        #[test]
        fn p06_what_has_one_email_key_has_one_counted_key(
            local in "[a-z]{1,4}", label in "[a-zßüé例]{1,6}", other in "\\PC{0,8}@\\PC{0,8}\\.org",
            inserted in "[\u{ad}\u{200b}\u{200c}\u{2060}\u{fe0f}]?", upper in any::<bool>(), dot in "[.。．｡]",
        ) {
            let plain = format!("{local}@{label}.org");
            let case = |text: &str| if upper { text.to_uppercase() } else { text.to_owned() };
            let spelt = format!("{}@{}{inserted}{dot}ｏrg", case(&local), case(&label));
            let ascii = idna::domain_to_ascii(&label).map(|label| format!("{local}@{label}.org"));
            for spelling in [Some(spelt), ascii.ok(), Some(other)].into_iter().flatten() {
                for first in [&plain, &spelling] {
                    let Some(key) = email_key(first) else { continue };
                    if email_key(&spelling).as_ref() == Some(&key) {
                        let (one, other) = (LoginName::of(first), LoginName::of(&spelling));
                        prop_assert_eq!((one.counted(), other.counted()), (&*key, &*key));
                    }
                }
            }
        }
    }
}
