//! The application beside which Sekisho stands in one database: which columns of its table of users stand for what, and what a
//! new row there needs besides.
//!
//! The table is kept in step by triggers that the store makes of [`Table`]; nothing here speaks to a database.

mod fill;
mod mark;
mod plan;

pub use fill::{Fill, SetError, SetValue};
pub use mark::mark;
pub use plan::{Column, Problem, Roles, plan};

use serde::{Deserialize, Serialize};

/// A hash that is well-formed for every reader of bcrypt and that no password fits: what stands in the application's
/// table where a user may not log in.
///
/// Its salt and its digest are all zero; whoever finds a password for it has inverted bcrypt.
pub const NOBODYS_HASH: &str = "$2b$12$.....................................................";

/// The application's table of users, as far as Sekisho writes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Table {
    /// The schema in which it is; none on SQLite, which has no such thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The table's name.
    pub name: String,
    /// The column of the row's own number or id.
    pub id: String,
    /// Who draws the id of a new row.
    pub id_kind: IdKind,
    /// Where the username stands.
    pub username: Option<Field>,
    /// Where the address stands.
    pub email: Option<Field>,
    /// Where the full name stands.
    pub full_name: Option<Field>,
    /// Where the password's hash stands.
    pub hash: String,
    /// Where it stands that a user may not enter.
    pub disabled: Option<Flag>,
    /// What a new row gets in other columns.
    pub fills: Vec<(String, Fill)>,
    /// Whether the application's table has the passwords' hashes too, so that it can check them alone again.
    pub passwords: Passwords,
}

impl Table {
    /// What a person calls it: `users`, or `auth.users` where it is in a schema of its own.
    pub fn called(&self) -> String {
        match self.schema.as_deref() {
            None | Some("public") => self.name.clone(),
            Some(schema) => format!("{schema}.{}", self.name),
        }
    }
}

/// How Sekisho stands beside an application, as the database keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Standing {
    /// Since when, in microseconds since 1970.
    pub since: i64,
    /// The copy as it was before: of the file, on PostgreSQL of the table.
    pub copy: String,
    /// The file's journal mode before; nothing on PostgreSQL.
    pub journal_mode: String,
    /// The application's table.
    pub table: Table,
}

/// A column of text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Field {
    /// The column's name.
    pub column: String,
    /// Whether it must have a value.
    pub not_null: bool,
    /// How many characters it takes, where the database counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<u32>,
}

/// A column that says yes or no.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Flag {
    /// The column's name.
    pub column: String,
    /// Whether it says that a user may enter (`is_active`), not that they may not (`disabled`).
    pub inverted: bool,
    /// Whether it says so with 1 and 0 where the database tells numbers from truth values.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub number: bool,
}

/// Who draws the id of a new row in the application's table, and how it is written there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdKind {
    /// The database: an integer primary key, on PostgreSQL one with a sequence.
    Number,
    /// It is Sekisho's own id in 32 hexadecimal digits, as SQLAlchemy stores a UUID in SQLite.
    Hex,
    /// It is Sekisho's own id with hyphens, in 36 characters.
    Hyphens,
    /// It is Sekisho's own id in a column of PostgreSQL's type for it.
    Uuid,
}

/// What the application's table has of passwords.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passwords {
    /// Each user's hash, so that the way back is open.
    Kept,
    /// None: only Sekisho checks passwords.
    Withheld,
}
