//! Which database `sekisho adopt` reads: a file, an address, or the one that the application's own files name.

use super::exit::Stop;
use crate::config;
use sekisho_core::adopt::{AppSetting, Choice, Found, Literal, choose};
use sekisho_core::settings::{DatabaseUrl, PostgresUrl};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The one that was named, or the one that the application names, with the password of an address from where libpq looks;
/// and what there is to say of that.
pub(super) fn source(
    named: Option<&OsStr>,
    app: Option<&Path>,
    found: &[Found],
) -> Result<(DatabaseUrl, Vec<String>), Stop> {
    let mut notes = Vec::new();
    let mut source = match named {
        Some(named) => parsed(named)?,
        None => named_by_the_application(app.unwrap_or(Path::new(".")), found)?,
    };
    match &mut source {
        DatabaseUrl::Sqlite(path) => {
            *path = sekisho_store::resolved(path);
            if path.exists() && !path.is_file() {
                return Err(Stop::usage(format!("{} is not a file", path.display())));
            }
        }
        DatabaseUrl::Postgres(url) => notes = config::complete(url)?,
    }
    Ok((source, notes))
}

/// The address as it was written, which may hold a password; none of a file.
pub(super) fn address(named: Option<&OsStr>, found: &[Found]) -> Option<String> {
    match (named, choose(found, AppSetting::DatabaseUrl)) {
        (Some(named), _) => named.to_str().filter(|text| text.contains("://")).map(str::to_owned),
        (None, Choice::One(found)) => match &found.literal {
            Literal::Said(url) => Some(url.expose().to_owned()),
            Literal::Computed => None,
        },
        (None, _) => None,
    }
}

/// A path, or an address by its `://`; neither is repeated where it is wrong, since it may hold a password.
pub(super) fn parsed(named: &OsStr) -> Result<DatabaseUrl, Stop> {
    match named.to_str().filter(|text| text.contains("://")) {
        Some(text) => {
            DatabaseUrl::parse(text).map_err(|why| Stop::usage(format!("the database's address {why}")))
        }
        None => Ok(DatabaseUrl::Sqlite(PathBuf::from(named))),
    }
}

fn named_by_the_application(app: &Path, found: &[Found]) -> Result<DatabaseUrl, Stop> {
    let nowhere = || {
        Stop::usage(format!(
            "{} names no database in DATABASE_URL: name its file or its address",
            app.display()
        ))
    };
    let Choice::One(found) = choose(found, AppSetting::DatabaseUrl) else { return Err(nowhere()) };
    let Literal::Said(url) = &found.literal else { return Err(nowhere()) };
    match DatabaseUrl::parse(url.expose()) {
        Ok(DatabaseUrl::Sqlite(path)) => {
            Ok(DatabaseUrl::Sqlite(app.join(path.strip_prefix(".").unwrap_or(&path))))
        }
        Ok(postgres) => Ok(postgres),
        Err(why) => {
            Err(Stop::usage(format!("{}: DATABASE_URL {why}: name the file or the address", found.place)))
        }
    }
}

/// The database as a person reads it: the file, or the address without a password.
pub(super) fn shown(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => path.display().to_string(),
        DatabaseUrl::Postgres(url) => url.redacted(),
    }
}

/// Whether two addresses lead to one database of one server, by what they say.
pub(super) fn is_one_database(one: &DatabaseUrl, other: &DatabaseUrl) -> bool {
    let named = |url: &PostgresUrl| url.database.clone().or_else(|| url.user.clone());
    match (one, other) {
        (DatabaseUrl::Sqlite(one), DatabaseUrl::Sqlite(other)) => {
            matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
        }
        (DatabaseUrl::Postgres(one), DatabaseUrl::Postgres(other)) => {
            named(one) == named(other) && one.hosts.iter().any(|host| other.hosts.contains(host))
        }
        _ => false,
    }
}
