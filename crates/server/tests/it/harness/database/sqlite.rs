//! A SQLite file as the tests see it: through a connection of their own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// The SQLite file of a site.
pub(super) struct File {
    path: PathBuf,
}

impl File {
    pub(super) fn new(path: PathBuf) -> File {
        File { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection that only reads.
    pub(super) fn read(&self) -> Connection {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        Connection::open_with_flags(&self.path, flags).expect("the database can be read")
    }

    /// A connection that a test damages or prepares the database with.
    pub(super) fn write(&self) -> Connection {
        let connection = Connection::open(&self.path).expect("the database can be opened");
        connection.busy_timeout(Duration::from_secs(10)).expect("a timeout can be set");
        connection
    }

    pub(super) fn execute(&self, sql: &str) {
        self.write().execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Each value as text; bytes in hexadecimal.
    pub(super) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let connection = self.read();
        let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| Ok(text(row.get_ref(at)?))).collect());
        rows.and_then(Iterator::collect).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Begins a transaction that keeps every other writer out.
    pub(super) fn lock(&self) -> Connection {
        let connection = self.write();
        connection.execute_batch("begin immediate").expect("the lock");
        connection
    }

    /// What SQLite itself says of the file.
    pub(super) fn check(&self) {
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
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            bytes.extend(std::fs::read(name).unwrap_or_default());
        }
        bytes
    }
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}
