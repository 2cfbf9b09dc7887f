//! The store: one database, opened once, shared by clones.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use sekisho_core::settings::{DatabaseUrl, Pool};
use sekisho_core::time::Timestamp;

use crate::catalogue;
use crate::copying;
use crate::dialect::Dialect;
use crate::echo::{EchoHook, Observer, Stats};
use crate::error::Error;
use crate::measures::Measured;
use crate::migrate;
use crate::postgres::{PoolStatus, Server};
use crate::session::{Read, Tx};
use crate::sqlite::file::{self, Found};
use crate::sqlite::in_place;
use crate::sqlite::readers::{PAUSE, Readers, busy_since};
use crate::sqlite::views::Views;
use crate::sqlite::wal_index::WalIndex;
use crate::sqlite::writer::Writer;
use crate::sqlite::{Conn, Role};
use crate::value::Param;

/// How a store is opened.
#[derive(Clone)]
pub struct OpenOptions {
    /// The present time, noted beside migrations.
    pub now: Timestamp,
    /// Called with each statement.
    pub echo: Option<EchoHook>,
    /// How long a caller waits for a lock that another transaction or process holds: 5 s unless told otherwise.
    pub lock_wait: Duration,
    /// Connections and time-outs of PostgreSQL.
    pub pool: Pool,
    /// Whether times, waits and errors are measured: see [`Store::measured`].
    pub measure: bool,
    /// Whether a schema of PostgreSQL that holds somebody else's tables gets ours beside them; a SQLite file never does.
    pub among_others: bool,
}

impl OpenOptions {
    /// The usual way, at this time.
    pub fn new(now: Timestamp) -> Self {
        Self {
            now,
            echo: None,
            lock_wait: Duration::from_secs(5),
            pool: Pool::default(),
            measure: false,
            among_others: false,
        }
    }

    /// For a command that reads or writes every row of a large database: PostgreSQL cuts no statement short for hours.
    #[must_use]
    pub fn patient(mut self) -> Self {
        self.pool.statement_timeout = Duration::from_secs(6 * 3600);
        self
    }
}

/// A database. Clones share it.
#[derive(Clone)]
pub struct Store {
    driver: Driver,
    observer: Arc<Observer>,
    opened_at: Timestamp,
}

/// Why a command that works on a file refuses an address of PostgreSQL.
pub const NO_POSTGRESQL: &str =
    "this works on a SQLite file only; name one, as in sqlite:///./data/sekisho.db";

/// The databases there are.
#[derive(Clone)]
enum Driver {
    Sqlite { readers: Arc<Readers>, writer: Arc<Writer> },
    Postgres(Arc<Server>),
}

impl Store {
    /// Opens a database, makes it if there is none, and brings its schema up to date under a lock.
    ///
    /// The folder of a file must exist. What is damaged, somebody else's or newer is refused and left as it is.
    ///
    /// [`Error::Unfinished`] if a copy into it was begun and not finished.
    pub async fn open(url: &DatabaseUrl, options: OpenOptions) -> Result<Self, Error> {
        let store = Self::open_unfinished(url, options).await?;
        copying::refuse_unfinished(&mut store.read().await?).await?;
        Ok(store)
    }

    /// The same, be a copy into it unfinished.
    pub(crate) async fn open_unfinished(url: &DatabaseUrl, options: OpenOptions) -> Result<Self, Error> {
        let observer = match options.measure {
            true => Observer::measuring(options.echo),
            false => Observer::new(options.echo),
        };
        let observer = Arc::new(observer);
        let driver = match url {
            DatabaseUrl::Sqlite(path) => {
                open_sqlite(&file::resolved(path), &observer, options.lock_wait).await?
            }
            DatabaseUrl::Postgres(address) => {
                let server = Server::new(address, &options.pool, options.lock_wait, &observer)?;
                Driver::Postgres(Arc::new(server))
            }
        };
        let store = Self { driver, observer, opened_at: options.now };
        if store.dialect() == Dialect::Postgres {
            Box::pin(store.inspect_postgres(options.among_others)).await?;
        }
        store.apply(migrate::OWNER, &migrate::ours()).await?;
        Ok(store)
    }

