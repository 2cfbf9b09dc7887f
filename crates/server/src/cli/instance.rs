//! One server per SQLite file: a lock beside the database, held while the server runs.
//!
//! The command line does not take it: its commands work on the same file while the server runs.

use super::exit::Stop;
use crate::telemetry::Sink;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
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

/// Where the lock of a database lies.
pub(super) fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

impl Instance {
    /// Takes the lock of this database at once; `None` while an instance holds it.
    pub(super) fn try_take(database: &Path) -> Result<Option<Instance>, Stop> {
        let path = lock_path(database);
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Instance { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(cannot_lock(&path, &error)),
        }
    }

    /// Takes the lock of this database; waits for another instance and says so once.
    pub(super) async fn take(database: &Path, say: &Sink) -> Result<Instance, Stop> {
        let path = lock_path(database);
        let file = open(&path)?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Instance { _file: file }),
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

fn open(path: &Path) -> Result<File, Stop> {
    let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
    opened.map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))
}

fn cannot_lock(path: &Path, error: &std::io::Error) -> Stop {
    Stop::usage(format!("cannot lock {}: {error}", path.display()))
}
