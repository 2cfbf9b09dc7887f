//! A SQLite file that the seeds' application (SQLModel) opens as its own. SQLite alone: the file is the point.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};
use sekisho_core::exchange::SqlModelUser;

use super::translate;
use crate::error::Error;

/// The tables as SQLModel makes them of the seeds' class `User`, with the two columns that its documents add.
const TABLES: &str = "\
    create table user (
        id integer not null,
        email varchar not null,
        username varchar not null,
        hashed_password varchar not null,
        full_name varchar,
        disabled boolean,
        primary key (id)
    );
    create unique index ix_user_email on user (email);
    create table item (
        id integer not null,
        owner_id integer not null references user (id),
        primary key (id)
    );
    create index ix_item_owner_id on item (owner_id);";
const ADD: &str = "insert into user (id, email, username, hashed_password, full_name, disabled) \
    values (?1, ?2, ?3, ?4, ?5, ?6)";
const ADD_ITEM: &str = "insert into item (id, owner_id) values (?1, ?2)";

/// A file that is being written. Dropped without [`SqlModelFile::finish`] it holds no users.
pub struct SqlModelFile {
    conn: Connection,
}

impl SqlModelFile {
    /// Begins in an empty file, which exists so that its owner alone may read it.
    pub fn begin(path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(translate)?;
        // Nobody else has the file yet, and whoever writes it syncs it as a whole: no journal lies beside it meanwhile.
        conn.execute_batch(
            "pragma journal_mode = memory; pragma synchronous = off; pragma foreign_keys = on;",
        )
        .and_then(|()| conn.execute_batch("begin"))
        .and_then(|()| conn.execute_batch(TABLES))
        .map_err(translate)?;
        Ok(Self { conn })
    }

    /// Adds a user with items; [`Error::Taken`] if id or address is there already.
    ///
    /// A user without a number gets the next one above all there are: add those with a number first.
    pub fn add(&mut self, user: &SqlModelUser, items: &[i64]) -> Result<(), Error> {
        let mut add = self.conn.prepare_cached(ADD).map_err(translate)?;
        let SqlModelUser { id, email, username, hashed_password, full_name, disabled } = user;
        add.execute(params![id, email, username, hashed_password.as_str(), full_name, disabled])
            .map_err(translate)?;
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
