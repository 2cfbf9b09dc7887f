//! All open connections, and the task that closes the slow ones.
//!
//! One look at every connection twice a second costs less than timers that each request would arm and disarm.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::policy::Limits;
use super::state::{Order, State, Ticks, Waiting};

/// How long a tick is, and so how late a slow connection may be closed.
pub(super) const TICK: Duration = Duration::from_millis(500);

/// The open connections.
#[derive(Default)]
pub(super) struct Registry {
    ticks: Arc<Ticks>,
    open: Mutex<Open>,
    /// Notified when a connection has closed.
    closed: Notify,
}

#[derive(Default)]
struct Open {
    number: u64,
    connections: HashMap<u64, Arc<State>>,
}

/// A connection's place in the registry; dropped with it.
pub(super) struct Place {
    registry: Arc<Registry>,
    number: u64,
    /// What is known of the connection.
    pub(super) state: Arc<State>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.open().connections.remove(&self.number);
        self.registry.closed.notify_waiters();
    }
}

impl Registry {
    /// A place for a new connection, if fewer than `most` are open.
    pub(super) fn place(self: &Arc<Self>, peer: IpAddr, most: usize) -> Option<Place> {
        let mut open = self.open();
        if open.connections.len() >= most {
            return None;
        }
        open.number += 1;
        let number = open.number;
        let state = Arc::new(State::new(peer, Arc::clone(&self.ticks)));
        open.connections.insert(number, Arc::clone(&state));
        Some(Place { registry: Arc::clone(self), number, state })
    }

    /// How many connections are open.
    pub(super) fn len(&self) -> usize {
        self.open().connections.len()
    }

    /// Waits until a connection closes. Ask for the future before looking, then nothing is missed.
    pub(super) fn closed(&self) -> impl Future<Output = ()> {
        self.closed.notified()
    }

    /// Advances the time and closes what has been slow for too long.
    pub(super) fn tick(&self, limits: &Limits) {
        let now = self.ticks.advance();
        let ticks = |limit: Duration| u32::try_from(limit.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX);
        let (head, idle, write) = (ticks(limits.header), ticks(limits.idle), ticks(limits.write));
        for state in self.all() {
            let slow = match state.waiting(now) {
                Some((Waiting::Head, waited)) => waited >= head,
                Some((Waiting::Request, waited)) => waited >= idle,
                None => state.stalled_for(now) >= write,
            };
            if slow {
                state.give(Order::Close);
            }
        }
    }

    /// Closes the connections that have waited longest, a sixteenth of those that wait, at least one;
    /// returns how many. When there is no room, who asks something now goes before who may ask something
    /// some day.
    pub(super) fn make_room(&self) -> usize {
        let now = self.ticks.now();
        let mut waiting: Vec<_> = self
            .all()
            .into_iter()
            .filter_map(|state| Some((state.waiting(now)?.1, state)))
            // One opened just now may have its request on the way.
            .filter(|(waited, _)| *waited > 0)
            .collect();
        let most = waiting.len().div_ceil(16);
        if most > 0 {
            waiting.select_nth_unstable_by_key(most - 1, |(waited, _)| std::cmp::Reverse(*waited));
        }
        for (_, state) in &waiting[..most] {
            state.give(Order::Close);
        }
        most
    }

    /// Gives all connections the same order.
    pub(super) fn order(&self, order: Order) {
        for state in self.all() {
            state.give(order);
        }
    }

    /// A copy of the list: a woken connection may want the lock.
    fn all(&self) -> Vec<Arc<State>> {
        self.open().connections.values().cloned().collect()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
