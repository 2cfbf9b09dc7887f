//! Why a configuration was not taken.

use sekisho_core::settings::SettingsError;

/// Why a configuration was not taken: one line for each thing that is wrong, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{}", .lines.join("; "))]
pub struct ConfigError {
    /// The lines.
    pub lines: Vec<String>,
}

impl ConfigError {
    pub(super) fn one(line: impl Into<String>) -> ConfigError {
        ConfigError { lines: vec![line.into()] }
    }
}

impl From<Vec<SettingsError>> for ConfigError {
    fn from(errors: Vec<SettingsError>) -> ConfigError {
        ConfigError { lines: errors.iter().map(ToString::to_string).collect() }
    }
}
