//! The head of the WAL index: whether anybody, in whatever process, has committed since.
//!
//! SQLite keeps the index in the file `-shm`, which every connection of every process maps. Its head (48 bytes: a
//! counter of changes, the length of the log, salts and a checksum) is written last in a commit, so whoever finds the
//! head that they know has missed nothing (SQLite, "WAL-mode file format", 2.1). Looking at it takes one system call; a
//! read transaction takes two, under a mutex that all connections of the process share.

use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

/// The head, as it stands in the file.
pub(crate) type Head = [u8; 48];

/// The index, open for reading.
pub(crate) struct WalIndex {
    file: Option<File>,
}

impl WalIndex {
    /// Opens the index of a database that a connection of this process has read; without one, it never has a head.
    pub(crate) fn open(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push("-shm");
        Self { file: File::open(name).ok() }
    }

    /// The head as it is now; `None` if it can't be read.
    pub(crate) fn head(&self) -> Option<Head> {
        let mut head = [0; 48];
        self.file.as_ref()?.read_exact_at(&mut head, 0).ok()?;
        Some(head)
    }

    /// How many pages the log holds, some of which may be in the file too.
    pub(crate) fn pages(&self) -> Option<u32> {
        // `mxFrame` in native byte order, after two versions, a counter, two flags and the page size.
        let head = self.head()?;
        head[16..20].try_into().ok().map(u32::from_ne_bytes)
    }
}

/// Closing any descriptor of a file drops the locks that this process holds on it (POSIX), and SQLite's connections
/// hold theirs on this one. So it is closed only once the last connection has removed the file, which is the rule when
/// a database is closed; otherwise the descriptor stays open until the process ends.
impl Drop for WalIndex {
    fn drop(&mut self) {
        if let Some(file) = self.file.take()
            && !file.metadata().is_ok_and(|file| file.nlink() == 0)
        {
            std::mem::forget(file);
        }
    }
}
