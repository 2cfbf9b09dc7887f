//! Reads a request body whole before the router sees the request, within a size and a time.
//!
//! Every handler here wants the whole body, which is small; so what is too large, too slow or broken has one answer, and
//! a handler never meets half a body.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use sekisho_core::Refusal;

/// The whole body.
pub(super) async fn read(body: Incoming, limit: usize, time: Duration) -> Result<Body, Refusal> {
    let read = tokio::time::timeout(time, collect(body, limit));
    read.await.unwrap_or(Err(Refusal::RequestTimeout)).map(Body::from)
}

async fn collect(mut body: Incoming, limit: usize) -> Result<Bytes, Refusal> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // A chunk that is none, a body that ends too early, or a stream that was reset.
        let Ok(data) = frame.map_err(|_| Refusal::InvalidRequest)?.into_data() else { continue };
        if data.len() > limit - whole.len() {
            return Err(Refusal::BodyTooLarge);
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        whole.reserve(data.len().max(announced.min(limit).saturating_sub(whole.len())));
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
