//! A user as the seeds' application keeps one: a row of its table `user`.

use crate::accounts::IncomingUser;
use crate::credentials::HashString;

/// A row of the table `user` of the seeds' `models.py`, with the columns `full_name` and `disabled`.
#[derive(Clone, PartialEq, Debug)]
pub struct SqlModelUser {
    /// The number that the user had there; `None` for one who has had none.
    pub id: Option<i64>,
    /// The address; the column is unique and takes no null.
    pub email: String,
    /// The name.
    pub username: String,
    /// The hash; the column takes no null.
    pub hashed_password: HashString,
    /// What to call the person.
    pub full_name: Option<String>,
    /// Whether the user may not enter, if the application asks.
    pub disabled: bool,
}

/// What stands where a user has no password: a bcrypt hash that is whole, so that the application's log-in answers
/// 401 and not 500, and of no known password.
const NOBODYS: &str = "$2b$12$.....................................................";

impl SqlModelUser {
    /// The row of a user.
    pub fn of(user: &IncomingUser) -> Self {
        let hash = user.password.as_ref().map(|(hash, _)| hash.clone());
        Self {
            id: integer_id(user),
            // A name of the top-level domain that nobody can register (RFC 2606, 2).
            email: user.email.clone().unwrap_or_else(|| format!("{}@no-address.invalid", user.id)),
            username: user.username.clone(),
            hashed_password: hash.unwrap_or_else(|| HashString::new(NOBODYS.to_owned())),
            full_name: user.full_name.clone(),
            disabled: user.disabled_at.is_some(),
        }
    }

    /// Whether the seeds' `CryptContext(schemes=["bcrypt"])` can verify this hash; with others log-in fails there.
    pub fn is_readable(&self) -> bool {
        ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| self.hashed_password.as_str().starts_with(prefix))
    }
}

/// The external id, if it is a number that the seeds' table can have given: of each number one spelling only.
fn integer_id(user: &IncomingUser) -> Option<i64> {
    let text = user.external_id.as_deref()?;
    // Beyond these the next user's number would not be the next.
    text.parse::<i64>().ok().filter(|id| (1..1 << 53).contains(id) && id.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::{SchemeCost, recognise};
    use crate::id::UserId;
    use crate::time::Timestamp;

    fn user(external_id: Option<&str>, hash: Option<&str>) -> IncomingUser {
        let now = Timestamp::from_seconds(0);
        let cost = SchemeCost { scheme: "x".into(), cost: "1".into() };
        IncomingUser {
            id: UserId::from_bytes([1; 16]),
            external_id: external_id.map(str::to_owned),
            username: "tim".into(),
            username_key: Some("tim".into()),
            email: None,
            email_key: None,
            full_name: None,
            extra: None,
            token_version: 0,
            disabled_at: Some(now),
            created_at: now,
            updated_at: now,
            password: hash.map(|hash| (HashString::new(hash.to_owned()), cost)),
        }
    }

    #[test]
    fn the_old_number_is_kept_where_it_was_one() {
        for (external_id, id) in [
            (Some("17"), Some(17)),
            (Some("017"), None),
            (Some("+17"), None),
            (Some("0"), None),
            (Some("-1"), None),
            (Some("a"), None),
            (Some("9223372036854775807"), None),
            (None, None),
        ] {
            assert_eq!(SqlModelUser::of(&user(external_id, None)).id, id, "{external_id:?}");
        }
    }

    #[test]
    fn columns_that_take_no_null_have_a_value() {
        let row = SqlModelUser::of(&user(None, None));
        assert_eq!(row.email, "01010101-0101-0101-0101-010101010101@no-address.invalid");
        assert!(row.is_readable() && row.disabled);
        assert_eq!(recognise(&row.hashed_password).map(|kind| kind.cost), Ok("12".to_owned()));
    }

    #[test]
    fn hashes_that_the_seeds_can_not_read_are_seen() {
        let readable = |hash: &str| SqlModelUser::of(&user(None, Some(hash))).is_readable();
        assert!(readable("$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa"));
        assert!(!readable("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPA4rEsA"));
    }
}
