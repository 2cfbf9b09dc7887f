//! From layers to settings: the strongest layer wins, then the rules between settings are checked.

use std::path::PathBuf;

use super::build::build;
use super::layer::{Layer, Origin, SettingsError};
use super::merge::{Merged, Origins};
use super::model::Settings;
use super::registry;
use super::rules;
use super::value::Value;
use crate::secret::SecretBytes;

/// Where `SECRET_KEY_FILE` points to, and who said so: its content is to be read and given to [`resolve`].
pub fn secret_key_file(layers: &[Layer]) -> Option<(PathBuf, Origin)> {
    let (index, _) = registry::find("tokens.secret_key_file")?;
    let entry = layers.iter().rev().find_map(|l| l.entries.iter().find(|e| e.index == index))?;
    match &entry.value {
        Value::Text(path) if !path.is_empty() => Some((PathBuf::from(path), entry.origin.clone())),
        _ => None,
    }
}

/// Lays the layers over the defaults, the last one on top, and checks the whole.
///
/// `secret_file` is the content of [`secret_key_file`], if there is one. All errors are found at once, each is one
/// line that names its place and never shows a secret.
pub fn resolve(
    layers: &[Layer],
    secret_file: Option<SecretBytes>,
) -> Result<(Settings, Origins), Vec<SettingsError>> {
    let mut merged = Merged::new(layers)?;
    let mut settings = build(&mut merged, secret_file);
    rules::check(&mut merged, &mut settings);
    merged.finish(settings)
}
