//! One line of a JSON Lines file.

use serde_json::{Value, json};

use super::MOST_VALUES;
use super::error::RowError;
use super::header::Header;
use super::row::UserRow;
use crate::accounts::{IncomingUser, email_key};
use crate::invalid::is_named_like_a_secret;
use crate::rfc3339;
use crate::wire::{Json, parse_json_within};

/// What a line is.
#[derive(Clone, PartialEq, Debug)]
pub enum Line {
    /// The first line of an export.
    Header(Header),
    /// The first line of a file that this program can't read: nothing of it should be.
    OtherFormat(RowError),
    /// A user.
    User(Box<UserRow>),
}

/// Reads a line; only the `first` of a file can be a header.
///
/// # Errors
/// What is wrong with it, without a value of it.
pub fn read_line(line: &[u8], first: bool) -> Result<Line, RowError> {
    let line = if first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
    let value = parse_json_within(line, MOST_VALUES)
        .map_err(|error| RowError::whole(format!("not JSON: {error}")))?;
    let Json::Object(members) = value else { return Err(RowError::whole("not a JSON object")) };
    match Header::read(&members) {
        Ok(None) => {}
        Ok(Some(_)) if !first => return Err(RowError::whole("a second header")),
        Ok(Some(header)) => return Ok(Line::Header(header)),
        Err(error) if first => return Ok(Line::OtherFormat(error)),
        Err(error) => return Err(error),
    }
    UserRow::of(members).map(|row| Line::User(Box::new(row)))
}

/// Writes a user as a line, without its end; the hash, and what `extra` has under a name like a secret's, only if `hashes`.
///
/// Read again and brought in elsewhere it makes the same user, hash and all.
pub fn write_user(user: &IncomingUser, items: &[i64], hashes: bool) -> String {
    let mut line = Members(String::with_capacity(512));
    line.put("id", json!(user.id));
    line.put("username", json!(user.username));
    if user.username_key.is_none() {
        line.put("username_key", Value::Null);
    }
    line.put("email", json!(user.email));
    if user.email_key.is_none() && user.email.as_deref().and_then(email_key).is_some() {
        line.put("email_key", Value::Null);
    }
    line.put("full_name", json!(user.full_name));
    line.put("external_id", json!(user.external_id));
    if let Some((hash, _)) = user.password.as_ref().filter(|_| hashes) {
        line.put("password_hash", json!(hash.as_str()));
    }
    line.put("token_version", json!(user.token_version));
    line.put("disabled_at", json!(user.disabled_at.map(rfc3339::write)));
    line.put("created_at", json!(rfc3339::write(user.created_at)));
    line.put("updated_at", json!(rfc3339::write(user.updated_at)));
    if let Some(extra) = &user.extra {
        let extra = Value::Object(extra.clone());
        line.put("extra", if hashes { extra } else { without_secrets(extra) });
    }
    if !items.is_empty() {
        line.put("items", json!(items));
    }
    line.0.push('}');
    line.0
}

/// The value without members that are named like a secret, at any depth.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::Array(list) => Value::Array(list.into_iter().map(without_secrets).collect()),
        Value::Object(members) => {
            let open = members.into_iter().filter(|(name, _)| !is_named_like_a_secret(name));
            Value::Object(open.map(|(name, value)| (name, without_secrets(value))).collect())
        }
        other => other,
    }
}

/// The members of an object in the order in which a person reads them.
struct Members(String);

impl Members {
    fn put(&mut self, name: &str, value: Value) {
        use std::fmt::Write as _;
        let before = if self.0.is_empty() { '{' } else { ',' };
        // Writing into a text does not fail.
        let _ = write!(self.0, "{before}\"{name}\":{value}");
    }
}
