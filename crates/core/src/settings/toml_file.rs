//! `sekisho.toml`: sections of keys, every one of them known.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layer::{Layer, Origin, SettingsError, printable};
use super::registry::{self, SETTINGS};
use super::suggest::nearest;
use super::value::Raw;

/// Reads the text of a configuration file; `file` is its name for error lines.
///
/// An unknown section or key is an error, with the name that was probably meant.
pub fn layer_from_toml(text: &str, file: &str) -> Result<Layer, Vec<SettingsError>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ends_of_lines: Vec<usize> = text.match_indices('\n').map(|(i, _)| i).collect();
    let line = |offset: usize| ends_of_lines.partition_point(|end| *end < offset) + 1;
    let at = |span: Range<usize>| Origin::File { file: file.to_owned(), line: line(span.start) };
    let document = DeTable::parse(text).map_err(|e| {
        // The parser's own display would quote the line, and with it perhaps a secret.
        let what = e.message().lines().next().unwrap_or("not TOML").to_owned();
        vec![SettingsError::new(at(e.span().unwrap_or_default()), format!("not TOML: {what}"))]
    })?;
    let mut layer = Layer::default();
    let mut errors = Errors::default();
    for (section, value) in document.get_ref() {
        // The one key that may stand alone, because so much hangs on it.
        if section.get_ref() == "profile"
            && let (Some((index, _)), Some(raw)) = (registry::find("server.profile"), raw(value))
        {
            errors.extend(section.span(), layer.add(index, raw, at(section.span())).err());
            continue;
        }
        let DeValue::Table(table) = value.get_ref() else {
            errors.extend(
                section.span(),
                Some(SettingsError::new(at(section.span()), not_a_section(section.get_ref()))),
            );
            continue;
        };
        if !SETTINGS.iter().any(|s| s.section() == &**section.get_ref()) {
            errors.extend(
                section.span(),
                Some(SettingsError::new(at(section.span()), unknown_section(section.get_ref()))),
            );
            continue;
        }
        for (key, value) in table {
            let name = format!("{}.{}", section.get_ref(), key.get_ref());
            match registry::find(&name) {
                None => {
                    errors.extend(key.span(), Some(SettingsError::new(at(key.span()), unknown_key(&name))))
                }
                Some((index, setting)) => match raw(value) {
                    Some(raw) => errors.extend(key.span(), layer.add(index, raw, at(key.span())).err()),
                    None => {
                        let message = format!("{} has a value of the wrong kind", setting.key);
                        errors.extend(key.span(), Some(SettingsError::new(at(key.span()), message)));
                    }
                },
            }
        }
    }
    errors.finish(layer)
}

/// The parser gives keys in alphabetical order; a person reads from the top.
#[derive(Default)]
struct Errors(Vec<(usize, SettingsError)>);

impl Errors {
    fn extend(&mut self, span: Range<usize>, error: Option<SettingsError>) {
        self.0.extend(error.map(|e| (span.start, e)));
    }

    fn finish(mut self, layer: Layer) -> Result<Layer, Vec<SettingsError>> {
        self.0.sort_by_key(|(start, _)| *start);
        if self.0.is_empty() { Ok(layer) } else { Err(self.0.into_iter().map(|(_, e)| e).collect()) }
    }
}

fn raw(value: &Spanned<DeValue<'_>>) -> Option<Raw> {
    match value.get_ref() {
        DeValue::String(text) => Some(Raw::Text(text.to_string())),
        DeValue::Boolean(b) => Some(Raw::Bool(*b)),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).ok().map(Raw::Integer),
        DeValue::Array(list) => {
            let texts = list.iter().map(|v| match v.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                _ => None,
            });
            texts.collect::<Option<Vec<String>>>().map(Raw::List)
        }
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Table(_) => None,
    }
}

fn not_a_section(name: &str) -> String {
    let inside = SETTINGS.iter().find(|s| s.key.split_once('.').is_some_and(|(_, key)| key == name));
    match inside {
        Some(s) => format!("{} must stand in a section: [{}]", printable(name), s.section()),
        None => format!("unknown key {}; every key stands in a section", printable(name)),
    }
}

fn unknown_section(name: &str) -> String {
    match nearest(name, SETTINGS.iter().map(registry::Setting::section)) {
        Some(known) => format!("unknown section [{}]; did you mean [{known}]?", printable(name)),
        None => format!("unknown section [{}]; `sekisho config default` lists all settings", printable(name)),
    }
}

fn unknown_key(name: &str) -> String {
    let same_key =
        |s: &&registry::Setting| s.key.split_once('.').map(|k| k.1) == name.split_once('.').map(|k| k.1);
    let meant =
        nearest(name, SETTINGS.iter().map(|s| s.key)).or(SETTINGS.iter().find(same_key).map(|s| s.key));
    match meant {
        Some(known) => format!("unknown key {}; did you mean {known}?", printable(name)),
        None => format!("unknown key {}; `sekisho config default` lists all settings", printable(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        layer_from_toml(text, "sekisho.toml").unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_misspelt_key_names_the_one_that_was_meant() {
        assert_eq!(
            lines("[server]\nlisten = \"127.0.0.1:1\"\nportt = 9\n"),
            ["sekisho.toml:3: unknown key server.portt; did you mean server.port?"]
        );
        assert_eq!(
            lines("[sever]\nport = 9\n"),
            ["sekisho.toml:1: unknown section [sever]; did you mean [server]?"]
        );
        assert_eq!(
            lines("listen = \"127.0.0.1:1\"\n"),
            ["sekisho.toml:1: listen must stand in a section: [server]"]
        );
        assert_eq!(
            lines("[server]\nmin_length = 9\n"),
            ["sekisho.toml:2: unknown key server.min_length; did you mean password.min_length?"]
        );
    }

    #[test]
    fn the_profile_may_stand_alone() {
        let layer = layer_from_toml("profile = \"production\"\n", "sekisho.toml").unwrap();
        assert_eq!(layer.entries[0].value.shown().as_deref(), Some("\"production\""));
        assert_eq!(lines("profile = \"prod\"\n").len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_value() {
        let text = "[tokens]\nsecret_key = \"canary\nalgorithm = 5\n";
        let found = lines(text);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("sekisho.toml:2: not TOML: ") && !found[0].contains("canary"),
            "{found:?}"
        );
        assert_eq!(
            lines("[http]\ntrusted_proxies = [1]\nbody_limit_bytes = 1.5\n"),
            [
                "sekisho.toml:2: http.trusted_proxies has a value of the wrong kind",
                "sekisho.toml:3: http.body_limit_bytes has a value of the wrong kind"
            ]
        );
    }
}
