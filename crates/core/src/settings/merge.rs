//! The layers laid over each other: the strongest value of each key, read by its type.

use std::sync::LazyLock;
use std::time::Duration;

use super::layer::{Layer, Origin, SettingsError};
use super::model::Settings;
use super::registry::{self, SETTINGS};
use super::toml_file::layer_from_toml;
use super::value::{Raw, Value};
use crate::secret::SecretString;

/// The text of `config.default.toml`: every setting, its default, its comment.
pub static DEFAULT_TOML: &str = include_str!("../../../server/config.default.toml");

/// That file, read once.
static DEFAULTS: LazyLock<Result<Layer, Vec<SettingsError>>> =
    LazyLock::new(|| layer_from_toml(DEFAULT_TOML, "config.default.toml"));

/// Where each effective value came from.
#[derive(Clone, Debug)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// Where the value of a key came from; the default for an unknown key.
    pub fn of(&self, key: &str) -> Origin {
        let found = registry::find(key).and_then(|(i, _)| self.0.get(i).cloned());
        found.unwrap_or(Origin::Default(""))
    }
}

/// The strongest value of each key, and what was found wrong with them so far.
pub(super) struct Merged {
    values: Vec<Option<Value>>,
    origins: Vec<Origin>,
    /// How strong the layer of each value is; 0 for a default.
    strengths: Vec<usize>,
    errors: Vec<SettingsError>,
    warnings: Vec<String>,
}

impl Merged {
    pub(super) fn new(layers: &[Layer]) -> Result<Merged, Vec<SettingsError>> {
        let defaults = DEFAULTS.as_ref().map_err(Clone::clone)?;
        let mut merged = Merged {
            values: SETTINGS.iter().map(|_| None).collect(),
            origins: vec![Origin::Default(""); SETTINGS.len()],
            strengths: vec![0; SETTINGS.len()],
            errors: Vec::new(),
            warnings: Vec::new(),
        };
        for entry in &defaults.entries {
            merged.values[entry.index] = Some(entry.value.clone());
        }
        for (below, layer) in layers.iter().enumerate() {
            for entry in &layer.entries {
                merged.values[entry.index] = Some(entry.value.clone());
                merged.origins[entry.index] = entry.origin.clone();
                merged.strengths[entry.index] = below + 1;
            }
            merged.warnings.extend(layer.warnings.iter().cloned());
        }
        Ok(merged)
    }

    /// Gives the settings, completed by what was collected, or everything that is wrong.
    pub(super) fn finish(self, mut settings: Settings) -> Result<(Settings, Origins), Vec<SettingsError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        settings.warnings = self.warnings;
        settings.values = self.values;
        Ok((settings, Origins(self.origins)))
    }

    /// A key's place in the registry; the keys are this program's own, and a test reads them all.
    fn index(key: &str) -> usize {
        match registry::find(key) {
            Some((index, _)) => index,
            None => unreachable!("no setting is called {key}"),
        }
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.values[Merged::index(key)].as_ref()
    }

    /// Whether any layer above the defaults sets the key.
    pub(super) fn is_set(&self, key: &str) -> bool {
        self.strength(key) > 0
    }

    /// How strong the layer is that sets the key; 0 for a default.
    pub(super) fn strength(&self, key: &str) -> usize {
        self.strengths[Merged::index(key)]
    }

    /// Puts a value in the place of one that was left to the server, and says what decided it.
    pub(super) fn decide(&mut self, key: &str, value: Raw, why: &'static str) {
        let index = Merged::index(key);
        if let Ok(value) = Value::check(&SETTINGS[index], value) {
            self.values[index] = Some(value);
        }
        if self.strengths[index] == 0 {
            self.origins[index] = Origin::Default(why);
        }
    }

    /// Takes over where another key's value came from: `server.listen` made of `--host` and `--port`.
    pub(super) fn take_origin(&mut self, key: &str, from: &str) {
        self.origins[Merged::index(key)] = self.origins[Merged::index(from)].clone();
        self.strengths[Merged::index(key)] = self.strength(from);
    }

    /// Notes an error at the place where the key was set.
    pub(super) fn wrong(&mut self, key: &str, message: impl AsRef<str>) {
        let origin = &self.origins[Merged::index(key)];
        self.errors.push(SettingsError::new(origin, format!("{key} {}", message.as_ref())));
    }

    /// Notes a warning about a key.
    pub(super) fn warn(&mut self, key: &str, message: &str) {
        let origin = &self.origins[Merged::index(key)];
        self.warnings.push(format!("{key} {message} ({origin})"));
    }

    pub(super) fn bool(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Value::Bool(true)))
    }

    /// A number within the registry's bounds.
    pub(super) fn number<T: TryFrom<i64> + Default>(&self, key: &str) -> T {
        match self.get(key) {
            Some(Value::Integer(n)) => T::try_from(*n).unwrap_or_default(),
            _ => T::default(),
        }
    }

    pub(super) fn seconds(&self, key: &str) -> Duration {
        Duration::from_secs(self.number(key))
    }

    /// A text; empty if not set.
    pub(super) fn text(&self, key: &str) -> String {
        match self.get(key) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    pub(super) fn list(&self, key: &str) -> Vec<String> {
        match self.get(key) {
            Some(Value::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn secret(&self, key: &str) -> Option<SecretString> {
        match self.get(key) {
            Some(Value::Secret(secret)) => Some(secret.clone()),
            _ => None,
        }
    }

    pub(super) fn secret_list(&self, key: &str) -> Vec<SecretString> {
        match self.get(key) {
            Some(Value::SecretList(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    /// Reads a text by a parser, if the key is set and not empty; what the parser says is noted at the key's place.
    pub(super) fn parsed<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(key);
        if text.is_empty() {
            return None;
        }
        match parse(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.wrong(key, why);
                None
            }
        }
    }
}
