//! Every URL of the server.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use sekisho_core::{Door, Refusal};

use crate::app::App;
use crate::http::Direct;
use crate::metrics::Watched;
use crate::{accounts, docs, error, health, items, metrics, openapi, tokens};

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

/// Each of these paths once, as it is counted: without the slash at its end, and with a name where it takes any segment.
pub(crate) const TEMPLATES: &[&str] = &[
    "/token",
    "/users",
    "/users/me",
    "/users/me/items",
    "/openapi.json",
    "/docs",
    "/docs/oauth2-redirect",
    "/docs/{file}",
    "/redoc",
    "/livez",
    "/readyz",
];

/// The routes of the listener of the figures, and nothing else there.
pub(crate) fn metrics_router(watched: Arc<Watched>) -> Router {
    let metrics = get(metrics::api::metrics).fallback(async || error::method_not_allowed("GET"));
    Router::new()
        .route("/metrics", metrics)
        .fallback(async || error::answer(Refusal::NotFound, Door::Other))
        .with_state(watched)
}

/// The route that every request of an application pays for, past the router's machinery: `GET /users/me` without a
/// prefix or a slash at its end.
pub fn direct(app: Arc<App>) -> Direct {
    Direct {
        takes: |method, uri| method == Method::GET && uri.path() == "/users/me",
        answer: Box::new(move |request| accounts::api::read_users_me.call(request, Arc::clone(&app))),
    }
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

#[cfg(test)]
mod tests {
    use super::TEMPLATES;

    #[test]
    fn every_route_is_counted_under_its_template() {
        let (routes, _) = include_str!("router.rs").split_once(".with_state(app)").unwrap();
        let mut paths: Vec<_> = routes
            .split(".route(\"")
            .skip(1)
            .map(|rest| rest.split_once('"').unwrap().0.trim_end_matches('/'))
            .collect();
        paths.dedup();
        assert_eq!(paths, TEMPLATES);
    }
}
