//! SQLite: one connection, and what its errors mean. This file and those below it alone name the driver.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement, ToSql, ffi};

use crate::dialect::Text;
use crate::echo::Observer;
use crate::error::{Error, RAISED};
use crate::value::{Param, Row, Value};

pub(crate) mod backup;
pub(crate) mod check;
pub(crate) mod file;
pub(crate) mod foreign;
pub(crate) mod freeze;
pub(crate) mod in_place;
pub(crate) mod lock;
pub(crate) mod numbers;
pub(crate) mod readers;
pub(crate) mod sqlmodel;
pub(crate) mod views;
pub(crate) mod wal_index;
pub(crate) mod writer;

/// Prepared statements kept by each connection: all of this crate's and a library user's.
const STATEMENTS_KEPT: usize = 128;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// The one that writes.
    Writer,
    /// One that writes beside the application whose file it is, and leaves the file's journal mode as it is.
    Guest,
    /// One of those that read.
    Reader,
    /// A look at a file that must stay as it is, beside whoever may have it open.
    Probe,
    /// A look at a file that nobody has open: not even its locks are touched.
    ProbeAtRest,
}

/// One connection. It waits for no lock: `Error::Busy` is returned at once, and the caller waits without a thread.
pub(crate) struct Conn {
    raw: Connection,
    observer: Arc<Observer>,
}

impl Conn {
    pub(crate) fn open(path: &Path, role: Role, observer: &Arc<Observer>) -> Result<Self, Error> {
        let raw = match role {
            Role::Writer | Role::Guest | Role::Reader => Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            ),
            Role::Probe => Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            ),
            Role::ProbeAtRest => Connection::open_with_flags(
                uri_at_rest(path)?,
                OpenFlags::SQLITE_OPEN_READ_ONLY
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX
                    | OpenFlags::SQLITE_OPEN_URI,
            ),
        }
        .map_err(translate)?;
        let conn = Self { raw, observer: Arc::clone(observer) };
        conn.set_up(role).map_err(translate)?;
        if role == Role::Writer {
            conn.insist_on_wal()?;
        }
        Ok(conn)
    }

    fn set_up(&self, role: Role) -> rusqlite::Result<()> {
        // The driver's default sleeps up to 5 s on the thread that serves requests.
        self.raw.busy_timeout(Duration::ZERO)?;
        self.raw.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        self.raw.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        self.raw.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        match role {
            Role::Writer | Role::Guest => self.raw.execute_batch(
                "pragma synchronous = full; pragma foreign_keys = on; pragma secure_delete = on; \
                 pragma journal_size_limit = 67108864; pragma temp_store = memory;",
            ),
            Role::Reader => self.raw.execute_batch(
                "pragma query_only = on; pragma temp_store = memory; pragma cache_size = -16384;",
            ),
            Role::Probe | Role::ProbeAtRest => Ok(()),
        }
    }

    fn insist_on_wal(&self) -> Result<(), Error> {
        let mode: String =
            self.raw.query_row("pragma journal_mode = wal", [], |row| row.get(0)).map_err(translate)?;
        if mode == "wal" {
            return Ok(());
        }
        Err(Error::unavailable(format!(
            "the file system does not support a write-ahead log (journal mode {mode})"
        )))
    }

    /// Writes what is in the log into the file and empties the log, unless somebody else is reading or writing.
    ///
    /// After a sync that failed Linux keeps the pages in memory, takes them for written, and shows them to the next
    /// process: SQLite would append to a log that has a hole on the disk, and lose what stands behind it in a power
    /// cut. Written into the file they are synced anew.
    pub(crate) fn write_back(&self) -> Result<(), Error> {
        let done = self.raw.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).map_err(translate);
        done.or_else(|error| if error.is_busy() { Ok(()) } else { Err(error) })
    }

    /// From now on the log is written back only by [`Conn::write_back_what_may_go`].
    pub(crate) fn keep_log(&self) -> Result<(), Error> {
        self.raw.pragma_update(None, "wal_autocheckpoint", 0).map_err(translate)
    }

    /// Writes as much of the log into the file as nobody reads any more, waiting for no one.
    pub(crate) fn write_back_what_may_go(&self) -> Result<(), Error> {
        self.raw.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(())).map_err(translate)
    }

    /// Has the next write begin the log anew; false if somebody still reads it, or writes it back meanwhile.
    pub(crate) fn begin_log_anew(&self) -> Result<bool, Error> {
        let blocked: rusqlite::Result<i64> =
            self.raw.query_row("pragma wal_checkpoint(restart)", [], |row| row.get(0));
        match blocked.map_err(translate) {
            Ok(blocked) => Ok(blocked == 0),
            Err(error) if error.is_busy() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// All rows of a statement.
    pub(crate) fn rows(&self, text: Text<'_>, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        let count = |rows: &Vec<Row>| rows.len() as u64;
        self.observer.statement(text.house, count, || self.fetch(text, params).map_err(translate))
    }

    /// The first row of a statement.
    pub(crate) fn row(&self, text: Text<'_>, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        let count = |row: &Option<Row>| u64::from(row.is_some());
        self.observer.statement(text.house, count, || self.fetch_one(text, params).map_err(translate))
    }

    /// Runs a statement that returns nothing; the number of rows it changed.
    pub(crate) fn execute(&self, text: Text<'_>, params: &[Param<'_>]) -> Result<u64, Error> {
        self.observer.statement(
            text.house,
            |rows| *rows,
            || {
                let mut statement = self.raw.prepare_cached(text.sqlite).map_err(translate)?;
                bind(&mut statement, params).map_err(translate)?;
                statement.raw_execute().map(|rows| rows as u64).map_err(translate)
            },
        )
    }

    /// Runs statements in order, up to one that changes no row: whether all did. A constraint undoes these alone.
    pub(crate) fn execute_together(
        &self,
        steps: &[(Text<'_>, &[Param<'_>])],
    ) -> Result<Result<bool, Error>, Error> {
        self.quietly("savepoint together")?;
        let all = || {
            for (text, params) in steps {
                if self.execute(*text, params)? == 0 {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let outcome = all();
        match &outcome {
            Ok(_) => {}
            // A constraint may be declared so that it ends the whole transaction.
            Err(Error::Taken { .. } | Error::Constraint { .. }) if !self.is_autocommit() => {
                self.quietly("rollback to together")?;
            }
            Err(error) => return Err(error.clone()),
        }
        self.quietly("release together")?;
        Ok(outcome)
    }

    /// `begin`, `savepoint` and the like.
    pub(crate) fn control(&self, text: &'static str) -> Result<(), Error> {
        self.raw_control(text).map_err(translate)
    }

    /// The same, and nobody is told: it is no part of anybody's work.
    pub(crate) fn quietly(&self, text: &'static str) -> Result<(), Error> {
        self.raw.prepare_cached(text).and_then(|mut text| text.raw_execute()).map(drop).map_err(translate)
    }

    /// Ends the transaction durably.
    pub(crate) fn commit(&self) -> Result<(), CommitFailed> {
        self.raw_control("commit").map_err(|error| {
            let unsynced = matches!(&error, rusqlite::Error::SqliteFailure(code, _)
                if matches!(code.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC));
            CommitFailed { error: translate(error), unsynced }
        })?;
        self.observer.committed();
        Ok(())
    }

    /// Whether a statement can be prepared, that is, whether the schema has what it names.
    pub(crate) fn check(&self, text: Text<'_>) -> Result<(), Error> {
        self.raw.prepare(text.sqlite).map(drop).map_err(translate)
    }

    /// Whether no transaction is open, be it that SQLite has rolled it back by itself.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.raw.is_autocommit()
    }

    fn raw_control(&self, text: &'static str) -> rusqlite::Result<()> {
        self.observer.tell(text, |()| 0, || self.raw.prepare_cached(text)?.raw_execute().map(drop))
    }

    fn fetch_one(&self, text: Text<'_>, params: &[Param<'_>]) -> rusqlite::Result<Option<Row>> {
        let mut statement = self.raw.prepare_cached(text.sqlite)?;
        bind(&mut statement, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        rows.next()?.map(|row| read(row, columns)).transpose()
    }

    fn fetch(&self, text: Text<'_>, params: &[Param<'_>]) -> rusqlite::Result<Vec<Row>> {
        let mut statement = self.raw.prepare_cached(text.sqlite)?;
        bind(&mut statement, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read(row, columns)?);
        }
        Ok(found)
    }
}

