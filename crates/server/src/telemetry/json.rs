//! One JSON object a line, its members in the order in which they are read best.

use std::fmt::Write as _;

use serde_json::Value;

use super::escape::unsafe_on_a_line;

/// The object with these members, in this order, and a line feed.
pub(super) fn line<'a>(members: impl IntoIterator<Item = (&'a str, Value)>) -> String {
    let mut out = String::with_capacity(256);
    for (name, value) in members {
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&Value::from(name).to_string());
        out.push(':');
        push_escaped(&mut out, &value.to_string());
    }
    out.push_str("}\n");
    out
}

/// JSON allows C1 controls and line separators within strings as they are; a terminal would act on them.
fn push_escaped(out: &mut String, json: &str) {
    for c in json.chars() {
        // Outside of strings JSON is ASCII, and all of these fit four digits.
        if unsafe_on_a_line(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn nothing_that_a_terminal_acts_on() {
        let text = "x\r\n\u{1b}[31m\u{9b}31m\u{85}\u{2028}\u{202e}関所";
        let written = line([("user", text.into())]);
        assert_eq!(written, "{\"user\":\"x\\r\\n\\u001b[31m\\u009b31m\\u0085\\u2028\\u202e関所\"}\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap()["user"], text);
    }
}
