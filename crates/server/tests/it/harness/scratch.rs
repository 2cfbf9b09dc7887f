//! A folder that is gone when the test is over.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::database::postgres;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A fresh folder below the system's temporary one, removed on drop; kept, and named, when the test failed.
pub(crate) struct Scratch {
    path: PathBuf,
    /// Whether it is another's, who removes it.
    shared: bool,
}

impl Scratch {
    pub(crate) fn new() -> Scratch {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sekisho-it-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Scratch { path, shared: false }
    }

    /// The same folder, which stays when this is dropped.
    pub(crate) fn share(&self) -> Scratch {
        Scratch { path: self.path.clone(), shared: true }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.shared {
            return;
        }
        if std::thread::panicking() {
            eprintln!("kept for a look: {}", self.path.display());
        } else {
            postgres::forget(&self.path);
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
