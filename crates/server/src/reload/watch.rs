//! Noticing that a file has changed, and that whoever writes it has finished.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What a look at a file shows; nothing where there is none.
type Look = Option<(i64, i64, u64, u64)>;

/// A watched file: a change counts once it looks the same twice in a row, so that a half-linked executable does not.
pub(super) struct Watched {
    path: PathBuf,
    known: Look,
    last: Look,
}

impl Watched {
    /// Takes the file's present look as known.
    pub(super) fn new(path: PathBuf) -> Watched {
        let look = look(&path);
        Watched { path, known: look, last: look }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Looks again; true once for each finished change. A file that is gone for a moment is being replaced.
    pub(super) fn changed(&mut self, may_vanish: bool) -> bool {
        let now = look(&self.path);
        let settled = now == self.last && now != self.known && (may_vanish || now.is_some());
        self.last = now;
        if settled {
            self.known = now;
        }
        settled
    }
}

fn look(path: &Path) -> Look {
    let meta = std::fs::metadata(path).ok()?;
    Some((meta.mtime(), meta.mtime_nsec(), meta.len(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::Watched;

    #[test]
    fn a_change_counts_once_and_when_it_is_finished() {
        let path = std::env::temp_dir().join(format!("sekisho-watch-{}", std::process::id()));
        std::fs::write(&path, "a").unwrap();
        let mut file = Watched::new(path.clone());
        assert!(!file.changed(true));
        std::fs::write(&path, "ab").unwrap();
        assert!(!file.changed(true), "just seen: it may still be written");
        assert!(file.changed(true));
        assert!(!file.changed(true));
        std::fs::remove_file(&path).unwrap();
        assert!(!file.changed(false));
        assert!(!file.changed(false), "an executable that is gone is being replaced");
        assert!(file.changed(true), "a configuration that is gone is a change");
    }
}
