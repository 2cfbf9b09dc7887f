//! The requests that are sent, made before the clock runs.

use std::{
    io::Write,
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::load::{Draw, Requests};

/// Requests that were made beforehand; each next one is drawn at random.
pub(crate) struct Drawn {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Drawn {
    fn new(requests: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut drawn = Self { bytes: Vec::new(), ends: Vec::new() };
        for request in requests {
            drawn.bytes.extend_from_slice(&request);
            drawn.ends.push(drawn.bytes.len());
        }
        drawn
    }

    /// The `index`th request.
    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }
}

impl Requests for Drawn {
    fn next<'a>(&'a self, draw: &mut Draw, _space: &'a mut Vec<u8>) -> &'a [u8] {
        self.get(draw.below(self.ends.len()))
    }
}

/// `GET /users/me` with each token.
pub(crate) fn checks(host: SocketAddr, tokens: &[String]) -> Drawn {
    Drawn::new(tokens.iter().map(|token| {
        format!(
            "GET /users/me HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\nauthorization: Bearer {token}\r\n\r\n"
        )
        .into_bytes()
    }))
}

/// `POST /token` by each name, all with one password.
pub(crate) fn log_ins(host: SocketAddr, names: &[String], password: &str) -> Drawn {
    Drawn::new(names.iter().map(|name| {
        let body = format!("grant_type=password&username={name}&password={password}");
        post(host, "/token", "application/x-www-form-urlencoded", &body)
    }))
}

/// `POST /users/` of a new user each time.
pub(crate) struct Registrations {
    host: SocketAddr,
    prefix: String,
    next: AtomicU64,
}

impl Registrations {
    /// Users whose names begin with `prefix`.
    pub(crate) fn new(host: SocketAddr, prefix: &str) -> Self {
        Self { host, prefix: prefix.to_owned(), next: AtomicU64::new(0) }
    }
}

impl Requests for Registrations {
    fn next<'a>(&'a self, _draw: &mut Draw, space: &'a mut Vec<u8>) -> &'a [u8] {
        let name = format!("{}{}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed));
        let body = format!(
            r#"{{"user":{{"username":"{name}","email":"{name}@example.com","full_name":"New {name}"}},"password":"correct horse {name} battery"}}"#
        );
        space.clear();
        space.extend_from_slice(&post(self.host, "/users/", "application/json", &body));
        space
    }
}

fn post(host: SocketAddr, path: &str, content_type: &str, body: &str) -> Vec<u8> {
    let mut request = Vec::with_capacity(256 + body.len());
    write!(
        request,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("a vector takes all that is written");
    request
}
