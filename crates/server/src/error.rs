//! The one place that makes responses: JSON answers and refusals in the seeds' shape.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sekisho_core::refusal::Answer;
use sekisho_core::{Ctx, Door, Invalid, Refusal, invalid};
use serde::Serialize;

use crate::failure::Failure;
use crate::telemetry::log;

/// A refusal as the client reads it; the reason went to the log when it was made.
#[derive(Debug)]
pub struct ApiError {
    refusal: Refusal,
    door: Door,
    retry_after: Option<u64>,
    invalid: Vec<Invalid>,
}

impl ApiError {
    /// What a failure means to the client at this door; logs the reason beside the request id.
    pub fn at(door: Door, ctx: &Ctx, failure: Failure) -> ApiError {
        log::failed(ctx, &failure);
        let refusal = failure.refusal();
        let (invalid, retry_after) = match failure {
            Failure::Invalid(list) => (invalid::shortened(list), None),
            Failure::Later(_, wait) => (Vec::new(), Some(wait.as_secs().max(1))),
            Failure::Refused(_) | Failure::Store(_) => (Vec::new(), None),
        };
        ApiError { refusal, door, retry_after, invalid }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.refusal == Refusal::FieldsInvalid {
            let mut response =
                with_status(StatusCode::UNPROCESSABLE_ENTITY, &Fields { detail: &self.invalid });
            response.extensions_mut().insert(self.refusal);
            return response;
        }
        let mut response = answer(self.refusal, self.door);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

#[derive(Serialize)]
struct Fields<'a> {
    detail: &'a [Invalid],
}

#[derive(Serialize)]
struct Detail {
    detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<&'static str>,
}

/// The response to a refusal: `{"detail": …}` and, at the OAuth endpoints, RFC 6749 §5.2's `error`.
///
/// The reason goes along as an extension of the response, for whoever counts; nobody sends it.
pub fn answer(refusal: Refusal, door: Door) -> Response {
    let answer = refusal.answer(door);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = with_body(status, refusal_body(&answer));
    response.extensions_mut().insert(refusal);
    if answer.bearer_challenge {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = answer.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// The bytes of a refusal's body, for a response that is not made here.
pub fn refusal_body(answer: &Answer) -> Vec<u8> {
    let error_description = answer.error.map(|_| answer.detail);
    // Texts and nothing else: there is no way for them not to be JSON.
    serde_json::to_vec(&Detail { detail: answer.detail, error: answer.error, error_description })
        .unwrap_or_default()
}

/// The 405 of a path, naming the methods that it has.
pub fn method_not_allowed(allow: &'static str) -> Response {
    let mut response = answer(Refusal::MethodNotAllowed, Door::Other);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    response
}

/// A 200 with a JSON body.
pub fn json<T: Serialize>(body: &T) -> Response {
    with_status(StatusCode::OK, body)
}

fn with_status<T: Serialize>(status: StatusCode, body: &T) -> Response {
    let Ok(bytes) = serde_json::to_vec(body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    with_body(status, bytes)
}

fn with_body(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The request's content type, where it is text.
pub fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
}
