//! `Read` and `Tx`: what a caller holds while it works, the same over both databases.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use sekisho_core::credentials::SchemeCost;

use sekisho_core::id::UserId;

use crate::dialect::{Dialect, Text, for_sqlite};
use crate::error::Error;
use crate::postgres::{Server, Transaction};
use crate::sqlite::Conn;
use crate::sqlite::readers::Reader;
use crate::sqlite::writer::Write;
use crate::statement::{Statement, Step};
use crate::tables::Table;
use crate::value::{Param, Row, Value};

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

/// Two drivers, each of which reads and writes. What waits for PostgreSQL is boxed: it is large, and would make every future
/// above it as large.
enum Session {
    SqliteReader(Reader),
    SqliteWriter(Write),
    /// A look at a file, which waits for nobody.
    Probe(Conn),
    /// No connection of its own: reads share a few.
    Postgres(Arc<Server>),
    PostgresTransaction(Box<Transaction>),
}

/// A statement as its caller gave it.
#[derive(Clone, Copy)]
enum Asked {
    /// In the house dialect, of a library user.
    Text(&'static str),
    Statement(&'static Statement),
}

impl Asked {
    fn house(self) -> &'static str {
        match self {
            Self::Text(text) => text,
            Self::Statement(what) => what.text(),
        }
    }

    fn for_sqlite(self) -> Text<'static> {
        match self {
            Self::Text(text) => for_sqlite(text),
            Self::Statement(what) => what.for_sqlite(),
        }
    }
}

impl Read {
    pub(crate) fn sqlite(reader: Reader) -> Self {
        Self { session: Session::SqliteReader(reader) }
    }

    pub(crate) fn sqlite_probe(conn: Conn) -> Self {
        Self { session: Session::Probe(conn) }
    }

    pub(crate) fn postgres(server: Arc<Server>) -> Self {
        Self { session: Session::Postgres(server) }
    }

    pub(crate) fn postgres_snapshot(snapshot: Transaction) -> Self {
        Self { session: Session::PostgresTransaction(Box::new(snapshot)) }
    }

    /// Which database it reads.
    pub fn dialect(&self) -> Dialect {
        match &self.session {
            Session::SqliteReader(_) | Session::SqliteWriter(_) | Session::Probe(_) => Dialect::Sqlite,
            Session::Postgres(_) | Session::PostgresTransaction(_) => Dialect::Postgres,
        }
    }

    /// Whether the schema has what the statement names.
    pub(crate) fn prepares(&self, what: &'static Statement) -> Result<(), Error> {
        match &self.session {
            Session::Probe(conn) => conn.check(what.for_sqlite()),
            _ => Err(Error::misuse("a store has checked its statements when it was opened")),
        }
    }

    /// All rows of a statement of one's own, in the house dialect: `$1 … $n`, and text, bigint, bytes and ids only.
    ///
    /// Inside a [`Tx`] it may write as well (`insert … returning`).
    pub async fn rows(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        self.fetch(Asked::Text(sql), params).await
    }

    /// The first row of a statement of one's own.
    pub async fn row(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        self.fetch_one(Asked::Text(sql), params).await
    }

