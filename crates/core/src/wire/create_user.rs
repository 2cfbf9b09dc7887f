//! The body of `POST /users/`: `{"user": {…}, "password": "…"}` in JSON.

use serde_json::Value;

use super::BodyError;
use super::content_type::ContentType;
use super::json::{Json, JsonError, parse_json};
use crate::accounts::RawRegistration;
use crate::invalid::{Invalid, Loc};
use crate::loc;
use crate::refusal::Refusal;
use crate::secret::SecretString;

/// Members of the seeds' user that are the server's to decide: taken from anyone, used by nobody.
const READ_ONLY: [&str; 3] = ["id", "disabled", "hashed_password"];

/// Reads the JSON body into the raw texts of a registration, whose rules are checked next.
///
/// What is wrong is a 422 in the words of FastAPI and pydantic, all of it at once; a body that is not Unicode is
/// [`Refusal::BodyUnreadable`]. A body of another type counts as empty. Unknown members are refused.
pub fn create_user(content_type: Option<&str>, body: &[u8]) -> Result<RawRegistration, BodyError> {
    let mut errors = Vec::new();
    let mut members = match json_of(content_type, body)? {
        Json::Object(members) => members,
        _ => Vec::new(),
    };
    let user = user(take(&mut members, "user"), &mut errors);
    let password = match take(&mut members, "password") {
        None => Err(Invalid::missing(loc!["body", "password"], Value::Null)),
        Some(Json::Text(text)) => Ok(SecretString::new(text)),
        Some(other) => Err(Invalid::string_type(loc!["body", "password"], other.into())),
    };
    let password = password.map_err(|e| errors.push(e)).ok();
    errors.extend(members.into_iter().map(|(name, value)| extra(loc!["body"], name, value)));
    match (user, password) {
        (Some((username, email, full_name)), Some(password)) if errors.is_empty() => {
            Ok(RawRegistration { username, email, full_name, password })
        }
        _ => Err(BodyError::Invalid(errors)),
    }
}

fn json_of(content_type: Option<&str>, body: &[u8]) -> Result<Json, BodyError> {
    if body.is_empty() || ContentType::parse(content_type) != ContentType::Json {
        return Ok(Json::Null);
    }
    parse_json(body).map_err(|error| match error {
        JsonError::Syntax { position, message } => {
            BodyError::Invalid(vec![Invalid::json_invalid(position, message)])
        }
        JsonError::NotText => BodyError::Refused(Refusal::BodyUnreadable),
    })
}

type User = (String, String, Option<String>);

/// The members of `user`; what is wrong with them in the order of the seeds' model, then the unknown ones.
fn user(user: Option<Json>, errors: &mut Vec<Invalid>) -> Option<User> {
    let mut members = match user {
        Some(Json::Object(members)) => members,
        None => {
            errors.push(Invalid::missing(loc!["body", "user"], Value::Null));
            return None;
        }
        Some(other) => {
            errors.push(Invalid::model_attributes_type(loc!["body", "user"], other.into()));
            return None;
        }
    };
    let whole = |name: &str| members.iter().all(|(n, _)| n != name).then(|| Json::Object(members.clone()));
    let lacking = [whole("email"), whole("username")];
    let [email, username] = ["email", "username"].map(|name| take(&mut members, name));
    let full_name = take(&mut members, "full_name");
    members.retain(|(name, _)| !READ_ONLY.contains(&name.as_str()));

    let mut text = |name: &'static str, value: Option<Json>, lacking: Option<Json>| match value {
        Some(Json::Text(text)) => Some(text),
        Some(other) => {
            errors.push(Invalid::string_type(loc!["body", "user", name], other.into()));
            None
        }
        None => {
            let object = lacking.map_or(Value::Null, Value::from);
            errors.push(Invalid::missing(loc!["body", "user", name], object));
            None
        }
    };
    let [no_email, no_username] = lacking;
    let email = text("email", email, no_email);
    let username = text("username", username, no_username);
    let full_name = match full_name {
        None | Some(Json::Null) => None,
        value => text("full_name", value, None),
    };
    errors.extend(members.into_iter().map(|(name, value)| extra(loc!["body", "user"], name, value)));
    Some((username?, email?, full_name))
}

fn take(members: &mut Vec<(String, Json)>, name: &str) -> Option<Json> {
    let index = members.iter().position(|(n, _)| n == name)?;
    Some(members.remove(index).1)
}

fn extra(mut loc: Vec<Loc>, name: String, value: Json) -> Invalid {
    loc.push(Loc::from(name));
    Invalid::extra_forbidden(loc, value.into())
}

#[cfg(test)]
#[path = "create_user_tests.rs"]
mod tests;
