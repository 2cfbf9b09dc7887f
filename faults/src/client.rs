//! The few requests that the fault tests make, each on a connection of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A status and a body.
pub(crate) type Answer = (u16, String);

/// How long a request waits for its answer, unless it says otherwise.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer with what a client does about it.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Whether it says when to come again.
    pub(crate) retry_after: bool,
    pub(crate) body: String,
}

/// Registers a user; `Err` means that the outcome is unknown.
pub(crate) fn register(address: &str, name: &str) -> Result<Answer, std::io::Error> {
    registration(address, name, PATIENCE).map(|reply| (reply.status, reply.body))
}

/// Registers a user and waits so long for the answer.
pub(crate) fn registration(address: &str, name: &str, patience: Duration) -> Result<Reply, std::io::Error> {
    let body = serde_json::json!({
        "user": { "username": name, "email": format!("{name}@example.com") },
        "password": password(name),
    });
    ask(address, "POST /users/", "content-type: application/json", &body.to_string(), patience)
}

/// Logs a user in with the password that [`register`] gave him.
pub(crate) fn log_in(address: &str, name: &str) -> Result<Answer, std::io::Error> {
    let body = format!("username={name}&password={}", password(name));
    send(address, "POST /token", "content-type: application/x-www-form-urlencoded", &body)
}

/// Logs in and reads the user with the token; the first answer that is not 200, or the last.
pub(crate) fn log_in_and_read(address: &str, name: &str) -> Result<Answer, std::io::Error> {
    let answer = log_in(address, name)?;
    if answer.0 != 200 {
        return Ok(answer);
    }
    let reply = read_myself(address, &token(&answer.1)?, PATIENCE)?;
    let answer = (reply.status, reply.body);
    if answer.0 == 200 && !answer.1.contains(&format!("\"username\":\"{name}\"")) {
        return Err(std::io::Error::other(format!("{name} is told to be another: {}", answer.1)));
    }
    Ok(answer)
}

/// The token in the answer to a log-in.
pub(crate) fn token(answer: &str) -> Result<String, std::io::Error> {
    let answer: serde_json::Value = serde_json::from_str(answer)?;
    Ok(answer["access_token"].as_str().unwrap_or_default().to_owned())
}

/// Reads the user whose token this is.
pub(crate) fn read_myself(address: &str, token: &str, patience: Duration) -> Result<Reply, std::io::Error> {
    ask(address, "GET /users/me", &format!("authorization: Bearer {token}"), "", patience)
}

/// The status of a request without a body; `None` if there was no answer.
pub(crate) fn status(address: &str, what: &str, patience: Duration) -> Option<u16> {
    ask(address, what, "accept: */*", "", patience).ok().map(|reply| reply.status)
}

/// Whether the server says that it can serve.
pub(crate) fn ready(address: &str) -> Result<Answer, std::io::Error> {
    send(address, "GET /readyz", "accept: */*", "")
}

fn password(name: &str) -> String {
    format!("long-and-of-his-own-{}", name.chars().rev().collect::<String>())
}

fn send(address: &str, what: &str, header: &str, body: &str) -> Result<Answer, std::io::Error> {
    ask(address, what, header, body, PATIENCE).map(|reply| (reply.status, reply.body))
}

fn ask(
    address: &str,
    what: &str,
    header: &str,
    body: &str,
    patience: Duration,
) -> Result<Reply, std::io::Error> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(patience))?;
    write!(
        stream,
        "{what} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{header}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let broken = || std::io::Error::other("an answer cut off");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let retry_after = head.to_ascii_lowercase().contains("\r\nretry-after: ");
    Ok(Reply { status, retry_after, body: body.to_owned() })
}
