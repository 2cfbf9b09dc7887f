//! The header lines that every answer carries.

use http::header::{self, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};
use sekisho_core::RequestId;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds the request's name and what keeps browsers from guessing, storing and framing. What a handler has
/// set itself (a cache rule of an asset, a page's own content policy) stays.
pub(super) fn complete(headers: &mut HeaderMap, request_id: &RequestId) {
    headers.reserve(4);
    if let Ok(value) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Entry::Vacant(cache) = headers.entry(header::CACHE_CONTROL) {
        cache.insert(HeaderValue::from_static("no-store"));
    }
    if is_page(headers) {
        protect_page(headers);
    }
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Only a page can be framed, opened by another, or leak its address to where its links go.
fn protect_page(headers: &mut HeaderMap) {
    const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
    for (name, value) in [
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
