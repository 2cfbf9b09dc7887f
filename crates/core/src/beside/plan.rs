//! Whether an application's table can be kept in step, and what is missing for it.

use super::{Field, Fill, Flag, IdKind, Passwords, SetError, SetValue, Table};

/// A column of the application's table, as the database declares it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The declared type, as written: `VARCHAR(255)`.
    pub declared: String,
    /// Whether it must have a value.
    pub not_null: bool,
    /// Whether the database itself gives it a value.
    pub has_default: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// Whether the database holds every value to the declared type, as PostgreSQL does and SQLite does not.
    pub typed: bool,
}

/// Which column stands for what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Roles<'a> {
    /// The row's id.
    pub id: &'a str,
    /// The username.
    pub username: Option<&'a str>,
    /// The address.
    pub email: Option<&'a str>,
    /// The full name.
    pub full_name: Option<&'a str>,
    /// The password's hash.
    pub hash: &'a str,
    /// Whether the user is disabled, and whether the column says the opposite.
    pub disabled: Option<(&'a str, bool)>,
}

/// Why a table can't be kept in step as it is, or as asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Problem {
    /// A new row needs a value that neither Sekisho nor the database has.
    #[error("column {column} ({declared}) has no default in the database: --set {column}={suggestion}")]
    Missing {
        /// The column.
        column: String,
        /// Its declared type.
        declared: String,
        /// What could be set.
        suggestion: &'static str,
    },
    /// `--set` names no column of the table.
    #[error("--set {0}: the table has no such column")]
    NoSuchColumn(String),
    /// `--set` names a column that Sekisho fills by itself.
    #[error("--set {0}: Sekisho fills this column by itself")]
    OwnColumn(String),
    /// `--set` names a column twice.
    #[error("--set {0}: given twice")]
    Twice(String),
    /// The value does not fit the column.
    #[error("--set {column}: the value {error}")]
    Value {
        /// The column.
        column: String,
        /// Why.
        error: SetError,
    },
    /// The id is not one that Sekisho or the database can draw.
    #[error(
        "column {column} ({declared}) is not an id that can be drawn for a new user: it must be the primary key, {drawn}"
    )]
    Id {
        /// The column.
        column: String,
        /// Its declared type.
        declared: String,
        /// What can be drawn in this database.
        drawn: &'static str,
    },
    /// There is no column into which a password's hash could be written.
    #[error("the table has no column of password hashes")]
    NoHash,
    /// There is neither a name nor an address to know a user by.
    #[error("the table has neither a column of usernames nor one of e-mail addresses")]
    Nameless,
}

