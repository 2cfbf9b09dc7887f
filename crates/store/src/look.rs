//! A database that is looked at and not changed, beside whoever has it open.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use sekisho_core::settings::{DatabaseUrl, PostgresUrl};
use sekisho_core::time::Timestamp;

use crate::catalogue;
use crate::echo::Observer;
use crate::error::Error;
use crate::migrate::{self, SchemaVersion};
use crate::postgres::{self, Server};
use crate::session::Read;
use crate::sqlite::check;
use crate::sqlite::file::{self, Found};
use crate::sqlite::readers::{PAUSE, busy_since};
use crate::sqlite::{Conn, Role};
use crate::store::OpenOptions;

/// One state of a database, that of the opening; it reads as [`Read`] does and can write nothing.
///
/// No schema is brought up to date, no log is played back into a file, and a file that nobody has open is left
/// without a trace. Hold it no longer than needed: a server's log can't shrink meanwhile.
pub struct Look {
    read: Read,
    place: Place,
}

/// Where it is looked.
enum Place {
    File {
        path: PathBuf,
        /// Whether nobody had the file open, so that not even its locks were touched.
        at_rest: bool,
    },
    Server(Arc<Server>),
}

/// What a look at the pages found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Integrity {
    /// What is damaged.
    pub damage: Vec<String>,
    /// What could not be looked at, and what would help.
    pub unseen: Option<String>,
}

impl Look {
    /// Opens a file of ours.
    ///
    /// The errors say what the file is instead, as those of [`crate::Store::open`] do; one that is not there is
    /// [`Error::Unavailable`]. Whether its schema is whole and of this version is [`Look::schema`]'s business.
    pub fn open(path: &Path) -> Result<Look, Error> {
        let path = &file::resolved(path);
        match Self::file(path, false)? {
            Ok(look) => Ok(look),
            Err(Absent::NotThere) => Err(Error::unavailable(format!("{} is not there", path.display()))),
            Err(Absent::Empty) => {
                Err(Error::corrupt(format!("{} is a database without tables", path.display())))
            }
        }
    }

