//! The database as the tests see it from outside: read-only, through a connection of their own.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// The SQLite file of a site.
pub(crate) struct Database {
    path: PathBuf,
}

/// What must not change when a request was refused: rows and times, audit rows aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    users: (i64, i64),
    credentials: Vec<(Vec<u8>, String, String)>,
    items: i64,
}

impl Database {
    pub(crate) fn in_folder(folder: &Path) -> Database {
        Database { path: folder.join("data").join("sekisho.db") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection that only reads.
    pub(crate) fn read(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(&self.path, flags).expect("the database can be read")
    }

    /// A connection that a test damages or prepares the database with.
    pub(crate) fn write(&self) -> Connection {
        let connection = Connection::open(&self.path).expect("the database can be opened");
        connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout can be set");
        connection
    }

    /// Gives a user this hash, as an import would.
    pub(crate) fn plant_hash(&self, username: &str, scheme: &str, cost: &str, hash: &str) {
        let connection = self.write();
        let changed = connection
            .execute(
                "update sekisho_credentials set scheme = ?1, cost = ?2, data = ?3
                 where user_id = (select id from sekisho_users where username = ?4)",
                [scheme, cost, hash, username],
            )
            .expect("the credentials table");
        assert_eq!(changed, 1, "no password of {username}");
        connection
            .execute(
                "insert into sekisho_hash_schemes (scheme, cost, n) values (?1, ?2, 1)
                 on conflict (scheme, cost) do update set n = n + 1",
                [scheme, cost],
            )
            .expect("the table of schemes");
    }

    /// The first column of the first row.
    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.read().query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    /// The first column of the first row, as text.
    pub(crate) fn text(&self, sql: &str) -> String {
        self.read().query_row(sql, [], |row| row.get(0)).expect(sql)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let connection = self.read();
        let users = "select count(*), coalesce(max(updated_at), 0) from sekisho_users";
        let mut statement = connection
            .prepare("select user_id, scheme, data from sekisho_credentials order by user_id, kind")
            .expect("the credentials table");
        let credentials = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .expect("rows")
            .collect::<Result<_, _>>()
            .expect("rows");
        Snapshot {
            users: connection.query_row(users, [], |row| Ok((row.get(0)?, row.get(1)?))).expect(users),
            credentials,
            items: self.number("select count(*) from sekisho_items"),
        }
    }

    /// What SQLite itself says of the file.
    pub(crate) fn check(&self) {
        let connection = Connection::open(&self.path).expect("the database can be opened");
        let integrity: String =
            connection.query_row("pragma integrity_check", [], |row| row.get(0)).expect("integrity_check");
        assert_eq!(integrity, "ok");
        let orphans: i64 = connection
            .query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get(0))
            .expect("foreign_key_check");
        assert_eq!(orphans, 0, "rows that point to nothing");
    }

    /// Every byte that the database keeps on disk, journal included.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            bytes.extend(std::fs::read(name).unwrap_or_default());
        }
        bytes
    }
}
