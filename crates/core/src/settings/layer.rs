//! A layer of settings: what one file, the environment or the flags say, and where they say it.

use std::fmt;

use super::registry::{self, SETTINGS};
use super::suggest::nearest;
use super::value::{Raw, Value};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The default, with what decided it where that is not fixed.
    Default(&'static str),
    /// A line of `sekisho.toml`.
    File {
        /// The file's name as it was given.
        file: String,
        /// Counted from 1.
        line: usize,
    },
    /// A line of `.env`.
    DotEnv {
        /// The file's name as it was given.
        file: String,
        /// Counted from 1.
        line: usize,
        /// The name in that line.
        name: String,
    },
    /// The environment.
    Env {
        /// The name there.
        name: String,
    },
    /// The command line.
    Flag {
        /// The flag as typed, `--listen`.
        flag: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default("") => f.write_str("default"),
            Origin::Default(why) => write!(f, "default ({why})"),
            Origin::File { file, line } => write!(f, "{file}:{line}"),
            Origin::DotEnv { file, line, name } => write!(f, "{file}:{line} ({})", printable(name)),
            Origin::Env { name } => write!(f, "environment ({})", printable(name)),
            Origin::Flag { flag } => f.write_str(flag),
        }
    }
}

/// One thing that is wrong with the settings, as one line without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// Where: `sekisho.toml:3`, `environment (SECRET_KEY)`, `--listen`.
    pub place: String,
    /// What, without the value if that may be secret.
    pub message: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for SettingsError {}

impl SettingsError {
    pub(super) fn new(place: impl fmt::Display, message: impl Into<String>) -> SettingsError {
        SettingsError { place: place.to_string(), message: message.into() }
    }
}

/// What one source says. Layers are given to [`resolve`](super::resolve) from the weakest to the strongest.
#[derive(Debug, Default)]
pub struct Layer {
    pub(super) entries: Vec<Entry>,
    /// What could not be read and was passed over.
    pub(super) warnings: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// The setting's place in the registry.
    pub(super) index: usize,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

impl Layer {
    /// Checks and adds a value; a later one for the same key wins.
    pub(super) fn add(&mut self, index: usize, raw: Raw, origin: Origin) -> Result<(), SettingsError> {
        let setting = &SETTINGS[index];
        match Value::check(setting, raw) {
            Ok(value) => {
                self.entries.retain(|e| e.index != index);
                self.entries.push(Entry { index, value, origin });
                Ok(())
            }
            Err(why) => Err(SettingsError::new(origin, format!("{} {why}", setting.key))),
        }
    }
}

/// Reads the command line's settings: key, flag as typed, value.
///
/// The keys are the program's own: an unknown one is an error too, so that a test finds it.
pub fn layer_from_flags<'a>(
    flags: impl IntoIterator<Item = (&'a str, &'a str, String)>,
) -> Result<Layer, Vec<SettingsError>> {
    let mut layer = Layer::default();
    let mut errors = Vec::new();
    for (key, flag, text) in flags {
        let origin = Origin::Flag { flag: flag.to_owned() };
        match registry::find(key) {
            Some((index, _)) => errors.extend(layer.add(index, Raw::Text(text), origin).err()),
            None => errors.push(SettingsError::new(origin, format!("sets the unknown key {key}"))),
        }
    }
    if errors.is_empty() { Ok(layer) } else { Err(errors) }
}

/// Reads the environment. Names that begin with `SEKISHO_` must be known; all other unknown names are other people's.
///
/// An empty value counts as not set.
pub fn layer_from_env(vars: impl IntoIterator<Item = (String, String)>) -> Result<Layer, Vec<SettingsError>> {
    layer_from_names(vars.into_iter().map(|(name, value)| {
        let origin = Origin::Env { name: name.clone() };
        (name, value, origin)
    }))
}