    /// Opens the database of an application that is to be adopted where it is, or was.
    ///
    /// Nothing is changed by opening it, neither schema nor journal mode: [`Tx::make_schema`] does the first within a
    /// transaction. A file without tables, or damaged, or not there is refused.
    pub async fn open_in_place(url: &DatabaseUrl, options: OpenOptions) -> Result<Self, Error> {
        let observer = Arc::new(Observer::new(options.echo));
        let driver = match url {
            DatabaseUrl::Sqlite(path) => {
                let path = &file::resolved(path);
                in_place::inspect(path, &observer, options.lock_wait)?;
                sqlite(path, Role::Guest, &observer, options.lock_wait).await?
            }
            DatabaseUrl::Postgres(address) => {
                let server = Server::new(address, &options.pool, options.lock_wait, &observer)?;
                Driver::Postgres(Arc::new(server))
            }
        };
        let store = Self { driver, observer, opened_at: options.now };
        if store.dialect() == Dialect::Postgres {
            store.read().await?.insist_on_utf8().await?;
        }
        Ok(store)
    }

    /// A connection that reads, each statement by itself.
    pub async fn read(&self) -> Result<Read, Error> {
        match &self.driver {
            Driver::Sqlite { readers, .. } => Ok(Read::sqlite(readers.take().await?)),
            Driver::Postgres(server) => Ok(Read::postgres(Arc::clone(server))),
        }
    }

    /// A connection that sees one state, that of its first statement. Hold it briefly: the log can't shrink meanwhile.
    pub async fn snapshot(&self) -> Result<Read, Error> {
        match &self.driver {
            Driver::Sqlite { readers, .. } => {
                let mut reader = readers.take().await?;
                reader.freeze().await?;
                Ok(Read::sqlite(reader))
            }
            Driver::Postgres(server) => Ok(Read::postgres_snapshot(Box::pin(server.snapshot()).await?)),
        }
    }

    /// Begins a transaction. [`Error::Busy`] if the lock was not to be had in time.
    pub async fn begin(&self) -> Result<Tx, Error> {
        match &self.driver {
            Driver::Sqlite { writer, .. } => Ok(Tx::sqlite(writer.begin().await?)),
            Driver::Postgres(server) => Ok(Tx::postgres(Box::pin(server.begin()).await?)),
        }
    }

