//! `.env`, read as python-dotenv reads it: `export`, quotes, escapes, comments, values over several lines, `${NAME}`.
//!
//! A line that it could not read is passed over with a warning, there and here. Where a name stands twice the last
//! one holds. `${NAME}` and `${NAME:-default}` are replaced inside any kind of quotes, by the environment first, then
//! by a name further up in the file, as its `load_dotenv()` does.

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

/// What the text of a `.env` file sets, by line and name, whoever it is for; `${NAME}` finds names of the file alone.
///
/// A file with a value that grows without measure sets nothing.
pub(crate) fn dotenv_values(text: &str) -> Vec<(usize, String, String)> {
    interpolate(parse(text).0, &|_| None).unwrap_or_default()
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
        rest = start;
        match statement(&mut rest) {
            Some((name, value)) => bindings.extend(name.map(|name| Binding { line, name, value })),
            None => {
                unreadable.push(line);
                rest = rest.find('\n').map_or("", |end| &rest[end + 1..]);
            }
        }
        line += newlines(&start[..start.len() - rest.len()]);
    }
}

type Statement = (Option<String>, Option<String>);

/// Reads one statement off `rest`; a comment has no name. Where it fails, `rest` begins at the piece that failed.
fn statement(rest: &mut &str) -> Option<Statement> {
    if let Some(after) = rest.strip_prefix("export")
        && after.starts_with(is_blank)
    {
        *rest = after.trim_start_matches(is_blank);
    }
    let name = name(rest)?;
    *rest = rest.trim_start_matches(is_blank);
    let mut found = None;
    if let Some(after) = rest.strip_prefix('=') {
        *rest = after.trim_start_matches(is_blank);
        // `NAME= # comment` is empty, `NAME=#value` is not.
        let is_comment = rest.len() < after.len() && rest.starts_with('#');
        found = Some(if is_comment { String::new() } else { value(rest)? });
    }
    let end = rest.trim_start_matches(is_blank);
    if end.starts_with('#') {
        *rest = end.find('\n').map_or("", |end_of_line| &end[end_of_line..]);
    }
    let end = rest.trim_start_matches(is_blank);
    *rest = if end.is_empty() { end } else { end.strip_prefix('\n')? };
    Some((name, found))
}

/// Reads the name off `rest`, plain or in single quotes; the inner `None` is a comment.
fn name(rest: &mut &str) -> Option<Option<String>> {
    if rest.starts_with('#') {
        return Some(None);
    }
    if let Some(quoted) = rest.strip_prefix('\'') {
        let end = quoted.find('\'').filter(|end| *end > 0)?;
        *rest = &quoted[end + 1..];
        return Some(Some(quoted[..end].to_owned()));
    }
    let end = rest.find(|c| c == '=' || c == '#' || is_space(c)).unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    (end > 0).then(|| Some(name.to_owned()))
}

/// Reads the value off `rest`, to the closing quote or to the end of the line.
fn value(rest: &mut &str) -> Option<String> {
    if let Some(quote @ ('\'' | '"')) = rest.chars().next() {
        let inside = &rest[1..];
        let end = closing_quote(inside, quote)?;
        *rest = &inside[end + 1..];
        return Some(unescape(&inside[..end], quote));
    }
    let (line, after) = rest.split_at(rest.find('\n').unwrap_or(rest.len()));
    *rest = after;
    Some(without_comment(line).trim_end_matches(is_space).to_owned())
}

/// A backslash always belongs to the character behind it.
fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => _ = chars.next(),
            c if c == quote => return Some(i),
            _ => {}
        }
    }
    None
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

#[cfg(test)]
#[path = "dotenv_tests.rs"]
mod tests;