/// What is written into the application's table and how, or everything that is in the way.
///
/// # Errors
/// Every [`Problem`], so that one more run mends them all.
pub fn plan(
    name: &str,
    columns: &[Column],
    roles: &Roles<'_>,
    sets: &[SetValue],
) -> Result<Table, Vec<Problem>> {
    let mut problems = Vec::new();
    let find = |name: &str| columns.iter().find(|column| column.name == name);
    let field = |name: Option<&str>| {
        let not_null = |name: &str| find(name).is_some_and(|column| column.not_null);
        let longest = |name: &str| find(name).and_then(longest);
        name.map(|name| Field { column: name.to_owned(), not_null: not_null(name), longest: longest(name) })
    };
    let number = |name: &str| find(name).is_some_and(|column| column.typed && !is_boolean(column));
    let id_kind = id_kind(columns, roles.id).unwrap_or_else(|problem| {
        problems.push(problem);
        IdKind::Number
    });
    if roles.username.is_none() && roles.email.is_none() {
        problems.push(Problem::Nameless);
    }
    let disabled = roles.disabled.map(|(column, _)| column);
    let own = [Some(roles.id), roles.username, roles.email, roles.full_name, Some(roles.hash), disabled];
    let fills = fills(columns, &own, sets, &mut problems);
    let given = |column: &Column| fills.iter().any(|(name, _)| *name == column.name);
    let named = |column: &Column| sets.iter().any(|set| set.column == column.name);
    for column in columns {
        let ours = own.contains(&Some(column.name.as_str()));
        if column.not_null && !column.has_default && !ours && !given(column) && !named(column) {
            problems.push(Problem::Missing {
                column: column.name.clone(),
                declared: column.declared.clone(),
                suggestion: Fill::suggestion(&column.declared),
            });
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Table {
        schema: None,
        name: name.to_owned(),
        id: roles.id.to_owned(),
        id_kind,
        username: field(roles.username),
        email: field(roles.email),
        full_name: field(roles.full_name),
        hash: roles.hash.to_owned(),
        disabled: roles.disabled.map(|(column, inverted)| Flag {
            column: column.to_owned(),
            inverted,
            number: number(column),
        }),
        fills,
        passwords: Passwords::Kept,
    })
}

fn id_kind(columns: &[Column], id: &str) -> Result<IdKind, Problem> {
    let column = columns.iter().find(|column| column.name == id);
    let key: Vec<&Column> = columns.iter().filter(|column| column.primary_key).collect();
    let alone = key.len() == 1 && key[0].name == id;
    let kind = column.filter(|_| alone).and_then(|column| {
        let declared = column.declared.to_ascii_uppercase();
        let number = match column.typed {
            // PostgreSQL draws a number where there is a sequence, whose next one is the default.
            true => ["INTEGER", "BIGINT", "SMALLINT"].contains(&declared.as_str()) && column.has_default,
            // SQLite draws one where the type is exactly this.
            false => declared == "INTEGER",
        };
        match () {
            () if number => Some(IdKind::Number),
            () if column.typed && declared == "UUID" => Some(IdKind::Uuid),
            () if holds(&declared, 32) => Some(IdKind::Hex),
            () if holds(&declared, 36) => Some(IdKind::Hyphens),
            () => None,
        }
    });
    kind.ok_or_else(|| Problem::Id {
        column: id.to_owned(),
        declared: column.map_or_else(String::new, |column| column.declared.clone()),
        drawn: match column.is_some_and(|column| column.typed) {
            true => "an integer with a sequence (serial, identity), or a uuid",
            false => "an INTEGER or a UUID in CHAR(32) or CHAR(36)",
        },
    })
}

/// Whether a type is one of so many characters: `VARCHAR(32)`, `CHARACTER VARYING(32)`.
fn holds(declared: &str, characters: u32) -> bool {
    ["CHAR", "CHARACTER", "VARYING"].iter().any(|kind| declared.ends_with(&format!("{kind}({characters})")))
}

/// How many characters the database takes in this column, if it counts them.
fn longest(column: &Column) -> Option<u32> {
    let counted = column.typed && column.declared.to_ascii_lowercase().starts_with("char");
    let (_, rest) = column.declared.split_once('(').filter(|_| counted)?;
    rest.strip_suffix(')')?.parse().ok()
}

fn is_boolean(column: &Column) -> bool {
    column.declared.to_ascii_lowercase().starts_with("bool")
}

fn fills(
    columns: &[Column],
    own: &[Option<&str>],
    sets: &[SetValue],
    problems: &mut Vec<Problem>,
) -> Vec<(String, Fill)> {
    let mut fills: Vec<(String, Fill)> = Vec::new();
    for set in sets {
        let column = set.column.clone();
        let Some(found) = columns.iter().find(|column| column.name == set.column) else {
            problems.push(Problem::NoSuchColumn(column));
            continue;
        };
        if own.contains(&Some(column.as_str())) {
            problems.push(Problem::OwnColumn(column));
        } else if fills.iter().any(|(name, _)| *name == column) {
            problems.push(Problem::Twice(column));
        } else {
            match Fill::parse(&found.declared, found.typed, &set.value) {
                Ok(fill) => fills.push((column, fill)),
                Err(error) => problems.push(Problem::Value { column, error }),
            }
        }
    }
    fills
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, declared: &str, not_null: bool) -> Column {
        Column {
            name: name.into(),
            declared: declared.into(),
            not_null,
            has_default: false,
            primary_key: name == "id",
            typed: false,
        }
    }

    /// A column of PostgreSQL.
    fn typed(name: &str, declared: &str, has_default: bool) -> Column {
        Column { typed: true, has_default, ..column(name, declared, true) }
    }

    fn seeds() -> Vec<Column> {
        vec![
            column("id", "INTEGER", true),
            column("email", "VARCHAR", true),
            column("username", "VARCHAR", true),
            column("hashed_password", "VARCHAR", true),
        ]
    }

    const ROLES: Roles<'_> = Roles {
        id: "id",
        username: Some("username"),
        email: Some("email"),
        full_name: None,
        hash: "hashed_password",
        disabled: None,
    };

    fn set(text: &str) -> SetValue {
        SetValue::parse(text).unwrap()
    }

    #[test]
    fn the_seeds_table_needs_nothing() {
        let table = plan("user", &seeds(), &ROLES, &[]).unwrap();
        assert_eq!(table.id_kind, IdKind::Number);
        let username = Field { column: "username".into(), not_null: true, longest: None };
        assert_eq!(table.username, Some(username));
        assert_eq!((table.full_name, table.disabled, table.fills.len()), (None, None, 0));
    }

    #[test]
    fn every_column_that_lacks_a_value_is_asked_for_at_once() {
        let mut columns = seeds();
        columns.push(column("role", "VARCHAR", true));
        columns.push(column("created_at", "DATETIME", true));
        columns.push(column("nickname", "VARCHAR", false));
        columns.push(Column { has_default: true, ..column("score", "INTEGER", true) });
        let asked: Vec<String> =
            plan("user", &columns, &ROLES, &[]).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(
            asked,
            [
                "column role (VARCHAR) has no default in the database: --set role=TEXT",
                "column created_at (DATETIME) has no default in the database: --set created_at=now",
            ]
        );
        let table = plan("user", &columns, &ROLES, &[set("role=member"), set("created_at=now")]).unwrap();
        assert_eq!(
            table.fills,
            [("role".into(), Fill::Text("member".into())), ("created_at".into(), Fill::Now)]
        );
    }

    #[test]
    fn a_wrong_set_is_told() {
        let mut columns = seeds();
        columns.push(column("age", "INTEGER", true));
        let sets = [set("agee=1"), set("email=x"), set("age=old")];
        assert_eq!(
            plan("user", &columns, &ROLES, &sets).unwrap_err(),
            [
                Problem::NoSuchColumn("agee".into()),
                Problem::OwnColumn("email".into()),
                Problem::Value { column: "age".into(), error: SetError::NotWhole },
            ]
        );
        let twice = plan("user", &columns, &ROLES, &[set("age=1"), set("age=2")]);
        assert_eq!(twice.unwrap_err(), [Problem::Twice("age".into())]);
    }

    #[test]
    fn an_id_must_be_one_that_can_be_drawn() {
        for (declared, kind) in [
            ("INTEGER", Some(IdKind::Number)),
            ("CHAR(32)", Some(IdKind::Hex)),
            ("CHAR(36)", Some(IdKind::Hyphens)),
        ] {
            let mut columns = seeds();
            columns[0].declared = declared.into();
            assert_eq!(plan("user", &columns, &ROLES, &[]).ok().map(|table| table.id_kind), kind);
        }
        for (declared, primary_key) in [("BIGINT", true), ("VARCHAR", true), ("INTEGER", false)] {
            let mut columns = seeds();
            columns[0] = Column { declared: declared.into(), primary_key, ..columns[0].clone() };
            let drawn = "an INTEGER or a UUID in CHAR(32) or CHAR(36)";
            let id = Problem::Id { column: "id".into(), declared: declared.into(), drawn };
            assert_eq!(plan("user", &columns, &ROLES, &[]).unwrap_err(), [id]);
        }
        let nameless = Roles { username: None, email: None, ..ROLES };
        let mut problems = plan("user", &seeds()[..1], &nameless, &[]).unwrap_err();
        assert_eq!(problems.remove(0), Problem::Nameless);
    }

    #[test]
    fn postgresql_says_more_of_a_column() {
        let columns = |id: &str, has_default| {
            vec![
                typed("id", id, has_default),
                typed("email", "character varying(50)", false),
                typed("username", "text", false),
                typed("hashed_password", "character varying", false),
                typed("active", "smallint", true),
                typed("disabled", "boolean", true),
            ]
        };
        for (id, has_default, kind) in [
            ("integer", true, Some(IdKind::Number)),
            ("bigint", true, Some(IdKind::Number)),
            ("integer", false, None),
            ("uuid", false, Some(IdKind::Uuid)),
            ("uuid", true, Some(IdKind::Uuid)),
            ("character(32)", false, Some(IdKind::Hex)),
            ("character varying(36)", false, Some(IdKind::Hyphens)),
            ("numeric", true, None),
        ] {
            let planned = plan("user", &columns(id, has_default), &ROLES, &[]);
            assert_eq!(planned.ok().map(|table| table.id_kind), kind, "{id}");
        }
        let roles = Roles { disabled: Some(("active", true)), ..ROLES };
        let table = plan("user", &columns("uuid", false), &roles, &[]).unwrap();
        assert_eq!(table.email.unwrap().longest, Some(50));
        assert_eq!(table.username.unwrap().longest, None);
        assert_eq!(table.disabled, Some(Flag { column: "active".into(), inverted: true, number: true }));
        let roles = Roles { disabled: Some(("disabled", false)), ..ROLES };
        let table = plan("user", &columns("uuid", false), &roles, &[]).unwrap();
        assert!(!table.disabled.unwrap().number);
    }
}
