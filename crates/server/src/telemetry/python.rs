//! Values written as the seeds' trace wrote them: the way Python prints a dictionary or a model.

use super::escape::one_line;
use serde_json::Value;
use std::fmt::Write as _;

/// Writes `{'username': 'tim', 'disabled': False}`.
pub(super) fn dict(out: &mut String, members: &[(String, Value)]) {
    out.push('{');
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        let _ = write!(out, "'{}': ", one_line(name));
        literal(out, value);
    }
    out.push('}');
}

/// Writes `username='tim' disabled=False`.
pub(super) fn model(out: &mut String, members: &[(String, Value)]) {
    for (i, (name, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(' ');
        }
        let _ = write!(out, "{}=", one_line(name));
        literal(out, value);
    }
}

fn literal(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(n) => {
            let _ = write!(out, "{n}");
        }
        Value::String(text) => {
            let _ = write!(out, "'{}'", one_line(&text.replace('\\', "\\\\").replace('\'', "\\'")));
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                literal(out, item);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let members: Vec<_> = members.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
            dict(out, &members);
        }
    }
}
