//! Somebody else's SQLite file, read as it is: nothing is written into it or left beside it, and whoever has it open goes
//! on working. PostgreSQL's sibling is `postgres/foreign.rs`.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use sekisho_core::adopt::{Cell, ColumnShape, TableShape};

use super::file::{beside, is_open, resolved};
use super::readers::{PAUSE, busy_since};
use super::{translate, uri_at_rest};
use crate::dialect::identifier;
use crate::error::Error;

/// How long a lock that the application holds is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tables of the file itself; virtual tables, their shadows and views hold no users.
const TABLES: &str = "select name from pragma_table_list where schema = 'main' and type = 'table' \
     and substr(name, 1, 7) <> 'sqlite_' order by name";
const COLUMNS: &str =
    "select name, type, \"notnull\", dflt_value, pk from pragma_table_xinfo(?1) where hidden <> 1";
/// The columns that a unique index of their own guards, or the one that is the row's number.
const UNIQUE: &str = "select min(i.name) from pragma_index_list(?1) l join pragma_index_info(l.name) i \
     where l.\"unique\" = 1 and l.partial = 0 group by l.name having count(*) = 1";
const KEYS: &str = "select name from pragma_table_xinfo(?1) where pk > 0 order by pk";
const WITHOUT_ROWID: &str = "select wr from pragma_table_list where schema = 'main' and name = ?1";

/// One state of somebody's file, that of the opening.
///
/// An application that keeps no write-ahead log can read but not write while this is held: hold it no longer than needed.
/// It blocks its thread, for up to 5 s where the application holds a lock.
pub(crate) struct Foreign {
    raw: Connection,
    path: PathBuf,
    /// Whether nobody had the file open, so that not even its locks were touched.
    at_rest: bool,
}

