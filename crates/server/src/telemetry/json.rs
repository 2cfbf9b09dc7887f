//! One JSON object a line, its members in the order in which they are read best.

use serde_json::Value;

/// The object with these members, in this order, and a line feed.
pub(super) fn line<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> String {
    let mut out = String::with_capacity(256);
    for (name, value) in members {
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&Value::from(name).to_string());
        out.push(':');
        out.push_str(&value.to_string());
    }
    out.push_str("}\n");
    out
}