    /// Opens a database of ours of either kind; `options` are PostgreSQL's time-outs.
    pub async fn open_url(url: &DatabaseUrl, options: OpenOptions) -> Result<Look, Error> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::open(path),
            DatabaseUrl::Postgres(address) => Self::server(address, options).await?.ok_or_else(no_tables),
        }
    }

    /// The same with the usual time-outs; `None` where there is no database yet, or one without a table.
    pub async fn at(url: &DatabaseUrl) -> Result<Option<Look>, Error> {
        Self::if_any(url, OpenOptions::new(Timestamp::from_micros(0))).await
    }

    /// The same, with the locks of a reader on a file, so that nobody changes it unseen.
    pub(crate) async fn holding(url: &DatabaseUrl, options: OpenOptions) -> Result<Look, Error> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let start = Instant::now();
                loop {
                    match Self::file(&file::resolved(path), true) {
                        Ok(Ok(look)) => return Ok(look),
                        Ok(Err(_)) => return Self::open(path),
                        // Somebody is just opening or closing it.
                        Err(error) if error.is_busy() && start.elapsed() < options.lock_wait => {
                            tokio::time::sleep(PAUSE).await;
                        }
                        Err(error) if error.is_busy() => return Err(busy_since(start)),
                        Err(error) => return Err(error),
                    }
                }
            }
            DatabaseUrl::Postgres(_) => Self::open_url(url, options).await,
        }
    }

    /// Opens a database of ours of either kind; `None` where there is none yet, or one without a table.
    pub async fn if_any(url: &DatabaseUrl, options: OpenOptions) -> Result<Option<Look>, Error> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::file(&file::resolved(path), false).map(Result::ok),
            DatabaseUrl::Postgres(address) => Self::server(address, options).await,
        }
    }

    fn file(path: &Path, holding: bool) -> Result<Result<Look, Absent>, Error> {
        let observer = Arc::new(Observer::default());
        match file::inspect(path, &observer, |_| Ok(()))? {
            Found::Nothing => return Ok(Err(Absent::NotThere)),
            Found::Empty => return Ok(Err(Absent::Empty)),
            Found::Ours => {}
        }
        let look = |role, at_rest| {
            let conn = Conn::open(path, role, &observer)?;
            conn.control("begin")?;
            // The state is that of the first statement.
            file::tables(&conn)?;
            let place = Place::File { path: path.to_owned(), at_rest };
            Ok(Look { read: Read::sqlite_probe(conn), place })
        };
        if file::is_open(path) {
            return look(Role::Probe, false).map(Ok);
        }
        match holding.then(|| look(Role::Reader, false)) {
            // On a disk that can't be written there is no lock to be had, and nobody who could write.
            Some(Err(Error::Unavailable { .. })) | None => look(Role::ProbeAtRest, true).map(Ok),
            Some(outcome) => outcome.map(Ok),
        }
    }

    async fn server(address: &PostgresUrl, options: OpenOptions) -> Result<Option<Look>, Error> {
        let observer = Arc::new(Observer::default());
        let server = Arc::new(Server::new(address, &options.pool, options.lock_wait, &observer)?);
        let mut read = Read::postgres(Arc::clone(&server));
        read.insist_on_utf8().await?;
        if !read.has_list().await? {
            read.refuse_foreign().await?;
            return Ok(None);
        }
        let read = Read::postgres_snapshot(server.snapshot().await?);
        Ok(Some(Look { read, place: Place::Server(server) }))
    }

    /// Whether somebody has opened the file since: then what was read may be of two states, and is to be read again.
    pub fn overtaken(&self) -> bool {
        matches!(&self.place, Place::File { path, at_rest: true } if file::is_open(path))
    }

    /// The schema's version; an error if it is newer and says that this program can't serve on it, or other.
    pub async fn schema(&mut self) -> Result<SchemaVersion, Error> {
        self.read.schema_version(migrate::OWNER, &migrate::ours()).await
    }

    /// Whether every statement of the program can be prepared; the first that can't names what is missing.
    pub async fn serves(&self) -> Result<(), Error> {
        for statement in catalogue::statements() {
            match &self.place {
                Place::File { .. } => self.read.prepares(statement)?,
                Place::Server(server) => server.prepares(statement.text()).await?,
            }
        }
        Ok(())
    }

    /// What the database itself finds wrong in its pages, `most` lines of it.
    pub async fn integrity(&mut self, most: u32) -> Result<Integrity, Error> {
        match &self.place {
            Place::File { .. } => {
                let damage = check::integrity(&mut self.read, most).await?;
                Ok(Integrity { damage, unseen: None })
            }
            Place::Server(server) => {
                // Each in a transaction of its own: what is damaged ends one.
                let (damage, unseen) = postgres::check::integrity(Arc::clone(server), most).await?;
                Ok(Integrity { damage, unseen })
            }
        }
    }

    /// Rows that refer to nothing, in any table: `table, row`, `most` of them.
    pub async fn foreign_keys(&mut self, most: u32) -> Result<Vec<String>, Error> {
        match self.place {
            Place::File { .. } => check::foreign_keys(&mut self.read, most).await,
            Place::Server(_) => postgres::check::foreign_keys(&mut self.read, most).await,
        }
    }

    /// Our tables and indexes that are not there, or not as this program makes them.
    pub async fn schema_differences(&mut self) -> Result<Vec<String>, Error> {
        match self.place {
            Place::File { .. } => check::schema_differences(&mut self.read).await,
            Place::Server(_) => postgres::check::schema_differences(&mut self.read).await,
        }
    }

    /// Triggers, views and rules that act on our tables and that neither this program nor an adoption in place has made.
    pub async fn intruders(&mut self) -> Result<Vec<String>, Error> {
        match self.place {
            Place::File { .. } => check::intruders(&mut self.read).await,
            Place::Server(_) => postgres::check::intruders(&mut self.read).await,
        }
    }

    /// Whether a file keeps a write-ahead log, as one of ours does; a server keeps its own.
    pub async fn keeps_log(&mut self) -> Result<bool, Error> {
        match &self.place {
            Place::File { path, at_rest } => {
                check::keeps_log(&mut self.read, at_rest.then_some(path.as_path())).await
            }
            Place::Server(_) => Ok(true),
        }
    }

    /// Whether a copy into it was begun and not finished.
    pub async fn is_unfinished(&mut self) -> Result<bool, Error> {
        match crate::copying::refuse_unfinished(&mut self.read).await {
            Err(Error::Unfinished) => Ok(true),
            outcome => outcome.map(|()| false),
        }
    }
}

/// Why there is nothing to look at.
enum Absent {
    NotThere,
    Empty,
}

fn no_tables() -> Error {
    Error::unavailable("there is no table of Sekisho in it; the first start of a server makes them")
}

impl Deref for Look {
    type Target = Read;

    fn deref(&self) -> &Read {
        &self.read
    }
}

impl DerefMut for Look {
    fn deref_mut(&mut self) -> &mut Read {
        &mut self.read
    }
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::File { path, .. } => f.debug_struct("Look").field("path", path).finish_non_exhaustive(),
            Place::Server(_) => f.debug_struct("Look").finish_non_exhaustive(),
        }
    }
}
