//! `DATABASE_URL` as SQLAlchemy spells it.

use std::fmt;
use std::path::PathBuf;

use super::postgres_parse;
use super::postgres_url::{PostgresUrl, PostgresUrlError};

/// Where the data is kept.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A SQLite file, relative to the working directory or absolute.
    Sqlite(PathBuf),
    /// A PostgreSQL address; it may hold a password.
    Postgres(Box<PostgresUrl>),
}

/// Why a database address was not understood; never repeats the address, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// No known scheme in front.
    #[error("must begin with sqlite:/// or postgresql://")]
    Scheme,
    /// A driver of SQLAlchemy that does not exist for this database.
    #[error("names an unknown driver; write sqlite:///… or postgresql://…")]
    Driver,
    /// A database that would be forgotten at the end.
    #[error(
        "names a database in memory, which would be lost at each stop; name a file, as in sqlite:///./sekisho.db"
    )]
    InMemory,
    /// `sqlite://name`: the file stands where a host would.
    #[error(
        "has too few slashes: a file is sqlite:///./name.db (relative) or sqlite:////dir/name.db (absolute)"
    )]
    TooFewSlashes,
    /// Options behind a SQLite file.
    #[error("has options behind the file, which are not supported")]
    Options,
    /// An address of PostgreSQL that is none.
    #[error(transparent)]
    Postgres(#[from] PostgresUrlError),
    /// U+0000 in a path.
    #[error("contains a character that no file name has")]
    Character,
}

impl DatabaseUrl {
    /// Reads SQLAlchemy's spellings: `sqlite:///./test.db`, `sqlite:////abs.db`, `sqlite+aiosqlite:///…`, `postgresql+asyncpg://…`.
    pub fn parse(text: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(DatabaseUrlError::Scheme)?;
        let (dialect, driver) = match scheme.split_once('+') {
            Some((dialect, driver)) => (dialect, Some(driver)),
            None => (scheme, None),
        };
        match dialect {
            "sqlite" => match driver {
                None | Some("pysqlite" | "aiosqlite") => sqlite(rest),
                Some(_) => Err(DatabaseUrlError::Driver),
            },
            "postgresql" | "postgres" => match driver {
                None
                | Some("psycopg" | "psycopg2" | "psycopg_async" | "asyncpg" | "pg8000" | "psycopg2cffi") => {
                    Ok(DatabaseUrl::Postgres(Box::new(postgres_parse::parse(rest)?)))
                }
                Some(_) => Err(DatabaseUrlError::Driver),
            },
            _ => Err(DatabaseUrlError::Scheme),
        }
    }

    /// The address as it may be shown: a password is replaced.
    pub fn redacted(&self) -> String {
        match self {
            DatabaseUrl::Sqlite(path) => format!("sqlite:///{}", path.display()),
            DatabaseUrl::Postgres(url) => url.redacted(),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({})", self.redacted())
    }
}

/// What stands behind `sqlite://`: SQLAlchemy takes what follows the third slash as the path.
fn sqlite(rest: &str) -> Result<DatabaseUrl, DatabaseUrlError> {
    if rest.is_empty() {
        return Err(DatabaseUrlError::InMemory);
    }
    let path = rest.strip_prefix('/').ok_or(DatabaseUrlError::TooFewSlashes)?;
    if path.is_empty() || path == ":memory:" || path.starts_with("file::memory:") {
        return Err(DatabaseUrlError::InMemory);
    }
    if path.starts_with("file:") || path.contains('?') {
        return Err(DatabaseUrlError::Options);
    }
    if path.contains('\0') {
        return Err(DatabaseUrlError::Character);
    }
    Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlalchemys_spellings() {
        for (text, path) in [
            ("sqlite:///./test.db", "./test.db"),
            ("sqlite:///test.db", "test.db"),
            ("sqlite:////abs.db", "/abs.db"),
            ("sqlite+aiosqlite:///./test.db", "./test.db"),
            ("sqlite+pysqlite:////srv/a b.db", "/srv/a b.db"),
        ] {
            match DatabaseUrl::parse(text) {
                Ok(DatabaseUrl::Sqlite(found)) => assert_eq!(found.to_str(), Some(path)),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_understood_says_so() {
        use DatabaseUrlError::*;
        for (text, error) in [
            ("test.db", Scheme),
            ("mysql://root@localhost/x", Scheme),
            ("sqlite+pysqlcipher://:pw@/x", Driver),
            ("postgresql+odbc://x", Driver),
            ("sqlite://", InMemory),
            ("sqlite:///", InMemory),
            ("sqlite:///:memory:", InMemory),
            ("sqlite://test.db", TooFewSlashes),
            ("sqlite:///file:x.db?mode=ro&uri=true", Options),
            ("sqlite:///a.db?timeout=5", Options),
            ("sqlite:///a\0b", Character),
            ("postgresql://a b", Postgres(PostgresUrlError::Form)),
        ] {
            assert_eq!(DatabaseUrl::parse(text).unwrap_err(), error, "{text}");
        }
    }
}
