//! The access log: one line a request, where it is switched on.

use std::net::IpAddr;
use std::time::Instant;

use http::{Request, StatusCode};
use sekisho_core::RequestId;

/// What the line says, noted when the request came. The query is left out: it may hold what is nobody's
/// business.
pub(super) struct Access {
    came: Instant,
    method: http::Method,
    path: String,
    client: IpAddr,
}

impl Access {
    pub(super) fn note<B>(request: &Request<B>, client: IpAddr) -> Box<Access> {
        Box::new(Access {
            came: Instant::now(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            client,
        })
    }

    pub(super) fn write(&self, status: StatusCode, request_id: &RequestId) {
        tracing::info!(
            method = self.method.as_str(),
            path = self.path.as_str(),
            status = status.as_u16(),
            micros = u64::try_from(self.came.elapsed().as_micros()).unwrap_or(u64::MAX),
            request_id = request_id.as_str(),
            client = %self.client,
            "answered"
        );
    }
}
