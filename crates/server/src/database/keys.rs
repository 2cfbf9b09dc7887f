//! The keys that belong to a database: where they are, and a folder of them beside a backup.
//!
//! `BACKUP.keys` holds plain files, so that a person can put them back without this program: `sekisho.key`, the 32 bytes
//! of the root key, and `secret_key`, which SECRET_KEY_FILE may name, where there is one. Folder and files are their owner's alone.

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
use crate::config::{secret_file, secret_text};

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
    let secret = secret_file(&folder.join(SECRET)).map_err(Problem::Refused)?;
    Ok(Some(Keys { root, secret }))
}

/// A folder of keys beside a backup that is yet to get its name.
pub(super) struct Placed {
    folder: PathBuf,
    /// Where the keys of the backup are that had the name before.
    former: Option<PathBuf>,
}

impl Placed {
    /// The backup has its name: the keys of the one before it go.
    pub(super) fn keep(self) -> Result<PathBuf, Problem> {
        if let Some(former) = &self.former {
            fs::remove_dir_all(former).map_err(|error| {
                let former = former.display();
                Problem::Usage(format!("the backup is made; the former keys are still in {former}: {error}"))
            })?;
        }
        Ok(self.folder)
    }

    /// The backup has not got its name: the keys of the one before it are in their place again, or there are none.
    pub(super) fn undo(self) {
        let ours = match self.former {
            Some(former) => place::exchange(&former, &self.folder).map(|()| former),
            None => Ok(self.folder),
        };
        // Where it can't be undone both stay: no key is lost.
        let _ = ours.and_then(fs::remove_dir_all);
    }
}

impl Keys {
    /// Writes the folder beside a backup, whole or not at all; an earlier one makes room if `force`.
    pub(super) fn write_beside(
        &self,
        backup: &Path,
        force: bool,
        dice: &dyn Dice,
    ) -> Result<Placed, Problem> {
        let folder = folder_of(backup);
        let draft = place::draft(&folder, dice);
        let written = self.write(&draft).and_then(|()| match place::put(&draft, &folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && force => {
                place::exchange(&draft, &folder).map(|()| true)
            }
            outcome => outcome.map(|()| false),
        });
        if written.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        match written {
            Ok(exchanged) => Ok(Placed { folder, former: exchanged.then_some(draft) }),
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
            write_secret(&folder.join(SECRET), &secret_text(secret))?;
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
