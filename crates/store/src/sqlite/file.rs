//! The file before it is opened for writing: is it there, whose is it, and is it whole?
//!
//! Nothing here changes a file that exists. A new one is made whole under another name and then linked into place, so
//! that a file of zero length is never ours: it is what a failed copy or a truncation leaves behind, and taking it for
//! a new database would silently start without the users.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::ErrorKind;
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
    /// A database of ours.
    Ours,
}

/// Looks at the file; the errors say what it is instead of a database of ours.
///
/// One of ours is shown to `check` through a connection that can't write.
pub(crate) fn inspect(
    path: &Path,
    observer: &Arc<Observer>,
    check: impl Fn(&Conn) -> Result<(), Error>,
) -> Result<Found, Error> {
    let Some(length) = length(path)? else { return Ok(Found::Nothing) };
    let journal = beside(path, "-journal");
    if fs::metadata(&journal).is_ok_and(|journal| journal.len() > 0) {
        // SQLite would play it back, and a stale one would destroy what was written since.
        return Err(Error::unavailable(format!(
            "{} lies beside the database, which Sekisho never writes: another program is at work on the file, or \
             stopped in the middle of it",
            journal.display()
        )));
    }
    if is_open(path) {
        return judge(&Conn::open(path, Role::Probe, observer)?, check);
    }
    let conn = Conn::open(path, Role::ProbeAtRest, observer)?;
    let found = check_length(path, &conn, length).and_then(|()| judge(&conn, &check));
    if matches!(found, Err(Error::Corrupt { .. })) && is_open(path) {
        // Somebody opened it meanwhile, so that what was read may be of two states.
        return judge(&Conn::open(path, Role::Probe, observer)?, check);
    }
    found
}

/// Whose the database is.
fn judge(conn: &Conn, check: impl FnOnce(&Conn) -> Result<(), Error>) -> Result<Found, Error> {
    let tables = tables(conn)?;
    if tables.iter().any(|name| name == "sekisho_migrations") {
        return check(conn).map(|()| Found::Ours);
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
    draft_name.push(format!(".{:016x}.new", random()));
    let draft = path.with_file_name(draft_name);
    let unavailable =
        |what: &Path, error: std::io::Error| Error::unavailable(format!("{}: {error}", what.display()));
    make(&draft).map_err(|error| unavailable(&draft, error))?;
    let made = prepare(&draft, list, observer).and_then(|()| {
        put_in_place(&draft, path, |from, to| fs::hard_link(from, to))
            .map_err(|error| unavailable(path, error))
    });
    forget(&draft);
    made?;
    sync_names(path)
}

/// Makes the names of the file and of what lies beside it outlive a power cut.
///
/// SQLite asks for that too when it has made a log, but takes no notice if it fails.
pub(crate) fn sync_names(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::unavailable(format!("{}: {error}", folder.display())))
}

/// Gives the draft its name, unless a file has that name: that one is left as it is, whatever it is.
fn put_in_place(
    draft: &Path,
    path: &Path,
    link: impl FnOnce(&Path, &Path) -> std::io::Result<()>,
) -> std::io::Result<()> {
    match link(draft, path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        // Some file systems know no links.
        Err(_) => {}
    }
    // There the name is claimed with an empty file, which one caller alone can make, and the draft replaces that. Who
    // looks in between, or after a power cut there, is told of a file without content; no database is ever replaced.
    match make(path) {
        Ok(()) => fs::rename(draft, path).inspect_err(|_| {
            // Our own claim, and empty.
            let _ = fs::remove_file(path);
        }),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes an empty file that is its owner's alone; an error if there is one.
fn make(path: &Path) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// A number that no other process draws: process ids repeat, each container has a process 1. Its source is what the
/// system seeds hash maps with, since nothing but the name's uniqueness hangs on it.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Writes an empty list of migrations into a database that has no table yet.
pub(crate) fn prepare(path: &Path, list: &str, observer: &Arc<Observer>) -> Result<(), Error> {
    let conn = Conn::open(path, Role::Writer, observer)?;
    let list = Dialect::Sqlite.render(list);
    conn.execute(Text { house: &list, sqlite: &list }, &[])?;
    // Closing does so too, but takes no notice if it fails, and a draft leaves its log behind.
    conn.write_back()
}

/// Removes a draft and what SQLite may have put beside it.
pub(crate) fn forget(draft: &Path) {
    for end in ["", "-wal", "-shm", "-journal"] {
        // Usually there is none.
        let _ = fs::remove_file(beside(draft, end));
    }
}

/// The length of the file; `None` if there is none.
///
/// The file is never opened but by SQLite: closing any other descriptor of it would drop the locks that a connection
/// of this process holds (POSIX).
fn length(path: &Path) -> Result<Option<u64>, Error> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::unavailable(format!("{}: {error}", path.display()))),
    };
    if !metadata.is_file() {
        return Err(Error::misuse(format!("{} is not a file", path.display())));
    }
    // SQLite takes a single byte for no content as well.
    if metadata.len() <= 1 {
        return Err(Error::corrupt(format!(
            "{} has no content; if it was never a database, remove it and start again",
            path.display()
        )));
    }
    Ok(Some(metadata.len()))
}