    pub(crate) async fn all(
        &mut self,
        what: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, Error> {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        self.fetch(Asked::Statement(what), params).await
    }

    pub(crate) async fn one(
        &mut self,
        what: &'static Statement,
        params: &[Param<'_>],
    ) -> Result<Option<Row>, Error> {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        self.fetch_one(Asked::Statement(what), params).await
    }

    /// The row with this id, by a statement that gives at most one, which begins with the id `$1`.
    ///
    /// On PostgreSQL those who wait together share one statement.
    pub(crate) async fn one_by_id(
        &mut self,
        what: &'static Statement,
        id: UserId,
    ) -> Result<Option<Row>, Error> {
        match &self.session {
            Session::Postgres(server) => server.ask_by_id(what.text(), *id.as_bytes()).await,
            _ => self.one(what, &[id.into()]).await,
        }
    }

    async fn fetch(&mut self, asked: Asked, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        match &mut self.session {
            Session::SqliteReader(reader) => reader.rows(asked.for_sqlite(), params).await,
            Session::SqliteWriter(write) => write.rows(asked.for_sqlite(), params),
            Session::Probe(conn) => conn.rows(asked.for_sqlite(), params),
            Session::Postgres(server) => Ok(Box::pin(server.ask(asked.house(), params)).await?.rows),
            Session::PostgresTransaction(tx) => Ok(Box::pin(tx.ask(asked.house(), params)).await?.rows),
        }
    }

    async fn fetch_one(&mut self, asked: Asked, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        match &mut self.session {
            Session::SqliteReader(reader) => reader.row(asked.for_sqlite(), params).await,
            Session::SqliteWriter(write) => write.row(asked.for_sqlite(), params),
            Session::Probe(conn) => conn.row(asked.for_sqlite(), params),
            Session::Postgres(server) => {
                Ok(Box::pin(server.ask(asked.house(), params)).await?.rows.into_iter().next())
            }
            Session::PostgresTransaction(tx) => {
                Ok(Box::pin(tx.ask(asked.house(), params)).await?.rows.into_iter().next())
            }
        }
    }

    async fn change(&mut self, asked: Asked, params: &[Param<'_>]) -> Result<u64, Error> {
        match &mut self.session {
            Session::SqliteWriter(write) => write.execute(asked.for_sqlite(), params),
            Session::PostgresTransaction(tx) if !tx.is_snapshot() => {
                Ok(Box::pin(tx.ask(asked.house(), params)).await?.count)
            }
            _ => Err(Error::misuse("only a transaction writes")),
        }
    }
}

/// A transaction that reads and writes. Dropped without [`Tx::commit`], it is undone; so is a cancelled future's.
///
/// Any error ends it: every later call answers [`Error::Poisoned`]. Hash, sign and call the network before it begins.
pub struct Tx {
    read: Read,
    /// How many hashes of each scheme and cost there are more, or fewer, than before.
    hashes: BTreeMap<(String, String), i64>,
}

impl Tx {
    pub(crate) fn sqlite(write: Write) -> Self {
        Self { read: Read { session: Session::SqliteWriter(write) }, hashes: BTreeMap::new() }
    }

    pub(crate) fn postgres(transaction: Transaction) -> Self {
        let session = Session::PostgresTransaction(Box::new(transaction));
        Self { read: Read { session }, hashes: BTreeMap::new() }
    }

    /// Runs a statement of one's own, in the house dialect; the number of rows it changed.
    pub async fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, Error> {
        self.read.change(Asked::Text(sql), params).await
    }

    /// Lets it be silent and slow for as long as its caller needs: PostgreSQL would end it after a minute without a word,
    /// and with it every lock that it holds. SQLite knows no such time.
    pub async fn take_time(&mut self) -> Result<(), Error> {
        match self.read.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => {
                self.define(
                    "set local idle_in_transaction_session_timeout = 0; set local statement_timeout = 0",
                )
                .await
            }
        }
    }

    /// Makes it durable. Whoever gets `Ok` can rely on it; after an error the outcome is unknown, so a retry must be
    /// safe.
    pub async fn commit(mut self) -> Result<(), Error> {
        self.write_hash_counts().await?;
        match self.read.session {
            Session::SqliteWriter(write) => write.commit().await,
            Session::PostgresTransaction(tx) => Box::pin(tx.commit()).await,
            _ => Err(Error::misuse("only a transaction commits")),
        }
    }

    /// Notes that there are so many hashes more of this kind; the commit writes it.
    pub(crate) fn count_hash(&mut self, kind: &SchemeCost, more: i64) {
        *self.hashes.entry((kind.scheme.clone(), kind.cost.clone())).or_default() += more;
    }

    /// What was noted, in the order in which every transaction writes it.
    pub(crate) fn take_hash_counts(&mut self) -> impl Iterator<Item = ((String, String), i64)> + use<> {
        std::mem::take(&mut self.hashes).into_iter().filter(|(_, more)| *more != 0)
    }

    pub(crate) async fn run(&mut self, what: &'static Statement, params: &[Param<'_>]) -> Result<u64, Error> {
        debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        self.read.change(Asked::Statement(what), params).await
    }

    /// Runs all of these in this order, on PostgreSQL without waiting for one before the next is sent: how many rows each
    /// changed. The first that fails ends the transaction.
    pub(crate) async fn run_all(&mut self, steps: &[Step]) -> Result<Vec<u64>, Error> {
        let params: Vec<Vec<Param<'_>>> = steps.iter().map(Step::params).collect();
        if let Session::PostgresTransaction(tx) = &mut self.read.session
            && !tx.is_snapshot()
        {
            let texts =
                steps.iter().zip(&params).map(|(step, params)| (step.what().text(), params.as_slice()));
            return Box::pin(tx.ask_all(&texts.collect::<Vec<_>>())).await;
        }
        let mut counts = Vec::with_capacity(steps.len());
        for (step, params) in steps.iter().zip(&params) {
            counts.push(self.run(step.what(), params).await?);
        }
        Ok(counts)
    }

    /// Runs these in order, of which only the first may change no row, and then it is the last: whether all did. What a constraint says undoes
    /// them alone, and the transaction goes on; any other error ends it.
    ///
    /// Only where an application stands beside can a constraint be met, in its own table.
    pub(crate) async fn run_together(
        &mut self,
        steps: &[(&'static Statement, &[Param<'_>])],
    ) -> Result<Result<bool, Error>, Error> {
        for (what, params) in steps {
            debug_assert!(what.accepts(params), "{}: {params:?}", what.name());
        }
        if let Session::PostgresTransaction(tx) = &mut self.read.session {
            let texts: Vec<_> = steps.iter().map(|(what, params)| (what.text(), *params)).collect();
            return Box::pin(tx.ask_together(&texts)).await;
        }
        let texts: Vec<_> = steps.iter().map(|(what, params)| (what.for_sqlite(), *params)).collect();
        self.on_sqlite(|conn| conn.execute_together(&texts))
    }