/// What the environment and `.env` have in common.
pub(super) fn layer_from_names(
    vars: impl IntoIterator<Item = (String, String, Origin)>,
) -> Result<Layer, Vec<SettingsError>> {
    let mut layer = Layer::default();
    let mut errors = Vec::new();
    let mut seen: Vec<(usize, String)> = Vec::new();
    for (name, text, origin) in vars {
        if is_someone_elses(&name, &text) {
            continue;
        }
        let Some((index, setting)) = registry::find_env(&name) else {
            if name.starts_with("SEKISHO_") {
                errors.push(SettingsError::new(origin, unknown_name(&name)));
            }
            continue;
        };
        if text.is_empty() {
            continue;
        }
        if let Some((_, other)) = seen.iter().find(|(i, other)| *i == index && *other != name) {
            errors.push(SettingsError::new(origin, format!("{} is also set by {other}", setting.key)));
            continue;
        }
        seen.push((index, name));
        errors.extend(layer.add(index, Raw::Text(text), origin).err());
    }
    if errors.is_empty() { Ok(layer) } else { Err(errors) }
}

/// Names with our prefix that are not ours to judge: the configuration file's own name, what tests hand over, and
/// the variables that Kubernetes makes for a service called `sekisho`.
fn is_someone_elses(name: &str, text: &str) -> bool {
    name == "SEKISHO_CONFIG"
        || name.starts_with("SEKISHO_TEST_")
        || name.starts_with("SEKISHO_SERVICE_")
        || name.starts_with("SEKISHO_PORT_")
        || (name == "SEKISHO_PORT" && text.contains("://"))
}

fn unknown_name(name: &str) -> String {
    let derived: Vec<String> = SETTINGS.iter().map(registry::Setting::derived_env).collect();
    let short = SETTINGS.iter().flat_map(|s| s.env.iter().copied()).filter(|n| n.starts_with("SEKISHO_"));
    match nearest(name, derived.iter().map(String::as_str).chain(short)) {
        Some(known) => format!("unknown name {}; did you mean {known}?", printable(name)),
        None => format!("unknown name {}; `sekisho config default` lists all settings", printable(name)),
    }
}

/// Outside text in an error line: one line, not endless.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Result<Layer, Vec<SettingsError>> {
        layer_from_env(vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    }

    fn lines(result: Result<Layer, Vec<SettingsError>>) -> Vec<String> {
        result.unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn names_of_others_are_left_alone() {
        let layer = env(&[
            ("PATH", "/bin"),
            ("PORT", "80"),
            ("SEKISHO_CONFIG", "x.toml"),
            ("SEKISHO_SERVICE_HOST", "10.0.0.1"),
            ("SEKISHO_PORT", "tcp://10.0.0.1:80"),
            ("SEKISHO_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("SEKISHO_LISTEN", ""),
        ]);
        assert!(layer.unwrap().entries.is_empty());
    }

    #[test]
    fn our_prefix_must_be_known() {
        assert_eq!(
            lines(env(&[("SEKISHO_LISTN", "x")])),
            ["environment (SEKISHO_LISTN): unknown name SEKISHO_LISTN; did you mean SEKISHO_LISTEN?"]
        );
        assert_eq!(lines(env(&[("SEKISHO_HTTP_BODY_LIMIT", "5")])).len(), 1,);
    }

    #[test]
    fn values_are_checked_and_never_repeated() {
        assert_eq!(
            lines(env(&[("ACCESS_TOKEN_EXPIRE_MINUTES", "soon")])),
            [
                "environment (ACCESS_TOKEN_EXPIRE_MINUTES): tokens.access_token_expire_minutes must be a whole number from 1 to 525600"
            ]
        );
        assert_eq!(
            lines(env(&[("ALGORITHM", "RS256")])),
            ["environment (ALGORITHM): tokens.algorithm must be one of HS256, HS384, HS512"]
        );
        let both = env(&[("SECRET_KEY", "canary-1"), ("SEKISHO_TOKENS_SECRET_KEY", "canary-2")]);
        let text = format!("{both:?}");
        assert!(both.is_err() && !text.contains("canary"), "{text}");
    }

    #[test]
    fn truth_has_several_spellings() {
        for (text, shown) in [("1", "\"on\""), ("true", "\"on\""), ("AUTO", "\"auto\""), ("no", "\"off\"")] {
            let layer = env(&[("SEKISHO_TRACE_AUTH", text)]).unwrap();
            assert_eq!(layer.entries[0].value.shown().as_deref(), Some(shown));
        }
    }
}
