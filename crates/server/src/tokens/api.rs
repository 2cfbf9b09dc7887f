//! `POST /token` (RFC 6749 §4.3, the password grant that the seeds' clients use).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use sekisho_core::{Door, Refusal, wire};
use serde::Serialize;

use super::create_access_token;
use crate::accounts::authenticate_user;
use crate::app::App;
use crate::error::{self, ApiError, content_type};
use crate::extract::Call;
use crate::failure::Failure;
use crate::openapi::responses::LogInRefusals;
use crate::openapi::schemas::{self, BodyLogin};

/// What a log-in answers (RFC 6749 §5.1); no further member, as the seeds have it.
#[derive(Serialize)]
struct Token<'a> {
    access_token: &'a str,
    token_type: &'static str,
}

/// Logs in with a username or an e-mail address and a password.
#[utoipa::path(
    post,
    path = "/token",
    operation_id = "login_for_access_token_token_post",
    summary = "Login For Access Token",
    request_body(content = BodyLogin, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "Successful Response", body = schemas::Token), LogInRefusals)
)]
pub async fn login_for_access_token(
    State(app): State<Arc<App>>,
    call: Call,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let refuse = |failure: Failure| ApiError::at(Door::LogIn, &call, failure);
    parameters_are_in_the_body(query.as_deref()).map_err(|refusal| refuse(refusal.into()))?;
    let request = wire::token_request(content_type(&headers), &body).map_err(|e| refuse(e.into()))?;
    let mut trace = app.trace.begin(&call, "POST /token");
    let user = authenticate_user(&app, &call, &request.username, request.password, &mut trace)
        .await
        .map_err(|failure| {
            trace.refused("authenticate_user", failure.refusal());
            refuse(failure)
        })?;
    let issued = create_access_token(&app, &call, &user, &mut trace);
    Ok(error::json(&Token { access_token: &issued.access_token, token_type: "bearer" }))
}

/// Credentials in a URL end up in logs and histories (RFC 6749 §2.3.1, RFC 9700 §4.3).
fn parameters_are_in_the_body(query: Option<&str>) -> Result<(), Refusal> {
    const OURS: [&str; 6] = ["grant_type", "username", "password", "scope", "client_id", "client_secret"];
    let fields = wire::parse_form(query.unwrap_or("").as_bytes()).map_err(|_| Refusal::InvalidRequest)?;
    if fields.iter().any(|field| OURS.contains(&&*field.name)) {
        Err(Refusal::InvalidRequest)
    } else {
        Ok(())
    }
}
