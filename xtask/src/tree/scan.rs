//! One file's part of the module tree: the modules it declares, what it imports, and what it passes on.

use super::lexer::{Kind, Token};

/// A path as written, from the module it was written in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mention {
    /// The inline modules of this file around it, from the outside in.
    pub(super) within: Vec<String>,
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// One leaf of a `use` tree.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) mention: Mention,
    /// The name it is bound to; `None` for `*`.
    pub(super) name: Option<String>,
    /// Whether it is passed on with `pub`, to whatever distance.
    pub(super) public: bool,
}

/// A `mod name;`.
#[derive(Debug, Clone)]
pub(super) struct Child {
    pub(super) within: Vec<String>,
    pub(super) name: String,
    /// What `#[path = "…"]` says.
    pub(super) path: Option<String>,
}

/// What one file says about modules.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) children: Vec<Child>,
    /// Inline modules, each with those around it.
    pub(super) inline: Vec<Vec<String>>,
    pub(super) uses: Vec<Use>,
    pub(super) mentions: Vec<Mention>,
}

/// Reads the tokens of a file.
pub(super) fn scan(tokens: &[Token]) -> Scan {
    let mut scanner =
        Scanner { tokens, at: 0, depth: 0, open: Vec::new(), path: None, scan: Scan::default() };
    while scanner.at < tokens.len() {
        scanner.step();
    }
    scanner.scan
}

struct Scanner<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// Inline modules around the current token, each with the depth inside it.
    open: Vec<(String, usize)>,
    /// The last `#[path = "…"]`, until the module that it belongs to.
    path: Option<String>,
    scan: Scan,
}

impl Scanner<'_> {
    fn sign(&self, index: usize, sign: char) -> bool {
        self.tokens.get(index).is_some_and(|token| token.is(sign))
    }

    fn word(&self, index: usize) -> Option<&str> {
        self.tokens.get(index)?.word()
    }

    fn within(&self) -> Vec<String> {
        self.open.iter().map(|(name, _)| name.clone()).collect()
    }

    fn step(&mut self) {
        let token = &self.tokens[self.at];
        match &token.kind {
            Kind::Sign('{') => self.depth += 1,
            Kind::Sign('}') => {
                if self.open.last().is_some_and(|(_, depth)| *depth == self.depth) {
                    self.open.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            Kind::Word(word) if word == "path" && self.sign(self.at + 1, '=') => {
                if let Some(Kind::Text(path)) = self.tokens.get(self.at + 2).map(|token| &token.kind) {
                    self.path = Some(path.clone());
                }
            }
            Kind::Word(word) if word == "mod" => return self.module(),
            Kind::Word(word) if word == "use" => return self.import(),
            Kind::Word(_) => return self.mention(),
            _ => {}
        }
        self.at += 1;
    }

    fn module(&mut self) {
        let Some(name) = self.word(self.at + 1).map(str::to_owned) else {
            self.at += 1;
            return;
        };
        let within = self.within();
        let path = self.path.take();
        if self.sign(self.at + 2, ';') {
            self.scan.children.push(Child { within, name, path });
        } else if self.sign(self.at + 2, '{') {
            self.depth += 1;
            self.open.push((name, self.depth));
            self.scan.inline.push(self.within());
        }
        self.at += 3;
    }

    /// `use a::{b, c as d, e::*};`
    fn import(&mut self) {
        // `use<'a>` bounds what a type captures: no import.
        if self.sign(self.at + 1, '<') {
            self.at += 1;
            return;
        }
        let public = self.at > 0 && {
            let before = &self.tokens[self.at - 1];
            before.word() == Some("pub") || before.is(')')
        };
        self.at += 1;
        if self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Sep) {
            self.at += 1;
        }
        self.branch(&mut Vec::new(), public);
    }

    fn branch(&mut self, prefix: &mut Vec<String>, public: bool) {
        let depth = prefix.len();
        while let Some(token) = self.tokens.get(self.at) {
            let line = token.line;
            match &token.kind {
                Kind::Word(word) if word == "as" => {
                    let name = self.word(self.at + 1).map(str::to_owned);
                    self.at += 2;
                    self.leaf(prefix, name, public, line);
                    prefix.clear();
                    return self.finish(prefix, depth);
                }
                Kind::Word(word) => {
                    prefix.push(word.clone());
                    self.at += 1;
                    if self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Sep) {
                        self.at += 1;
                        continue;
                    }
                    if self.word(self.at) == Some("as") {
                        continue;
                    }
                    let name = prefix.iter().rev().find(|part| *part != "self").cloned();
                    self.leaf(prefix, name, public, line);
                    return self.finish(prefix, depth);
                }
                Kind::Sign('*') => {
                    self.at += 1;
                    self.leaf(prefix, None, public, line);
                    return self.finish(prefix, depth);
                }
                Kind::Sign('{') => {
                    self.at += 1;
                    while self.at < self.tokens.len() && !self.sign(self.at, '}') {
                        if self.sign(self.at, ',') {
                            self.at += 1;
                        } else {
                            self.branch(&mut prefix.clone(), public);
                        }
                    }
                    self.at += 1;
                    return self.finish(prefix, depth);
                }
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
    }

    fn finish(&mut self, prefix: &mut Vec<String>, depth: usize) {
        prefix.truncate(depth);
    }

    fn leaf(&mut self, path: &[String], name: Option<String>, public: bool, line: usize) {
        let mention = Mention { within: self.within(), path: path.to_vec(), line };
        self.scan.uses.push(Use { mention, name, public });
    }

    /// A path in an expression or a type: `a::b::c`, of which at least one `::` is written.
    fn mention(&mut self) {
        let start = self.at;
        let line = self.tokens[start].line;
        let mut path = vec![self.word(start).unwrap_or_default().to_owned()];
        self.at += 1;
        while self.tokens.get(self.at).is_some_and(|token| token.kind == Kind::Sep) {
            let Some(next) = self.word(self.at + 1) else { break };
            path.push(next.to_owned());
            self.at += 2;
        }
        let before = start.checked_sub(1).map(|index| &self.tokens[index]);
        let continued = before.is_some_and(|token| token.kind == Kind::Sep || token.is('.'));
        // `pub(in crate::a)` names a distance, not something used.
        let visibility =
            before.is_some_and(|token| token.word() == Some("in")) && start >= 2 && self.sign(start - 2, '(');
        if path.len() > 1 && !continued && !visibility {
            self.scan.mentions.push(Mention { within: self.within(), path, line });
        }
    }
}
