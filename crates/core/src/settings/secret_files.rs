//! The files that settings name in place of a secret: `SECRET_KEY_FILE` and its like.

use std::path::PathBuf;

use super::layer::{Layer, Origin};
use super::registry;
use super::value::Value;
use crate::secret::SecretBytes;

/// The settings that name such a file.
const KEYS: [&str; 3] =
    ["storage.database_url_file", "storage.database_password_file", "tokens.secret_key_file"];

/// A file that is to be read before the settings are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// The setting that names it.
    pub key: &'static str,
    /// Where it lies.
    pub path: PathBuf,
    /// Who said so.
    pub origin: Origin,
}

/// The files that the layers name; their contents are to be read and given to [`resolve`](super::resolve).
pub fn secret_files(layers: &[Layer]) -> Vec<SecretFile> {
    let named = KEYS.iter().filter_map(|key| {
        let (index, _) = registry::find(key)?;
        let entry = layers.iter().rev().find_map(|l| l.entries.iter().find(|e| e.index == index))?;
        match &entry.value {
            Value::Text(path) if !path.is_empty() => {
                Some(SecretFile { key, path: PathBuf::from(path), origin: entry.origin.clone() })
            }
            _ => None,
        }
    });
    named.collect()
}

/// What these files hold.
#[derive(Debug, Default)]
pub struct SecretFiles(Vec<(&'static str, SecretBytes)>);

impl SecretFiles {
    /// Adds the content of the file that the setting `key` names.
    pub fn with(mut self, key: &'static str, content: SecretBytes) -> SecretFiles {
        self.0.push((key, content));
        self
    }

    pub(super) fn of(&self, key: &str) -> Option<&SecretBytes> {
        self.0.iter().find(|(of, _)| *of == key).map(|(_, content)| content)
    }
}
