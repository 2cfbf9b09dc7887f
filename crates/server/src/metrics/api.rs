//! `GET /metrics`, on its own listener.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sekisho_core::wire;

use super::{Format, Watched};

/// The figures, in the format that the client prefers.
pub async fn metrics(State(watched): State<Arc<Watched>>, headers: HeaderMap) -> Response {
    let format = preferred(&headers);
    let content_type = HeaderValue::from_static(format.content_type());
    ([(header::CONTENT_TYPE, content_type)], watched.page(format).await).into_response()
}

/// OpenMetrics for who wants it more than text; who says nothing reads text.
fn preferred(headers: &HeaderMap) -> Format {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accept = accept.collect::<Vec<_>>().join(",");
    let open = wire::quality(&accept, "application/openmetrics-text");
    if open > wire::quality(&accept, "text/plain") { Format::OpenMetrics } else { Format::Text }
}
