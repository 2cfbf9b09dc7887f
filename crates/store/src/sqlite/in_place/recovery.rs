//! A write into the application's file that nobody finished.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sql::count;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::file::{beside, resolved};
use crate::sqlite::foreign::keeps_log;
use crate::sqlite::readers::PAUSE;
use crate::sqlite::{Conn, Role};

/// How long a lock that the application holds is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Undoes what somebody who is gone left half written in a file without a write-ahead log, as the application itself would
/// at its next start; nothing if there is no such thing.
///
/// A file that keeps a log is never touched: a journal beside it is stale, and would destroy what was written since.
pub fn recover(path: &Path) -> Result<(), Error> {
    let path = &resolved(path);
    let journal = beside(path, "-journal");
    if !journal.metadata().is_ok_and(|journal| journal.len() > 0) || keeps_log(path)? {
        return Ok(());
    }
    let conn = Conn::open(path, Role::Guest, &Arc::new(Observer::default()))?;
    let start = Instant::now();
    loop {
        match recovered(&conn, &journal) {
            Err(error) if error.is_busy() && start.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
}

fn recovered(conn: &Conn, journal: &Path) -> Result<(), Error> {
    // The first look plays the journal back, unless whoever writes it is alive; then the lock is not to be had.
    count(conn, "select count(*) from sqlite_schema")?;
    conn.control("begin immediate")?;
    // One whose header was never written counts for nothing, and lies there until the next write.
    let unfinished = File::open(journal).and_then(|mut file| {
        let mut header = [0; 8];
        file.read_exact(&mut header).map(|()| header == [0; 8])
    });
    if unfinished.unwrap_or(false) {
        fs::remove_file(journal).map_err(Error::unavailable)?;
    }
    conn.control("rollback")
}
