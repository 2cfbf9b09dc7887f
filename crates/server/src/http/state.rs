//! What is known of one connection: whom it is with, what it is waiting for, and since when.
//!
//! Written by the connection as it goes, in plain atomic stores; read by the registry's task, which knows
//! the time.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

/// Time in ticks of the registry's task: reading it costs a load.
#[derive(Default)]
pub(super) struct Ticks(AtomicU32);

impl Ticks {
    pub(super) fn now(&self) -> u32 {
        self.0.load(Relaxed)
    }

    pub(super) fn advance(&self) -> u32 {
        self.0.fetch_add(1, Relaxed) + 1
    }
}

/// What a connection was told to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Go on.
    None,
    /// Answer what is in flight, then close.
    Finish,
    /// Close now.
    Close,
}

/// How a connection waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waiting {
    /// For the rest of a request's header block.
    Head,
    /// For the next request.
    Request,
    /// For the rest of a request's body.
    Body,
    /// For the client to take what is written.
    Writing,
}

/// One connection, as the registry sees it.
pub(super) struct State {
    /// The other end of the socket.
    pub(super) peer: IpAddr,
    ticks: Arc<Ticks>,
    /// Requests being read or answered; several over HTTP/2.
    busy: AtomicU32,
    /// Those among them whose body has not come yet.
    reading: AtomicU32,
    /// When it last began to wait.
    since: AtomicU32,
    /// Whether some of a request's header block has come.
    partial: AtomicBool,
    http2: AtomicBool,
    /// When the client stopped taking what is written, plus one; 0 while it takes it.
    stalled: AtomicU32,
    /// Bytes taken since then.
    taken: AtomicU32,
    /// Whether a request was answered before its body was read.
    unread: AtomicBool,
    order: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

/// How much a client must take within the write time-out.
const PROGRESS: u32 = 16 * 1024;

impl State {
    /// A connection opened now, which owes its first request.
    pub(super) fn new(peer: IpAddr, ticks: Arc<Ticks>) -> State {
        let since = AtomicU32::new(ticks.now());
        State {
            peer: peer.to_canonical(),
            ticks,
            busy: AtomicU32::new(0),
            reading: AtomicU32::new(0),
            since,
            partial: AtomicBool::new(true),
            http2: AtomicBool::new(false),
            stalled: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            unread: AtomicBool::new(false),
            order: AtomicU8::new(0),
            waker: Mutex::new(None),
        }
    }

    /// Bytes have come from the client.
    pub(super) fn received(&self) {
        if self.busy.load(Relaxed) == 0 && !self.partial.load(Relaxed) && !self.http2.load(Relaxed) {
            self.since.store(self.ticks.now(), Relaxed);
            self.partial.store(true, Relaxed);
        }
    }

    /// The connection speaks HTTP/2, whose header blocks are not told apart from here.
    pub(super) fn is_http2(&self) {
        self.http2.store(true, Relaxed);
    }

    /// A request is whole but for its body.
    pub(super) fn begin(&self) {
        self.busy.fetch_add(1, Relaxed);
        self.partial.store(false, Relaxed);
    }

    /// The body of a request that has begun is being waited for.
    pub(super) fn body_begins(&self) {
        if self.reading.fetch_add(1, Relaxed) == 0 {
            self.since.store(self.ticks.now(), Relaxed);
        }
    }

    /// It has come, or will not.
    pub(super) fn body_ends(&self) {
        self.reading.fetch_sub(1, Relaxed);
    }

    /// A request has its answer.
    pub(super) fn end(&self) {
        self.since.store(self.ticks.now(), Relaxed);
        self.busy.fetch_sub(1, Relaxed);
    }

    /// A request was answered before its body was read: what still comes must be read before the socket is
    /// closed, or the client may never see the answer.
    pub(super) fn left_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    pub(super) fn is_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }

    /// The client does not take what is written.
    pub(super) fn write_stalled(&self) {
        if self.stalled.load(Relaxed) == 0 {
            self.taken.store(0, Relaxed);
            self.stalled.store(self.ticks.now() + 1, Relaxed);
        }
    }

    /// The client took so many bytes: all that was offered, or some.
    pub(super) fn wrote(&self, bytes: usize, all: bool) {
        if self.stalled.load(Relaxed) == 0 {
            return;
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = self.taken.load(Relaxed).saturating_add(bytes);
        self.taken.store(taken, Relaxed);
        if all || taken >= PROGRESS {
            self.stalled.store(0, Relaxed);
            self.since.store(self.ticks.now(), Relaxed);
        }
    }

    /// What it waits for from the client and for how many ticks; `None` while the client waits for us.
    pub(super) fn waiting(&self, now: u32) -> Option<(Waiting, u32)> {
        let stalled = self.stalled.load(Relaxed);
        if stalled != 0 {
            return Some((Waiting::Writing, (now + 1).saturating_sub(stalled)));
        }
        let (busy, reading) = (self.busy.load(Relaxed), self.reading.load(Relaxed));
        let waiting = match (busy, self.partial.load(Relaxed) && !self.http2.load(Relaxed)) {
            (0, true) => Waiting::Head,
            (0, false) => Waiting::Request,
            _ if reading >= busy => Waiting::Body,
            _ => return None,
        };
        Some((waiting, now.saturating_sub(self.since.load(Relaxed))))
    }

    pub(super) fn order(&self) -> Order {
        match self.order.load(Relaxed) {
            0 => Order::None,
            1 => Order::Finish,
            _ => Order::Close,
        }
    }

    /// Tells the connection to close; the stronger of two orders holds.
    pub(super) fn give(&self, order: Order) {
        self.order.fetch_max(order as u8, Relaxed);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Remembers whom to wake for an order: the connection's task, which stays the same.
    pub(super) fn wake_by(&self, cx: &Context<'_>) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
    }
}