/// A commit that did not succeed.
pub(crate) struct CommitFailed {
    pub(crate) error: Error,
    /// The system could not say that the data is on the disk: what it keeps from now on is unknown.
    pub(crate) unsynced: bool,
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Id(bytes) => ValueRef::Blob(bytes),
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn bind(statement: &mut Statement<'_>, params: &[Param<'_>]) -> rusqlite::Result<()> {
    if statement.parameter_count() != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), statement.parameter_count()));
    }
    for (position, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(position + 1, param)?;
    }
    Ok(())
}

fn read(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Row> {
    let value = |position| match row.get_ref(position)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(error) => Err(rusqlite::Error::Utf8Error(position, error)),
        },
        other @ ValueRef::Real(_) => {
            Err(rusqlite::Error::InvalidColumnType(position, String::new(), other.data_type()))
        }
    };
    (0..columns).map(value).collect::<rusqlite::Result<Vec<_>>>().map(Row::new)
}

fn translate(error: rusqlite::Error) -> Error {
    let (code, text) = match error {
        rusqlite::Error::SqliteFailure(code, text) => (code, text),
        rusqlite::Error::Utf8Error(column, _) => {
            return Error::corrupt(format!("column {column} is not UTF-8"));
        }
        rusqlite::Error::SqlInputError { msg, .. } => return Error::misuse(msg),
        rusqlite::Error::InvalidColumnType(column, _, kind) => {
            return Error::misuse(format!(
                "column {column} is {kind}, which the house dialect does not have"
            ));
        }
        other => return Error::misuse(other),
    };
    let text = text.unwrap_or_else(|| code.to_string());
    let reason = || format!("{text} (code {})", code.extended_code);
    match code.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::Busy { waited_ms: 0 },
        ErrorCode::DiskFull => Error::Full { reason: reason() },
        // The index of the log could not grow: on a full disk this is the first thing that fails at a start.
        _ if code.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Error::Full { reason: reason() },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Corrupt { reason: reason() },
        ErrorCode::ConstraintViolation => match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => {
                Error::Taken { what: text.trim_start_matches("UNIQUE constraint failed: ").to_owned() }
            }
            // What the triggers of `sekisho db freeze` raise.
            ffi::SQLITE_CONSTRAINT_TRIGGER if text == RAISED => Error::Frozen,
            _ => Error::Constraint { what: text },
        },
        // What `prepare` says of a text that it does not understand, or that names what is not there.
        ErrorCode::Unknown => Error::Misuse { reason: text },
        _ => Error::Unavailable { reason: reason() },
    }
}

/// The address of a file that nobody else has open, so that reading leaves no trace beside it.
fn uri_at_rest(path: &Path) -> Result<String, Error> {
    let path = path.to_str().ok_or_else(|| Error::misuse("the path of the database is not UTF-8"))?;
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Ok(format!("file:{path}?immutable=1"))
}