/// Refuses a file that is shorter than its header says, be it by a byte, which SQLite takes for zeros.
fn check_length(path: &Path, conn: &Conn, length: u64) -> Result<(), Error> {
    let number = |pragma: &'static str| {
        let row = conn.row(Text { house: pragma, sqlite: pragma }, &[])?;
        row.map_or(Ok(0), |mut row| row.take::<i64>(0)).map(i64::unsigned_abs)
    };
    let whole = number("pragma page_count")?.saturating_mul(number("pragma page_size")?);
    if length < whole {
        return Err(Error::corrupt(format!(
            "{} is cut off: {length} bytes instead of {whole}",
            path.display()
        )));
    }
    Ok(())
}

/// The file behind a name that is a symbolic link; any other path as it is given.
///
/// SQLite follows the link and puts log, index and journal beside the file that it leads to. Whoever looks for them, or locks
/// the database, has to do so there. A link that leads nowhere stays what it is.
pub fn resolved(path: &Path) -> PathBuf {
    if path.is_symlink() { path.canonicalize().unwrap_or_else(|_| path.to_owned()) } else { path.to_owned() }
}

/// Whether somebody has the file open, or had when the machine stopped: then there is a log beside it.
pub(crate) fn is_open(path: &Path) -> bool {
    beside(path, "-wal").exists()
}

/// What lies beside a file under its name and this end, such as the log, `-wal`.
pub fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// The names of all tables.
pub(crate) fn tables(conn: &Conn) -> Result<Vec<String>, Error> {
    let all = "select name from sqlite_schema where type = 'table' and substr(name, 1, 7) <> 'sqlite_' order by name";
    let none: &[Param<'_>] = &[];
    let rows: Vec<Row> = conn.rows(Text { house: all, sqlite: all }, none)?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_links_a_draft_takes_a_free_name_and_no_other() {
        let folder = std::env::temp_dir().join(format!("sekisho-place-{:016x}", random()));
        fs::create_dir(&folder).unwrap();
        let (draft, path) = (folder.join("draft"), folder.join("test.db"));
        let no_links = |_: &Path, _: &Path| Err(std::io::Error::from(ErrorKind::Unsupported));
        for (there, after) in [(Some("a database"), "a database"), (Some(""), ""), (None, "draft")] {
            fs::write(&draft, "draft").unwrap();
            if let Some(content) = there {
                fs::write(&path, content).unwrap();
            }
            put_in_place(&draft, &path, no_links).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
            assert_eq!(draft.exists(), there.is_some());
            fs::remove_file(&path).unwrap();
        }
        assert!(put_in_place(&draft, &path, no_links).is_err(), "there is no draft any more");
        assert!(!path.exists(), "the claim does not stay");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn drafts_are_named_apart() {
        let drawn: std::collections::HashSet<_> = (0..1000).map(|_| random()).collect();
        assert_eq!(drawn.len(), 1000);
    }
}
