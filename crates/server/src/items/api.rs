//! `GET /users/me/items`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use sekisho_core::PublicUser;
use serde::Serialize;

use crate::app::App;
use crate::error::{self, ApiError};
use crate::extract::CurrentUser;
use crate::openapi::responses::TokenRefusals;
use crate::openapi::schemas;

/// One item as the seeds show it, without the owner's hash.
#[derive(Serialize)]
struct OwnedItem<'a> {
    item_id: i64,
    owner: PublicUser<'a>,
}

/// Shows the caller's items, each with its owner.
#[utoipa::path(
    get,
    path = "/users/me/items",
    operation_id = "read_own_items_users_me_items_get",
    summary = "Read Own Items",
    responses(
        (status = 200, description = "Successful Response", body = Vec<schemas::OwnedItem>),
        TokenRefusals
    ),
    security(("OAuth2PasswordBearer" = []))
)]
pub async fn read_own_items(State(app): State<Arc<App>>, user: CurrentUser) -> Result<Response, ApiError> {
    let items = super::list(&app, &user).await.map_err(|failure| user.refuse(failure))?;
    let owned: Vec<_> = items
        .iter()
        .map(|item| OwnedItem { item_id: item.item_id, owner: PublicUser::from(&*user) })
        .collect();
    Ok(error::json(&owned))
}
