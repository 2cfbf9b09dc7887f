//! `POST /users/` and `GET /users/me`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use sekisho_core::accounts::PublicUserWith;
use sekisho_core::{PublicUser, User, wire};

use crate::app::App;
use crate::error::{self, ApiError, content_type};
use crate::extract::{Call, CurrentUser};
use crate::failure::Failure;
use crate::openapi::responses::{RegistrationRefusals, TokenRefusals};
use crate::openapi::schemas::{self, BodyCreateUser};

/// Registers a user.
///
/// The username and the e-mail address must be free in any spelling; the password is stored only as a hash.
#[utoipa::path(
    post,
    path = "/users/",
    operation_id = "create_user_users__post",
    summary = "Create User",
    request_body = BodyCreateUser,
    responses((status = 200, description = "Successful Response", body = schemas::User), RegistrationRefusals)
)]
pub async fn create_user(
    State(app): State<Arc<App>>,
    call: Call,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let raw = wire::create_user(content_type(&headers), &body).map_err(|error| call.refuse(error))?;
    let user = super::register(&app, &call, raw).await.map_err(|failure| call.refuse(failure))?;
    shown(&app, &user).await.map_err(|failure| call.refuse(failure))
}

/// Shows the caller.
#[utoipa::path(
    get,
    path = "/users/me",
    operation_id = "read_users_me_users_me_get",
    summary = "Read Users Me",
    responses((status = 200, description = "Successful Response", body = schemas::User), TokenRefusals),
    security(("OAuth2PasswordBearer" = []))
)]
pub async fn read_users_me(State(app): State<Arc<App>>, user: CurrentUser) -> Result<Response, ApiError> {
    shown(&app, &user).await.map_err(|failure| user.refuse(failure))
}

/// The four members, and behind them what `accounts.public_fields` names.
async fn shown(app: &App, user: &User) -> Result<Response, Failure> {
    let Some((user, extra)) = super::kept_beside(app, user).await? else {
        return Ok(error::json(&PublicUser::from(user)));
    };
    let names = &app.current().settings.accounts.public_fields;
    Ok(error::json(&PublicUserWith::new(&user, names, extra)))
}
