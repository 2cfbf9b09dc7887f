//! What `config show` prints, and what a reload has changed.

use super::layer::Origin;
use super::merge::Origins;
use super::model::Settings;
use super::registry::SETTINGS;
use super::value::Value;

/// One effective value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// `section.key`.
    pub key: &'static str,
    /// The value as TOML would have it; `(hidden)` for a secret, `(not set)` where there is none.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// One setting that differs between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `section.key`.
    pub key: &'static str,
    /// Whether a running server can take the new value.
    pub live: bool,
    /// The value before, secrets hidden.
    pub old: String,
    /// The value now, secrets hidden.
    pub new: String,
}

/// Every setting with its effective value and its origin, secrets hidden, in the registry's order.
pub fn show(settings: &Settings, origins: &Origins) -> Vec<Shown> {
    let shown = SETTINGS.iter().enumerate().map(|(i, setting)| Shown {
        key: setting.key,
        value: text_of(settings, i),
        origin: origins.of(setting.key),
    });
    shown.collect()
}

/// What differs, in the registry's order; a changed content of `SECRET_KEY_FILE` is a change of that key.
pub fn changes(old: &Settings, new: &Settings) -> Vec<Change> {
    let mut found = Vec::new();
    for (i, setting) in SETTINGS.iter().enumerate() {
        let mut differs = value(old, i) != value(new, i) || text_of(old, i) != text_of(new, i);
        if setting.key == "tokens.secret_key_file" {
            differs |= new.tokens.secret_key_file.is_some() && old.tokens.secret_key != new.tokens.secret_key;
        }
        if differs {
            let (old, new) = (text_of(old, i), text_of(new, i));
            found.push(Change { key: setting.key, live: setting.live, old, new });
        }
    }
    found
}

fn value(settings: &Settings, index: usize) -> Option<&Value> {
    settings.values.get(index)?.as_ref()
}

fn text_of(settings: &Settings, index: usize) -> String {
    match (SETTINGS[index].key, value(settings, index)) {
        ("storage.database_url", _) => format!("\"{}\"", settings.storage.database_url.redacted()),
        (_, None) => "(not set)".to_owned(),
        (_, Some(value)) => value.shown().unwrap_or_else(|| "(hidden)".to_owned()),
    }
}
