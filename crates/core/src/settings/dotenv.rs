//! `.env`, read as python-dotenv reads it: `export`, quotes, escapes, comments, values over several lines, `${NAME}`.
//!
//! A line that it could not read is passed over with a warning, there and here. Where a name stands twice the last
//! one holds. `${NAME}` and `${NAME:-default}` are replaced inside any kind of quotes, by the environment first, then
//! by a name further up in the file. One difference: a byte order mark in front is dropped.

use super::layer::{Layer, Origin, SettingsError, layer_from_names};

/// No value grows beyond this by `${NAME}`.
const LONGEST_VALUE: usize = 1 << 20;

/// Reads the text of a `.env` file; `file` is its name for error lines, `env` looks into the environment for `${NAME}`.
pub fn layer_from_dotenv(
    text: &str,
    file: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Layer, Vec<SettingsError>> {
    let origin = |line, name: &str| Origin::DotEnv { file: file.to_owned(), line, name: name.to_owned() };
    let (lines, unreadable) = parse(text);
    let values = interpolate(lines, env).map_err(|(line, name)| {
        vec![SettingsError::new(origin(line, &name), "grows beyond 1 MiB by its ${…}")]
    })?;
    let mut layer = layer_from_names(values.into_iter().map(|(line, name, value)| {
        let origin = origin(line, &name);
        (name, value, origin)
    }))?;
    layer.warnings =
        unreadable.iter().map(|line| format!("{file}:{line}: this line could not be read")).collect();
    Ok(layer)
}

/// A line that set a name: where, which, to what. `NAME` without `=` has no value.
#[derive(Debug, PartialEq, Eq)]
struct Binding {
    line: usize,
    name: String,
    value: Option<String>,
}

/// The bindings in their order, and the lines that are none.
fn parse(text: &str) -> (Vec<Binding>, Vec<usize>) {
    // Python opens the file with universal newlines.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let mut rest = text.as_str();
    let (mut bindings, mut unreadable) = (Vec::new(), Vec::new());
    let mut line = 1;
    loop {
        let start = rest.trim_start_matches(is_space);
        line += newlines(&rest[..rest.len() - start.len()]);
        if start.is_empty() {
            return (bindings, unreadable);
        }
        let after = match statement(start) {
            Some((name, value, after)) => {
                bindings.extend(name.map(|name| Binding { line, name, value }));
                after
            }
            None => {
                unreadable.push(line);
                start.find('\n').map_or("", |end| &start[end + 1..])
            }
        };
        line += newlines(&start[..start.len() - after.len()]);
        rest = after;
    }
}

/// One statement and what follows it; a comment has no name.
#[allow(clippy::type_complexity)]
fn statement(text: &str) -> Option<(Option<String>, Option<String>, &str)> {
    let mut rest = text;
    if let Some(after) = text.strip_prefix("export")
        && after.starts_with(is_blank)
    {
        rest = after.trim_start_matches(is_blank);
    }
    let name;
    if rest.starts_with('#') {
        name = None;
    } else if let Some(quoted) = rest.strip_prefix('\'') {
        let end = quoted.find('\'').filter(|end| *end > 0)?;
        name = Some(quoted[..end].to_owned());
        rest = &quoted[end + 1..];
    } else {
        let end = rest.find(|c| c == '=' || c == '#' || is_space(c)).unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        name = Some(rest[..end].to_owned());
        rest = &rest[end..];
    }
    rest = rest.trim_start_matches(is_blank);
    let mut found = None;
    if let Some(after) = rest.strip_prefix('=') {
        let (value, after) = value(after.trim_start_matches(is_blank))?;
        found = Some(value);
        rest = after;
    }
    // A comment, then the end of the line.
    rest = rest.trim_start_matches(is_blank);
    if rest.starts_with('#') {
        rest = rest.find('\n').map_or("", |end| &rest[end..]);
    }
    if rest.is_empty() {
        return Some((name, found, rest));
    }
    rest.strip_prefix('\n').map(|after| (name, found, after))
}

fn value(text: &str) -> Option<(String, &str)> {
    match text.chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let inside = &text[1..];
            let end = closing_quote(inside, quote)?;
            Some((unescape(&inside[..end], quote), &inside[end + 1..]))
        }
        _ => {
            let end = text.find('\n').unwrap_or(text.len());
            let (line, rest) = text.split_at(end);
            Some((without_comment(line).trim_end_matches(is_space).to_owned(), rest))
        }
    }
}

