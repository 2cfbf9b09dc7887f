//! The database as the tests see it from outside, whichever it is.
//!
//! What is asked and done is written in what both databases understand: no blob literals, no parameters, text in
//! single quotes. Tests that speak of a SQLite file take [`Database::path`] or [`Database::write`],
//! which PostgreSQL has not; they are listed in `once.txt`.

pub(crate) mod postgres;
mod sqlite;

use std::path::Path;

use rusqlite::Connection;

use super::setup::Db;

/// A site's database.
pub(crate) struct Database(Kind);

enum Kind {
    Sqlite(sqlite::File),
    Postgres(postgres::Place),
}

/// What must not change when a request was refused: rows and times, audit rows aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot(Vec<Vec<Option<String>>>);

/// Keeps every other writer out as long as it lives.
#[expect(dead_code, reason = "held, not looked at")]
pub(crate) enum Lock {
    Sqlite(Connection),
    Postgres(postgres::Session),
}

impl Database {
    pub(crate) fn in_folder(db: Db, folder: &Path) -> Database {
        Database(match db {
            Db::Sqlite => Kind::Sqlite(sqlite::File::new(folder.join("data").join("sekisho.db"))),
            Db::Postgres => Kind::Postgres(postgres::Place::of(folder)),
        })
    }

    /// The file of a SQLite database.
    pub(crate) fn path(&self) -> &Path {
        self.file().path()
    }

    /// A connection that a test damages or prepares a SQLite file with.
    pub(crate) fn write(&self) -> Connection {
        self.file().write()
    }

    fn file(&self) -> &sqlite::File {
        match &self.0 {
            Kind::Sqlite(file) => file,
            Kind::Postgres(_) => panic!("PostgreSQL has no file: name this test in once.txt, and say why"),
        }
    }

    /// Whether there is a database with our tables.
    pub(crate) fn exists(&self) -> bool {
        match &self.0 {
            Kind::Sqlite(file) => file.path().exists(),
            Kind::Postgres(place) => place.exists(),
        }
    }

    /// Runs statements that both databases understand.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.0 {
            Kind::Sqlite(file) => file.execute(sql),
            Kind::Postgres(place) => place.execute(sql),
        }
    }

    /// All rows, each value as text; identifiers and bytes in hexadecimal as the database shows them.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        match &self.0 {
            Kind::Sqlite(file) => file.rows(sql),
            Kind::Postgres(place) => place.rows(sql),
        }
    }

    /// The first column of the first row.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        let text = self.text(sql);
        text.parse().unwrap_or_else(|_| panic!("{sql} gives {text:?}"))
    }

    /// The first column of the first row, as text.
    pub(crate) fn text(&self, sql: &str) -> String {
        let mut rows = self.rows(sql);
        assert!(!rows.is_empty(), "no row: {sql}");
        rows.swap_remove(0).swap_remove(0).unwrap_or_else(|| panic!("no value: {sql}"))
    }

    /// Makes every writer wait until the lock is dropped.
    pub(crate) fn lock(&self) -> Lock {
        match &self.0 {
            Kind::Sqlite(file) => Lock::Sqlite(file.lock()),
            Kind::Postgres(place) => Lock::Postgres(place.lock()),
        }
    }

    /// Makes a table refuse `insert`, `update` or `delete` until [`Database::allow`].
    pub(crate) fn forbid(&self, what: &str, table: &str) {
        let name = format!("no_{what}_{table}");
        self.execute(&match &self.0 {
            Kind::Sqlite(_) => {
                format!("create trigger {name} before {what} on {table} begin select raise(abort, 'no'); end")
            }
            Kind::Postgres(_) => format!(
                "create function {name}() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
                 create trigger {name} before {what} on {table} for each row execute function {name}()"
            ),
        });
    }

    pub(crate) fn allow(&self, what: &str, table: &str) {
        let name = format!("no_{what}_{table}");
        self.execute(&match &self.0 {
            Kind::Sqlite(_) => format!("drop trigger {name}"),
            Kind::Postgres(_) => format!("drop function {name} cascade"),
        });
    }

    /// Gives a user this hash, as an import would.
    pub(crate) fn plant_hash(&self, username: &str, scheme: &str, cost: &str, hash: &str) {
        let of = format!("user_id = (select id from sekisho_users where username = {})", quoted(username));
        let held = format!("select count(*) from sekisho_credentials where {of}");
        assert_eq!(self.number(&held), 1, "no password of {username}");
        let (scheme, cost, hash) = (quoted(scheme), quoted(cost), quoted(hash));
        self.execute(&format!(
            "update sekisho_credentials set scheme = {scheme}, cost = {cost}, data = {hash} where {of};
             insert into sekisho_hash_schemes (scheme, cost, n) values ({scheme}, {cost}, 1)
             on conflict (scheme, cost) do update set n = sekisho_hash_schemes.n + 1"
        ));
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let users = "select count(*), coalesce(max(updated_at), 0), (select count(*) from sekisho_items) from sekisho_users";
        let hashes = "select user_id, scheme, data from sekisho_credentials order by user_id, kind";
        Snapshot([self.rows(users), self.rows(hashes)].concat())
    }

    /// What the database itself says of its state.
    pub(crate) fn check(&self) {
        match &self.0 {
            Kind::Sqlite(file) => file.check(),
            Kind::Postgres(place) => place.check(),
        }
    }

    /// Every byte that the database keeps on disk of what is ours.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Sqlite(file) => file.bytes(),
            Kind::Postgres(place) => place.bytes(),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
