//! From layers to settings: the strongest layer wins, then the rules between settings are checked.

use super::build::build;
use super::layer::{Layer, SettingsError};
use super::merge::{Merged, Origins};
use super::model::Settings;
use super::rules;
use super::secret_files::SecretFiles;

/// Lays the layers over the defaults, the last one on top, and checks the whole.
///
/// `files` are the contents of [`secret_files`](super::secret_files). All errors are found at once, each is one line that
/// names its place and never shows a secret.
pub fn resolve(layers: &[Layer], files: &SecretFiles) -> Result<(Settings, Origins), Vec<SettingsError>> {
    let mut merged = Merged::new(layers)?;
    let mut settings = build(&mut merged, files);
    rules::check(&mut merged, &mut settings);
    merged.finish(settings)
}
