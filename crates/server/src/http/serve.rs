//! Accepts connections, and stops.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustix::process::{Resource, getrlimit, setrlimit};
use sekisho_core::{Door, Refusal, RequestId, dice};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::connection;
use super::gate::Gate;
use super::registry::{Place, Registry, TICK};
use super::state::Order;
use crate::error;

/// How long the loop rests when the system has no descriptor or memory for another connection.
const BACK_OFF: Duration = Duration::from_millis(50);

/// Serves the router on the listener until `shutdown` is done; then answers what is in flight, for as long as
/// `server.shutdown_seconds` says, and returns when the last connection is closed.
///
/// The process's limit of open files is raised as far as the system lets it; connections take at most that
/// less an eighth (16 at least), so that the database keeps its files.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    gate: Arc<Gate>,
    shutdown: impl Future<Output = ()>,
) {
    let registry = Arc::new(Registry::counted_by(Arc::clone(&gate.tally)));
    let acceptor =
        Acceptor { registry: Arc::clone(&registry), router, gate, descriptors: raise_descriptor_limit() };
    tokio::select! {
        () = shutdown => {}
        () = acceptor.accept(&listener) => {}
        () = acceptor.tick() => {}
    }
    drop(listener);
    registry.order(Order::Finish);
    let patience = acceptor.gate.policy().shutdown;
    tokio::select! {
        () = all_closed(&registry) => return,
        () = acceptor.tick() => {}
        () = sleep(patience) => {}
    }
    tracing::warn!(connections = registry.len(), "stopped before all answers were taken");
    registry.order(Order::Close);
    // They close when they are next polled, which the order has seen to.
    all_closed(&registry).await;
}

async fn all_closed(registry: &Registry) {
    loop {
        let closed = registry.closed();
        if registry.len() == 0 {
            return;
        }
        closed.await;
    }
}

struct Acceptor {
    registry: Arc<Registry>,
    router: Router,
    gate: Arc<Gate>,
    descriptors: usize,
}

impl Acceptor {
    /// Looks at all connections again and again; does not return.
    async fn tick(&self) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.registry.tick(&self.gate.policy().connection);
        }
    }

    /// Accepts one connection after another; does not return.
    async fn accept(&self, listener: &TcpListener) {
        let mut short = false;
        loop {
            match listener.accept().await {
                Ok((tcp, peer)) => {
                    let admitted = self.admit(tcp, peer).await;
                    if admitted {
                        short = false;
                    } else if !std::mem::replace(&mut short, true) {
                        tracing::warn!(
                            open = self.registry.len(),
                            "too many connections: new ones are refused"
                        );
                    }
                }
                Err(error) if is_the_clients(&error) => {}
                Err(error) => {
                    if !std::mem::replace(&mut short, true) {
                        tracing::warn!(%error, open = self.registry.len(), "no connection can be accepted");
                    }
                    self.registry.make_room();
                    sleep(BACK_OFF).await;
                }
            }
        }
    }

    async fn admit(&self, tcp: TcpStream, peer: SocketAddr) -> bool {
        let Some(place) = self.place(peer).await else {
            turn_away(&tcp, RequestId::new(dice::array(&*self.gate.dice)));
            self.gate.tally.refused();
            if let Some(counts) = &self.gate.counts {
                counts.refused(Refusal::TooManyConnections);
            }
            return false;
        };
        // An answer is one write: waiting for more to send with it only delays it.
        let _ = tcp.set_nodelay(true);
        tokio::spawn(connection::drive(tcp, place, self.router.clone(), Arc::clone(&self.gate)));
        true
    }

    /// A place for a connection; when there is none, some that wait for their clients go.
    async fn place(&self, peer: SocketAddr) -> Option<Place> {
        let most = self.gate.policy().connection.connections.min(self.descriptors);
        if let Some(place) = self.registry.place(peer.ip(), most) {
            return Some(place);
        }
        let closed = self.registry.closed();
        if self.registry.make_room() > 0 {
            let _ = timeout(BACK_OFF, closed).await;
        }
        self.registry.place(peer.ip(), most)
    }
}

/// Whether a failed `accept` concerns that one connection, which is gone, and not the server.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Tells a client that there is no room, if its socket takes that at once.
fn turn_away(tcp: &TcpStream, request_id: RequestId) {
    let answer = Refusal::TooManyConnections.answer(Door::Other);
    let body = error::refusal_body(&answer);
    let head = format!(
        "HTTP/1.1 {} Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         x-request-id: {}\r\nx-content-type-options: nosniff\r\nretry-after: {}\r\ncache-control: no-store\r\n\
         connection: close\r\n\r\n",
        answer.status,
        body.len(),
        request_id.as_str(),
        answer.retry_after.unwrap_or(1),
    );
    let _ = tcp.try_write(&[head.as_bytes(), &body].concat());
}

/// Raises the soft limit of open files to the hard one; returns how many of them connections may take.
fn raise_descriptor_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
    }
    let descriptors = limit.current.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    descriptors - (descriptors / 8).clamp(16.min(descriptors), 1024)
}
