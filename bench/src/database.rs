//! The databases under test: a SQLite file, or a database of a PostgreSQL server that a run starts for itself.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use sekisho_core::settings::DatabaseUrl;
use sekisho_throwaway::Postgres;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One file.
    Sqlite,
    /// A server.
    Postgres,
}

impl Kind {
    /// As the report writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// One database.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// The file.
    Sqlite(PathBuf),
    /// The address.
    Postgres(String),
}

impl Database {
    /// The SQLite file of a data folder.
    pub(crate) fn file_in(dir: &Path) -> Self {
        Self::Sqlite(dir.join("sekisho.db"))
    }

    /// Which kind it is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Sqlite(_) => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    /// As `DATABASE_URL` takes it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(file) => format!("sqlite:///{}", file.display()),
            Self::Postgres(url) => url.clone(),
        }
    }

    /// As the store takes it.
    ///
    /// # Errors
    /// When the address can't be read.
    pub(crate) fn address(&self) -> Result<DatabaseUrl> {
        DatabaseUrl::parse(&self.url()).map_err(|error| anyhow!("{error}"))
    }
}

/// A PostgreSQL server as an operator would run it: syncs on, and memory for what is read often.
pub(crate) fn start_postgres() -> Postgres {
    Postgres::start_with(&[
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("autovacuum", "on"),
        ("shared_buffers", "2GB"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "30min"),
        ("random_page_cost", "1.1"),
    ])
}
