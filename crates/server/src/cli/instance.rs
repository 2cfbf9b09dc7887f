//! One server per SQLite file: a lock beside the database, held while the server runs.
//!
//! The commands work on the same file while the server runs; only those take the lock that put another file in its place, or
//! take Sekisho's tables out of it.

use super::exit::Stop;
use crate::database::place::{folder, own, with_end};
use crate::telemetry::Sink;
use sekisho_store::resolved;
use std::fs::{File, OpenOptions, TryLockError, metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a second instance waits for the first to go: longer than a stop takes to answer what is in flight.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
const STEP: Duration = Duration::from_millis(20);

/// The lock; the system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Instance {
    _file: File,
}

/// Where the lock of a database lies: beside the file itself, by whatever link it is named.
pub(super) fn lock_path(database: &Path) -> PathBuf {
    with_end(&resolved(database), ".lock")
}

impl Instance {
    /// Takes the lock of this database at once; `None` while an instance holds it.
    pub(super) fn try_take(database: &Path) -> Result<Option<Instance>, Stop> {
        let path = lock_path(database);
        loop {
            let file = open(&path, database)?;
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => return Ok(Some(Instance { _file: file })),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(cannot_lock(&path, &error)),
            }
        }
    }

    /// Takes the lock of this database; waits for another instance and says so once.
    pub(super) async fn take(database: &Path, say: &Sink) -> Result<Instance, Stop> {
        let path = lock_path(database);
        let mut file = open(&path, database)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) if is_at(&file, &path) => return Ok(Instance { _file: file }),
                Ok(()) => file = open(&path, database)?,
                Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                    if waited.is_zero() {
                        let seconds = PATIENCE.as_secs();
                        say(&format!(
                            "sekisho: another instance serves {}; waiting up to {seconds} s for it to go\n",
                            database.display()
                        ));
                    }
                    tokio::time::sleep(STEP).await;
                    waited += STEP;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Stop::unavailable(format!(
                        "another instance still serves {}",
                        database.display()
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(cannot_lock(&path, &error)),
            }
        }
    }
}

/// Opens the lock's file. One that root makes belongs to the database's owner, since the server could not open it otherwise.
fn open(path: &Path, database: &Path) -> Result<File, Stop> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    let opened = match options.clone().create_new(true).open(path) {
        Ok(file) => {
            let other = metadata(database).or_else(|_| metadata(folder(path)));
            other.and_then(|other| own(&file, &other)).map(|()| file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            options.create(true).truncate(false).open(path)
        }
        Err(error) => Err(error),
    };
    opened.map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))
}

/// Whether the file still has its name. Whoever takes Sekisho out of a database removes the lock's file, and others may have
/// opened it before: a lock on that one would keep nobody away.
fn is_at(file: &File, path: &Path) -> bool {
    let id = |file: std::io::Result<std::fs::Metadata>| file.map(|file| (file.dev(), file.ino())).ok();
    id(file.metadata()).is_some_and(|own| id(metadata(path)) == Some(own))
}

fn cannot_lock(path: &Path, error: &std::io::Error) -> Stop {
    Stop::usage(format!("cannot lock {}: {error}", path.display()))
}
