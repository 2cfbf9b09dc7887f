//! The files that configuration is read from.

use super::error::ConfigError;
use sekisho_core::SecretBytes;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file that is read from the current directory where `--config` names no other.
const CONFIG_FILE: &str = "sekisho.toml";
/// Read from the current directory, as python-dotenv reads it.
const DOTENV_FILE: &str = ".env";
/// No configuration file is longer than this; something that never ends is none.
const LONGEST: u64 = 1024 * 1024;

/// A file of settings, which may be absent unless somebody named it.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) required: bool,
}

impl Source {
    /// The file's text; `None` where there is no such file and none is required.
    pub(super) fn text(&self) -> Result<Option<String>, ConfigError> {
        let bytes = match read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound && !self.required => return Ok(None),
            Err(error) => {
                return Err(ConfigError::one(format!("cannot read {}: {error}", self.path.display())));
            }
        };
        String::from_utf8(bytes.to_vec())
            .map(Some)
            .map_err(|_| ConfigError::one(format!("{} is not UTF-8 text", self.path.display())))
    }
}

/// The configuration file: from the flag, from `SEKISHO_CONFIG`, or the one in the current directory if there is one.
pub(super) fn config_file(flag: Option<PathBuf>) -> Source {
    let named =
        flag.or_else(|| std::env::var_os("SEKISHO_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from));
    match named {
        Some(path) => Source { path, required: true },
        None => Source { path: PathBuf::from(CONFIG_FILE), required: false },
    }
}

/// The `.env` of the current directory.
pub(super) fn dotenv_file() -> Source {
    Source { path: PathBuf::from(DOTENV_FILE), required: false }
}

/// The content of a file that holds a secret, less one line end, which editors add.
pub(super) fn secret(path: &Path) -> Result<SecretBytes, String> {
    let bytes = read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let content =
        bytes.strip_suffix(b"\n").map_or(&bytes[..], |rest| rest.strip_suffix(b"\r").unwrap_or(rest));
    if content.is_empty() {
        return Err(format!("{} holds nothing: it is empty", path.display()));
    }
    Ok(SecretBytes::new(content.to_vec()))
}

/// What a key file holds that is to be read as this key: the key itself, and behind one that ends in a line end another.
pub fn secret_text(secret: &SecretBytes) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(secret.expose().len() + 1));
    text.extend_from_slice(secret.expose());
    if text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text
}

/// The content of a key file that may not be there, as `secret` reads it.
pub fn secret_file(path: &Path) -> Result<Option<SecretBytes>, String> {
    if path.exists() { secret(path).map(Some) } else { Ok(None) }
}

/// The whole of a file that is not too long for one of ours.
pub(super) fn read(path: &Path) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, "longer than 1 MiB"));
    }
    Ok(bytes)
}
