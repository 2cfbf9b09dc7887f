//! `Read` and `Tx`: what a caller holds while it works, the same over both databases.

use std::ops::{Deref, DerefMut};

use crate::dialect::{Dialect, Text, for_sqlite};
use crate::error::Error;
use crate::sqlite::Conn;
use crate::sqlite::readers::Reader;
use crate::sqlite::writer::Write;
use crate::statement::Statement;
use crate::value::{Param, Row};

/// A connection that reads. Each statement sees the newest state, unless it came from [`Store::snapshot`].
///
/// Owned and without a lifetime; given back when dropped. Don't hold it across an await on hashing, network or
/// [`Store::begin`].
///
/// [`Store::snapshot`]: crate::Store::snapshot
/// [`Store::begin`]: crate::Store::begin
pub struct Read {
    session: Session,
}

/// Two drivers, each of which reads and writes; PostgreSQL's stand beside these.
enum Session {
    SqliteReader(Reader),
    SqliteWriter(Write),
    /// A look at a file, which waits for nobody.
    Probe(Conn),
}

impl Read {
    pub(crate) fn sqlite(reader: Reader) -> Self {
        Self { session: Session::SqliteReader(reader) }
    }

    pub(crate) fn sqlite_probe(conn: Conn) -> Self {
        Self { session: Session::Probe(conn) }
    }

    /// Which database this is.
    pub(crate) fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    /// Whether the schema has what the statement names.
    pub(crate) fn prepares(&self, what: &'static Statement) -> Result<(), Error> {
        match &self.session {
            Session::Probe(conn) => conn.check(what.for_sqlite()),
            Session::SqliteReader(_) | Session::SqliteWriter(_) => {
                Err(Error::misuse("a store has checked its statements when it was opened"))
            }
        }
    }

    /// All rows of a statement of one's own, in the house dialect: `$1 … $n`, and text, bigint, bytes and ids only.
    ///
    /// Inside a [`Tx`] it may write as well (`insert … returning`).
    pub async fn rows(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        self.fetch(for_sqlite(sql), params).await
    }

    /// The first row of a statement of one's own.
    pub async fn row(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        self.fetch_one(for_sqlite(sql), params).await
    }

    pub(crate) async fn all(
        &mut self,
        what: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Error> {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        self.fetch(what.for_sqlite(), params).await
    }

    pub(crate) async fn one(
        &mut self,
        what: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<Row>, Error> {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        self.fetch_one(what.for_sqlite(), params).await
    }

    async fn fetch(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        match &mut self.session {
            Session::SqliteReader(reader) => reader.rows(text, params).await,
            Session::SqliteWriter(write) => write.rows(text, params),
            Session::Probe(conn) => conn.rows(text, params),
        }
    }

    async fn fetch_one(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        match &mut self.session {
            Session::SqliteReader(reader) => reader.row(text, params).await,
            Session::SqliteWriter(write) => write.row(text, params),
            Session::Probe(conn) => conn.row(text, params),
        }
    }

    fn change(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<u64, Error> {
        match &mut self.session {
            Session::SqliteReader(_) | Session::Probe(_) => Err(Error::misuse("only a transaction writes")),
            Session::SqliteWriter(write) => write.execute(text, params),
        }
    }
}

/// A transaction that reads and writes. Dropped without [`Tx::commit`], it is undone; so is a cancelled future's.
///
/// Any error ends it: every later call answers [`Error::Poisoned`]. Hash, sign and call the network before it begins.
pub struct Tx {
    read: Read,
}

impl Tx {
    pub(crate) fn sqlite(write: Write) -> Self {
        Self { read: Read { session: Session::SqliteWriter(write) } }
    }

    /// Runs a statement of one's own, in the house dialect; the number of rows it changed.
    pub async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, Error> {
        self.read.change(for_sqlite(sql), params)
    }

    /// Makes it durable. Whoever gets `Ok` can rely on it; after an error the outcome is unknown, so a retry must be
    /// safe.
    pub async fn commit(self) -> Result<(), Error> {
        match self.read.session {
            Session::SqliteReader(_) | Session::Probe(_) => Err(Error::misuse("only a transaction commits")),
            Session::SqliteWriter(write) => write.commit().await,
        }
    }

    pub(crate) async fn run(&mut self, what: &'static Statement, params: &[Param<'_>]) -> Result<u64, Error> {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        self.read.change(what.for_sqlite(), params)
    }

    /// Runs these in order, all or none, up to one that changes no row: whether all did. What a constraint says undoes
    /// them alone, and the transaction goes on; any other error ends it.
    ///
    /// Only where an application stands beside can a constraint be met, in its own table; only SQLite has such a thing.
    pub(crate) async fn run_together(
        &mut self,
        steps: &[(&'static Statement, &[Param<'_>])],
    ) -> Result<Result<bool, Error>, Error> {
        for (what, params) in steps {
            debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        }
        let texts: Vec<_> = steps.iter().map(|(what, params)| (what.for_sqlite(), *params)).collect();
        self.on_sqlite(|conn| conn.execute_together(&texts))
    }

    /// Runs what SQLite alone has, on the connection itself; an error ends the transaction.
    pub(crate) fn on_sqlite<T>(&mut self, work: impl FnOnce(&Conn) -> Result<T, Error>) -> Result<T, Error> {
        match &mut self.read.session {
            Session::SqliteWriter(write) => write.with(work),
            Session::SqliteReader(_) | Session::Probe(_) => Err(Error::misuse("only a transaction writes")),
        }
    }

    /// Runs a statement of a migration.
    pub(crate) async fn define(&mut self, template: &str) -> Result<(), Error> {
        let text = Dialect::Sqlite.render(template);
        self.read.change(Text { house: &text, sqlite: &text }, &[]).map(drop)
    }
}

impl Deref for Tx {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.read
    }
}
