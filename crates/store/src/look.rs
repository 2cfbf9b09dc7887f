//! A database that is looked at and not changed, beside whoever has it open.

use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalogue;
use crate::echo::Observer;
use crate::error::Error;
use crate::migrate::{self, SchemaVersion};
use crate::session::Read;
use crate::sqlite::check;
use crate::sqlite::file::{self, Found};
use crate::sqlite::{Conn, Role};

/// One state of a SQLite file, that of the opening; it reads as [`Read`] does and can write nothing.
///
/// No schema is brought up to date, no log is played back into the file, and a file that nobody has open is left
/// without a trace. Hold it no longer than needed: a server's log can't shrink meanwhile.
pub struct Look {
    read: Read,
    path: PathBuf,
    /// Whether nobody had the file open, so that not even its locks were touched.
    at_rest: bool,
}

impl Look {
    /// Opens a database of ours.
    ///
    /// The errors say what the file is instead, as those of [`crate::Store::open`] do; one that is not there is
    /// [`Error::Unavailable`]. Whether its schema is whole and of this version is [`Look::schema`]'s business.
    pub fn open(path: &Path) -> Result<Look, Error> {
        let path = &file::resolved(path);
        let observer = Arc::new(Observer::default());
        match file::inspect(path, &observer, |_| Ok(()))? {
            Found::Nothing => Err(Error::unavailable(format!("{} is not there", path.display()))),
            Found::Empty => Err(Error::corrupt(format!("{} is a database without tables", path.display()))),
            Found::Ours => {
                let at_rest = !file::is_open(path);
                let conn =
                    Conn::open(path, if at_rest { Role::ProbeAtRest } else { Role::Probe }, &observer)?;
                conn.control("begin")?;
                Ok(Look { read: Read::sqlite_probe(conn), path: path.to_owned(), at_rest })
            }
        }
    }

    /// Whether somebody has opened the file since: then what was read may be of two states, and is to be read again.
    pub fn overtaken(&self) -> bool {
        self.at_rest && file::is_open(&self.path)
    }

    /// The schema's version; an error if it is newer and says that this program can't serve on it, or other.
    pub async fn schema(&mut self) -> Result<SchemaVersion, Error> {
        self.read.schema_version(migrate::OWNER, &migrate::ours()).await
    }

    /// Whether every statement of the program can be prepared; the first that can't names what is missing.
    pub fn serves(&self) -> Result<(), Error> {
        catalogue::statements().try_for_each(|statement| self.read.prepares(statement))
    }

    /// What SQLite itself finds wrong in the file, `most` lines of it.
    pub async fn integrity(&mut self, most: u32) -> Result<Vec<String>, Error> {
        check::integrity(&mut self.read, most).await
    }

    /// Rows that refer to nothing, in any table: `table, row`, `most` of them.
    pub async fn foreign_keys(&mut self, most: u32) -> Result<Vec<String>, Error> {
        check::foreign_keys(&mut self.read, most).await
    }

    /// Our tables and indexes that are not there, or not as this program makes them.
    pub async fn schema_differences(&mut self) -> Result<Vec<String>, Error> {
        check::schema_differences(&mut self.read).await
    }

    /// Triggers and views that act on our tables and that neither this program nor an adoption in place has made.
    pub async fn intruders(&mut self) -> Result<Vec<String>, Error> {
        check::intruders(&mut self.read).await
    }

    /// Whether the file keeps a write-ahead log, as one of ours does.
    pub async fn keeps_log(&mut self) -> Result<bool, Error> {
        check::keeps_log(&mut self.read, self.at_rest.then_some(self.path.as_path())).await
    }
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
        f.debug_struct("Look").field("path", &self.path).finish_non_exhaustive()
    }
}
