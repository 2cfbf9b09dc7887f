//! Outside text made safe for one line of a log or a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with every character that could break a line, move a cursor or reorder letters written as an escape.
///
/// Escaped are C0 and C1 controls, DEL, the line and paragraph separators, and the characters that change the direction of
/// writing. Everything else, Japanese and emoji included, passes as it is. A text that needs nothing is not copied.
pub fn one_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(unsafe_on_a_line) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if unsafe_on_a_line(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a character could break a line, move a cursor or reorder letters.
pub(super) fn unsafe_on_a_line(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(one_line("tim\r\nERROR forged"), "tim\\r\\nERROR forged");
        assert_eq!(one_line("\u{1b}[31mred\u{9b}m"), "\\u{1b}[31mred\\u{9b}m");
        assert_eq!(one_line("a\u{2028}b\u{202e}c"), "a\\u{2028}b\\u{202e}c");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(one_line("関所 🏯"), std::borrow::Cow::Borrowed("関所 🏯")));
    }
}
