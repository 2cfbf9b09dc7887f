//! The bodies of requests and responses, under the names that generated clients know.

use serde::Serialize;
use utoipa::ToSchema;

/// The form of `POST /token` (RFC 6749 §4.3.2).
#[derive(Serialize, ToSchema)]
#[schema(as = Body_login_for_access_token_token_post)]
pub struct BodyLogin {
    /// `password`, or empty.
    #[schema(pattern = "^(password)?$")]
    grant_type: Option<String>,
    /// The username, or the e-mail address.
    username: String,
    /// The password.
    #[schema(format = Password)]
    password: String,
    /// Scopes separated by spaces; none are defined yet.
    #[schema(default = "")]
    scope: Option<String>,
    /// Ignored: clients are not registered yet.
    client_id: Option<String>,
    /// Ignored: clients are not registered yet.
    #[schema(format = Password)]
    client_secret: Option<String>,
}

/// The body of `POST /users/`.
#[derive(Serialize, ToSchema)]
#[schema(as = Body_create_user_users__post)]
pub struct BodyCreateUser {
    user: User,
    /// The password; a rule on its length holds, none on its composition.
    password: String,
}

/// A user as everybody who may see one sees one.
#[derive(Serialize, ToSchema)]
pub struct User {
    /// The name, as typed at registration.
    username: String,
    /// The e-mail address, as typed at registration.
    email: String,
    /// The full name, if given.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<String>,
    /// Whether an operator has locked the user out; ignored in requests.
    #[schema(default = false)]
    disabled: Option<bool>,
}

/// The answer to a log-in (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// A JWT; send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `bearer`.
    token_type: String,
}

/// An item with its owner.
#[derive(Serialize, ToSchema)]
pub struct OwnedItem {
    item_id: i64,
    owner: User,
}

/// The body of every refusal but a 422.
#[derive(Serialize, ToSchema)]
pub struct Detail {
    /// What went wrong, for a person.
    detail: String,
    /// What went wrong, for a program, where a specification defines a code (RFC 6749 §5.2).
    #[schema(nullable = false)]
    error: Option<String>,
    /// The same as `detail`, beside `error`.
    #[schema(nullable = false)]
    error_description: Option<String>,
}

/// The body of a 422: which fields break which rules.
#[derive(Serialize, ToSchema)]
#[schema(as = HTTPValidationError)]
pub struct HttpValidationError {
    #[schema(nullable = false)]
    detail: Option<Vec<ValidationError>>,
}

/// One broken rule, in pydantic's terms.
#[derive(Serialize, ToSchema)]
pub struct ValidationError {
    /// Where: `body`, then the names and indexes that lead to the value.
    loc: Vec<Location>,
    /// What, for a person.
    msg: String,
    /// What, for a program.
    #[serde(rename = "type")]
    kind: String,
    /// The value that was sent; never a password.
    #[schema(value_type = Option<serde_json::Value>)]
    input: Option<serde_json::Value>,
    /// The rule's parameters.
    #[schema(value_type = Option<Object>, nullable = false)]
    ctx: Option<serde_json::Value>,
}

/// A step of the way to a value.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Location {
    /// A member's name.
    Name(String),
    /// An index, or a position in a malformed document.
    Index(i64),
}

/// The answer of the health checks.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`; anything else is another status.
    status: String,
    /// Since when writes are on hold, if they are (`/readyz` alone says so).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    frozen_since: Option<String>,
}
