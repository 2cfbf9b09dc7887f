//! Reading the configuration again in the running process (SIGHUP).

use crate::app::App;
use crate::config::key_ring::key_ring;
use crate::config::root_key::RootKey;
use crate::config::{self, ConfigError, Flags};
use crate::http::Gate;
use crate::telemetry::log::LogControl;
use sekisho_core::settings::{self, Change, LogLevel};
use tracing_subscriber::filter::LevelFilter;

/// What a reload reaches.
pub struct Running<'a> {
    /// The server's state.
    pub app: &'a App,
    /// The front door.
    pub gate: &'a Gate,
    /// The root key, from which the signing key is derived where there is no other.
    pub root: &'a RootKey,
    /// The log.
    pub log: &'a LogControl,
}

/// The log's filter for a level of the settings.
pub fn level_filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// What came of reading the configuration again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reloaded {
    /// What can change in place is in force.
    Taken {
        /// Something else changed as well, and waits for a restart.
        restart_needed: bool,
    },
    /// It says what it said before.
    Unchanged,
    /// It has a fault, or would change the profile; what was in force before still is.
    Refused,
}

/// Reads the configuration again and puts in force what can change in place.
///
/// The log says what changed and what needs a restart. A configuration with a fault changes nothing, and the log says so.
pub fn reload(running: &Running<'_>, flags: &Flags) -> Reloaded {
    take(running, flags).unwrap_or_else(|error| {
        for line in &error.lines {
            tracing::error!("configuration not taken, the running one stays: {line}");
        }
        Reloaded::Refused
    })
}

fn take(running: &Running<'_>, flags: &Flags) -> Result<Reloaded, ConfigError> {
    let app = running.app;
    let loaded = config::load(flags)?;
    let changes = settings::changes(&app.current().settings, &loaded.settings);
    if changes.is_empty() {
        tracing::info!("configuration read again: nothing changed");
        return Ok(Reloaded::Unchanged);
    }
    if loaded.settings.profile != app.current().settings.profile {
        // Other defaults hang on the profile: half of a profile is none.
        let (old, new) = (app.current().settings.profile.name(), loaded.settings.profile.name());
        tracing::warn!(
            "configuration not taken: the profile would change from {old} to {new}, which needs a restart"
        );
        return Ok(Reloaded::Refused);
    }
    let warnings = loaded.settings.warnings.clone();
    let settings = settings::keep_what_is_fixed(&app.current().settings, loaded.settings);
    // All that can fail comes before the first word and the first change.
    let keys = key_ring(&settings, running.root)?;
    changes.iter().for_each(say);
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    if changes.iter().any(|change| change.live) {
        running.log.set_level(level_filter(settings.log.level));
        running.gate.apply(&settings);
        app.apply(settings, keys);
    }
    Ok(Reloaded::Taken { restart_needed: changes.iter().any(|change| !change.live) })
}

/// Says one change: what it was, what it is, and whether it holds from now on.
fn say(change: &Change) {
    let Change { key, live, old, new } = change;
    if *live {
        tracing::info!("configuration changed: {key} {old} -> {new}");
    } else {
        tracing::warn!("configuration changed, needs a restart: {key} {old} -> {new}");
    }
}
