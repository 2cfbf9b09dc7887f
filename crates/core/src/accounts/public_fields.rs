//! What the API shows of a user beyond the seeds' four members, where the settings name it.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::user::{PublicUser, User};

/// Members that are shown anyhow, and those that hold a hash in one application or another.
const NOT_THESE: [&str; 7] =
    ["username", "email", "full_name", "disabled", "hashed_password", "password_hash", "password"];

/// Why a name can't be one of `accounts.public_fields`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is shown anyhow, or never")]
pub struct NotAPublicField;

/// Whether what an application kept under this name may be shown.
///
/// # Errors
/// [`NotAPublicField`] for a member that the answers have anyhow, and for a password's hash.
pub fn check_public_field(name: &str) -> Result<(), NotAPublicField> {
    if NOT_THESE.contains(&name) || name.chars().any(char::is_control) {
        Err(NotAPublicField)
    } else {
        Ok(())
    }
}

/// A user with the named fields behind the four members, in the order of the names.
#[derive(Clone, PartialEq, Debug)]
pub struct PublicUserWith<'a> {
    user: PublicUser<'a>,
    fields: Vec<(&'a str, Value)>,
}

impl<'a> PublicUserWith<'a> {
    /// Takes the named fields from what an application knew of the user; null where it knew nothing.
    ///
    /// `id` is the identifier in that application if nothing else is kept under that name: a whole number as one.
    pub fn new(user: &'a User, names: &'a [String], mut extra: Map<String, Value>) -> Self {
        let value = |name: &'a String| {
            let kept = extra.remove(name.as_str());
            let own = || (name == "id").then(|| user.external_id.as_deref().map(number_or_text)).flatten();
            (name.as_str(), kept.or_else(own).unwrap_or(Value::Null))
        };
        Self { fields: names.iter().map(value).collect(), user: PublicUser::from(user) }
    }
}

impl Serialize for PublicUserWith<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PublicUser { username, email, full_name, disabled } = self.user;
        let mut map = serializer.serialize_map(Some(4 + self.fields.len()))?;
        map.serialize_entry("username", username)?;
        map.serialize_entry("email", &email)?;
        map.serialize_entry("full_name", &full_name)?;
        map.serialize_entry("disabled", &disabled)?;
        self.fields.iter().try_for_each(|(name, value)| map.serialize_entry(name, value))?;
        map.end()
    }
}

fn number_or_text(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserId;
    use crate::time::Timestamp;

    fn shown(external_id: Option<&str>, names: &[&str], extra: Value) -> String {
        let now = Timestamp::from_seconds(0);
        let tim = User {
            id: UserId::from_bytes([1; 16]),
            username: "tim".into(),
            email: None,
            full_name: None,
            external_id: external_id.map(str::to_owned),
            token_version: 0,
            disabled_at: None,
            created_at: now,
            updated_at: now,
        };
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let extra = extra.as_object().cloned().unwrap_or_default();
        let text = serde_json::to_string(&PublicUserWith::new(&tim, &names, extra)).unwrap();
        text.strip_prefix(r#"{"username":"tim","email":null,"full_name":null,"disabled":false"#)
            .unwrap()
            .to_owned()
    }

    #[test]
    fn named_fields_stand_behind_the_four_members_in_their_order() {
        let extra = serde_json::json!({"id": 7, "phone": "1", "reset_code": "x"});
        assert_eq!(
            shown(Some("7"), &["phone", "id", "nick"], extra.clone()),
            r#","phone":"1","id":7,"nick":null}"#
        );
        assert_eq!(shown(Some("7"), &[], extra), "}");
    }

    #[test]
    fn an_id_that_is_kept_nowhere_else_is_the_external_one() {
        assert_eq!(shown(Some("7"), &["id"], Value::Null), r#","id":7}"#);
        assert_eq!(shown(Some("007"), &["id"], Value::Null), r#","id":"007"}"#);
        assert_eq!(shown(None, &["id"], Value::Null), r#","id":null}"#);
    }

    #[test]
    fn what_is_shown_anyhow_or_never_can_not_be_named() {
        for name in NOT_THESE {
            assert_eq!(check_public_field(name), Err(NotAPublicField));
        }
        assert!(check_public_field("id").is_ok() && check_public_field("a\nb").is_err());
    }
}
