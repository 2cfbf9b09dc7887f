//! What another application knew of a user and Sekisho has no place for, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

use super::shape::{Cell, ColumnShape};
use crate::exchange::fits_a_record;

/// A value as JSON: 0 and 1 of a boolean column as truth values, the text of a JSON column as what it says, bytes in
/// base64, a number that JSON can't say as null.
pub(super) fn as_json(column: &ColumnShape, cell: Cell) -> Value {
    match cell {
        Cell::Null | Cell::TooLong => Value::Null,
        Cell::Integer(number @ (0 | 1)) if column.is_boolean() => Value::Bool(number == 1),
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cell::Text(text) if column.is_json() => {
            without_nul(serde_json::from_str(&text).unwrap_or(Value::String(text)))
        }
        Cell::Text(text) => without_nul(Value::String(text)),
        Cell::Bytes(bytes) => without_nul(Value::String(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => STANDARD.encode(error.as_bytes()),
        })),
    }
}

/// The value with a mark for each U+0000, which no text here holds. How deep it is was bounded when it was parsed.
fn without_nul(value: Value) -> Value {
    let mended = |text: String| if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text };
    match value {
        Value::String(text) => Value::String(mended(text)),
        Value::Array(list) => Value::Array(list.into_iter().map(without_nul).collect()),
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (mended(name), without_nul(value))).collect(),
        ),
        other => other,
    }
}

/// Takes out what an import would refuse, the longest first, and says what that was.
pub(super) fn left_out(extra: &mut Map<String, Value>) -> Vec<String> {
    let mut names = Vec::new();
    if fits_a_record(extra, 0) {
        return names;
    }
    // What is too deep or has too many values goes whatever else there is.
    let alone =
        |name: &String, value: &Value| fits_a_record(&Map::from_iter([(name.clone(), value.clone())]), 0);
    names.extend(extra.iter().filter(|(name, value)| !alone(name, value)).map(|(name, _)| name.clone()));
    names.iter().for_each(|name| _ = extra.remove(name));
    let mut longest: Vec<(usize, String)> =
        extra.iter().map(|(name, value)| (value.to_string().len(), name.clone())).collect();
    longest.sort();
    while !fits_a_record(extra, 0) {
        let Some((_, name)) = longest.pop() else { break };
        extra.remove(&name);
        names.push(name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(declared: &str, cell: Cell) -> String {
        let column = ColumnShape { declared: declared.into(), ..ColumnShape::default() };
        as_json(&column, cell).to_string()
    }

    #[test]
    fn a_cell_becomes_what_an_application_would_have_answered() {
        assert_eq!(shown("INTEGER", Cell::Integer(17)), "17");
        assert_eq!(shown("BOOLEAN", Cell::Integer(1)), "true");
        assert_eq!(shown("BOOLEAN", Cell::Integer(2)), "2");
        assert_eq!(shown("DATETIME", Cell::Text("2024-03-14 13:37:28".into())), "\"2024-03-14 13:37:28\"");
        assert_eq!(shown("JSON", Cell::Text("{\"a\": [1]}".into())), "{\"a\":[1]}");
        assert_eq!(shown("JSON", Cell::Text("{".into())), "\"{\"");
        assert_eq!(shown("jsonb", Cell::Text("{\"a\": null}".into())), "{\"a\":null}");
        assert_eq!(shown("character varying(20)[]", Cell::Text("[\"a\"]".into())), "[\"a\"]");
        assert_eq!(shown("BLOB", Cell::Bytes(vec![0xff, 0])), "\"/wA=\"");
        assert_eq!(shown("REAL", Cell::Real(f64::NAN)), "null");
        assert_eq!(shown("", Cell::Null), "null");
        assert_eq!(
            shown("JSON", Cell::Text("{\"a\\u0000\": \"\\u0000\"}".into())),
            "{\"a\u{fffd}\":\"\u{fffd}\"}"
        );
    }

    #[test]
    fn what_an_import_would_refuse_goes_and_no_more() {
        let deep = (0..80).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let mut extra = Map::from_iter([
            ("id".to_owned(), Value::from(7)),
            ("deep".to_owned(), deep),
            ("many".to_owned(), Value::Array(vec![Value::Null; 30_000])),
            ("a".to_owned(), Value::from("x".repeat(300_000))),
            ("b".to_owned(), Value::from("x".repeat(250_000))),
        ]);
        assert_eq!(left_out(&mut extra), ["deep", "many", "a"]);
        assert!(extra.len() == 2 && extra.contains_key("id") && extra.contains_key("b"));
        assert_eq!(left_out(&mut extra), [""; 0]);
    }
}
