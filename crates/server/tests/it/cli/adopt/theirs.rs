//! The application's own database, of either kind: tests are written in what SQLite says, and told to PostgreSQL in its words.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::Connection;
use sekisho_throwaway::Postgres;

use crate::harness::Db;

/// Who adopts from PostgreSQL: a role that may read everything and write nothing.
const READER: &str = "reader_of_applications";

/// Where the application keeps its users.
pub(super) enum Theirs {
    /// In this file.
    Sqlite(PathBuf),
    /// In this database, by the address of its owner.
    Postgres(String),
}

impl Theirs {
    pub(super) fn new(db: Db, folder: &Path) -> Theirs {
        match db {
            Db::Sqlite => Theirs::Sqlite(folder.join("test.db")),
            Db::Postgres => {
                static MADE: OnceLock<()> = OnceLock::new();
                let server = Postgres::shared();
                let reader = format!("create role {READER} login in role pg_read_all_data");
                MADE.get_or_init(|| drop(server.psql(&server.url("postgres"), &reader)));
                Theirs::Postgres(server.create_database())
            }
        }
    }

    /// What the application's files say, as SQLAlchemy reads it.
    pub(super) fn url(&self) -> String {
        match self {
            Theirs::Sqlite(_) => "sqlite:///./test.db".to_owned(),
            Theirs::Postgres(url) => url.replace("postgresql://", "postgresql+psycopg://"),
        }
    }

    /// The same as `adopt` shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Theirs::Sqlite(_) => self.url(),
            Theirs::Postgres(url) => format!("{url}?sslmode=disable"),
        }
    }

    /// What is typed behind `sekisho adopt`.
    pub(super) fn named(&self) -> String {
        match self {
            Theirs::Sqlite(_) => "app/test.db".to_owned(),
            Theirs::Postgres(url) => url.replace("sekisho@", &format!("{READER}@")),
        }
    }

    pub(super) fn execute(&self, sql: &str) {
        match self {
            Theirs::Sqlite(path) => {
                Connection::open(path)
                    .unwrap()
                    .execute_batch(sql)
                    .unwrap_or_else(|why| panic!("{sql}: {why}"));
            }
            Theirs::Postgres(url) => drop(Postgres::shared().psql(url, &for_postgres(sql))),
        }
    }

    /// The first column of the first row, as text.
    pub(super) fn text(&self, sql: &str) -> String {
        match self {
            Theirs::Sqlite(path) => {
                Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Theirs::Postgres(url) => Postgres::shared().psql(url, &for_postgres(sql)),
        }
    }

    /// All that is in it: the file, or what `pg_dump` writes.
    pub(super) fn content(&self) -> Vec<u8> {
        let url = match self {
            Theirs::Sqlite(path) => return std::fs::read(path).unwrap_or_default(),
            Theirs::Postgres(url) => url,
        };
        let output = Postgres::shared().program("pg_dump").args(["-d", url]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        // Each dump has a key of its own against what it dumps.
        let own = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        text.lines().filter(own).collect::<Vec<_>>().join("\n").into_bytes()
    }

    /// So many zero bytes, as an expression.
    pub(super) fn zeroes(&self, bytes: u32) -> String {
        match self {
            Theirs::Sqlite(_) => format!("zeroblob({bytes})"),
            Theirs::Postgres(_) => format!("decode(repeat('00', {bytes}), 'hex')"),
        }
    }

    /// So long a text, as an expression.
    pub(super) fn long(&self, length: u32) -> String {
        match self {
            Theirs::Sqlite(_) => format!("printf('%.{length}c', 'x')"),
            Theirs::Postgres(_) => format!("repeat('x', {length})"),
        }
    }
}

/// `user` is a word of PostgreSQL's own and must be quoted as a name; bytes are called otherwise.
fn for_postgres(sql: &str) -> String {
    let outside_of_quotes = |(at, part): (usize, &str)| match at % 2 {
        0 => words(part).map(told).collect::<String>(),
        _ => part.to_owned(),
    };
    sql.split('\'').enumerate().map(outside_of_quotes).collect::<Vec<_>>().join("'")
}

fn told(word: &str) -> &str {
    match word {
        "user" => "\"user\"",
        "blob" => "bytea",
        other => other,
    }
}

/// Words and what lies between them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|c| is_of_a_word(c) != is_of_a_word(first)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}
