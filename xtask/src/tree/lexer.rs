//! Rust text as the few kinds of token that the rules need, comments left out.

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A keyword or a name; a raw one without its `r#`.
    Word(String),
    /// The content of a string literal, its escapes left as written.
    Text(String),
    /// `::`
    Sep,
    /// Any other sign.
    Sign(char),
}

/// A token and the line it starts on, from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) line: usize,
}

impl Token {
    pub(super) fn word(&self) -> Option<&str> {
        if let Kind::Word(word) = &self.kind { Some(word) } else { None }
    }

    pub(super) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

/// The tokens of a file. Numbers, lifetimes and characters are left out: no rule looks at them.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { chars: &chars, at: 0, line: 1, tokens: Vec::new() };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    chars: &'a [char],
    at: usize,
    line: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn skip(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        self.line += self.chars[self.at..end].iter().filter(|c| **c == '\n').count();
        self.at = end;
    }

    fn push(&mut self, kind: Kind, length: usize) {
        self.tokens.push(Token { kind, line: self.line });
        self.skip(length);
    }

    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => {
                while self.at < self.chars.len() && self.peek(0) != '\n' {
                    self.at += 1;
                }
            }
            ('/', '*') => self.block_comment(),
            ('"', _) => self.text(0),
            ('\'', _) => self.quote(),
            (':', ':') => self.push(Kind::Sep, 2),
            (c, _) if c.is_alphabetic() || c == '_' => self.word(),
            (c, _) if c.is_ascii_digit() => {
                while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
                    self.at += 1;
                }
            }
            (c, _) if c.is_whitespace() => self.skip(1),
            (c, _) => self.push(Kind::Sign(c), 1),
        }
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => {
                    depth += 1;
                    self.skip(2);
                }
                ('*', '/') => {
                    depth -= 1;
                    self.skip(2);
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.skip(1),
            }
        }
    }

    /// A string whose quote is `prefix` characters ahead.
    fn text(&mut self, prefix: usize) {
        let start = self.at + prefix + 1;
        let mut end = start;
        while end < self.chars.len() && self.chars[end] != '"' {
            end += if self.chars[end] == '\\' { 2 } else { 1 };
        }
        let end = end.min(self.chars.len());
        let content = self.chars[start.min(end)..end].iter().collect();
        self.push(Kind::Text(content), end + 1 - self.at);
    }

    /// A raw string whose first `#` or quote is `prefix` characters ahead.
    fn raw_text(&mut self, prefix: usize) {
        let hashes = self.chars[self.at + prefix..].iter().take_while(|c| **c == '#').count();
        let start = self.at + prefix + hashes + 1;
        let closes = |end: usize| {
            self.chars[end] == '"'
                && self.chars[end + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
        };
        let end = (start..self.chars.len()).find(|end| closes(*end)).unwrap_or(self.chars.len());
        let content = self.chars[start.min(end)..end].iter().collect();
        self.push(Kind::Text(content), end + 1 + hashes - self.at);
    }

    /// A character, or a lifetime.
    fn quote(&mut self) {
        if self.peek(1) == '\\' {
            self.at += 3;
            while self.at < self.chars.len() && self.peek(0) != '\'' {
                self.at += 1;
            }
            self.at += 1;
        } else if self.peek(2) == '\'' {
            self.skip(3);
        } else {
            self.at += 1;
            while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
                self.at += 1;
            }
        }
    }

    fn word(&mut self) {
        let rest = &self.chars[self.at..];
        let length = rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
        let word: String = rest[..length].iter().collect();
        let after = self.peek(length);
        let hashed = rest[length..].iter().find(|c| **c != '#') == Some(&'"');
        match word.as_str() {
            "r" | "br" | "cr" if after == '"' || (after == '#' && hashed) => self.raw_text(length),
            "r" if after == '#' => {
                self.at += 2;
                self.word();
            }
            "b" | "c" if after == '"' => self.text(length),
            "b" if after == '\'' => {
                self.at += 1;
                self.quote();
            }
            _ => self.push(Kind::Word(word), length),
        }
    }
}
