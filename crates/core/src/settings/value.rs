//! One value of a setting: read by its kind, shown as TOML.

use std::fmt;

use super::registry::{Kind, Setting};
use crate::secret::SecretString;

/// A value that fits its setting's kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Integer(i64),
    Text(String),
    List(Vec<String>),
    Secret(SecretString),
    SecretList(Vec<SecretString>),
}

/// What a layer holds before its kind is known.
pub(super) enum Raw {
    Bool(bool),
    Integer(i64),
    Text(String),
    List(Vec<String>),
}

impl Value {
    /// Checks a raw value against its setting; the error never repeats what was written, which may be a secret.
    pub(super) fn check(setting: &Setting, raw: Raw) -> Result<Value, String> {
        let value = match (setting.kind, raw) {
            (Kind::Bool, Raw::Bool(b)) => Value::Bool(b),
            (Kind::Bool, Raw::Text(text)) => Value::Bool(bool_of(&text)?),
            (Kind::Bool, _) => return Err("must be true or false".to_owned()),
            (Kind::Integer(low, high), raw) => {
                let number = match raw {
                    Raw::Integer(n) => Some(n),
                    Raw::Text(text) => integer_of(&text),
                    Raw::Bool(_) | Raw::List(_) => None,
                };
                match number {
                    Some(n) if (low..=high).contains(&n) => Value::Integer(n),
                    _ => return Err(format!("must be a whole number from {low} to {high}")),
                }
            }
            (Kind::Choice(words), raw) => {
                let text = match raw {
                    Raw::Text(text) => text,
                    Raw::Bool(b) => word_of_bool(words, b).to_owned(),
                    Raw::Integer(_) | Raw::List(_) => String::new(),
                };
                let text = match words.iter().find(|w| w.eq_ignore_ascii_case(text.trim())) {
                    Some(word) => (*word).to_owned(),
                    None => match bool_of(&text).map(|b| word_of_bool(words, b)) {
                        Ok(word) if !word.is_empty() => word.to_owned(),
                        _ => return Err(format!("must be one of {}", words.join(", "))),
                    },
                };
                Value::Text(text)
            }
            (Kind::Text, Raw::Text(text)) => text_of(setting, text)?,
            (Kind::Text, _) => return Err("must be a text in quotes".to_owned()),
            (Kind::List, Raw::List(list)) => list_of(setting, list)?,
            (Kind::List, Raw::Text(text)) => {
                let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned);
                list_of(setting, parts.collect())?
            }
            (Kind::List, _) => return Err("must be a list of texts, [\"…\", \"…\"]".to_owned()),
        };
        Ok(value)
    }

    /// The value as TOML would have it; `None` if it is secret.
    pub(super) fn shown(&self) -> Option<String> {
        Some(match self {
            Value::Bool(b) => b.to_string(),
            Value::Integer(n) => n.to_string(),
            Value::Text(text) => Quoted(text).to_string(),
            Value::List(list) => {
                let parts: Vec<String> = list.iter().map(|t| Quoted(t).to_string()).collect();
                format!("[{}]", parts.join(", "))
            }
            Value::Secret(_) | Value::SecretList(_) => return None,
        })
    }
}

fn text_of(setting: &Setting, text: String) -> Result<Value, String> {
    if text.contains('\0') {
        return Err("must not contain U+0000".to_owned());
    }
    if !setting.secret {
        return Ok(Value::Text(text));
    }
    if text.is_empty() {
        return Err("must not be empty".to_owned());
    }
    Ok(Value::Secret(SecretString::new(text)))
}

fn list_of(setting: &Setting, list: Vec<String>) -> Result<Value, String> {
    if list.iter().any(|t| t.is_empty() || t.contains('\0')) {
        return Err("must not have an empty entry or one with U+0000".to_owned());
    }
    Ok(if setting.secret {
        Value::SecretList(list.into_iter().map(SecretString::new).collect())
    } else {
        Value::List(list)
    })
}

/// Reads a truth value of the environment as uvicorn and pydantic do.
fn bool_of(text: &str) -> Result<bool, String> {
    let text = text.trim();
    let is = |words: &[&str]| words.iter().any(|w| w.eq_ignore_ascii_case(text));
    if is(&["true", "1", "yes", "on"]) {
        Ok(true)
    } else if is(&["false", "0", "no", "off"]) {
        Ok(false)
    } else {
        Err("must be true or false".to_owned())
    }
}

/// A choice that has a word for yes and for no takes a truth value too; empty if it has none.
fn word_of_bool(words: &[&'static str], yes: bool) -> &'static str {
    let wanted: [&str; 2] = if yes { ["true", "on"] } else { ["false", "off"] };
    words.iter().copied().find(|w| wanted.contains(w)).unwrap_or_default()
}

fn integer_of(text: &str) -> Option<i64> {
    let digits = text.trim();
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// A text as a TOML basic string, in its quotes.
pub fn toml_text(text: &str) -> String {
    Quoted(text).to_string()
}

/// A TOML basic string.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}
