//! The body of `POST /token`: FastAPI's `OAuth2PasswordRequestForm`, with RFC 6749's rules where the seeds are silent.

use serde_json::json;

use super::BodyError;
use super::content_type::ContentType;
use super::form::{Content, Field, parse_form};
use super::multipart::parse_multipart;
use crate::invalid::{Invalid, Loc};
use crate::loc;
use crate::refusal::Refusal;
use crate::secret::SecretString;

/// What a client sends to log in.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// `password`, or not sent.
    pub grant_type: Option<String>,
    /// A username or an e-mail address, as typed; never empty.
    pub username: String,
    /// As typed; never empty.
    pub password: SecretString,
    /// Scopes with spaces between them; may be empty.
    pub scope: String,
    /// If sent and not empty.
    pub client_id: Option<String>,
    /// If sent and not empty.
    pub client_secret: Option<SecretString>,
}

/// Reads a form or multipart body.
///
/// A field that is empty counts as not sent (RFC 6749, 3.2; FastAPI too), and an unknown one is ignored. A field sent twice, a form
/// that can't be decoded or U+0000 outside of a secret is [`Refusal::InvalidRequest`], a malformed multipart body is
/// refused in FastAPI's words, another grant is
/// [`Refusal::UnsupportedGrantType`]; a missing or wrongly typed field, as in a body of any other type, is FastAPI's 422.
pub fn token_request(content_type: Option<&str>, body: &[u8]) -> Result<TokenRequest, BodyError> {
    let fields = match ContentType::parse(content_type) {
        ContentType::Form => parse_form(body)?,
        ContentType::Multipart(boundary) => {
            let boundary = boundary.ok_or(Refusal::BoundaryMissing)?;
            parse_multipart(&boundary, body).map_err(Refusal::from)?
        }
        ContentType::Json | ContentType::Other => Vec::new(),
    };
    no_field_is_sent_twice(&fields)?;
    let mut form = Form { fields, errors: Vec::new() };
    let grant_type = form.plain("grant_type")?;
    if grant_type.as_deref().is_some_and(|g| g != "password") {
        return Err(Refusal::UnsupportedGrantType.into());
    }
    let username = form.plain("username")?;
    form.required("username", username.is_none());
    let password = form.text("password");
    form.required("password", password.is_none());
    let scope = form.plain("scope")?;
    let client_id = form.plain("client_id")?;
    let client_secret = form.text("client_secret");
    match (username, password) {
        (Some(username), Some(password)) if form.errors.is_empty() => Ok(TokenRequest {
            grant_type,
            username,
            password: SecretString::new(password),
            scope: scope.unwrap_or_default(),
            client_id,
            client_secret: client_secret.map(SecretString::new),
        }),
        _ => Err(BodyError::Invalid(form.errors)),
    }
}

/// RFC 6749, 3.2: parameters must not be included more than once.
fn no_field_is_sent_twice(fields: &[Field]) -> Result<(), Refusal> {
    let mut seen = std::collections::BTreeSet::new();
    if fields.iter().all(|f| seen.insert(f.name.as_str())) { Ok(()) } else { Err(Refusal::InvalidRequest) }
}

struct Form {
    fields: Vec<Field>,
    errors: Vec<Invalid>,
}

impl Form {
    /// Takes a text out of the form; a file in its place is an error of its type.
    fn text(&mut self, name: &'static str) -> Option<String> {
        let index = self.fields.iter().position(|f| f.name == name)?;
        match self.fields.swap_remove(index).content {
            Content::Text(text) => Some(text).filter(|t| !t.is_empty()),
            // What a browser sends for a file input that was left empty.
            Content::File { filename, size: 0 } if filename.is_empty() => None,
            Content::File { filename, size } => {
                let input = json!({ "filename": filename, "size": size });
                self.errors.push(Invalid::string_type(loc!["body", name], input));
                None
            }
        }
    }

    /// The same for a text that is no secret, where U+0000 has no business.
    fn plain(&mut self, name: &'static str) -> Result<Option<String>, Refusal> {
        match self.text(name) {
            Some(text) if text.contains('\0') => Err(Refusal::InvalidRequest),
            text => Ok(text),
        }
    }

    fn required(&mut self, name: &'static str, absent: bool) {
        let told = self.errors.iter().any(|e| e.loc.last() == Some(&Loc::from(name)));
        if absent && !told {
            self.errors.push(Invalid::missing(loc!["body", name], serde_json::Value::Null));
        }
    }
}

#[cfg(test)]
#[path = "token_request_tests.rs"]
mod tests;
