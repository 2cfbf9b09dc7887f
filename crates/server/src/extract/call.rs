//! The context of a call over HTTP.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::{header, request::Parts};
use sekisho_core::{Actor, Ctx, Door};

use crate::app::App;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::http::Client;

/// How much of a user agent is kept, in bytes; `to_str` has let visible ASCII through alone.
const AGENT_MAX: usize = 256;

/// The first argument of each verb, made of the connection, the headers and the clock.
pub struct Call(pub Ctx);

impl Call {
    /// Reads the context off a request.
    pub fn of(parts: &Parts, app: &App) -> Call {
        let client = parts.extensions.get::<Client>();
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let agent = agent.and_then(|agent| agent.get(..agent.len().min(AGENT_MAX)));
        match client {
            Some(client) => Call(Ctx {
                request_id: client.request_id,
                peer: Some(client.peer),
                agent: agent.map(str::to_owned),
                actor: Actor::Anonymous,
                now: app.clock.now(),
            }),
            None => Call(app.ctx(Actor::Anonymous)),
        }
    }
}

impl Call {
    /// The answer to a failure outside of log-in and token checks; its reason goes to the log under the request id.
    pub fn refuse(&self, failure: impl Into<Failure>) -> ApiError {
        ApiError::at(Door::Other, self, failure.into())
    }
}

impl Deref for Call {
    type Target = Ctx;

    fn deref(&self) -> &Ctx {
        &self.0
    }
}

impl<S> FromRequestParts<S> for Call
where
    Arc<App>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Call, Infallible> {
        Ok(Call::of(parts, &Arc::<App>::from_ref(state)))
    }
}
