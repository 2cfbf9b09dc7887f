//! What Python's parser says, character for character, and where this one is stricter.

use super::*;

#[test]
fn errors_are_pythons() {
    for (text, position, message) in [
        ("  \n", 3, "Expecting value"),
        ("{", 1, NO_NAME),
        ("}", 0, NO_VALUE),
        ("[", 1, NO_VALUE),
        ("{\"a\"", 4, NO_COLON),
        ("{\"a\":", 5, NO_VALUE),
        ("{\"a\":1", 6, NO_COMMA),
        ("{\"a\":1,", 7, NO_NAME),
        ("{\"a\":1,}", 7, NO_NAME),
        ("[1,]", 3, NO_VALUE),
        ("[1", 2, NO_COMMA),
        ("{\"a\" 1}", 5, NO_COLON),
        ("{'a':1}", 1, NO_NAME),
        ("{1:2}", 1, NO_NAME),
        ("{,}", 1, NO_NAME),
        ("{\"a\":1,,}", 7, NO_NAME),
        ("tru", 0, NO_VALUE),
        ("\"abc", 0, "Unterminated string starting at"),
        ("\"\\", 0, "Unterminated string starting at"),
        ("\"a\nb\"", 2, "Invalid control character at"),
        ("\"\0\"", 1, "Invalid control character at"),
        ("\"a\\x\"", 2, "Invalid \\escape"),
        ("\"a\\u12\"", 3, "Invalid \\uXXXX escape"),
        ("\"\\u12g4\"", 2, "Invalid \\uXXXX escape"),
        ("\"\\u+123\"", 2, "Invalid \\uXXXX escape"),
        ("{}x", 2, "Extra data"),
        ("{} {}", 3, "Extra data"),
        ("01", 1, "Extra data"),
        ("1.", 1, "Extra data"),
        ("1e", 1, "Extra data"),
        ("[]]", 2, "Extra data"),
        ("-", 0, NO_VALUE),
        ("+1", 0, NO_VALUE),
        (".5", 0, NO_VALUE),
        ("{\"a\":1 \"b\":2}", 7, NO_COMMA),
        ("[1 2]", 3, NO_COMMA),
        ("// c\n{}", 0, NO_VALUE),
        ("\u{b}{}", 0, NO_VALUE),
        ("{\"a\":\n\n  x}", 9, NO_VALUE),
        ("\"é\" x", 4, "Extra data"),
        ("{\"é\":\n\"ü\" 1}", 10, NO_COMMA),
        ("-NaN", 0, NO_VALUE),
        // Python takes these.
        ("NaN", 0, NO_VALUE),
        ("-Infinity", 0, NO_VALUE),
        ("[1e400]", 1, "Number out of range"),
        ("\u{feff}{}", 0, "Unexpected UTF-8 byte order mark"),
        ("{\"a\":1,\"é\":[{\"b\":1,\"\\u0062\":2}]}", 19, "Duplicate property name"),
    ] {
        assert_eq!(parse_json(text.as_bytes()), Err(JsonError::Syntax { position, message }), "{text:?}");
    }
}

#[test]
fn what_is_no_text() {
    for body in [
        &b"\"\xff\""[..],
        b"\"\xc0\xaf\"",
        b"\"\\ud800\"",
        b"\"\\udc00\"",
        b"\"\\ud800\\ud800\"",
        b"\"\\ud83d\\n\"",
    ] {
        assert_eq!(parse_json(body), Err(JsonError::NotText));
    }
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(matches!(parse_json(&utf16), Err(JsonError::Syntax { position: 0, .. })));
    assert!(matches!(parse_json(&utf16[2..]), Err(JsonError::Syntax { position: 1, .. })));
}

#[test]
fn h22_bounds() {
    for (body, error) in [
        ("[".repeat(1_000_000), "Too deeply nested"),
        ("{\"a\":".repeat(200_000), "Too deeply nested"),
        (format!("[{}1]", "1,".repeat(100_000)), "Too many values"),
        (format!("\"{}\"", "a".repeat(1 << 20)), "String too long"),
    ] {
        match parse_json(body.as_bytes()) {
            Err(JsonError::Syntax { message, .. }) => assert_eq!(message, error),
            other => panic!("{error}: {other:?}"),
        }
    }
    assert!(parse_json(format!("{}{}", "[".repeat(64), "]".repeat(64)).as_bytes()).is_ok());
}

#[test]
fn values_are_those_of_serde_json() {
    for text in [
        "null",
        " [true,false , \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\u{7f}\"] ",
        "{\"a\":{\"b\":[]},\"c\":{}}",
        "[0,-0,-0.0,1.5,1E5,1e22,-9223372036854775808,18446744073709551615,123456789012345678901234567890,1e-400]",
    ] {
        let ours: Value = parse_json(text.as_bytes()).unwrap().into();
        assert!(same(&ours, &serde_json::from_str(text).unwrap()), "{text}");
    }
    let echoed: Value = parse_json(b"[0,-0,-0.0,1E5,1.50,18446744073709551615]").unwrap().into();
    assert_eq!(echoed.to_string(), "[0,0,-0.0,100000.0,1.5,18446744073709551615]");
}

proptest::proptest! {
    /// Whatever is read here is read by serde_json too, and the same.
    #[test]
    fn never_more_than_json(text in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+ntrls -]{0,40}") {
        if let Ok(ours) = parse_json(text.as_bytes()) {
            let theirs: Value = serde_json::from_str(&text).unwrap();
            proptest::prop_assert!(same(&ours.into(), &theirs));
        }
    }
}

/// The same but for numbers: serde_json rounds a float's last digit otherwise, and has `-0` as a float.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= f64::EPSILON * 8.0 * a.abs().max(b.abs()).max(f64::MIN_POSITIVE)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        (a, b) => a == b,
    }
}
