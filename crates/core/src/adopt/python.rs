//! Assignments in Python source, as text: nothing is run or imported.

use super::python_text::string_literal;

/// `NAME = value` or `NAME: type = value`, a statement of its own at any indentation.
pub(super) struct Assignment<'a> {
    pub(super) name: &'a str,
    /// Counted from 1.
    pub(super) line: usize,
    /// From the name to the `=`, on one line.
    pub(super) head: String,
    pub(super) value: Value,
}

/// What is assigned.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// A text, or several that stand side by side.
    Text(String),
    /// A whole number, or a product of such.
    Integer(i64),
    /// Something that only running would tell.
    Computed,
}

enum Token<'a> {
    Name(&'a str, usize),
    Text(Option<String>),
    Number(&'a str),
    /// An operator of one character.
    Sign(char),
    /// An operator of several characters, or a character that is none.
    Other,
}

/// Every assignment to a plain name, in order.
pub(super) fn assignments(source: &str) -> Vec<Assignment<'_>> {
    read(source).0
}

/// The assignments, and whether all brackets are closed in the end: of what stands behind one that is not, nothing is known.
pub(super) fn read(source: &str) -> (Vec<Assignment<'_>>, bool) {
    // Python opens the file with universal newlines; a line counts as such whatever ends it.
    let mut found = Vec::new();
    let mut statement: Vec<(Token<'_>, usize)> = Vec::new();
    let (mut at, mut line, mut depth) = (0, 1, 0_usize);
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let start = at;
        at += c.len_utf8();
        match c {
            '\n' => {
                line += 1;
                if depth == 0 {
                    found.extend(assignment(source, &statement));
                    statement.clear();
                }
                continue;
            }
            ';' if depth == 0 => {
                found.extend(assignment(source, &statement));
                statement.clear();
                continue;
            }
            '#' => {
                at += rest.find('\n').unwrap_or(rest.len()) - 1;
                continue;
            }
            '\\' if rest[1..].trim_start_matches('\r').starts_with('\n') => {
                line += 1;
                at = start + rest.find('\n').unwrap_or(0) + 1;
                continue;
            }
            _ if c.is_whitespace() || c == '\u{feff}' => continue,
            _ => {}
        }
        let token = if let Some(literal) = string_literal(rest) {
            at = start + literal.length;
            let token = Token::Text(literal.value);
            statement.push((token, start));
            line += source[start..at].bytes().filter(|byte| *byte == b'\n').count();
            continue;
        } else if is_word(c) {
            let word = &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())];
            at = start + word.len();
            if c.is_ascii_digit() { Token::Number(word) } else { Token::Name(word, line) }
        } else if rest[c.len_utf8()..].starts_with('=') && "=!<>:+-*/%&|^@".contains(c) {
            at += 1;
            Token::Other
        } else {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if c.is_ascii() { Token::Sign(c) } else { Token::Other }
        };
        statement.push((token, start));
    }
    found.extend(assignment(source, &statement));
    (found, depth == 0)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The assignment that a statement is, if it is one.
fn assignment<'a>(source: &str, statement: &[(Token<'a>, usize)]) -> Option<Assignment<'a>> {
    let [(Token::Name(name, line), start), rest @ ..] = statement else { return None };
    let mut depth = 0_usize;
    let equals = rest.iter().position(|(token, _)| {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(token, Token::Sign('='))
    })?;
    // Between the name and the sign stands nothing, or a type.
    if equals > 0 && !matches!(rest[0].0, Token::Sign(':')) {
        return None;
    }
    let head = source.get(*start..=rest[equals].1).filter(|head| !head.contains(['\n', '#', '"', '\'']));
    let value = value(&rest[equals + 1..]);
    Some(Assignment {
        name,
        line: *line,
        head: head.map_or_else(|| format!("{name} ="), str::to_owned),
        value,
    })
}

