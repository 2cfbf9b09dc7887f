//! What another application knew of a user and Sekisho has no place for, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use super::shape::{Cell, ColumnShape};

/// A value as JSON: 0 and 1 of a boolean column as truth values, the text of a JSON column as what it says, bytes in
/// base64, a number that JSON can't say as null.
pub(super) fn as_json(column: &ColumnShape, cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number @ (0 | 1)) if column.is_boolean() => Value::Bool(number == 1),
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cell::Text(text) if column.is_json() => serde_json::from_str(&text).unwrap_or(Value::String(text)),
        Cell::Text(text) => Value::String(text),
        Cell::Bytes(bytes) => Value::String(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => STANDARD.encode(error.as_bytes()),
        }),
    }
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
        assert_eq!(shown("BLOB", Cell::Bytes(vec![0xff, 0])), "\"/wA=\"");
        assert_eq!(shown("REAL", Cell::Real(f64::NAN)), "null");
        assert_eq!(shown("", Cell::Null), "null");
    }
}
