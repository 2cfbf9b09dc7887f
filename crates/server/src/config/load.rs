//! Reading the layers of the configuration and laying them over each other.

use super::error::ConfigError;
use super::files::{self, Source};
use sekisho_core::settings::{self, Layer, Origins, Settings};
use std::path::PathBuf;

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config FILE`: must exist, unlike the default one.
    pub config: Option<PathBuf>,
    /// Key, flag as typed, value.
    pub values: Vec<(&'static str, &'static str, String)>,
}

/// A configuration that was read whole and found good.
#[derive(Debug)]
pub struct Loaded {
    /// The effective settings.
    pub settings: Settings,
    /// Where each of them came from.
    pub origins: Origins,
    /// The files that were looked for, there or not: what `--reload` watches.
    pub files: Vec<PathBuf>,
}

/// Reads all layers and checks the whole; all errors are found in one go.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    let mut files = Vec::new();
    let mut layers: Vec<Layer> = Vec::new();
    let mut lines = Vec::new();
    let mut take = |layer: Result<Layer, ConfigError>| match layer {
        Ok(layer) => layers.push(layer),
        Err(error) => lines.extend(error.lines),
    };

    let config = files::config_file(flags.config.clone());
    files.push(config.path.clone());
    take(toml_layer(&config));
    let dotenv = files::dotenv_file();
    files.push(dotenv.path.clone());
    take(dotenv_layer(&dotenv));
    take(settings::layer_from_env(environment()).map_err(ConfigError::from));
    let values = flags.values.iter().map(|(key, flag, value)| (*key, *flag, value.clone()));
    take(settings::layer_from_flags(values).map_err(ConfigError::from));
    if !lines.is_empty() {
        return Err(ConfigError { lines });
    }

    let secret = match settings::secret_key_file(&layers) {
        Some((path, origin)) => {
            let content = files::secret(&path).map_err(|why| ConfigError::one(format!("{origin}: {why}")))?;
            files.push(path);
            Some(content)
        }
        None => None,
    };
    let (settings, origins) = settings::resolve(&layers, secret)?;
    Ok(Loaded { settings, origins, files })
}

fn toml_layer(source: &Source) -> Result<Layer, ConfigError> {
    let text = source.text()?.unwrap_or_default();
    Ok(settings::layer_from_toml(&text, &source.path.display().to_string())?)
}

fn dotenv_layer(source: &Source) -> Result<Layer, ConfigError> {
    let text = source.text()?.unwrap_or_default();
    Ok(settings::layer_from_dotenv(&text, &source.path.display().to_string(), &|name| {
        std::env::var(name).ok()
    })?)
}

/// The environment's names and values; what is not UTF-8 is not ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