    /// Runs what SQLite alone has, on the connection itself; an error ends the transaction.
    pub(crate) fn on_sqlite<T>(&mut self, work: impl FnOnce(&Conn) -> Result<T, Error>) -> Result<T, Error> {
        match &mut self.read.session {
            Session::SqliteWriter(write) => write.with(work),
            _ => Err(Error::misuse("only a transaction on SQLite does this")),
        }
    }

    /// Puts rows into a table by the thousand; on PostgreSQL alone.
    pub(crate) async fn copy_in(&mut self, table: &Table, rows: &[Vec<Value>]) -> Result<(), Error> {
        match &mut self.read.session {
            Session::PostgresTransaction(tx) if !tx.is_snapshot() => Box::pin(tx.copy_in(table, rows)).await,
            _ => Err(Error::misuse("only a transaction on PostgreSQL does this")),
        }
    }

    /// Runs text that was made at run time, however long it takes: how many rows it changed or gave; on PostgreSQL alone.
    pub(crate) async fn at_length(&mut self, text: &str) -> Result<u64, Error> {
        match &mut self.read.session {
            Session::PostgresTransaction(tx) if !tx.is_snapshot() => Box::pin(tx.at_length(text)).await,
            _ => Err(Error::misuse("only a transaction on PostgreSQL does this")),
        }
    }

    /// Runs a statement of a migration.
    pub(crate) async fn define(&mut self, template: &str) -> Result<(), Error> {
        let text = self.read.dialect().render(template);
        match &mut self.read.session {
            Session::SqliteWriter(write) => {
                write.execute(Text { house: &text, sqlite: &text }, &[]).map(drop)
            }
            Session::PostgresTransaction(tx) if !tx.is_snapshot() => Box::pin(tx.define(&text)).await,
            _ => Err(Error::misuse("only a transaction writes")),
        }
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
