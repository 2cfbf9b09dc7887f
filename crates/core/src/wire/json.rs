//! JSON (RFC 8259), strict and bounded, with the words and positions of Python's parser for what is wrong.
//!
//! Our own, because a duplicate member must be an error at any depth, the order of members matters for the list of
//! errors, and a client of the seeds reads Python's message and position. Numbers beyond what JSON can say (`NaN`,
//! `1e400`) and a byte order mark, all of which Python takes, are errors here.

use serde_json::{Number, Value};

/// Arrays and objects within each other.
const DEEPEST: usize = 64;
/// Values in one body, of any kind.
const MOST_VALUES: usize = 1000;
/// Bytes of one text.
const LONGEST_TEXT: usize = 1 << 16;

/// A JSON value; an object keeps the order in which its members were sent, and each name is there once.
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number; beyond 64 bits as the nearest float.
    Number(Number),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(String, Json)>),
}

/// A body may hold a password: only the kind is printed.
impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Json::Null => "Null",
            Json::Bool(_) => "Bool",
            Json::Number(_) => "Number",
            Json::Text(_) => "Text",
            Json::List(_) => "List",
            Json::Object(_) => "Object",
        })
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(b),
            Json::Number(n) => Value::Number(n),
            Json::Text(text) => Value::String(text),
            Json::List(list) => Value::Array(list.into_iter().map(Value::from).collect()),
            Json::Object(members) => Value::Object(members.into_iter().map(|(k, v)| (k, v.into())).collect()),
        }
    }
}

/// Why a body is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// What is wrong, and at which character, counted from 0.
    #[error("{message} (character {position})")]
    Syntax {
        /// Counted in characters, as Python counts.
        position: usize,
        /// In Python's words where Python has some.
        message: &'static str,
    },
    /// Not UTF-8, or half of a surrogate pair: there is no text to point into.
    #[error("not Unicode text")]
    NotText,
}

/// Reads one value and nothing behind it.
pub fn parse_json(body: &[u8]) -> Result<Json, JsonError> {
    parse_json_within(body, MOST_VALUES)
}

/// The same, of a text that may hold more or fewer values.
pub fn parse_json_within(body: &[u8], most_values: usize) -> Result<Json, JsonError> {
    if body.starts_with(&[0xff, 0xfe]) || body.starts_with(&[0xfe, 0xff]) {
        return Err(JsonError::Syntax { position: 0, message: "Unexpected UTF-16 byte order mark" });
    }
    let text = std::str::from_utf8(body).map_err(|_| JsonError::NotText)?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::Syntax { position: 0, message: "Unexpected UTF-8 byte order mark" });
    }
    let mut parser = Parser { text, at: 0, values: 0, most_values };
    let parsed = parser.document();
    parsed.map_err(|wrong| match wrong {
        Wrong::At(at, message) => JsonError::Syntax { position: text[..at].chars().count(), message },
        Wrong::NotText => JsonError::NotText,
    })
}

