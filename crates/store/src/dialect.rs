//! The house dialect, and how it is said to each database.
//!
//! Statements are written with `$1 … $n`. SQLite takes `$1` for a *name* and numbers names by first appearance, so
//! there each `$` becomes `?`. Migrations are written with tokens such as `{id}`.

use std::collections::HashMap;
use std::sync::RwLock;

/// The two databases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// The tokens of migrations: token, on SQLite, on PostgreSQL.
const TOKENS: [(&str, &str, &str); 8] = [
    // A UUID; hyphenated lower case outside.
    ("{id}", "blob", "uuid"),
    // Text that is compared byte for byte.
    ("{key}", "text", "text collate \"C\""),
    ("{text}", "text", "text"),
    ("{bytes}", "blob", "bytea"),
    ("{bigint}", "integer", "bigint"),
    // A number that the database draws and never draws again.
    ("{serial}", "integer primary key autoincrement", "bigint generated always as identity primary key"),
    // What follows the column list: a table read by its rowid …
    ("{table}", "strict", ""),
    // … or kept in the order of its primary key.
    ("{table_by_key}", "strict, without rowid", ""),
];

impl Dialect {
    /// A statement of a migration as this database reads it.
    pub fn render(self, template: &str) -> String {
        TOKENS.iter().fold(template.to_owned(), |text, (token, sqlite, postgres)| {
            text.replace(token, if self == Self::Sqlite { sqlite } else { postgres })
        })
    }
}

/// One statement, ready for SQLite.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    /// In the house dialect: what is shown.
    pub(crate) house: &'a str,
    /// As SQLite reads it.
    pub(crate) sqlite: &'a str,
}

static REWRITTEN: RwLock<Option<HashMap<&'static str, &'static str>>> = RwLock::new(None);

/// The text for SQLite, rewritten at its first use and kept for good: there are as many as the program holds.
pub(crate) fn for_sqlite(house: &'static str) -> Text<'static> {
    let known = |map: &Option<HashMap<_, _>>| map.as_ref().and_then(|map| map.get(house).copied());
    if let Some(sqlite) = known(&REWRITTEN.read().unwrap_or_else(|poisoned| poisoned.into_inner())) {
        return Text { house, sqlite };
    }
    let mut map = REWRITTEN.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    let sqlite = known(&map).unwrap_or_else(|| Box::leak(question_marks(house).into_boxed_str()));
    map.get_or_insert_default().insert(house, sqlite);
    Text { house, sqlite }
}

/// `$n` as `?n`, outside of literals, quoted names and comments.
pub(crate) fn question_marks(house: &str) -> String {
    let mut out = String::with_capacity(house.len());
    let mut rest = house;
    while let Some(first) = rest.chars().next() {
        let skip = match first {
            '\'' | '"' => quoted(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '$' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                out.push('?');
                rest = &rest[1..];
                continue;
            }
            _ => first.len_utf8(),
        };
        out.push_str(&rest[..skip]);
        rest = &rest[skip..];
    }
    out
}

/// An identifier of somebody's schema as both databases have it, whatever it holds.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table's name as a statement has it.
pub(crate) fn table_name(schema: Option<&str>, table: &str) -> String {
    match schema {
        Some(schema) => format!("{}.{}", identifier(schema), identifier(table)),
        None => identifier(table),
    }
}

/// The length of the quoted part that `text` begins with; a doubled quote inside begins the next part.
fn quoted(text: &str, quote: char) -> usize {
    text[1..].find(quote).map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_numbers() {
        for (house, sqlite) in [
            ("select $2, $1", "select ?2, ?1"),
            (
                "select '$1', \"$2\", $12 -- $3\n, $4 /* $5 */",
                "select '$1', \"$2\", ?12 -- $3\n, ?4 /* $5 */",
            ),
            ("select 'it''s $1', $1", "select 'it''s $1', ?1"),
            ("select '関所', $1", "select '関所', ?1"),
            ("select '$1", "select '$1"),
            ("select $", "select $"),
        ] {
            assert_eq!(question_marks(house), sqlite);
        }
    }

    #[test]
    fn a_text_is_rewritten_once() {
        let first = for_sqlite("select $1 + 1");
        let second = for_sqlite("select $1 + 1");
        assert_eq!((first.house, first.sqlite), ("select $1 + 1", "select ?1 + 1"));
        assert!(std::ptr::eq(first.sqlite, second.sqlite));
    }

    #[test]
    fn tokens_become_types() {
        let template = "create table t (a {id}, b {key}, c {bigint}) {table_by_key}";
        assert_eq!(
            Dialect::Sqlite.render(template),
            "create table t (a blob, b text, c integer) strict, without rowid"
        );
        assert_eq!(
            Dialect::Postgres.render(template),
            "create table t (a uuid, b text collate \"C\", c bigint) "
        );
    }
}
