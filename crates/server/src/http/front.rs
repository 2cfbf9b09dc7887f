//! Receives each request: checks it, names it, finds out its client, and hands it to the router.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Method, Request, Version};
use hyper::body::{Body as _, Incoming};
use sekisho_core::{RequestId, dice};
use tower::Service as _;

use super::access::Access;
use super::answering::{Answering, Awaited, Busy, Ending, Link, Routed, Work};
use super::body;
use super::client::Client;
use super::cors::Permission;
use super::forwarded::client_address;
use super::guard::broken_rule;
use super::head::Head;
use super::policy::Policy;

/// The service of one connection. A hyper service and no tower layers: what stands here runs for every
/// request.
pub(super) struct Front {
    /// In a cell because a call to it wants `&mut`, and a clone for each request costs two atomic
    /// operations on a counter that all cores share. A connection is one task: nobody else borrows it.
    router: RefCell<Router>,
    link: Arc<Link>,
    /// Random once a connection; with the request's number it makes its name, which need not be unguessable.
    names: u64,
    number: Cell<u64>,
}

impl Front {
    pub(super) fn new(router: Router, link: Arc<Link>) -> Front {
        let names = u64::from_ne_bytes(dice::array(&*link.gate.dice));
        Front { router: RefCell::new(router), link, names, number: Cell::new(0) }
    }

    /// A new name: the next of the sequence that the connection's number begins (SplitMix64, which never
    /// repeats within a connection).
    fn new_name(&self) -> RequestId {
        let number = self.number.get() + 1;
        self.number.set(number);
        let mut x = self.names.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        RequestId::new((x ^ (x >> 31)).to_be_bytes())
    }

    /// Sends the request to the router, its body read before.
    fn hand_over(&self, mut request: Request<Incoming>, client: Client, policy: &Policy) -> Work {
        request.extensions_mut().insert(client);
        if request.body().is_end_stream() {
            let request = request.map(|_| Body::empty());
            if let Some(direct) = &self.link.gate.direct
                && (direct.takes)(request.method(), request.uri())
            {
                return Work::Direct((direct.answer)(request));
            }
            let answer = self.router.borrow_mut().call(request);
            return Work::Route(Routed { answer, _share: None });
        }
        let mut router = self.router.borrow().clone();
        let (limit, time) = (policy.body_limit, policy.body_timeout);
        let budget = self.link.gate.bodies.clone();
        let awaited = Awaited::new(&self.link);
        Work::Read(Box::pin(async move {
            let (parts, incoming) = request.into_parts();
            let (body, share) = body::read(incoming, limit, time, budget).await?;
            drop(awaited);
            Ok(Routed { answer: router.call(Request::from_parts(parts, body)), _share: Some(share) })
        }))
    }
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let busy = Busy::new(&self.link);
        let policy = self.link.gate.policy();
        let head = Head::read(request.headers());
        let sent = head.request_id.and_then(|name| name.to_str().ok()).and_then(RequestId::accept);
        let client = Client {
            request_id: sent.unwrap_or_else(|| self.new_name()),
            peer: client_address(self.link.state.peer, request.headers(), &policy.trusted_proxies),
        };
        let http1 = request.version() != Version::HTTP_2;
        let permission =
            policy.cors.as_ref().map_or_else(Permission::default, |cors| cors.permission(head.origin));
        let ending = Ending {
            client,
            access: policy.access_log.then(|| Access::note(&request, client.peer)),
            // Behind a chunked request `framing` no longer knows where the next one begins.
            close: http1 && head.transfer_encoding.is_some(),
            http1,
            head: request.method() == Method::HEAD,
            permission,
            counted: self.link.gate.counts.as_ref().map(|counts| counts.begin(&request)),
        };
        let preflight = || policy.cors.as_ref()?.preflight(&request, &ending.permission);
        let work = if let Some(refusal) = broken_rule(&request, &head, &policy) {
            Work::Done(Some(Err(refusal)))
        } else if let Some(response) = preflight() {
            Work::Done(Some(Ok(response)))
        } else {
            self.hand_over(request, client, &policy)
        };
        Answering { work, ending, limit: policy.request_timeout, deadline: None, busy }
    }
}
