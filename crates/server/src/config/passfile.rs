//! Where libpq finds a password that stands neither in the address nor in the settings.

use super::error::ConfigError;
use super::files;
use sekisho_core::SecretString;
use sekisho_core::settings::{PostgresUrl, password_in};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Puts in the password as libpq would: from `PGPASSWORD`, from the file that `passfile` or `PGPASSFILE` names, or from
/// `~/.pgpass`. The warnings that came of it.
///
/// # Errors
///
/// One line where a file that somebody named can't be read, or others than its owner may read it.
pub fn complete(url: &mut PostgresUrl) -> Result<Vec<String>, ConfigError> {
    if url.password.is_some() {
        return Ok(Vec::new());
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(password) = variable("PGPASSWORD") {
        let text = password
            .into_string()
            .map_err(|_| ConfigError::one("environment (PGPASSWORD): its value is not UTF-8 text"))?;
        url.password = Some(SecretString::new(text));
        return Ok(Vec::new());
    }
    let named = url.passfile.clone().or_else(|| variable("PGPASSFILE").map(PathBuf::from));
    let path = match (&named, variable("HOME")) {
        (Some(path), _) => path.clone(),
        (None, Some(home)) => Path::new(&home).join(".pgpass"),
        (None, None) => return Ok(Vec::new()),
    };
    match look(&path, url) {
        Ok(()) => Ok(Vec::new()),
        Err(None) if named.is_none() => Ok(Vec::new()),
        Err(None) => Err(ConfigError::one(format!("the file of passwords {} is not there", path.display()))),
        Err(Some(line)) if named.is_none() => Ok(vec![line]),
        Err(Some(line)) => Err(ConfigError::one(line)),
    }
}

/// Looks for the password in a file; the error is what is wrong with that one, nothing where there is none.
fn look(path: &Path, url: &mut PostgresUrl) -> Result<(), Option<String>> {
    let at = path.display();
    let meta = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => None,
        _ => Some(format!("cannot read the file of passwords {at}: {error}")),
    })?;
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(Some(format!(
            "the file of passwords {at} is not used, since others than its owner may read it: chmod 600 {at}"
        )));
    }
    let bytes = files::read(path)
        .map_err(|error| Some(format!("cannot read the file of passwords {at}: {error}")))?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Some(format!("the file of passwords {at} is not UTF-8 text")))?;
    url.password = password_in(text, url);
    Ok(())
}
