//! A file that a command writes for its caller: its owner's alone, and there whole or not at all.

use super::exit::Stop;
use crate::database::place;
use sekisho_core::Dice;
use std::fs::{File, OpenOptions};
use std::io::Error;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file beside its place. Dropped without [`Draft::keep`] it is removed.
pub(super) struct Draft {
    path: PathBuf,
    to: PathBuf,
    file: File,
    kept: bool,
}

impl Draft {
    /// Begins a file that is to lie at `to`; what lies there already is replaced only if `force`.
    pub(super) fn beside(to: &Path, force: bool, dice: &dyn Dice) -> Result<Draft, Stop> {
        if !force && to.symlink_metadata().is_ok() {
            return Err(exists(to));
        }
        if to.file_name().is_none() {
            return Err(Stop::usage(format!("{}: not the name of a file", to.display())));
        }
        let path = place::draft(to, dice);
        let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path);
        let file = made.map_err(|error| cannot(to, &error))?;
        Ok(Draft { path, to: to.to_owned(), file, kept: false })
    }

    /// The open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it lies meanwhile.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it durable and gives it its name.
    pub(super) fn keep(mut self, force: bool) -> Result<(), Stop> {
        let named = self.file.sync_all().and_then(|()| match force {
            true => std::fs::rename(&self.path, &self.to),
            // Somebody may have put a file there meanwhile, which is not replaced.
            false => place::put(&self.path, &self.to),
        });
        self.kept = named.is_ok();
        match named.and_then(|()| place::sync_folder(&self.to)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(&self.to)),
            outcome => outcome.map_err(|error| cannot(&self.to, &error)),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A file that would have to be replaced.
pub(super) fn exists(path: &Path) -> Stop {
    Stop::refused(format!("{} is there already: --force replaces it", path.display()))
}

/// A file that can't be written.
pub(super) fn cannot(path: &Path, error: &Error) -> Stop {
    Stop::usage(format!("cannot write {}: {error}", path.display()))
}
