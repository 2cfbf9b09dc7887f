//! A user as the seeds' application keeps one: a row of its table `user`.

use serde_json::{Map, Value};

use crate::accounts::IncomingUser;
use crate::beside::NOBODYS_HASH;
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
    /// The hash; the column takes no null, so who has no password has [`NOBODYS_HASH`].
    pub hashed_password: HashString,
    /// What to call the person.
    pub full_name: Option<String>,
    /// Whether the user may not enter, if the application asks.
    pub disabled: bool,
    /// What the application knew of the user besides, in the order of the columns.
    pub extra: Vec<Cell>,
}

/// A value of SQLite.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// No value.
    Null,
    /// A whole number, or a truth value as 0 or 1.
    Int(i64),
    /// A number with a fraction, or one beyond 64 bits.
    Real(f64),
    /// A text; a list or an object as JSON.
    Text(String),
}

impl Cell {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Null,
            Some(Value::Bool(truth)) => Self::Int(i64::from(*truth)),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(number) => Self::Int(number),
                None => number.as_f64().map_or(Self::Null, Self::Real),
            },
            Some(Value::String(text)) => Self::Text(text.clone()),
            Some(other) => Self::Text(other.to_string()),
        }
    }
}

/// The columns that the application's table had besides, as the users' `extra` names them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ExtraColumns(Vec<String>);

impl ExtraColumns {
    /// What a table may well have; SQLite takes 2000.
    const MOST: usize = 500;
    const OURS: [&str; 6] = ["id", "email", "username", "hashed_password", "full_name", "disabled"];

    /// Adds those of one user. Names that SQLite takes for one (it does not tell cases apart) are one column.
    pub fn note(&mut self, user: &IncomingUser) {
        let Some(extra) = &user.extra else { return };
        for name in extra.keys().filter(|name| !name.is_empty()) {
            let same = |other: &str| other.eq_ignore_ascii_case(name);
            if self.0.len() < Self::MOST
                && !Self::OURS.into_iter().any(same)
                && !self.0.iter().any(|other| same(other))
            {
                self.0.push(name.clone());
            }
        }
    }

    /// Their names, in the order in which they were met.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    fn cells(&self, extra: Option<&Map<String, Value>>) -> Vec<Cell> {
        self.0.iter().map(|name| Cell::of(extra.and_then(|extra| extra.get(name)))).collect()
    }
}

impl SqlModelUser {
    /// The row of a user, with a value for each of these columns.
    pub fn of(user: &IncomingUser, columns: &ExtraColumns) -> Self {
        let hash = user.password.as_ref().map(|(hash, _)| hash.clone());
        Self {
            id: integer_id(user),
            // A name of the top-level domain that nobody can register (RFC 2606, 2).
            email: user.email.clone().unwrap_or_else(|| format!("{}@no-address.invalid", user.id)),
            username: user.username.clone(),
            hashed_password: hash.unwrap_or_else(|| HashString::new(NOBODYS_HASH.to_owned())),
            full_name: user.full_name.clone(),
            disabled: user.disabled_at.is_some(),
            extra: columns.cells(user.extra.as_ref()),
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
    use serde_json::json;

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

    fn row(user: &IncomingUser) -> SqlModelUser {
        SqlModelUser::of(user, &ExtraColumns::default())
    }

    #[test]
    fn what_the_application_knew_besides_has_its_columns_again() {
        let with = |extra: Value| IncomingUser { extra: extra.as_object().cloned(), ..user(None, None) };
        let users = [
            with(json!({"role": "member", "Email": "x", "age": 7, "": 1})),
            with(json!({"Role": "admin", "vip": true, "tags": ["a"], "rate": 0.5})),
        ];
        let mut columns = ExtraColumns::default();
        users.iter().for_each(|user| columns.note(user));
        assert_eq!(columns.names(), ["age", "role", "rate", "tags", "vip"]);
        let text = |text: &str| Cell::Text(text.to_owned());
        let cells = users.map(|user| SqlModelUser::of(&user, &columns).extra);
        assert_eq!(cells[0], [Cell::Int(7), text("member"), Cell::Null, Cell::Null, Cell::Null]);
        assert_eq!(cells[1], [Cell::Null, Cell::Null, Cell::Real(0.5), text("[\"a\"]"), Cell::Int(1)]);
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
            assert_eq!(row(&user(external_id, None)).id, id, "{external_id:?}");
        }
    }

    #[test]
    fn columns_that_take_no_null_have_a_value() {
        let row = row(&user(None, None));
        assert_eq!(row.email, "01010101-0101-0101-0101-010101010101@no-address.invalid");
        assert!(row.is_readable() && row.disabled);
        assert_eq!(recognise(&row.hashed_password).map(|kind| kind.cost), Ok("12".to_owned()));
    }

    #[test]
    fn hashes_that_the_seeds_can_not_read_are_seen() {
        let readable = |hash: &str| row(&user(None, Some(hash))).is_readable();
        assert!(readable("$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa"));
        assert!(!readable("$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPA4rEsA"));
    }
}
