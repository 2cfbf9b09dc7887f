//! The refusals of each operation beside those that all share (`door`), so that every status and error body is in
//! the document.

use utoipa::IntoResponses;

use super::schemas::{Detail, HttpValidationError};

/// How `POST /token` refuses.
#[derive(IntoResponses)]
#[allow(missing_docs)]
pub enum LogInRefusals {
    /// Malformed request, repeated parameter, or unknown grant type (RFC 6749 §5.2)
    #[response(status = 400)]
    BadRequest(Detail),
    /// Incorrect username or password
    #[response(status = 401, headers(("WWW-Authenticate" = String, description = "Bearer")))]
    Unauthorized(Detail),
    /// Validation Error
    #[response(status = 422)]
    Invalid(HttpValidationError),
    /// Too many failed log-ins
    #[response(status = 429, headers(("Retry-After" = i64, description = "Seconds")))]
    Throttled(Detail),
}

/// How `POST /users/` refuses.
#[derive(IntoResponses)]
#[allow(missing_docs)]
pub enum RegistrationRefusals {
    /// Registration is closed, or another host's name in the profile development
    #[response(status = 403)]
    Closed(Detail),
    /// The username or the e-mail address is taken
    #[response(status = 409)]
    Taken(Detail),
    /// Validation Error
    #[response(status = 422)]
    Invalid(HttpValidationError),
}

/// How a route refuses that needs an access token.
#[derive(IntoResponses)]
#[allow(missing_docs)]
pub enum TokenRefusals {
    /// Not authenticated, or the token does not count
    #[response(status = 401, headers(("WWW-Authenticate" = String, description = "Bearer")))]
    Unauthorized(Detail),
}
