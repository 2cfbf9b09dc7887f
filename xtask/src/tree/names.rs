//! Names that may stand in some files only: drivers, SQL, HTTP, the clock, the disk.

use super::directions::{Layer, layer};
use super::files::Files;
use super::lexer::{self, Kind, Token};

/// What `core` may not name: it decides, and neither reads nor waits.
const CORE: &[&[&str]] = &[
    &["tokio"],
    &["axum"],
    &["hyper"],
    &["rusqlite"],
    &["getrandom"],
    &["SystemTime"],
    &["Instant"],
    &["TcpStream"],
    &["TcpListener"],
    &["UdpSocket"],
    &["ToSocketAddrs"],
    &["std", "fs"],
    &["std", "env"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "net", "lookup_host"],
    &["async", "fn"],
];

/// The findings over all files; what runs in tests alone may name anything.
pub(super) fn names(files: &Files) -> Vec<String> {
    let files = files.iter().filter(|(path, _)| !path.ends_with("/tests.rs"));
    files.flat_map(|(path, text)| file(path, &without_tests(lexer::tokens(text)))).collect()
}

/// The tokens without `#[cfg(test)] mod … { … }`.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let words = |at: usize| tokens.get(at).and_then(Token::word);
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let starts =
            words(at) == Some("cfg") && words(at + 2) == Some("test") && words(at + 5) == Some("mod");
        if starts && tokens.get(at + 7).is_some_and(|token| token.is('{')) {
            let mut depth = 0;
            while at < tokens.len() {
                depth += i32::from(tokens[at].is('{')) - i32::from(tokens[at].is('}'));
                at += 1;
                if depth == 0 && tokens[at - 1].is('}') {
                    break;
                }
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

fn file(path: &str, tokens: &[Token]) -> Vec<String> {
    let forbidden = |names: &[&[&str]], why: &str| -> Vec<String> {
        let said = |name: &[&str], line| format!("{path}:{line}: names {}: {why}", name.join("::"));
        names.iter().filter_map(|name| Some(said(name, named(tokens, name)?))).collect()
    };
    let mut found = Vec::new();
    if path.starts_with("crates/core/src/") {
        found.extend(forbidden(CORE, "core has no I/O, no async, no clock and no dice of its own"));
    }
    if path.starts_with("crates/store/src/") {
        found.extend(forbidden(&[&["axum"], &["hyper"], &["http"]], "the store knows nothing of HTTP"));
        if path != "crates/store/src/sqlite.rs" && !path.starts_with("crates/store/src/sqlite/") {
            found.extend(forbidden(&[&["rusqlite"]], "only sqlite.rs and below name this driver"));
        }
        if path != "crates/store/src/postgres.rs" && !path.starts_with("crates/store/src/postgres/") {
            found.extend(forbidden(&[&["tokio_postgres"]], "only postgres.rs and below name this driver"));
        }
    }
    if path.starts_with("crates/server/src/") {
        found.extend(forbidden(&[&["rusqlite"], &["tokio_postgres"]], "the server names no driver"));
        if let Some(line) = sql(tokens) {
            found.push(format!("{path}:{line}: SQL; every statement belongs to the store"));
        }
        match layer(path) {
            Some(Layer::Verb) => found.extend(forbidden(&[&["axum"]], "verbs know nothing of HTTP")),
            Some(Layer::Handler | Layer::Extract) => {
                found.extend(forbidden(
                    &[&["sekisho_store"]],
                    "handlers and extractors call verbs, not the store",
                ));
            }
            _ => {}
        }
    }
    found
}

/// The line of the first place where these words stand in a row, `::` between them or not. A brace group after the
/// second-last word is looked into: `std::{fs, net}` names `std::fs`.
fn named(tokens: &[Token], name: &[&str]) -> Option<usize> {
    let parts: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Sep).collect();
    let (last, before) = name.split_last()?;
    for start in 0..parts.len() {
        let matches = before
            .iter()
            .enumerate()
            .all(|(i, word)| parts.get(start + i).is_some_and(|t| t.word() == Some(word)));
        let Some(next) = parts.get(start + before.len()).filter(|_| matches) else { continue };
        if next.word() == Some(last) {
            return Some(next.line);
        }
        if !before.is_empty() && next.is('{') {
            let group =
                parts[start + before.len()..].iter().take_while(|token| !token.is('}') && !token.is(';'));
            if let Some(hit) = group.into_iter().find(|token| token.word() == Some(last)) {
                return Some(hit.line);
            }
        }
    }
    None
}

/// The line of the first string that starts as a statement does.
fn sql(tokens: &[Token]) -> Option<usize> {
    let statement = |text: &str| {
        let text = text.trim_start().to_lowercase();
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            ["select", rest @ ..] => rest.contains(&"from"),
            ["update", _, "set", ..] | ["insert", "into", ..] | ["delete", "from", ..] | ["pragma", ..] => {
                true
            }
            ["create" | "drop" | "alter", "table" | "index" | "trigger" | "unique" | "view", ..] => true,
            ["begin", "immediate", ..] => true,
            _ => false,
        }
    };
    tokens
        .iter()
        .find(|token| matches!(&token.kind, Kind::Text(text) if statement(text)))
        .map(|token| token.line)
}
