//! The root key: 32 bytes in one file, from which every other key of this server is derived.
//!
//! It is made once, before the first database, and never again: a missing or wrong root stops the start, because a new one
//! would quietly be a new identity, and every token and every wrapped key would be lost.

use super::error::ConfigError;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sekisho_core::settings::Settings;
use sekisho_core::{Dice, dice, keys};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The name of the root key's file in the data directory.
pub const FILE: &str = "sekisho.key";
/// Under what name a database keeps the fingerprint of its root key.
pub const KEPT_AS: &str = "root_fingerprint";
const LENGTH: usize = 32;

/// The root key, and where it was read.
pub struct RootKey {
    bytes: Zeroizing<[u8; LENGTH]>,
    /// Its file.
    pub path: PathBuf,
    /// Whether others than its owner may read the file.
    pub exposed: bool,
}

impl RootKey {
    /// The key that a label names (HKDF, RFC 5869).
    pub fn derive(&self, label: &str) -> [u8; 32] {
        keys::derive(&self.bytes, label)
    }

    /// By what nodes and databases know that they belong to this root; safe to print.
    pub fn fingerprint(&self) -> String {
        self.derive(keys::FINGERPRINT)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RootKey").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Where the root key lies.
pub fn path(settings: &Settings) -> PathBuf {
    settings.storage.root_key_file.clone().unwrap_or_else(|| settings.storage.data_dir.join(FILE))
}

/// Reads the root key; `None` where there is no such file.
pub fn read(settings: &Settings) -> Result<Option<RootKey>, ConfigError> {
    read_file(&path(settings))
}

/// Reads the root key that lies at `path`; `None` where there is no such file.
pub fn read_file(path: &Path) -> Result<Option<RootKey>, ConfigError> {
    match File::open(path) {
        Ok(file) => read_from(file, path.to_owned()).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Makes the root key where there is none, or takes the one that another process has just made.
///
/// The caller has seen to it that no database depends on a lost one.
pub fn make(settings: &Settings, dice: &dyn Dice) -> Result<RootKey, ConfigError> {
    let path = path(settings);
    write(&path, dice)?;
    let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
    read_from(file, path)
}

/// Makes a directory that its owner alone may enter, with those above it that are missing; it outlives a power cut.
pub fn make_directory(path: &Path) -> Result<(), ConfigError> {
    let cannot = |error: std::io::Error| {
        ConfigError::one(format!("cannot make the directory {}: {error}", path.display()))
    };
    let missing: Vec<&Path> =
        path.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(cannot)?;
    // Each is a new name in the one above it, and a name is kept for certain once that one is synced.
    missing.into_iter().try_for_each(sync_name_of).map_err(cannot)
}

fn sync_name_of(path: &Path) -> std::io::Result<()> {
    let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(above) {
        // Who may make names there, but not list them, cannot ask for more.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        opened => opened?.sync_all(),
    }
}

fn read_from(mut file: File, path: PathBuf) -> Result<RootKey, ConfigError> {
    let meta = file.metadata().map_err(|error| unreadable(&path, &error))?;
    let mut bytes = Zeroizing::new([0; LENGTH]);
    if meta.len() != LENGTH as u64 {
        return Err(ConfigError::one(format!(
            "{} is not a root key: it has {} bytes instead of {LENGTH}; put the file back from your backup",
            path.display(),
            meta.len()
        )));
    }
    file.read_exact(&mut *bytes).map_err(|error| unreadable(&path, &error))?;
    Ok(RootKey { bytes, exposed: meta.mode() & 0o077 != 0, path })
}

/// Written and synced beside its place first, then put into it: the file is there whole or not at all, and of two
/// processes that start at once the second takes the first one's key.
fn write(path: &Path, dice: &dyn Dice) -> Result<(), ConfigError> {
    let cannot =
        |error: std::io::Error| ConfigError::one(format!("cannot write {}: {error}", path.display()));
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_directory(directory)?;
    // Not the process's number: in a container that is the same again after a crash.
    let name = u64::from_ne_bytes(dice::array(dice));
    let draft = path.with_extension(format!("key-{name:016x}"));
    let key = Zeroizing::new(dice::array::<LENGTH>(dice));
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(&*key)?;
        file.sync_all()?;
        put(&draft, path, |from, to| std::fs::hard_link(from, to))?;
        File::open(directory)?.sync_all()
    })();
    let _ = std::fs::remove_file(&draft);
    written.map_err(cannot)
}

/// Puts the draft into its place unless there is a key already, which is never overwritten.
fn put(
    draft: &Path,
    path: &Path,
    link: impl FnOnce(&Path, &Path) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let done = link(draft, path).or_else(|error| match error.kind() {
        ErrorKind::AlreadyExists => Err(error),
        // Not every file system has hard links (FAT, SMB, FUSE, some shares of virtual machines).
        _ => Ok(renameat_with(CWD, draft, CWD, path, RenameFlags::NOREPLACE)?),
    });
    match done {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    ConfigError::one(format!("cannot read the root key {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    /// Every byte another one, and every file another draft.
    struct Counting(AtomicU8);

    impl Dice for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sekisho-root-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        make_directory(&folder).unwrap();
        folder
    }

    #[test]
    fn a_draft_that_a_crash_left_behind_is_not_in_the_way() {
        let folder = folder("draft");
        let mut settings = Settings::default();
        settings.storage.data_dir = folder.clone();
        let dice = Counting(AtomicU8::new(0));
        // As the same process number of the container before this one would have named it.
        std::fs::write(path(&settings).with_extension(format!("key-{}", std::process::id())), "half")
            .unwrap();
        let made = make(&settings, &dice).unwrap();
        assert_eq!(make(&settings, &dice).unwrap().bytes, made.bytes, "the second takes the first one's");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2, "no draft of ours stays");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn without_hard_links_the_draft_is_renamed_and_never_over_a_key() {
        let folder = folder("rename");
        let (draft, key) = (folder.join("draft"), folder.join("key"));
        let no_links = |_: &Path, _: &Path| Err(ErrorKind::PermissionDenied.into());
        for text in ["first", "second"] {
            std::fs::write(&draft, text).unwrap();
            put(&draft, &key, no_links).unwrap();
            assert_eq!(std::fs::read_to_string(&key).unwrap(), "first");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