fn value(tokens: &[(Token<'_>, usize)]) -> Value {
    let mut tokens = tokens;
    while let [(Token::Sign('('), _), inner @ .., (Token::Sign(')'), _)] = tokens {
        tokens = inner;
    }
    texts(tokens).or_else(|| product(tokens)).unwrap_or(Value::Computed)
}

fn texts(tokens: &[(Token<'_>, usize)]) -> Option<Value> {
    let part = |(token, _): &(Token<'_>, usize)| match token {
        Token::Text(value) => value.clone(),
        _ => None,
    };
    let parts: Option<Vec<String>> = tokens.iter().map(part).collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| Value::Text(parts.concat()))
}

/// `60 * 24 * 7`.
fn product(tokens: &[(Token<'_>, usize)]) -> Option<Value> {
    let mut product = 1_i64;
    for (at, (token, _)) in tokens.iter().enumerate() {
        match token {
            Token::Number(digits) if at % 2 == 0 => {
                let digits = digits.replace('_', "");
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                product = product.checked_mul(digits.parse().ok().filter(|_| plain)?)?;
            }
            Token::Sign('*') if at % 2 == 1 => {}
            _ => return None,
        }
    }
    (tokens.len() % 2 == 1).then_some(Value::Integer(product))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Vec<String> {
        let found = assignments(source).into_iter();
        found.map(|a| format!("{}: {} {} {:?}", a.line, a.name, a.head, a.value)).collect()
    }

    #[test]
    fn statements_are_found_at_any_indentation() {
        let source = "import os\nSECRET_KEY = \"abc\"  # \"x\"\n\nclass Settings:\n    ALGORITHM: str = 'HS256'\n    \
                      MINUTES: Final[int] = 60 * 24\nif x: pass\na = 1; B = 2\r\nC = \\\n  3\n";
        assert_eq!(
            shown(source),
            [
                r#"2: SECRET_KEY SECRET_KEY = Text("abc")"#,
                r#"5: ALGORITHM ALGORITHM: str = Text("HS256")"#,
                "6: MINUTES MINUTES: Final[int] = Integer(1440)",
                "8: a a = Integer(1)",
                "8: B B = Integer(2)",
                "9: C C = Integer(3)",
            ]
        );
    }

    #[test]
    fn texts_side_by_side_are_one() {
        assert_eq!(
            shown("K = (\n  \"a\"\n  'b'\n)\nL = 'c' \"d\""),
            [r#"1: K K = Text("ab")"#, r#"5: L L = Text("cd")"#]
        );
    }

    #[test]
    fn what_must_be_run_is_computed() {
        for source in [
            "K = os.environ[\"K\"]",
            "K = os.getenv('K', 'default')",
            "K = 'a' + 'b'",
            "K = f'{x}'",
            "K = L = 'x'",
            "K = 1.5",
            "K = -1",
            "K = 2 ** 3",
            "K = 99999999999999999999",
            "K = 'a', 'b'",
            "K = ",
        ] {
            let found = assignments(source);
            assert_eq!((found.len(), &found[0].value), (1, &Value::Computed), "{source}");
        }
    }

    #[test]
    fn what_is_no_assignment_is_passed_over() {
        for source in [
            "# K = 'x'",
            "\"\"\"\nK = 'x'\n\"\"\"",
            "f(\n  K='x',\n)",
            "x.K = 'x'",
            "K == 'x'",
            "K += 'x'",
            "(K := 'x')",
            "K: str",
            "d = {\n'a': 1,\n}[\nK == 'x'\n]",
            "print('K = 1')",
        ] {
            assert!(assignments(source).iter().all(|a| a.name != "K"), "{source}");
        }
    }

    #[test]
    fn a_string_that_never_ends_hides_one_line_only() {
        assert_eq!(shown("x = 'abc\nK = 'y'\n"), ["1: x x = Computed", r#"2: K K = Text("y")"#]);
    }
}
