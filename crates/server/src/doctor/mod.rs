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
mod running;
mod space;
mod system;

pub use finding::{Finding, State};

use crate::config::{ConfigError, Loaded};
use sekisho_core::Timestamp;
use std::path::PathBuf;

/// What the checks start from.
pub struct Patient {
    /// The configuration, or why there is none.
    pub loaded: Result<Loaded, ConfigError>,
    /// The present time.
    pub now: Timestamp,
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
    let server = running::find(patient.lock.as_deref());
    let looked = database::look(settings, &server).await;

    let mut found = configuration::examine(loaded, looked.beside());
    found.extend(keys::examine(loaded, looked.fingerprint.as_deref(), patient.now));
    found.extend(files::examine(loaded, patient.lock.as_deref(), looked.copy.as_deref()));
    found.extend(space::examine(settings));
    found.extend(looked.findings);
    found.extend(running::examine(settings, &server));
    found.extend(clock::examine(settings, patient.now, looked.last_event));
    found.push(network::examine(settings, &server));
    found.extend(limits::examine(settings, &server, &looked.costs));
    found
}
