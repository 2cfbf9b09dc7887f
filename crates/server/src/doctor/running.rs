//! The server that runs on this database, and whether the file that it has open is still the one in its place.

use super::finding::{Finding, fail, ok};
use super::system::{lock_holder, name_of, open_files};
use sekisho_core::settings::{DatabaseUrl, Settings};
use sekisho_store::resolved;
use std::fs::{File, TryLockError, metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Whether a server runs, and which process it is where that can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// Nobody holds the lock.
    Stopped,
    /// Somebody does.
    Running { pid: Option<u32> },
}

/// Looks at the lock, without taking it from anybody: a shared one for a moment.
pub(super) fn find(lock: Option<&Path>) -> Server {
    let Some(lock) = lock else { return Server::Stopped };
    let Ok(file) = File::open(lock) else { return Server::Stopped };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Server::Running { pid: lock_holder(lock) },
        _ => Server::Stopped,
    }
}

pub(super) fn examine(settings: &Settings, server: &Server) -> Option<Finding> {
    if let DatabaseUrl::Postgres(_) = &settings.storage.database_url {
        return Some(match server {
            Server::Running { pid: Some(pid) } => {
                ok("server", format!("{} (process {pid}) runs here; other nodes are not seen", name_of(*pid)))
            }
            _ => ok("server", "none runs here; other nodes are not seen"),
        });
    }
    let Server::Running { pid } = server else {
        return Some(ok("server", "none runs on this database"));
    };
    let Some(pid) = pid else { return Some(ok("server", "one runs on this database")) };
    let DatabaseUrl::Sqlite(path) = &settings.storage.database_url else { return None };
    let path = &resolved(path);
    let files = open_files(*pid);
    let place = metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    Some(
        match moved(&files.iter().map(|(path, id)| (path.as_path(), *id)).collect::<Vec<_>>(), path, place) {
            Some(other) => fail(
                "server",
                format!(
                    "{} (process {pid}) works on {}, not on {}: the file was moved or replaced under it",
                    name_of(*pid),
                    other.display(),
                    path.display()
                ),
                "stop the server, put the file back that it had open, and start it again; `sekisho db backup` and `db restore` \
             move a database safely",
            ),
            None => ok("server", format!("{} (process {pid}) runs on this database", name_of(*pid))),
        },
    )
}

/// The database that the process has open, if it is not the one in its place; `None` too where its files can't be seen.
fn moved<'a>(files: &[(&'a Path, (u64, u64))], path: &Path, place: Option<(u64, u64)>) -> Option<&'a Path> {
    if files.iter().any(|(_, id)| Some(*id) == place) {
        return None;
    }
    let name = path.file_name()?.to_str()?;
    // Where a file is gone Linux says so behind its last name.
    let is_database = |file: &Path| {
        let last = file.file_name().and_then(|last| last.to_str()).unwrap_or_default();
        last == name || last == format!("{name} (deleted)")
    };
    let logs = |file: &Path| {
        let last = file.file_name().and_then(|last| last.to_str()).unwrap_or_default();
        last.starts_with(name) && last.contains("-wal")
    };
    files
        .iter()
        .map(|(file, _)| *file)
        .find(|file| is_database(file))
        // Renamed, it is known by its log, which keeps the name that it was opened by.
        .or_else(|| files.iter().map(|(file, _)| *file).find(|file| logs(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_number_and_not_by_its_name() {
        let path = Path::new("/d/sekisho.db");
        let is = |files: &[(&'static str, u64)], place: Option<u64>| {
            let files: Vec<_> = files.iter().map(|(file, id)| (Path::new(*file), (1, *id))).collect();
            moved(&files, path, place.map(|id| (1, id))).and_then(|path| path.to_str()).map(str::to_owned)
        };
        let log = ("/d/sekisho.db-wal", 8);
        assert_eq!(is(&[("/d/sekisho.db", 7), log], Some(7)), None);
        assert_eq!(is(&[("/mnt/d/sekisho.db", 7), log], Some(7)), None, "another way to the same file");
        assert_eq!(is(&[], Some(7)), None, "another user's process");
        let deleted = "/d/sekisho.db (deleted)";
        assert_eq!(is(&[(deleted, 7), log], Some(9)).as_deref(), Some(deleted));
        assert_eq!(is(&[("/old/sekisho.db", 7), log], None).as_deref(), Some("/old/sekisho.db"));
        assert_eq!(is(&[("/d/away.db", 7), log], Some(9)).as_deref(), Some("/d/sekisho.db-wal"));
    }
}
