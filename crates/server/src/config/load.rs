//! Reading the layers of the configuration and laying them over each other.

use super::error::ConfigError;
use super::files::{self, Source};
use super::passfile;
use sekisho_core::settings::{
    self, DatabaseUrl, Layer, Origins, SecretFile, SecretFiles, Settings, Shadowed,
};
use std::cell::RefCell;
use std::ffi::OsString;
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
    /// What is said in one place and does not count, since another says otherwise.
    pub shadowed: Vec<Shadowed>,
    /// Whether the settings themselves hold the database's password; otherwise it came from where libpq looks, if there is one.
    pub holds_password: bool,
}

/// Reads all layers and checks the whole; all errors are found in one go.
pub fn load(flags: &Flags) -> Result<Loaded, ConfigError> {
    let mut files = Vec::new();
    match read(flags, &mut files) {
        Ok(loaded) => Ok(Loaded { files, ..loaded }),
        Err(error) => Err(ConfigError { files, ..error }),
    }
}

fn read(flags: &Flags, files: &mut Vec<PathBuf>) -> Result<Loaded, ConfigError> {
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
    take(environment(std::env::vars_os()));
    let values = flags.values.iter().map(|(key, flag, value)| (*key, *flag, value.clone()));
    take(settings::layer_from_flags(values).map_err(ConfigError::from));
    if !lines.is_empty() {
        return Err(ConfigError::all(lines));
    }

    let mut secrets = SecretFiles::default();
    for SecretFile { key, path, origin } in settings::secret_files(&layers) {
        files.push(path.clone());
        let content = files::secret(&path).map_err(|why| ConfigError::one(format!("{origin}: {why}")))?;
        secrets = secrets.with(key, content);
    }
    let (mut settings, origins) = settings::resolve(&layers, &secrets)?;
    let mut holds_password = false;
    if let DatabaseUrl::Postgres(url) = &mut settings.storage.database_url {
        holds_password = url.password.is_some();
        settings.warnings.extend(passfile::complete(url)?);
    }
    Ok(Loaded { settings, origins, files: Vec::new(), shadowed: settings::shadowed(&layers), holds_password })
}

fn toml_layer(source: &Source) -> Result<Layer, ConfigError> {
    let text = source.text()?.unwrap_or_default();
    Ok(settings::layer_from_toml(&text, &source.path.display().to_string())?)
}

fn dotenv_layer(source: &Source) -> Result<Layer, ConfigError> {
    let text = source.text()?.unwrap_or_default();
    let unreadable = RefCell::new(Vec::new());
    let layer = settings::layer_from_dotenv(&text, &source.path.display().to_string(), &|name| {
        let value = std::env::var_os(name)?;
        value.into_string().map_err(|_| unreadable.borrow_mut().push(not_text(name))).ok()
    });
    // As if it were not set, the file would mean something else.
    match unreadable.into_inner() {
        lines if lines.is_empty() => Ok(layer?),
        lines => Err(ConfigError::all(lines)),
    }
}

/// The layer of the environment. What is not UTF-8 and not ours is passed over; what is ours is a fault, since without it
/// another key would sign, or another database be opened.
fn environment(vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Layer, ConfigError> {
    let mut texts = Vec::new();
    let mut lines = Vec::new();
    for (name, value) in vars {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => texts.push((name, value)),
            (Ok(name), Err(_)) if is_ours(&name) => lines.push(not_text(&name)),
            _ => {}
        }
    }
    if lines.is_empty() { Ok(settings::layer_from_env(texts)?) } else { Err(ConfigError::all(lines)) }
}

/// Whether a variable of this name would be read as text, or refused as an unknown one of ours.
fn is_ours(name: &str) -> bool {
    let known = || settings::SETTINGS.iter().any(|setting| setting.env.contains(&name));
    // The configuration file's own name may be any path; what tests hand over is theirs.
    let others = name == "SEKISHO_CONFIG" || name.starts_with("SEKISHO_TEST_");
    !others && (name.starts_with("SEKISHO_") || known())
}

fn not_text(name: &str) -> String {
    format!("environment ({name}): its value is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStringExt as _;

    fn layer(name: &str) -> Result<Layer, ConfigError> {
        environment([(OsString::from(name), OsString::from_vec(b"canary-\xff".to_vec()))].into_iter())
    }

    #[test]
    fn a_variable_of_ours_that_is_not_text_is_a_fault_and_anothers_is_not() {
        for name in ["SECRET_KEY", "DATABASE_URL", "SEKISHO_TOKENS_SECRET_KEY", "SEKISHO_LISTN"] {
            let line = format!("environment ({name}): its value is not UTF-8 text");
            assert_eq!(layer(name).unwrap_err().lines, [line]);
        }
        for name in ["LS_COLORS", "SEKISHO_CONFIG", "SEKISHO_TEST_X"] {
            assert!(layer(name).is_ok(), "{name}");
        }
    }
}
