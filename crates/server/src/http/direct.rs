//! A way past the router, for the one request that is asked far more often than all others.
//!
//! The router makes five boxes for a request and looks for its route in a tree: half a microsecond, of some twelve that a
//! token check takes in all. What goes this way must be routed too, and answered alike there.

use std::pin::Pin;

use axum::extract::Request;
use axum::response::Response;
use http::{Method, Uri};

/// What is answered without the router.
pub struct Direct {
    /// Whether a request without a body is answered this way.
    pub takes: fn(&Method, &Uri) -> bool,
    /// Answers it.
    pub answer: Box<dyn Fn(Request) -> DirectAnswer + Send + Sync>,
}

/// An answer on its way.
pub type DirectAnswer = Pin<Box<dyn Future<Output = Response> + Send>>;
