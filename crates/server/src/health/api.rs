//! `/livez` and `/readyz`, for whoever restarts the process or sends it traffic.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::app::App;
use crate::error::{self, ApiError};
use crate::extract::Call;
use crate::openapi::schemas;
use crate::telemetry::log::rfc3339;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen_since: Option<String>,
}

/// Answers as long as the process serves requests at all.
#[utoipa::path(
    get,
    path = "/livez",
    summary = "Alive",
    responses((status = 200, description = "The process serves requests", body = schemas::Health))
)]
pub async fn livez() -> Response {
    error::json(&Health { status: "ok", frozen_since: None })
}

/// Answers 200 while the database does, 503 otherwise. Writes that are on hold leave it ready: token checks go on.
#[utoipa::path(
    get,
    path = "/readyz",
    summary = "Ready",
    responses((status = 200, description = "The database answers", body = schemas::Health))
)]
pub async fn readyz(State(app): State<Arc<App>>, call: Call) -> Result<Response, ApiError> {
    let frozen = super::ready(&app).await.map_err(|failure| call.refuse(failure))?;
    Ok(error::json(&Health { status: "ok", frozen_since: frozen.map(rfc3339) }))
}
