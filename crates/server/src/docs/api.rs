//! The handlers of the documentation pages; switched off by `server.docs`, they answer as an unknown path does.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use sekisho_core::{Door, Refusal};

use super::{assets, pages};
use crate::app::App;
use crate::error;

/// `GET /docs`: Swagger UI.
pub async fn swagger_ui(State(app): State<Arc<App>>) -> Response {
    page(&app, pages::swagger_ui)
}

/// `GET /docs/oauth2-redirect`: where Swagger UI's pop-up comes back from an authorization server.
pub async fn oauth2_redirect(State(app): State<Arc<App>>) -> Response {
    page(&app, pages::oauth2_redirect)
}

/// `GET /redoc`: ReDoc.
pub async fn redoc(State(app): State<Arc<App>>) -> Response {
    page(&app, pages::redoc)
}

/// `GET /docs/{file}`: a script, style or picture of the pages.
pub async fn asset(State(app): State<Arc<App>>, Path(file): Path<String>, headers: HeaderMap) -> Response {
    match app.current().settings.server.docs {
        true => assets::asset(&file, &headers).unwrap_or_else(not_found),
        false => not_found(),
    }
}

fn page(app: &App, make: fn(&str) -> Response) -> Response {
    let current = app.current();
    match current.settings.server.docs {
        true => make(&current.settings.server.root_path),
        false => not_found(),
    }
}

fn not_found() -> Response {
    error::answer(Refusal::NotFound, Door::Other)
}