impl Foreign {
    /// Opens a file to read it as it is at this moment.
    ///
    /// [`Error::Unavailable`] if it is not there or an application stopped in the middle of a write,
    /// [`Error::Corrupt`] if it is no database, [`Error::Busy`] if a writer holds it too long.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let path = &resolved(path);
        // A log that nobody has open is left as it is by not even looking for one; without a log, locks are what tells.
        let at_rest = keeps_log(path)? && !is_open(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let raw = if at_rest {
            Connection::open_with_flags(uri_at_rest(path)?, flags | OpenFlags::SQLITE_OPEN_URI)
        } else {
            Connection::open_with_flags(path, flags)
        };
        let foreign = Self { raw: raw.map_err(translate)?, path: path.to_owned(), at_rest };
        foreign.set_up().map_err(translate)?;
        foreign.fix_what_is_seen()?;
        Ok(foreign)
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Every table by name, with its columns.
    pub(crate) fn tables(&self) -> Result<Vec<TableShape>, Error> {
        let names: Vec<String> = self.list(TABLES, [], |row| row.get(0))?;
        names.into_iter().map(|name| self.shape(name)).collect()
    }

    /// Hands over every row of a table, all its columns in their order, until `each` returns false; in the order in which
    /// `select … limit 1` without an order finds them, which for a numbered table is that of the numbers. A value longer than
    /// [`Cell::LONGEST`] is not read.
    pub(crate) fn rows(
        &self,
        table: &TableShape,
        mut each: impl FnMut(Vec<Cell>) -> bool,
    ) -> Result<(), Error> {
        let columns: Vec<String> = table.columns.iter().map(|column| bounded(&column.name)).collect();
        let sql = format!(
            "select {} from main.{} order by {}",
            columns.join(", "),
            identifier(&table.name),
            self.order(table)?
        );
        let mut statement = self.raw.prepare(&sql).map_err(translate)?;
        let mut rows = statement.query([]).map_err(translate)?;
        while let Some(row) = rows.next().map_err(translate)? {
            let cells = (0..columns.len()).map(|at| row.get_ref(at).map(cell)).collect::<Result<_, _>>();
            if !each(cells.map_err(translate)?) {
                break;
            }
        }
        Ok(())
    }

    /// How many rows a table has.
    pub(crate) fn count(&self, table: &TableShape) -> Result<u64, Error> {
        let sql = format!("select count(*) from main.{}", identifier(&table.name));
        let count: i64 = self.raw.query_row(&sql, [], |row| row.get(0)).map_err(translate)?;
        Ok(count.unsigned_abs())
    }

    /// Whether somebody has opened the file since: then what was read may be of two states, and is to be read again.
    pub(crate) fn overtaken(&self) -> bool {
        self.at_rest && is_open(&self.path)
    }

    fn set_up(&self) -> rusqlite::Result<()> {
        self.raw.busy_timeout(Duration::ZERO)?;
        // The file is somebody's: what its schema says is not run.
        self.raw.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        self.raw.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        self.raw.execute_batch(
            "pragma query_only = on; pragma cell_size_check = on; pragma temp_store = memory; begin",
        )
    }

    /// Takes the state that every later statement sees.
    fn fix_what_is_seen(&self) -> Result<(), Error> {
        let start = Instant::now();
        loop {
            let first =
                self.raw.query_row("select count(*) from sqlite_schema", [], |row| row.get::<_, i64>(0));
            match first.map_err(translate) {
                Err(error) if error.is_busy() && start.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
                Err(error) if error.is_busy() => return Err(busy_since(start)),
                Err(Error::Unavailable { .. }) if beside(&self.path, "-journal").exists() => {
                    return Err(Error::unavailable(format!(
                        "{} lies beside it: the application stopped in the middle of a write; start and stop it once",
                        beside(&self.path, "-journal").display()
                    )));
                }
                outcome => return outcome.map(drop),
            }
        }
    }

    fn shape(&self, name: String) -> Result<TableShape, Error> {
        let mut keys = 0;
        let mut columns = self.list(COLUMNS, [&name], |row| {
            let key: i64 = row.get(4)?;
            keys += i64::from(key > 0);
            Ok(ColumnShape {
                name: row.get(0)?,
                declared: row.get(1)?,
                not_null: row.get(2)?,
                default: row.get(3)?,
                primary_key: key > 0,
                unique: false,
            })
        })?;
        let unique: Vec<Option<String>> = self.list(UNIQUE, [&name], |row| row.get(0))?;
        for column in &mut columns {
            column.unique = unique.contains(&Some(column.name.clone())) || (column.primary_key && keys == 1);
        }
        Ok(TableShape { schema: None, name, columns })
    }

    /// In what order rows are found where none is asked for.
    fn order(&self, table: &TableShape) -> Result<String, Error> {
        let without: bool =
            self.raw.query_row(WITHOUT_ROWID, [&table.name], |row| row.get(0)).map_err(translate)?;
        let names = ["rowid", "oid", "_rowid_"].into_iter().find(|name| table.column(name).is_none());
        Ok(match names.filter(|_| !without) {
            Some(name) => name.to_owned(),
            None => {
                let keys = self.list(KEYS, [&table.name], |row| row.get::<_, String>(0))?;
                let keys: Vec<String> = keys.iter().map(|name| identifier(name)).collect();
                if keys.is_empty() { "1".to_owned() } else { keys.join(", ") }
            }
        })
    }

    fn list<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.raw.prepare(sql).map_err(translate)?;
        let rows = statement.query_map(params, read).map_err(translate)?;
        rows.collect::<Result<_, _>>().map_err(translate)
    }
}

/// Whether the file's header says that its writers keep a write-ahead log (SQLite's file format, 1.3.3).
///
/// This process has no connection to the file yet: closing a descriptor of it takes no lock away (POSIX).
pub(super) fn keeps_log(path: &Path) -> Result<bool, Error> {
    let unavailable = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Error::unavailable(format!("{} is not there", path.display())),
        _ => Error::unavailable(format!("{}: {error}", path.display())),
    };
    // Before it is opened: opening a pipe would wait for who writes into it.
    if !path.metadata().map_err(unavailable)?.is_file() {
        return Err(Error::misuse(format!("{} is not a file", path.display())));
    }
    let file = File::open(path).map_err(unavailable)?;
    let mut header = Vec::new();
    file.take(20).read_to_end(&mut header).map_err(unavailable)?;
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(Error::corrupt(format!("{} is no SQLite database", path.display())));
    }
    Ok(header.get(18..20) == Some(&[2, 2]))
}

/// A column, or more zeroes than any value that is read, in place of one that is longer: SQLite knows a value's length
/// without reading it.
fn bounded(column: &str) -> String {
    let (column, longest) = (identifier(column), Cell::LONGEST);
    format!("case when octet_length({column}) > {longest} then zeroblob({longest} + 1) else {column} end")
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Blob(bytes) if bytes.len() > Cell::LONGEST => Cell::TooLong,
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => Cell::Bytes(bytes.to_vec()),
        },
    }
}
