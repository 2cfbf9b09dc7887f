//! What a running server takes of new settings.

use super::model::Settings;
use super::registry::SETTINGS;

/// The new settings with the old values of all that only a start can change.
///
/// Both must be of the same profile: other defaults hang on it.
pub fn keep_what_is_fixed(old: &Settings, new: Settings) -> Settings {
    let mut kept = new;
    kept.profile = old.profile;
    kept.server = old.server.clone();
    kept.storage = old.storage.clone();
    kept.hashing = old.hashing.clone();
    kept.http.max_header_bytes = old.http.max_header_bytes;
    kept.http.max_connections = old.http.max_connections;
    kept.http.header_timeout = old.http.header_timeout;
    kept.http.write_timeout = old.http.write_timeout;
    kept.http.idle_timeout = old.http.idle_timeout;
    kept.log.format = old.log.format;
    kept.log.trace_auth = old.log.trace_auth;
    kept.log.echo = old.log.echo;
    kept.metrics = old.metrics.clone();
    for ((value, old), setting) in kept.values.iter_mut().zip(&old.values).zip(SETTINGS) {
        if !setting.live {
            value.clone_from(old);
        }
    }
    kept
}
