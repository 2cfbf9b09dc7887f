//! The caller, proven by a bearer token: the seeds' `get_current_user`.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::{HeaderMap, header, request::Parts};
use sekisho_core::{Actor, Door, Refusal, User};

use super::Call;
use crate::app::App;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::tokens;

/// The user whose access token the request carries (RFC 6750 §2.1); a handler that takes it is a protected route.
///
/// Refused with 401 and `WWW-Authenticate: Bearer`: `Not authenticated` without a bearer token,
/// `Could not validate credentials` for one that does not count.
pub struct CurrentUser {
    /// The user, as the database has it now.
    pub user: User,
    /// The call, with the user as its actor: the first argument of each verb.
    pub call: Call,
}

impl CurrentUser {
    /// The answer to a failure beyond the token; its reason goes to the log under the request id.
    pub fn refuse(&self, failure: impl Into<Failure>) -> ApiError {
        self.call.refuse(failure)
    }
}

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

impl<S> FromRequestParts<S> for CurrentUser
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<CurrentUser, ApiError> {
        let app = Arc::<App>::from_ref(state);
        let mut call = Call::of(parts, &app);
        let mut trace = app.trace.begin(&call, &heading(&app, parts));
        let resolved = match bearer_token(&parts.headers) {
            Ok(token) => tokens::get_current_user(&app, &call, token, &mut trace).await,
            Err(refusal) => Err(refusal.into()),
        };
        match resolved {
            Ok(user) => {
                call.0.actor = Actor::User(user.id);
                Ok(CurrentUser { user, call })
            }
            Err(failure) => {
                trace.refused("get_current_user", failure.refusal());
                Err(ApiError::at(Door::Token, &call, failure))
            }
        }
    }
}

fn heading(app: &App, parts: &Parts) -> String {
    if app.trace.is_on() { format!("{} {}", parts.method, parts.uri.path()) } else { String::new() }
}

/// The token of an `Authorization: Bearer` header; the scheme in any case, any spaces before the token.
fn bearer_token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next().ok_or(Refusal::TokenMissing)?;
    if all.next().is_some() {
        return Err(Refusal::TokenMalformed);
    }
    let value = value.to_str().map_err(|_| Refusal::TokenMalformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::TokenMissing);
    }
    Ok(token.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token_of(values: &[&'static str]) -> Result<String, Refusal> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        bearer_token(&headers).map(str::to_owned)
    }

    #[test]
    fn the_header_as_fastapi_reads_it() {
        assert_eq!(token_of(&["Bearer abc"]).as_deref(), Ok("abc"));
        assert_eq!(token_of(&["bearer  abc"]).as_deref(), Ok("abc"));
        assert_eq!(token_of(&["Bearer"]).as_deref(), Ok(""));
        assert_eq!(token_of(&["Basic abc"]), Err(Refusal::TokenMissing));
        assert_eq!(token_of(&[]), Err(Refusal::TokenMissing));
        assert_eq!(token_of(&["Bearer a", "Bearer b"]), Err(Refusal::TokenMalformed));
    }
}
