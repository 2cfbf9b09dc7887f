//! The file before it is opened for writing: is it there, whose is it, and is it whole?
//!
//! Nothing here changes a file that exists. A new one is made whole under another name and then linked into place, so
//! that a file of zero length is never ours: it is what a failed copy or a truncation leaves behind, and taking it for
//! a new database would silently start without the users.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::dialect::{Dialect, Text};
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::{Conn, Role};
use crate::value::{Param, Row};

/// What stands at the path.
pub(crate) enum Found {
    /// No file.
    Nothing,
    /// A database without any table.
    Empty,
    /// A database of ours, seen by a connection that can't write.
    Ours(Conn),
}

/// Looks at the file; the errors say what it is instead of a database of ours.
pub(crate) fn inspect(path: &Path, observer: &Arc<Observer>) -> Result<Found, Error> {
    if !check_header(path)? {
        return Ok(Found::Nothing);
    }
    let role = if has_log(path) { Role::Probe } else { Role::ProbeAtRest };
    let conn = Conn::open(path, role, observer)?;
    let tables = tables(&conn)?;
    if tables.iter().any(|name| name == "sekisho_migrations") {
        return Ok(Found::Ours(conn));
    }
    if tables.iter().any(|name| name.starts_with("sekisho_")) {
        return Err(Error::corrupt("it has tables of Sekisho, but not sekisho_migrations"));
    }
    if tables.is_empty() {
        return Ok(Found::Empty);
    }
    let mut names = tables.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if tables.len() > 5 {
        names.push_str(", …");
    }
    Err(Error::Foreign { tables: names })
}

/// Makes a new database, readable by its owner only, with nothing in it but an empty list of migrations.
///
/// Whoever is first wins; the others find a file that is there.
pub(crate) fn create(path: &Path, list: &str, observer: &Arc<Observer>) -> Result<(), Error> {
    let name = path.file_name().ok_or_else(|| Error::misuse("the path of the database has no file name"))?;
    let mut draft_name = std::ffi::OsString::from(".");
    draft_name.push(name);
    draft_name.push(format!(".{}.new", std::process::id()));
    let draft = path.with_file_name(draft_name);
    let unavailable = |what: &Path, error: std::io::Error| Error::unavailable(format!("{}: {error}", what.display()));
    forget(&draft);
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .map_err(|error| unavailable(&draft, error))?;
    let made = prepare(&draft, list, observer).and_then(|()| {
        match fs::hard_link(&draft, path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            // Some file systems know no links.
            Err(_) => fs::rename(&draft, path).map_err(|error| unavailable(path, error)),
        }
    });
    forget(&draft);
    made?;
    // The new name must outlive a power cut as well.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unavailable(folder, error))
}

/// Writes an empty list of migrations into a database that has no table yet.
pub(crate) fn prepare(path: &Path, list: &str, observer: &Arc<Observer>) -> Result<(), Error> {
    let conn = Conn::open(path, Role::Writer, observer)?;
    let list = Dialect::Sqlite.render(list);
    conn.execute(Text { house: &list, sqlite: &list }, &[]).map(drop)
}

fn forget(draft: &Path) {
    for end in ["", "-wal", "-shm", "-journal"] {
        // Usually there is none.
        let _ = fs::remove_file(beside(draft, end));
    }
}

/// Whether there is a file; an error if it can't be a SQLite database or is shorter than it says.
fn check_header(path: &Path) -> Result<bool, Error> {
    let unavailable = |error: std::io::Error| Error::unavailable(format!("{}: {error}", path.display()));
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unavailable(error)),
    };
    let metadata = file.metadata().map_err(unavailable)?;
    if !metadata.is_file() {
        return Err(Error::misuse(format!("{} is not a file", path.display())));
    }
    if metadata.len() == 0 {
        return Err(Error::corrupt(format!(
            "{} has no content; if it was never a database, remove it and start again",
            path.display()
        )));
    }
    let mut header = [0; 100];
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"SQLite format 3\0") {
        return Err(Error::corrupt(format!("{} is not a SQLite database", path.display())));
    }
    // The header, at 16 and 28 (SQLite's file format, 1.3): page size, of which 1 means 65,536, and pages.
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]));
    // With a log beside it the rest may be there.
    if metadata.len() < page * pages && !has_log(path) {
        return Err(Error::corrupt(format!(
            "{} is cut off: {} bytes instead of {}",
            path.display(),
            metadata.len(),
            page * pages
        )));
    }
    Ok(true)
}

fn has_log(path: &Path) -> bool {
    ["-wal", "-journal"].iter().any(|end| fs::metadata(beside(path, end)).is_ok_and(|log| log.len() > 0))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn tables(conn: &Conn) -> Result<Vec<String>, Error> {
    let all = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' order by name";
    let none: &[Param<'_>] = &[];
    let rows: Vec<Row> = conn.rows(Text { house: all, sqlite: all }, none)?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}
