//! What breaks in practice, looked at before it does: each check says how things stand, and how to mend them.
//!
//! Nothing is changed. The files of this folder are a check or a group of them each; `system` reads what Linux tells.

mod clock;
mod configuration;
mod database;
mod files;
mod finding;
mod keys;
mod limits;
mod network;
mod postgres;
mod running;
mod space;
mod system;

pub use finding::{Finding, State};

use crate::config::{ConfigError, Loaded};
use sekisho_core::settings::DatabaseUrl;
use sekisho_core::{Clock, Timestamp};
use sekisho_store::OpenOptions;
use std::path::PathBuf;

/// What the checks start from.
pub struct Patient {
    /// The configuration, or why there is none.
    pub loaded: Result<Loaded, ConfigError>,
    /// The present time.
    pub now: Timestamp,
    /// The clock itself, against which that of PostgreSQL is held.
    pub clock: &'static dyn Clock,
    /// How PostgreSQL is opened.
    pub options: OpenOptions,
    /// The file that a running server holds locked.
    pub lock: Option<PathBuf>,
}

/// Runs every check, in the order in which a person would mend things.
pub async fn examine(patient: &Patient) -> Vec<Finding> {
    let loaded = match &patient.loaded {
        Ok(loaded) => loaded,
        Err(error) => return configuration::broken(error),
    };
    let settings = &loaded.settings;
    let server = match &settings.storage.database_url {
        DatabaseUrl::Sqlite(_) => running::find(patient.lock.as_deref()),
        DatabaseUrl::Postgres(_) => network::find(settings),
    };
    let looked = database::look(settings, &server, &patient.options, patient.clock).await;

    let mut found = configuration::examine(loaded, looked.beside());
    found.extend(keys::examine(loaded, looked.fingerprint.as_deref(), patient.now));
    found.extend(files::examine(loaded, patient.lock.as_deref(), looked.copy.as_deref()));
    // The disk of a PostgreSQL server is not to be seen from here.
    if matches!(settings.storage.database_url, DatabaseUrl::Sqlite(_)) {
        found.extend(space::examine(settings));
    }
    found.extend(looked.findings);
    found.extend(running::examine(settings, &server));
    found.extend(clock::examine(settings, patient.now, looked.last_event));
    found.push(network::examine(settings, &server));
    found.extend(limits::examine(settings, &server, &looked.costs));
    found
}
