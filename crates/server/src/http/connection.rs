//! Drives one connection to its end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;

use super::answering::Link;
use super::front::Front;
use super::gate::Gate;
use super::policy::Limits;
use super::registry::Place;
use super::state::Order;
use super::wire::Wire;

/// Serves the requests of one connection, HTTP/1.1 or HTTP/2 with prior knowledge, until it ends or is told
/// to.
pub(super) async fn drive(tcp: TcpStream, place: Place, router: Router, gate: Arc<Gate>) {
    let builder = builder(&gate.policy().connection);
    let state = Arc::clone(&place.state);
    let wire = Wire::new(tcp, Arc::clone(&state));
    let front = Front::new(router, Arc::new(Link { state: Arc::clone(&state), gate }));
    let mut connection = pin!(builder.serve_connection(TokioIo::new(wire), front));
    let mut known = false;
    let mut finishing = false;
    poll_fn(|cx| {
        if !known {
            known = true;
            state.wake_by(cx);
        }
        match state.order() {
            Order::Close => return Poll::Ready(()),
            Order::Finish if !finishing => {
                finishing = true;
                connection.as_mut().graceful_shutdown();
            }
            Order::Finish | Order::None => {}
        }
        // What a client does wrong to its own connection is its own matter.
        connection.as_mut().poll(cx).map(|_| ())
    })
    .await;
    drop(place);
}

/// HTTP/1 gets no timer: the registry closes what is slow, and a timer costs every request.
fn builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    // hyper takes no less than 8 KiB.
    let header_bytes = limits.header_bytes.max(8 * 1024);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(header_bytes).writev(false);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(100)
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}
