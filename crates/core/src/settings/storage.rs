//! Section `storage`: which database, with which password, and how long it is waited for.

use std::path::PathBuf;

use super::database_url::DatabaseUrl;
use super::limits::Pool;
use super::merge::Merged;
use super::model::Storage;
use super::secret_files::SecretFiles;
use crate::secret::{SecretBytes, SecretString};

/// Reads the section; what is wrong is noted in `merged`.
pub(super) fn storage(merged: &mut Merged, files: &SecretFiles) -> Storage {
    let data_dir = PathBuf::from(merged.text("storage.data_dir"));
    if data_dir.as_os_str().is_empty() {
        merged.wrong("storage.data_dir", "must not be empty");
    }
    Storage {
        database_url: database_url(merged, files)
            .unwrap_or_else(|| DatabaseUrl::Sqlite(data_dir.join("sekisho.db"))),
        root_key_file: path(merged, "storage.root_key_file"),
        database_url_file: path(merged, "storage.database_url_file"),
        database_password_file: path(merged, "storage.database_password_file"),
        data_dir,
        pool: Pool {
            connections: merged.number("storage.connections"),
            readers: merged.number("storage.readers"),
            connect_timeout: merged.seconds("storage.connect_timeout_seconds"),
            acquire_timeout: merged.seconds("storage.acquire_timeout_seconds"),
            statement_timeout: merged.seconds("storage.statement_timeout_seconds"),
            keepalive: merged.seconds("storage.keepalive_seconds"),
        },
        lock_timeout: merged.seconds("storage.lock_timeout_seconds"),
    }
}

fn path(merged: &Merged, key: &str) -> Option<PathBuf> {
    Some(merged.text(key)).filter(|text| !text.is_empty()).map(PathBuf::from)
}

fn database_url(merged: &mut Merged, files: &SecretFiles) -> Option<DatabaseUrl> {
    let key = "storage.database_url";
    let text = text(merged, files, key, "storage.database_url_file");
    let place = if merged.is_set(key) { key } else { "storage.database_url_file" };
    let url = text.and_then(|text| match DatabaseUrl::parse(text.expose()) {
        Ok(url) => Some(url),
        Err(why) => {
            merged.wrong(place, why.to_string());
            None
        }
    });
    let password = text_of_password(merged, files);
    match (url, password) {
        (Some(DatabaseUrl::Postgres(mut url)), Some((from, password))) => {
            if url.password.is_some() {
                merged.wrong(
                    from,
                    "is set, and there is a password in the database's address too: leave one out",
                );
            }
            url.password = Some(password);
            Some(DatabaseUrl::Postgres(url))
        }
        (url, Some((from, _))) => {
            if !matches!(url, Some(DatabaseUrl::Postgres(_))) {
                merged.warn(from, "is not used: the database is a file");
            }
            url
        }
        (url, None) => url,
    }
}

fn text_of_password(merged: &mut Merged, files: &SecretFiles) -> Option<(&'static str, SecretString)> {
    let (key, file) = ("storage.database_password", "storage.database_password_file");
    let from = if merged.is_set(key) { key } else { file };
    text(merged, files, key, file).map(|text| (from, text))
}

/// A secret text from the setting itself or from the file that another setting names.
fn text(
    merged: &mut Merged,
    files: &SecretFiles,
    key: &'static str,
    file: &'static str,
) -> Option<SecretString> {
    let content = bytes(merged, files, merged.secret(key).map(to_bytes), key, file)?;
    match std::str::from_utf8(content.expose()) {
        Ok(text) => Some(SecretString::from(text)),
        Err(_) => {
            merged.wrong(file, "names a file that is not UTF-8 text");
            None
        }
    }
}

/// The bytes of a secret text.
pub(super) fn to_bytes(text: SecretString) -> SecretBytes {
    SecretBytes::new(text.expose().clone().into_bytes())
}

/// A secret that was written, or what the file holds that `file_key` names; never both.
pub(super) fn bytes(
    merged: &mut Merged,
    files: &SecretFiles,
    written: Option<SecretBytes>,
    key: &str,
    file_key: &'static str,
) -> Option<SecretBytes> {
    let named = !merged.text(file_key).is_empty();
    match (written, named, files.of(file_key)) {
        (Some(_), true, _) => {
            merged.wrong(file_key, format!("and {key} are both set: set one of them"));
            None
        }
        (None, true, None) => {
            merged.wrong(file_key, "names a file that was not read");
            None
        }
        (None, true, Some(content)) if content.expose().is_empty() => {
            merged.wrong(file_key, "names an empty file");
            None
        }
        (None, true, Some(content)) => Some(content.clone()),
        (written, false, _) => written,
    }
}
