//! A SQLite file that the seeds' application (SQLModel) opens as its own. SQLite alone: the file is the point.

use std::path::Path;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, ToSql, params, params_from_iter};
use sekisho_core::exchange::{Cell, ExtraColumns, SqlModelUser};

use super::translate;
use crate::dialect::identifier;
use crate::error::Error;

/// The tables as SQLModel makes them of the seeds' class `User`, with the two columns that its documents add.
const TABLES: &str = "\
    create table user (
        id integer not null primary key,
        email varchar not null,
        username varchar not null,
        hashed_password varchar not null,
        full_name varchar,
        disabled boolean
    );
    create unique index ix_user_email on user (email);
    create table item (
        id integer not null,
        owner_id integer not null references user (id),
        primary key (id)
    );
    create index ix_item_owner_id on item (owner_id);";
const ADD_ITEM: &str = "insert into item (id, owner_id) values (?1, ?2)";

/// A file that is being written. Dropped without [`SqlModelFile::finish`] it holds no users.
pub struct SqlModelFile {
    conn: Connection,
    /// The statement that adds a user, with a parameter for each column.
    add: String,
}

impl SqlModelFile {
    /// Begins in an empty file, which exists so that its owner alone may read it; the table has these columns too.
    pub fn begin(path: &Path, columns: &ExtraColumns) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(translate)?;
        // Nobody else has the file yet, and whoever writes it syncs it as a whole: no journal lies beside it meanwhile.
        conn.execute_batch(
            "pragma journal_mode = memory; pragma synchronous = off; pragma foreign_keys = on;",
        )
        .and_then(|()| conn.execute_batch("begin"))
        .and_then(|()| conn.execute_batch(TABLES))
        .map_err(translate)?;
        let mut add = "insert into user values (?, ?, ?, ?, ?, ?".to_owned();
        for name in columns.names() {
            conn.execute_batch(&format!("alter table user add column {}", identifier(name)))
                .map_err(translate)?;
            add.push_str(", ?");
        }
        add.push(')');
        Ok(Self { conn, add })
    }

    /// Adds a user with items; [`Error::Taken`] if id or address is there already.
    ///
    /// A user without a number gets the next one above all there are: add those with a number first.
    pub fn add(&mut self, user: &SqlModelUser, items: &[i64]) -> Result<(), Error> {
        let mut add = self.conn.prepare_cached(&self.add).map_err(translate)?;
        let SqlModelUser { id, email, username, hashed_password, full_name, disabled, extra } = user;
        let hash = hashed_password.as_str();
        let known: [&dyn ToSql; 6] = [id, email, username, &hash, full_name, disabled];
        let cells: Vec<Bound<'_>> = extra.iter().map(Bound).collect();
        let cells = cells.iter().map(|cell| cell as &dyn ToSql);
        add.execute(params_from_iter(known.into_iter().chain(cells))).map_err(translate)?;
        let owner = self.conn.last_insert_rowid();
        let mut add_item = self.conn.prepare_cached(ADD_ITEM).map_err(translate)?;
        items.iter().try_for_each(|item| add_item.execute(params![item, owner]).map(drop)).map_err(translate)
    }

    /// Ends the file; what is in it is looked through once more.
    pub fn finish(self) -> Result<(), Error> {
        self.conn.execute_batch("commit").map_err(translate)?;
        let found: String =
            self.conn.query_row("pragma integrity_check", [], |row| row.get(0)).map_err(translate)?;
        if found != "ok" {
            return Err(Error::corrupt(found));
        }
        self.conn.close().map_err(|(_, error)| translate(error))
    }
}

/// A cell as the driver takes it.
struct Bound<'a>(&'a Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Cell::Null => ValueRef::Null,
            Cell::Int(number) => ValueRef::Integer(*number),
            Cell::Real(number) => ValueRef::Real(*number),
            Cell::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}
