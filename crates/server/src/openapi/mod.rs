//! `/openapi.json`: the API as OpenAPI 3.1, generated from the handlers' annotations.
//!
//! Operation ids and schema names are those that FastAPI gives the seeds' functions, because generated
//! clients depend on them.

mod door;
pub mod responses;
pub mod schemas;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use utoipa::openapi::security::{Flow, OAuth2, Password, Scopes, SecurityScheme};
use utoipa::openapi::server::Server;
use utoipa::{Modify, OpenApi};

use crate::app::App;
use crate::error;
use door::DoorRefusals;
use schemas::{BodyCreateUser, BodyLogin, Detail, HttpValidationError, User, ValidationError};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sekisho",
        description = "Registration, log-in and access tokens for your applications.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        crate::tokens::api::login_for_access_token,
        crate::accounts::api::read_users_me,
        crate::items::api::read_own_items,
        crate::accounts::api::create_user,
        crate::health::api::livez,
        crate::health::api::readyz
    ),
    components(schemas(BodyLogin, BodyCreateUser, User, Detail, HttpValidationError, ValidationError)),
    modifiers(&PasswordBearer, &Untagged, &DoorRefusals)
)]
struct Document;

/// The seeds' `OAuth2PasswordBearer(tokenUrl="token")`: what the Authorize button of `/docs` drives.
struct PasswordBearer;

impl Modify for PasswordBearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let flow = Flow::Password(Password::new("token", Scopes::new()));
        let scheme = SecurityScheme::OAuth2(OAuth2::new([flow]));
        document
            .components
            .get_or_insert_with(Default::default)
            .add_security_scheme("OAuth2PasswordBearer", scheme);
    }
}

/// FastAPI gives the seeds' functions no tag, so that generated clients find them under `default`; utoipa would name
/// our modules.
struct Untagged;

impl Modify for Untagged {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for path in document.paths.paths.values_mut() {
            for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
                operation.tags = None;
            }
        }
    }
}

/// The document for a server whose URLs begin with this path.
pub fn generate(root_path: &str) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    if !root_path.is_empty() {
        document.servers = Some(vec![Server::new(root_path)]);
    }
    document
}

/// Serves the document.
pub async fn document(State(app): State<Arc<App>>) -> Response {
    error::json(&generate(&app.current().settings.server.root_path))
}
