//! One request on its way to an answer: body, router, time limit, panic, and what every answer is given at
//! the end.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use http::{HeaderValue, header};
use hyper::body::Body as _;
use sekisho_core::{Actor, Ctx, Door, Refusal};
use tokio::time::{Sleep, sleep};

use super::access::Access;
use super::body::Share;
use super::client::Client;
use super::cors::Permission;
use super::counts::Counted;
use super::direct::DirectAnswer;
use super::gate::Gate;
use super::headers;
use super::state::State;
use crate::error;
use crate::telemetry::log;

/// What one connection's requests share.
pub(super) struct Link {
    pub(super) state: Arc<State>,
    pub(super) gate: Arc<Gate>,
}

/// A body on its way in, and then the router's future.
pub(super) type Reading = Pin<Box<dyn Future<Output = Result<Routed, Refusal>> + Send>>;

/// Marks one request's body as being waited for while it lives.
pub(super) struct Awaited(Arc<Link>);

impl Awaited {
    pub(super) fn new(link: &Arc<Link>) -> Awaited {
        link.state.body_begins();
        Awaited(Arc::clone(link))
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.0.state.body_ends();
    }
}

/// A request that the router has.
pub(super) struct Routed {
    pub(super) answer: RouteFuture<Infallible>,
    /// What its body takes, held until there is an answer.
    pub(super) _share: Option<Share>,
}

/// What has yet to be done before there is an answer.
#[expect(clippy::large_enum_variant, reason = "a box would cost every request an allocation")]
pub(super) enum Work {
    /// The body is being read; then the request goes to the router.
    Read(Reading),
    /// The router has it.
    Route(Routed),
    /// It went past the router.
    Direct(DirectAnswer),
    /// It was answered at the door.
    Done(Option<Result<Response, Refusal>>),
}

/// What is kept of the request for the end.
pub(super) struct Ending {
    pub(super) client: Client,
    pub(super) permission: Permission,
    pub(super) access: Option<Box<Access>>,
    /// Its place in the counters, until it is counted.
    pub(super) counted: Option<Counted>,
    /// The connection must not serve another request.
    pub(super) close: bool,
    /// Connections are closed by a header line, which HTTP/2 does not have.
    pub(super) http1: bool,
    /// The answer has no body.
    pub(super) head: bool,
}

/// The future of one answer.
pub(super) struct Answering {
    pub(super) work: Work,
    pub(super) ending: Ending,
    /// How long the router may take.
    pub(super) limit: Duration,
    /// Armed only when an answer does not come at once.
    pub(super) deadline: Option<Pin<Box<Sleep>>>,
    pub(super) busy: Busy,
}

/// Marks the connection as busy while it lives.
pub(super) struct Busy(Arc<Link>);

impl Busy {
    pub(super) fn new(link: &Arc<Link>) -> Busy {
        link.state.begin();
        Busy(Arc::clone(link))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.state.end();
    }
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let outcome = match catch_unwind(AssertUnwindSafe(|| this.work.poll(cx))) {
            Ok(Poll::Ready(outcome)) => outcome,
            Ok(Poll::Pending) if matches!(this.work, Work::Read(_)) => return Poll::Pending,
            Ok(Poll::Pending) => {
                let deadline = this.deadline.get_or_insert_with(|| Box::pin(sleep(this.limit)));
                ready!(deadline.as_mut().poll(cx));
                Err(Refusal::AnswerTimeout)
            }
            // The panic hook has logged its place; the payload may hold anything and is dropped (ATTACKS
            // L06).
            Err(_) => Err(Refusal::Internal),
        };
        this.work = Work::Done(None);
        Poll::Ready(Ok(this.ending.finish(outcome, &this.busy.0)))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if self.ending.counted.is_some()
            && let Some(counts) = &self.busy.0.gate.counts
        {
            counts.abandoned();
        }
    }
}

impl Work {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, Refusal>> {
        loop {
            match self {
                Work::Read(read) => *self = Work::Route(ready!(read.as_mut().poll(cx))?),
                Work::Route(routed) => {
                    let Ok(response) = ready!(Pin::new(&mut routed.answer).poll(cx));
                    return Poll::Ready(Ok(response));
                }
                Work::Direct(answer) => return answer.as_mut().poll(cx).map(Ok),
                Work::Done(outcome) => {
                    return Poll::Ready(outcome.take().unwrap_or(Err(Refusal::Internal)));
                }
            }
        }
    }
}

impl Ending {
    fn finish(&mut self, outcome: Result<Response, Refusal>, link: &Link) -> Response {
        let mut response = outcome.unwrap_or_else(|refusal| self.refuse(refusal, link));
        let headers = response.headers_mut();
        headers::complete(headers, &self.client.request_id);
        std::mem::take(&mut self.permission).write(headers);
        if self.close && self.http1 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(access) = &self.access {
            access.write(response.status(), &self.client.request_id);
        }
        if let (Some(counted), Some(counts)) = (self.counted.take(), &link.gate.counts) {
            counts.end(&counted, &response);
        }
        response
    }

    /// A refusal made here ends the connection: the body may not have been read, or its end not be where it
    /// seems.
    fn refuse(&mut self, refusal: Refusal, link: &Link) -> Response {
        self.close = true;
        link.state.left_unread();
        let ctx = Ctx {
            request_id: self.client.request_id,
            peer: Some(self.client.peer),
            agent: None,
            actor: Actor::Anonymous,
            now: link.gate.clock.now(),
        };
        log::refused(&ctx, refusal);
        let mut response = error::answer(refusal, Door::Other);
        if self.head {
            let length = response.body().size_hint().exact().unwrap_or(0);
            *response.body_mut() = Body::empty();
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        }
        response
    }
}
