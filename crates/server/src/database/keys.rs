//! The keys that belong to a database: where they are, and a folder of them beside a backup.
//!
//! `BACKUP.keys` holds plain files, so that a person can put them back without this program: `sekisho.key`, the 32 bytes
//! of the root key, and `secret_key`, the text of SECRET_KEY where there is one. Folder and files are their owner's alone.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sekisho_core::settings::{Origins, Settings};
use sekisho_core::{Dice, SecretBytes};
use zeroize::Zeroizing;

use super::Problem;
use super::place;
use crate::config::root_key::{self, RootKey};

/// The name of the root key in the folder.
const ROOT: &str = root_key::FILE;
/// The name of SECRET_KEY in the folder.
const SECRET: &str = "secret_key";

/// The keys that a server signs with.
pub struct Keys {
    /// The root key.
    pub root: RootKey,
    /// SECRET_KEY, if one is set.
    pub secret: Option<SecretBytes>,
}

/// The folder of keys that belongs to a backup: `FILE.keys`.
pub fn folder_of(backup: &Path) -> PathBuf {
    place::with_end(backup, ".keys")
}

/// Where SECRET_KEY is written, in words; `None` where the signing key is derived from the root key.
pub fn secret_source(settings: &Settings, origins: &Origins) -> Option<String> {
    settings.tokens.secret_key.as_ref()?;
    Some(match &settings.tokens.secret_key_file {
        Some(file) => file.display().to_string(),
        None => origins.of("tokens.secret_key").to_string(),
    })
}

/// The keys in the folder beside a backup; `None` where there is no such folder.
pub fn beside(backup: &Path) -> Result<Option<Keys>, Problem> {
    let folder = folder_of(backup);
    if !folder.exists() {
        return Ok(None);
    }
    let root = root_key::read_file(&folder.join(ROOT))
        .map_err(|error| Problem::Refused(error.to_string()))?
        .ok_or_else(|| Problem::Refused(format!("{} holds no {ROOT}", folder.display())))?;
    let secret = match fs::read(folder.join(SECRET)) {
        Ok(bytes) if !bytes.is_empty() => Some(SecretBytes::new(bytes)),
        Ok(_) => return Err(Problem::Refused(format!("{}/{SECRET} is empty", folder.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(Problem::io(&folder.join(SECRET), &error)),
    };
    Ok(Some(Keys { root, secret }))
}

impl Keys {
    /// Writes the folder beside a backup, whole or not at all; an earlier one is replaced if `force`.
    pub(super) fn write_beside(
        &self,
        backup: &Path,
        force: bool,
        dice: &dyn Dice,
    ) -> Result<PathBuf, Problem> {
        let folder = folder_of(backup);
        let draft = place::draft(&folder, dice);
        let written = self.write(&draft).and_then(|()| match place::put(&draft, &folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && force => {
                place::exchange(&draft, &folder)?;
                fs::remove_dir_all(&draft)
            }
            outcome => outcome,
        });
        if written.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        match written {
            Ok(()) => Ok(folder),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(Problem::Refused(format!("{} is there already; --force replaces it", folder.display())))
            }
            Err(error) => Err(Problem::io(&folder, &error)),
        }
    }

    fn write(&self, folder: &Path) -> std::io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)?;
        let root = Zeroizing::new(fs::read(&self.root.path)?);
        write_secret(&folder.join(ROOT), &root)?;
        if let Some(secret) = &self.secret {
            write_secret(&folder.join(SECRET), secret.expose())?;
        }
        place::sync_folder(&folder.join(ROOT))
    }
}

/// Writes a new file that its owner alone may read, and syncs it.
pub(super) fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
