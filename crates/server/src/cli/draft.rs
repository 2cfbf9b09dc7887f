//! A file that a command writes for its caller: its owner's alone, and there whole or not at all.

use super::exit::Stop;
use sekisho_core::{Dice, dice};
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
        let name =
            to.file_name().ok_or_else(|| Stop::usage(format!("{}: not the name of a file", to.display())))?;
        let number = u64::from_ne_bytes(dice::array(dice));
        let path = to.with_file_name(format!(".{}.{number:016x}.new", name.to_string_lossy()));
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
        let folder =
            self.to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Somebody may have put a file there meanwhile: a link does not replace it.
        let named = self.file.sync_all().and_then(|()| match force {
            true => std::fs::rename(&self.path, &self.to),
            false => std::fs::hard_link(&self.path, &self.to).and_then(|()| std::fs::remove_file(&self.path)),
        });
        self.kept = named.is_ok();
        match named.and_then(|()| File::open(folder)?.sync_all()) {
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