/// An error at a byte, which is always the border of a character.
enum Wrong {
    At(usize, &'static str),
    NotText,
}

const NO_VALUE: &str = "Expecting value";
const NO_NAME: &str = "Expecting property name enclosed in double quotes";
const NO_COMMA: &str = "Expecting ',' delimiter";
const NO_COLON: &str = "Expecting ':' delimiter";

struct Parser<'a> {
    text: &'a str,
    at: usize,
    values: usize,
    most_values: usize,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Json, Wrong> {
        self.skip_space();
        let value = self.value(0)?;
        self.skip_space();
        if self.at == self.text.len() { Ok(value) } else { Err(Wrong::At(self.at, "Extra data")) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Steps over `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Json, Wrong> {
        self.values += 1;
        if self.values > self.most_values {
            return Err(Wrong::At(self.at, "Too many values"));
        }
        if depth > DEEPEST {
            return Err(Wrong::At(self.at, "Too deeply nested"));
        }
        match self.peek() {
            Some(b'"') => self.string().map(Json::Text),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, Wrong> {
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(Wrong::At(self.at, NO_VALUE))
    }

    fn object(&mut self, depth: usize) -> Result<Json, Wrong> {
        self.at += 1;
        let mut members: Vec<(String, Json)> = Vec::new();
        self.skip_space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(Wrong::At(start, NO_NAME));
            }
            let name = self.string()?;
            if members.iter().any(|(other, _)| *other == name) {
                return Err(Wrong::At(start, "Duplicate property name"));
            }
            self.skip_space();
            if !self.take(b':') {
                return Err(Wrong::At(self.at, NO_COLON));
            }
            self.skip_space();
            members.push((name, self.value(depth + 1)?));
            self.skip_space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.take(b',') {
                return Err(Wrong::At(self.at, NO_COMMA));
            }
            self.skip_space();
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Wrong> {
        self.at += 1;
        let mut list = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(Json::List(list));
        }
        loop {
            list.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(Json::List(list));
            }
            if !self.take(b',') {
                return Err(Wrong::At(self.at, NO_COMMA));
            }
            self.skip_space();
        }
    }

    /// The longest number from here; what follows it is somebody else's error, as in Python.
    fn number(&mut self) -> Result<Json, Wrong> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits_from = |i: usize| i + bytes[i..].iter().take_while(|b| b.is_ascii_digit()).count();
        let whole = start + usize::from(bytes[start] == b'-');
        let mut end = match bytes.get(whole) {
            Some(b'0') => whole + 1,
            Some(b'1'..=b'9') => digits_from(whole),
            _ => return Err(Wrong::At(start, NO_VALUE)),
        };
        let mut is_whole = true;
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits_from(end + 1);
            is_whole = false;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let digits = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            if bytes.get(digits).is_some_and(u8::is_ascii_digit) {
                end = digits_from(digits);
                is_whole = false;
            }
        }
        let text = &self.text[start..end];
        self.at = end;
        let whole_number = || match text.parse::<i64>() {
            Ok(n) => Some(Number::from(n)),
            Err(_) => text.parse::<u64>().ok().map(Number::from),
        };
        let number = if is_whole { whole_number() } else { None };
        match number.or_else(|| text.parse().ok().and_then(Number::from_f64)) {
            Some(number) => Ok(Json::Number(number)),
            None => Err(Wrong::At(start, "Number out of range")),
        }
    }

    fn string(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        let unterminated = Wrong::At(start, "Unterminated string starting at");
        let mut out = String::new();
        self.at += 1;
        loop {
            let plain = self.text[self.at..].find(|c| c == '"' || c == '\\' || c <= '\u{1f}');
            let Some(plain) = plain else {
                return Err(unterminated);
            };
            out.push_str(&self.text[self.at..self.at + plain]);
            self.at += plain;
            if out.len() > LONGEST_TEXT {
                return Err(Wrong::At(start, "String too long"));
            }
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => match self.text[self.at + 1..].chars().next() {
                    None => return Err(unterminated),
                    Some(c) => out.push(self.escape(c)?),
                },
                _ => return Err(Wrong::At(self.at, "Invalid control character at")),
            }
        }
    }

    /// What a backslash and `c` stand for.
    fn escape(&mut self, c: char) -> Result<char, Wrong> {
        let plain = match c {
            '"' | '\\' | '/' => c,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.code_point(),
            _ => return Err(Wrong::At(self.at, "Invalid \\escape")),
        };
        self.at += 2;
        Ok(plain)
    }

    /// `\uXXXX`, or a pair of them (RFC 8259, 7).
    fn code_point(&mut self) -> Result<char, Wrong> {
        let first = self.four_hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or(Wrong::NotText);
        }
        if !self.text[self.at..].starts_with("\\u") {
            return Err(Wrong::NotText);
        }
        let second = self.four_hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(Wrong::NotText);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(Wrong::NotText)
    }

    /// The number behind `\u`, which is next.
    fn four_hex(&mut self) -> Result<u32, Wrong> {
        let digits = self.text.get(self.at + 2..self.at + 6);
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u32::from_str_radix(d, 16).ok()) {
            Some(number) => {
                self.at += 6;
                Ok(number)
            }
            None => Err(Wrong::At(self.at + 1, "Invalid \\uXXXX escape")),
        }
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