/// A quote behind a backslash does not close; if no other does, the last such one closes after all.
fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut i, mut escaped) = (0, None);
    while i < bytes.len() {
        if bytes[i] == b'\\' && bytes.get(i + 1).copied().map(char::from) == Some(quote) {
            escaped = Some(i + 1);
            i += 2;
        } else if char::from(bytes[i]) == quote {
            return Some(i);
        } else {
            i += 1;
        }
    }
    escaped
}

fn unescape(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.peek().copied() } else { None };
        let plain = match (next, quote) {
            (Some(n @ ('\\' | '\'')), _) => Some(n),
            (Some('"'), '"') => Some('"'),
            (Some('a'), '"') => Some('\u{7}'),
            (Some('b'), '"') => Some('\u{8}'),
            (Some('f'), '"') => Some('\u{c}'),
            (Some('n'), '"') => Some('\n'),
            (Some('r'), '"') => Some('\r'),
            (Some('t'), '"') => Some('\t'),
            (Some('v'), '"') => Some('\u{b}'),
            _ => None,
        };
        match plain {
            Some(plain) => {
                chars.next();
                out.push(plain);
            }
            None => out.push(c),
        }
    }
    out
}

/// Cuts at the first `#` that has white space in front, white space included.
fn without_comment(line: &str) -> &str {
    for (i, _) in line.match_indices('#') {
        let before = line[..i].trim_end_matches(is_space);
        if before.len() < i {
            return before;
        }
    }
    line
}

type Resolved = Vec<(usize, String, String)>;

/// Replaces `${NAME}`; the error is the place of a value that grows without measure.
fn interpolate(
    bindings: Vec<Binding>,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Resolved, (usize, String)> {
    let mut done: Vec<(usize, String, Option<String>)> = Vec::new();
    for Binding { line, name, value } in bindings {
        let value = match value {
            None => None,
            Some(text) => {
                let look_up = |wanted: &str| match env(wanted) {
                    Some(found) => Some(Some(found)),
                    None => done.iter().find(|(_, n, _)| n == wanted).map(|(_, _, v)| v.clone()),
                };
                match replace_names(&text, &look_up) {
                    Some(text) => Some(text),
                    None => return Err((line, name)),
                }
            }
        };
        done.retain(|(_, n, _)| *n != name);
        done.push((line, name, value));
    }
    Ok(done.into_iter().filter_map(|(line, name, value)| Some((line, name, value?))).collect())
}

/// `look_up` says whether the name exists, and if so its value, which may be none. `None` if the result is too long.
fn replace_names(text: &str, look_up: &dyn Fn(&str) -> Option<Option<String>>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let inside = &rest[start + 2..];
        let name_end = inside.find(['}', ':']).unwrap_or(inside.len());
        let (name, tail) = inside.split_at(name_end);
        let (default, after) = match tail.strip_prefix(":-") {
            Some(default) => match default.split_once('}') {
                Some((default, after)) => (Some(default), Some(after)),
                None => (None, None),
            },
            None => (None, tail.strip_prefix('}')),
        };
        let Some(after) = after else {
            out.push_str(&rest[..start + 2]);
            rest = inside;
            continue;
        };
        out.push_str(&rest[..start]);
        match look_up(name) {
            Some(found) => out.push_str(&found.unwrap_or_default()),
            None => out.push_str(default.unwrap_or_default()),
        }
        if out.len() > LONGEST_VALUE {
            return None;
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|b| *b == b'\n').count()
}

/// White space as Python's `\s` has it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn is_blank(c: char) -> bool {
    is_space(c) && c != '\n'
}
