//! Somebody else's database, read as it is at one moment: that of an application whose users are to be taken over.

use sekisho_core::adopt::{Cell, TableShape};
use sekisho_core::settings::DatabaseUrl;

use crate::error::Error;
use crate::{postgres, sqlite};

/// One state of somebody's database, that of the opening; nothing is written into it or left beside it.
///
/// Every call blocks its thread. An application on SQLite that keeps no write-ahead log can read but not write while this
/// is held, one on PostgreSQL can do both: hold it no longer than needed all the same.
pub struct Foreign {
    reader: Reader,
    name: String,
}

enum Reader {
    Sqlite(sqlite::foreign::Foreign),
    Postgres(postgres::foreign::Foreign),
}

impl Foreign {
    /// Opens a database to read it as it is at this moment.
    ///
    /// [`Error::Unavailable`] if it is not there, does not answer, or an application stopped in the middle of a write,
    /// [`Error::Corrupt`] if it is no database, [`Error::Busy`] if a writer holds it too long.
    pub fn open(url: &DatabaseUrl) -> Result<Self, Error> {
        let (reader, name) = match url {
            DatabaseUrl::Sqlite(path) => {
                let foreign = sqlite::foreign::Foreign::open(path)?;
                let name = foreign.path().display().to_string();
                (Reader::Sqlite(foreign), name)
            }
            DatabaseUrl::Postgres(address) => {
                (Reader::Postgres(postgres::foreign::Foreign::open(address)?), url.redacted())
            }
        };
        Ok(Self { reader, name })
    }

    /// What a person calls it: the file, or the address without a password.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every table by name, with its columns; on PostgreSQL without Sekisho's own.
    pub fn tables(&self) -> Result<Vec<TableShape>, Error> {
        match &self.reader {
            Reader::Sqlite(foreign) => foreign.tables(),
            Reader::Postgres(foreign) => Ok(foreign.tables()),
        }
    }

    /// Hands over every row of a table, all its columns in their order, until `each` returns false, in the order of the
    /// rows' numbers or keys. A value longer than [`Cell::LONGEST`] is not read.
    pub fn rows(&self, table: &TableShape, each: impl FnMut(Vec<Cell>) -> bool) -> Result<(), Error> {
        match &self.reader {
            Reader::Sqlite(foreign) => foreign.rows(table, each),
            Reader::Postgres(foreign) => foreign.rows(table, each),
        }
    }

    /// Hands over every row in the order in which `select … limit 1` without an order finds them, with the columns
    /// at these positions; others may be null.
    ///
    /// SQLite finds the lowest number first. PostgreSQL finds whichever lies first, which changes as rows are updated.
    pub fn rows_as_found(
        &self,
        table: &TableShape,
        columns: &[usize],
        each: impl FnMut(Vec<Cell>) -> bool,
    ) -> Result<(), Error> {
        match &self.reader {
            Reader::Sqlite(foreign) => foreign.rows(table, each),
            Reader::Postgres(foreign) => foreign.rows_as_found(table, columns, each),
        }
    }

    /// Whether [`Foreign::rows_as_found`] has the order of [`Foreign::rows`].
    pub fn finds_by_key(&self) -> bool {
        matches!(self.reader, Reader::Sqlite(_))
    }

    /// How many rows a table has.
    pub fn count(&self, table: &TableShape) -> Result<u64, Error> {
        match &self.reader {
            Reader::Sqlite(foreign) => foreign.count(table),
            Reader::Postgres(foreign) => foreign.count(table),
        }
    }

    /// Whether what was read may be of two states, and is to be read again: somebody has opened a SQLite file since.
    pub fn overtaken(&self) -> bool {
        match &self.reader {
            Reader::Sqlite(foreign) => foreign.overtaken(),
            Reader::Postgres(_) => false,
        }
    }
}

/// Shows the name only.
impl std::fmt::Debug for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Foreign").field("name", &self.name).finish_non_exhaustive()
    }
}
