//! PostgreSQL's protocol as far as a proxy needs it: where a message ends, and whether it commits.
//!
//! PostgreSQL 15, chapter 55: a message is a byte for its type and four for its length, which counts itself; the first
//! of a connection has no type.

use std::collections::HashSet;

/// What a message from the client means to a proxy that waits for a commit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Means {
    /// The transaction is to be committed by this message.
    Commit,
    /// Everything before it is to be done now; it ends a commit that was asked for by parse, bind and execute.
    Sync,
    Other,
}

/// A client's side of a connection, cut into messages.
#[derive(Default)]
pub(crate) struct Messages {
    pending: Vec<u8>,
    started: bool,
    /// Names of prepared statements, and of portals, that commit.
    statements: HashSet<Vec<u8>>,
    portals: HashSet<Vec<u8>>,
}

impl Messages {
    /// Takes bytes as they come; the next whole message, if there is one.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole message and what it means.
    pub(crate) fn next(&mut self) -> Option<(Vec<u8>, Means)> {
        let head = if self.started { 1 } else { 0 };
        let length = self.pending.get(head..head + 4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
        if self.pending.len() < head + length {
            return None;
        }
        let message: Vec<u8> = self.pending.drain(..head + length).collect();
        let means = if self.started { self.means(&message) } else { Means::Other };
        self.started = true;
        Some((message, means))
    }

    fn means(&mut self, message: &[u8]) -> Means {
        let mut texts = message[5..].split(|byte| *byte == 0);
        let mut text = || texts.next().unwrap_or_default();
        match message[0] {
            b'Q' if commits(text()) => Means::Commit,
            b'P' => {
                let name = text().to_vec();
                remember(&mut self.statements, name, commits(text()));
                Means::Other
            }
            b'B' => {
                let portal = text().to_vec();
                let commits = self.statements.contains(text());
                remember(&mut self.portals, portal, commits);
                Means::Other
            }
            b'E' if self.portals.contains(text()) => Means::Commit,
            b'S' => Means::Sync,
            _ => Means::Other,
        }
    }
}

fn remember(names: &mut HashSet<Vec<u8>>, name: Vec<u8>, commits: bool) {
    if commits {
        names.insert(name);
    } else {
        names.remove(&name);
    }
}

/// Whether one of the statements in this text is a commit.
fn commits(sql: &[u8]) -> bool {
    let mut statements = sql.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    statements.any(|statement| statement.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"commit")))
}

#[cfg(test)]
mod tests {
    use super::{Means, Messages};

    fn message(kind: &[u8], body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap();
        [kind, &length.to_be_bytes(), body].concat()
    }

    fn meanings(messages: &[Vec<u8>]) -> Vec<Means> {
        let mut read = Messages::default();
        let all = messages.concat();
        let mut found = Vec::new();
        // However the bytes are cut.
        for piece in all.chunks(3) {
            read.feed(piece);
            while let Some((_, means)) = read.next() {
                found.push(means);
            }
        }
        found
    }

    #[test]
    fn a_commit_is_seen_however_it_is_said() {
        let start = message(b"", b"\0\x03\0\0user\0sekisho\0\0");
        let simple = message(b"Q", b"set local statement_timeout = 0; COMMIT\0");
        let parse = message(b"P", b"s1\0commit\0\0\0");
        let bind = message(b"B", b"\0s1\0\0\0\0\0\0\0");
        let execute = message(b"E", b"\0\0\0\0\0");
        let sync = message(b"S", b"");
        let other = message(b"Q", b"select 'commit'\0");
        let found = meanings(&[start, other, simple, parse, bind, execute, sync]);
        use Means::{Commit, Other, Sync};
        assert_eq!(found, [Other, Other, Commit, Other, Other, Commit, Sync]);
    }

    #[test]
    fn a_name_that_was_a_commit_may_become_another_statement() {
        let start = message(b"", b"\0\x03\0\0user\0sekisho\0\0");
        let parses = [message(b"P", b"\0commit\0\0\0"), message(b"P", b"\0select 1\0\0\0")];
        let bind = message(b"B", b"\0\0\0\0\0\0\0\0");
        let execute = message(b"E", b"\0\0\0\0\0");
        let [first, second] = parses;
        assert_eq!(meanings(&[start, first, second, bind, execute]), [Means::Other; 5]);
    }
}
