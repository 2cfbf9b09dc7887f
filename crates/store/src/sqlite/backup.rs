//! Copying a SQLite file while it is in use, and closing one that nobody uses.
//!
//! The copy is made by SQLite's backup interface, in steps, from a connection that holds one read transaction: it is
//! the state of that transaction's beginning, however much is written meanwhile. Without the transaction the copy
//! would begin anew with each commit and under load never end; `vacuum into` would end, but can neither tell how far
//! it is nor be ended between two pages. What is written meanwhile waits in the log, which shrinks afterwards.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::dialect::Text;
use crate::dialect::identifier;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::readers::{PAUSE, busy_since};
use crate::sqlite::{Conn, Role, file, translate};

/// Pages copied between two reports: about a megabyte.
const STEP: i32 = 256;
/// How long a copy waits for a file that another process is just opening or closing.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How far a copy has come, in pages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Copied.
    pub done: u64,
    /// In all.
    pub all: u64,
}

/// A copy that was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// Its length in bytes.
    pub bytes: u64,
    /// Its tables, each with its number of rows, which the original had at the same moment.
    pub tables: Vec<(String, u64)>,
}

/// Copies any SQLite database as it is at this moment, whoever has it open, into a new file `to`, which its owner alone may read.
///
/// The copy is opened and verified (`integrity_check`, every table's number of rows) and synced; if that fails nothing
/// of it stays. What was committed before the call is in it. An error if `to` exists; its folder is not synced, since
/// whoever gives the file its name does that. Blocks for as long as it takes; `each` hears of every step.
pub fn copy(from: &Path, to: &Path, mut each: impl FnMut(Progress)) -> Result<Copied, Error> {
    let from = &file::resolved(from);
    let observer = Arc::new(Observer::default());
    let unavailable = |error: std::io::Error| Error::unavailable(format!("{}: {error}", to.display()));
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(unavailable)?;
    let copied = patiently(|| source(from, &observer)).and_then(|source| {
        let tables = rows_by_table(&source)?;
        pages(&source, to, &mut each)?;
        drop(source);
        verify(to, &tables, &observer)?;
        File::open(to).and_then(|file| file.sync_all()).map_err(unavailable)?;
        let bytes = fs::metadata(to).map_err(unavailable)?.len();
        Ok(Copied { bytes, tables })
    });
    if copied.is_err() {
        file::forget(to);
    }
    copied
}

/// Brings what the log holds into the file and closes it: then the file alone is the whole database.
///
/// `false` if somebody else has it open, and then nothing was done to it that matters. A file that is not there is whole.
pub fn settle(path: &Path) -> Result<bool, Error> {
    let path = &file::resolved(path);
    if !path.exists() {
        return Ok(true);
    }
    if file::is_open(path) {
        let conn = patiently(|| Conn::open(path, Role::Writer, &Arc::new(Observer::default())))?;
        number(&conn, "select count(*) from sqlite_schema")?;
    }
    // Whoever closes it last takes the log away; where it still lies there, that was not us.
    Ok(!file::is_open(path))
}

/// A connection that sees the present state until it is dropped.
fn source(path: &Path, observer: &Arc<Observer>) -> Result<Conn, Error> {
    if !path.exists() {
        return Err(Error::unavailable(format!("{} is not there", path.display())));
    }
    let frozen = |role| {
        let conn = Conn::open(path, role, observer)?;
        conn.control("begin")?;
        number(&conn, "select count(*) from sqlite_schema")?;
        Ok(conn)
    };
    if file::is_open(path) {
        return frozen(Role::Probe);
    }
    // With real locks, so that nobody who starts meanwhile can change what is being copied. On a disk that can't be
    // written there is no lock to be had, and nobody who could start.
    match frozen(Role::Reader) {
        Err(Error::Unavailable { .. }) => frozen(Role::ProbeAtRest),
        outcome => outcome,
    }
}

fn pages(source: &Conn, to: &Path, each: &mut impl FnMut(Progress)) -> Result<(), Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags).map_err(translate)?;
    // Half a copy is never used: it is synced once, when it is whole.
    target.execute_batch("pragma journal_mode = off; pragma synchronous = off;").map_err(translate)?;
    let backup = Backup::new(&source.raw, &mut target).map_err(translate)?;
    let start = Instant::now();
    loop {
        match backup.step(STEP).map_err(translate)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {
                let progress = backup.progress();
                let all = progress.pagecount.unsigned_abs();
                let done = all - progress.remaining.unsigned_abs().min(all);
                each(Progress { done: u64::from(done), all: u64::from(all) });
            }
            _ if start.elapsed() < LOCK_WAIT => std::thread::sleep(PAUSE),
            _ => return Err(busy_since(start)),
        }
    }
}

/// Opens the copy as a stranger would and holds it against the original.
fn verify(copy: &Path, tables: &[(String, u64)], observer: &Arc<Observer>) -> Result<(), Error> {
    let conn = Conn::open(copy, Role::ProbeAtRest, observer)?;
    let check = "pragma integrity_check(1)";
    let mut said = conn.row(text(check), &[])?.ok_or_else(|| Error::corrupt("no answer to a check"))?;
    let said: String = said.take(0)?;
    if said != "ok" {
        return Err(Error::corrupt(format!("the copy is not whole, and so is the original not: {said}")));
    }
    if rows_by_table(&conn)? != tables {
        return Err(Error::corrupt("the copy has not the rows of the original"));
    }
    Ok(())
}

fn rows_by_table(conn: &Conn) -> Result<Vec<(String, u64)>, Error> {
    let all = "select name from sqlite_schema where type = 'table' and rootpage > 0 order by name";
    let names = conn.rows(text(all), &[])?;
    let count = |name: String| {
        let sql = format!("select count(*) from {}", identifier(&name));
        Ok((name, number(conn, &sql)?))
    };
    names.into_iter().map(|mut row| row.take(0).and_then(count)).collect()
}

fn number(conn: &Conn, sql: &str) -> Result<u64, Error> {
    let row = conn.row(text(sql), &[])?;
    Ok(row.ok_or_else(|| Error::corrupt("no answer to a count"))?.take::<i64>(0)?.unsigned_abs())
}

fn text(sql: &str) -> Text<'_> {
    Text { house: sql, sqlite: sql }
}

fn patiently<T>(attempt: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(error) if error.is_busy() && start.elapsed() < LOCK_WAIT => std::thread::sleep(PAUSE),
            outcome => return outcome,
        }
    }
}
