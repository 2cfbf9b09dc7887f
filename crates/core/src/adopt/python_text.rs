//! Python's string literals (The Python Language Reference, 2.4.1), read without running anything.

/// A string literal that begins a text.
pub(super) struct StringLiteral {
    /// What it says; `None` where that takes running (an f-string with braces, `\N{…}`) or it never ends.
    pub(super) value: Option<String>,
    /// How many bytes of the text it takes.
    pub(super) length: usize,
}

/// Reads the literal at the start of `text`, prefix included; `None` if none begins there.
pub(super) fn string_literal(text: &str) -> Option<StringLiteral> {
    let prefix = text.bytes().take(3).take_while(|byte| b"rRbBuUfFtT".contains(byte)).count();
    let (letters, rest) = text.split_at(prefix);
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let is = |letter: char| letters.chars().any(|c| c.eq_ignore_ascii_case(&letter));
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let mark = if rest.starts_with(&triple) { &triple[..] } else { &triple[..1] };
    let inside = &rest[mark.len()..];
    let end = closing(inside, mark);
    let content = &inside[..end.unwrap_or_else(|at| at)];
    let length = prefix + mark.len() + content.len() + if end.is_ok() { mark.len() } else { 0 };
    let formatted = is('f') || is('t');
    let value = match end {
        Err(_) => None,
        Ok(_) if formatted && content.contains(['{', '}']) => None,
        Ok(_) if is('r') => Some(content.to_owned()),
        Ok(_) => unescaped(content),
    };
    Some(StringLiteral { value, length })
}

/// Where the closing mark stands; else where reading goes on after a literal that is none.
fn closing(inside: &str, mark: &str) -> Result<usize, usize> {
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => _ = chars.next(),
            // A plain literal ends with its line.
            '\n' if mark.len() == 1 => return Err(at),
            _ if inside[at..].starts_with(mark) => return Ok(at),
            _ => {}
        }
    }
    Err(inside.len())
}

fn unescaped(content: &str) -> Option<String> {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let c = after.chars().next()?;
        rest = &after[c.len_utf8()..];
        match c {
            '\n' => {}
            '\\' | '\'' | '"' => out.push(c),
            'a' => out.push('\u{7}'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'v' => out.push('\u{b}'),
            'x' => out.push(code(&mut rest, 2)?),
            'u' => out.push(code(&mut rest, 4)?),
            'U' => out.push(code(&mut rest, 8)?),
            'N' => return None,
            '0'..='7' => {
                let digits = after.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                out.push(char::from_u32(u32::from_str_radix(&after[..digits], 8).ok()?)?);
                rest = &after[digits..];
            }
            other => {
                out.push('\\');
                out.push(other);
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

/// The character of this many hexadecimal digits, taken off `rest`.
fn code(rest: &mut &str, digits: usize) -> Option<char> {
    let text = rest.get(..digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    *rest = &rest[digits..];
    char::from_u32(u32::from_str_radix(text, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<String> {
        string_literal(text).unwrap().value
    }

    #[test]
    fn literals_say_what_python_says() {
        for (text, said) in [
            (r#""abc" + x"#, "abc"),
            (r"'a\'b'", "a'b"),
            (r#""\x41\u3042\U0001F511\101\n\q""#, "Aあ🔑A\n\\q"),
            (r#"r"a\n""#, "a\\n"),
            (r#"b'abc'"#, "abc"),
            (r#"f"abc""#, "abc"),
            ("\"\"\"a\n\"b\"\n\"\"\"", "a\n\"b\"\n"),
            ("'a\\\nb'", "ab"),
            ("''", ""),
        ] {
            assert_eq!(value(text).as_deref(), Some(said), "{text}");
        }
    }

    #[test]
    fn what_takes_running_or_never_ends_has_no_value() {
        for text in [r#"f"{x}""#, r#""\N{BULLET}""#, "'abc\n'", "\"\"\"abc", "'abc\\", r"'\xg1'", r"'\ud800'"]
        {
            assert_eq!(value(text), None, "{text}");
        }
        assert!(string_literal("abc").is_none() && string_literal("").is_none());
        assert_eq!(string_literal("rb'abc' x").unwrap().length, 7);
        assert_eq!(string_literal("'abc\nx").unwrap().length, 4);
    }
}
