//! Bodies of requests: bytes in, typed requests out, everything else refused as FastAPI would say it.
//!
//! Nothing here reads or waits: a body is whole before it is parsed. Every parser is bounded in depth and in count.

mod accept;
mod content_type;
mod create_user;
mod form;
mod json;
mod multipart;
mod token_request;

pub use accept::quality;
pub use create_user::create_user;
pub use form::{Content, Field, parse_form};
pub use json::{Json, JsonError, parse_json, parse_json_within};
pub use multipart::{MultipartError, parse_multipart};
pub use token_request::{TokenRequest, token_request};

use crate::invalid::Invalid;
use crate::refusal::Refusal;

/// Why a body was not understood.
#[derive(Clone, Debug, PartialEq)]
pub enum BodyError {
    /// The entries of a 422.
    Invalid(Vec<Invalid>),
    /// A refusal as a whole.
    Refused(Refusal),
}

impl From<Refusal> for BodyError {
    fn from(refusal: Refusal) -> BodyError {
        BodyError::Refused(refusal)
    }
}
