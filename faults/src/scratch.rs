//! Folders that runs work in.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that a run works in, removed when the run went well.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Scratch, String> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let made = || {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let name = format!("sekisho-faults-{}-{number}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            (std::fs::create_dir(&path), path)
        };
        // In a namespace numbers of processes come again, and a folder may have been kept for a look.
        let (outcome, path) = loop {
            match made() {
                (Err(error), _) if error.kind() == ErrorKind::AlreadyExists => {}
                made => break made,
            }
        };
        let said = |error: std::io::Error| format!("{}: {error}", path.display());
        outcome.map_err(said)?;
        // As the kernel names it, so that it is found in traces.
        path.canonicalize().map(Scratch).map_err(said)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn remove(self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }

    /// Removes the folder if nothing was found, and keeps it for a look otherwise.
    pub(crate) fn remove_unless(self, findings: &[String]) {
        if findings.is_empty() {
            self.remove();
        } else {
            println!("  kept for a look: {}", self.0.display());
        }
    }
}

/// The files of a folder with their content.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// Reads a folder without folders in it.
pub(crate) fn contents(folder: &Path) -> Result<Files, String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).map_err(said)? {
        let entry = entry.map_err(said)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, std::fs::read(entry.path()).map_err(said)?);
    }
    Ok(files)
}

/// Makes a folder hold these files and no others, its owner's alone.
pub(crate) fn lay_out(folder: &Path, files: &Files) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(said)?;
    for entry in std::fs::read_dir(folder).map_err(said)? {
        std::fs::remove_file(entry.map_err(said)?.path()).map_err(said)?;
    }
    for (name, content) in files {
        let mut options = std::fs::File::options();
        let file = options.write(true).create_new(true).mode(0o600).open(folder.join(name));
        file.and_then(|mut file| file.write_all(content)).map_err(said)?;
    }
    Ok(())
}
