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
    send(address, "/users/", "application/json", &body.to_string())
}

/// Logs a user in with the password that [`register`] gave him.
pub(crate) fn log_in(address: &str, name: &str) -> Result<Answer, std::io::Error> {
    let body = format!("username={name}&password={}", password(name));
    send(address, "/token", "application/x-www-form-urlencoded", &body)
}

fn password(name: &str) -> String {
    format!("long-and-of-his-own-{}", name.chars().rev().collect::<String>())
}

fn send(address: &str, path: &str, content_type: &str, body: &str) -> Result<Answer, std::io::Error> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
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