    /// Runs one statement of one's own and makes it durable; the number of rows it changed.
    pub async fn write_one(&self, sql: &'static str, params: &[Param<'_>]) -> Result<u64, Error> {
        let mut tx = self.begin().await?;
        let rows = tx.execute(sql, params).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Brings a library user's own tables up to date: each statement is applied once, in order, under `name`.
    ///
    /// Statements are written with the tokens `{id} {key} {text} {bytes} {bigint} {serial} {table}`. Later versions
    /// append to the list and change nothing in it.
    pub async fn migrate_own(&self, name: &'static str, statements: &[&'static str]) -> Result<(), Error> {
        statements.iter().try_for_each(|statement| migrate::check_own(name, statement))?;
        self.apply(name, statements).await
    }

    /// Whether the database answers: reads one row.
    pub async fn ping(&self) -> Result<(), Error> {
        self.read().await?.applied(migrate::OWNER, &migrate::ours()).await.map(drop)
    }

    /// Whether the database serves: it answers, and has not stopped to write for good because the disk did not confirm a
    /// write. A lock that somebody holds and a full disk pass, and are not noticed.
    pub async fn serves(&self) -> Result<(), Error> {
        if let Driver::Sqlite { writer, .. } = &self.driver
            && writer.has_stopped()
        {
            return Err(Error::unavailable(
                "the disk did not confirm a write; nothing is written before a restart",
            ));
        }
        self.ping().await
    }

    /// Whether a transaction can begin: takes the lock and gives it back, writing nothing. A full disk is not noticed.
    pub async fn writable(&self) -> Result<(), Error> {
        self.begin().await.map(drop)
    }

    /// Closes the database: waits until the last clone and the last transaction are gone and the file is whole
    /// without its log. A process that ends without it loses nothing.
    pub async fn close(self) {
        let writer = match &self.driver {
            Driver::Sqlite { writer, .. } => writer,
            Driver::Postgres(server) => return server.close(),
        };
        let mut open = writer.watch();
        drop(self);
        // Nothing is ever sent: this returns when the sender is gone.
        while open.changed().await.is_ok() {}
    }

    /// What the store did since it was opened.
    pub fn stats(&self) -> Stats {
        self.observer.stats()
    }

    /// What the store measured since it was opened, if it was asked to.
    pub fn measured(&self) -> Option<Measured> {
        let on_loan = match &self.driver {
            Driver::Sqlite { readers, .. } => readers.on_loan(),
            Driver::Postgres(server) => server.status().on_loan,
        };
        self.observer.measures().map(|measures| measures.read(on_loan))
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        match &self.driver {
            Driver::Sqlite { .. } => Dialect::Sqlite,
            Driver::Postgres(_) => Dialect::Postgres,
        }
    }

    /// How full the pool of connections is; SQLite has none.
    pub fn pool(&self) -> Option<PoolStatus> {
        match &self.driver {
            Driver::Sqlite { .. } => None,
            Driver::Postgres(server) => Some(server.status()),
        }
    }

    async fn apply(&self, owner: &str, texts: &[&str]) -> Result<(), Error> {
        if self.read().await?.applied(owner, texts).await? == texts.len() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        if self.dialect() == Dialect::Postgres {
            tx.alone_at_the_schema().await?;
        }
        tx.migrate(owner, texts, self.opened_at).await?;
        tx.commit().await
    }

    /// Refuses a database of PostgreSQL that is not for us, and makes the schema in an empty one.
    async fn inspect_postgres(&self, among_others: bool) -> Result<(), Error> {
        let mut read = self.read().await?;
        read.insist_on_utf8().await?;
        if read.has_list().await? {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        tx.alone_at_the_schema().await?;
        // Somebody else may have made it meanwhile.
        if !tx.has_list().await? {
            if !among_others {
                tx.refuse_foreign().await?;
            }
            tx.make_schema(self.opened_at).await?;
        }
        tx.commit().await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

async fn open_sqlite(path: &Path, observer: &Arc<Observer>, lock_wait: Duration) -> Result<Driver, Error> {
    match patiently(lock_wait, || file::inspect(path, observer, check)).await? {
        Found::Nothing => file::create(path, migrate::LIST, observer)?,
        Found::Empty => patiently(lock_wait, || file::prepare(path, migrate::LIST, observer)).await?,
        Found::Ours => {}
    }
    sqlite(path, Role::Writer, observer, lock_wait).await
}

/// The writer and the readers of a file that is there.
async fn sqlite(
    path: &Path,
    role: Role,
    observer: &Arc<Observer>,
    lock_wait: Duration,
) -> Result<Driver, Error> {
    let conn = patiently(lock_wait, || Conn::open(path, role, observer)).await?;
    // The log has its name by now, and may hold what another process could not sync.
    file::sync_names(path)?;
    conn.write_back()?;
    // The connection has read the file, so the index is there.
    let index = Arc::new(WalIndex::open(path));
    let (committer, wake) = mpsc::channel();
    let views = Views::new(path.to_owned(), Arc::clone(observer), Arc::clone(&index), committer.clone());
    let views = Arc::new(views);
    let writer =
        Writer::start(conn, committer, wake, Arc::downgrade(&views), index, Arc::clone(observer), lock_wait)?;
    let readers = Readers::new(views, Arc::clone(observer), lock_wait);
    Ok(Driver::Sqlite { readers: Arc::new(readers), writer: Arc::new(writer) })
}

/// Refuses a schema that is newer, other or damaged before anything opens the file for writing.
fn check(probe: &Conn) -> Result<(), Error> {
    let schema = migrate::found_by(|what, params| probe.rows(what.for_sqlite(), params))?;
    if schema.found < schema.known {
        return Ok(());
    }
    catalogue::statements().try_for_each(|statement| match probe.check(statement.for_sqlite()) {
        Err(Error::Misuse { reason }) if in_place::stands(probe) => Err(Error::corrupt(format!(
            "its schema is not whole: {reason}; if the application's table was changed, run `sekisho adopt FILE --in-place` \
             again"
        ))),
        Err(Error::Misuse { reason }) => Err(Error::corrupt(format!("its schema is not whole: {reason}"))),
        outcome => outcome,
    })
}

/// Tries again for a while if another process holds the file's lock.
async fn patiently<T>(lock_wait: Duration, attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error) if error.is_busy() && start.elapsed() < lock_wait => tokio::time::sleep(PAUSE).await,
            Err(error) if error.is_busy() => return Err(busy_since(start)),
            outcome => return outcome,
        }
    }
}
