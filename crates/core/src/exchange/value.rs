//! The values of a record: what a text, a number or a truth value of another system is taken for.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::error::RowError;
use super::{LONGEST_RECORD, MOST_VALUES};
use crate::accounts::LoginName;
use crate::rfc3339;
use crate::time::Timestamp;
use crate::wire::{Json, parse_json_within};

/// A text that is kept: at most as long as a log-in name, and without U+0000, which no database keeps.
pub(super) fn text(name: &str, value: Json) -> Result<String, RowError> {
    match value {
        Json::Text(text) => sound(name, text),
        _ => Err(RowError::of(name, "must be a text")),
    }
}

/// An identifier: a text, or a whole number as most databases have it.
pub(super) fn identifier(name: &str, value: Json) -> Result<String, RowError> {
    match value {
        Json::Number(number) if !number.is_f64() => Ok(number.to_string()),
        Json::Text(text) => sound(name, text),
        _ => Err(RowError::of(name, "must be a text or a whole number")),
    }
}

fn sound(name: &str, text: String) -> Result<String, RowError> {
    if text.contains('\0') {
        return Err(RowError::of(name, "holds U+0000"));
    }
    if text.len() > LoginName::MAX {
        return Err(RowError::of(name, format!("is longer than {} bytes", LoginName::MAX)));
    }
    Ok(text)
}

/// A truth value in the spellings of JSON, of SQL dumps and of Python.
pub(super) fn truth(name: &str, value: &Json) -> Result<bool, RowError> {
    let said = match value {
        Json::Bool(truth) => Some(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Json::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    said.ok_or_else(|| RowError::of(name, "must be true or false"))
}

/// A point in time; without a zone it is UTC.
pub(super) fn time(name: &str, value: &Json) -> Result<Timestamp, RowError> {
    let read = match value {
        Json::Text(text) => rfc3339::parse_or_utc(text),
        _ => None,
    };
    read.ok_or_else(|| RowError::of(name, "must be a time such as 2024-03-14T04:37:28Z"))
}

/// The highest version of tokens that a record may have: raised once a microsecond it lasts 285 years, and every reader of
/// JSON keeps it (RFC 8259, 6).
const HIGHEST_COUNT: i64 = 1 << 53;

/// A whole number from 0 to [`HIGHEST_COUNT`].
pub(super) fn count(name: &str, value: &Json) -> Result<i64, RowError> {
    let read = match value {
        Json::Number(number) => number.as_i64(),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    };
    read.filter(|number| (0..=HIGHEST_COUNT).contains(number))
        .ok_or_else(|| RowError::of(name, format!("must be a whole number from 0 to {HIGHEST_COUNT}")))
}

/// The numbers of items: a list, or a list written as a text.
pub(super) fn numbers(name: &str, value: Json) -> Result<Vec<i64>, RowError> {
    let wrong = || RowError::of(name, "must be a list of different whole numbers from 1");
    let Json::List(list) = nested(name, value)? else { return Err(wrong()) };
    let number = |value: Json| match value {
        Json::Number(number) => number.as_i64().filter(|number| *number > 0),
        _ => None,
    };
    let numbers: Vec<i64> = list.into_iter().map(number).collect::<Option<_>>().ok_or_else(wrong)?;
    let different = numbers.iter().collect::<HashSet<_>>().len() == numbers.len();
    if different { Ok(numbers) } else { Err(wrong()) }
}

/// A JSON object, or one written as a text.
pub(super) fn object(name: &str, value: Json) -> Result<Map<String, Value>, RowError> {
    match nested(name, value)? {
        Json::Object(members) => {
            members.into_iter().map(|(key, value)| Ok((key, plain(name, value)?))).collect()
        }
        _ => Err(RowError::of(name, "must be a JSON object")),
    }
}

/// A value that is kept as it is.
pub(super) fn plain(name: &str, value: Json) -> Result<Value, RowError> {
    let value = Value::from(value);
    if holds_nul(&value) { Err(RowError::of(name, "holds U+0000")) } else { Ok(value) }
}

/// The bound on the nesting of what is parsed bounds the recursion.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// Whether `extra` and this many items leave room in a record for the rest, so that what came in can go out again.
pub(crate) fn fits_a_record(extra: &Map<String, Value>, items: usize) -> bool {
    fn measure(value: &Value, depth: usize, values: &mut usize) -> bool {
        *values += 1;
        depth > 0
            && match value {
                Value::Array(list) => list.iter().all(|value| measure(value, depth - 1, values)),
                Value::Object(members) => members.values().all(|value| measure(value, depth - 1, values)),
                _ => true,
            }
    }
    let mut values = items;
    let shallow = extra.values().all(|value| measure(value, 60, &mut values));
    // The other members are fewer than a hundred values, and a quarter of the bytes at most.
    let short = || serde_json::to_string(extra).is_ok_and(|text| text.len() < LONGEST_RECORD / 2);
    shallow && values < MOST_VALUES - 100 && (extra.is_empty() || short())
}

/// In a CSV file every value is a text: what such a text says.
fn nested(name: &str, value: Json) -> Result<Json, RowError> {
    match value {
        Json::Text(text) => parse_json_within(text.as_bytes(), MOST_VALUES)
            .map_err(|error| RowError::of(name, format!("is not JSON: {error}"))),
        other => Ok(other),
    }
}
