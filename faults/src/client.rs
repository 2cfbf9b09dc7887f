//! The few requests that the fault tests make, each on a connection of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A status and a body.
pub(crate) type Answer = (u16, String);

/// Registers a user; `Err` means that the outcome is unknown.
pub(crate) fn register(address: &str, name: &str) -> Result<Answer, std::io::Error> {
    let body = serde_json::json!({
        "user": { "username": name, "email": format!("{name}@example.com") },
        "password": password(name),
    });
    send(address, "POST /users/", "content-type: application/json", &body.to_string())
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
    let token: serde_json::Value = serde_json::from_str(&answer.1)?;
    let header = format!("authorization: Bearer {}", token["access_token"].as_str().unwrap_or_default());
    let answer = send(address, "GET /users/me", &header, "")?;
    if answer.0 == 200 && !answer.1.contains(&format!("\"username\":\"{name}\"")) {
        return Err(std::io::Error::other(format!("{name} is told to be another: {}", answer.1)));
    }
    Ok(answer)
}

/// Whether the server says that it can serve.
pub(crate) fn ready(address: &str) -> Result<Answer, std::io::Error> {
    send(address, "GET /readyz", "accept: */*", "")
}

fn password(name: &str) -> String {
    format!("long-and-of-his-own-{}", name.chars().rev().collect::<String>())
}

fn send(address: &str, what: &str, header: &str, body: &str) -> Result<Answer, std::io::Error> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
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
    Ok((status, body.to_owned()))
}
