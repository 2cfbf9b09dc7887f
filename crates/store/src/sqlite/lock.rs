//! Who writes to a SQLite file just now.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::readers::PAUSE;
use crate::sqlite::{Conn, Role, file};

/// Whether the lock for writing can be had within `patience`; it is given back at once and nothing is written.
///
/// A file that nobody has open is not touched: nobody can hold its lock.
pub fn is_writable(path: &Path, patience: Duration) -> Result<bool, Error> {
    let path = &file::resolved(path);
    if !file::is_open(path) {
        return Ok(true);
    }
    let observer = Arc::new(Observer::default());
    let start = Instant::now();
    loop {
        let tried = Conn::open(path, Role::Writer, &observer).and_then(|conn| {
            conn.control("begin immediate")?;
            conn.control("rollback")
        });
        match tried {
            Err(error) if error.is_busy() && start.elapsed() < patience => std::thread::sleep(PAUSE),
            Err(error) if error.is_busy() => return Ok(false),
            outcome => return outcome.map(|()| true),
        }
    }
}
