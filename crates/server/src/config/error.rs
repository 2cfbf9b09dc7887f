//! Why a configuration was not taken.

use sekisho_core::settings::SettingsError;
use std::path::PathBuf;

/// Why a configuration was not taken: one line for each thing that is wrong, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{}", .lines.join("; "))]
pub struct ConfigError {
    /// The lines.
    pub lines: Vec<String>,
    /// The files that were looked for until then: a change of one of them may mend it.
    pub files: Vec<PathBuf>,
}

impl ConfigError {
    pub(super) fn one(line: impl Into<String>) -> ConfigError {
        ConfigError::all(vec![line.into()])
    }

    pub(super) fn all(lines: Vec<String>) -> ConfigError {
        ConfigError { lines, files: Vec::new() }
    }
}

impl From<Vec<SettingsError>> for ConfigError {
    fn from(errors: Vec<SettingsError>) -> ConfigError {
        ConfigError::all(errors.iter().map(ToString::to_string).collect())
    }
}
