//! Every URL of the server.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, get, post};
use sekisho_core::{Door, Refusal};

use crate::app::App;
use crate::{accounts, docs, error, health, items, openapi, tokens};

/// The routes of the server; an application's own are merged beside them.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        // Logging in
        .route("/token", only_post(tokens::api::login_for_access_token))
        .route("/token/", only_post(tokens::api::login_for_access_token))
        // Users
        .route("/users", only_post(accounts::api::create_user))
        .route("/users/", only_post(accounts::api::create_user))
        .route("/users/me", only_get(accounts::api::read_users_me))
        .route("/users/me/", only_get(accounts::api::read_users_me))
        .route("/users/me/items", only_get(items::api::read_own_items))
        .route("/users/me/items/", only_get(items::api::read_own_items))
        // Documentation
        .route("/openapi.json", page(openapi::document))
        .route("/openapi.json/", page(openapi::document))
        .route("/docs", page(docs::api::swagger_ui))
        .route("/docs/", page(docs::api::swagger_ui))
        .route("/docs/oauth2-redirect", page(docs::api::oauth2_redirect))
        .route("/docs/{file}", page(docs::api::asset))
        .route("/redoc", page(docs::api::redoc))
        .route("/redoc/", page(docs::api::redoc))
        // Health
        .route("/livez", only_get(health::api::livez))
        .route("/readyz", only_get(health::api::readyz))
        .fallback(async || error::answer(Refusal::NotFound, Door::Other))
        .with_state(app)
}

/// The same routes below the prefix too, for a proxy in front that does not strip it (FastAPI's `root_path`).
pub fn below_root_path(root_path: &str, routes: Router) -> Router {
    match root_path {
        "" => routes,
        prefix => routes.clone().nest(prefix, routes),
    }
}

/// GET (and HEAD, RFC 9110 §9.3.2); `Allow` names GET alone, as FastAPI does.
fn only_get<H, T>(handler: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    get(handler).fallback(async || error::method_not_allowed("GET"))
}

/// The same, where FastAPI's `Allow` names HEAD too: its documentation pages.
fn page<H, T>(handler: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    get(handler).fallback(async || error::method_not_allowed("GET, HEAD"))
}

fn only_post<H, T>(handler: H) -> MethodRouter<Arc<App>>
where
    H: Handler<T, Arc<App>>,
    T: 'static,
{
    post(handler).fallback(async || error::method_not_allowed("POST"))
}
