//! All open connections, and the task that closes the slow ones.
//!
//! One look at every connection twice a second costs less than timers that each request would arm and disarm.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::policy::Limits;
use super::state::{Order, State, Ticks, Waiting};
use super::tally::Tally;
use crate::address::AddressKey;

/// How long a tick is, and so how late a slow connection may be closed.
pub(super) const TICK: Duration = Duration::from_millis(500);

/// The open connections.
#[derive(Default)]
pub(super) struct Registry {
    ticks: Arc<Ticks>,
    tally: Arc<Tally>,
    /// The tick, plus one, in which there was no room to be made: until the next there will be none.
    no_room: AtomicU32,
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
        self.registry.tally.ended();
        self.registry.closed.notify_waiters();
    }
}

impl Registry {
    /// An empty one that tells its comings and goings to this tally.
    pub(super) fn counted_by(tally: Arc<Tally>) -> Registry {
        Registry { tally, ..Registry::default() }
    }

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
        self.tally.accepted();
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
            let Some((waiting, waited)) = state.waiting(now) else { continue };
            let slow = match waiting {
                Waiting::Head => waited >= head,
                Waiting::Request => waited >= idle,
                Waiting::Writing => waited >= write,
                // Whoever reads the body watches its time, and can say so in an answer.
                Waiting::Body => false,
            };
            // One that was told before and has not gone yet is not counted again.
            if slow && state.order() != Order::Close {
                self.tally.too_slow(waiting);
                state.give(Order::Close);
            }
        }
    }

    /// Closes a sixteenth of the connections that wait for their client, at least one; returns how many.
    /// When there is no room, who asks something now goes before who may ask something some day.
    ///
    /// Each is taken from the address that holds the most connections then, the one that has waited longest
    /// first: whoever fills the server makes the room in it. One opened just now is left, since its request may
    /// be on the way, and no other address pays for that.
    pub(super) fn make_room(&self) -> usize {
        let now = self.ticks.now();
        if self.no_room.load(Relaxed) == now + 1 {
            return 0;
        }
        let mut held: HashMap<AddressKey, usize> = HashMap::new();
        let mut waiting = Vec::new();
        for state in self.all() {
            let address = AddressKey::of(Some(state.peer));
            *held.entry(address).or_default() += 1;
            if let Some((_, waited)) = state.waiting(now) {
                waiting.push((waited, address, state));
            }
        }
        waiting.sort_unstable_by_key(|(waited, ..)| Reverse(*waited));
        // How many its address holds when its turn to go comes.
        let mut turns: Vec<_> = waiting
            .into_iter()
            .map(|(waited, address, state)| {
                let left = held.entry(address).or_default();
                *left -= 1;
                (*left, waited, state)
            })
            .collect();
        let is_new = |waited: u32| waited == 0;
        let most = turns.iter().filter(|(_, waited, _)| !is_new(*waited)).count().div_ceil(16);
        if most > 0 {
            turns.select_nth_unstable_by_key(most - 1, |(held, waited, _)| Reverse((*held, *waited)));
        }
        turns.truncate(most);
        turns.retain(|(_, waited, _)| !is_new(*waited));
        if turns.is_empty() {
            self.no_room.store(now + 1, Relaxed);
        }
        turns.iter().for_each(|(.., state)| state.give(Order::Close));
        self.tally.displaced(turns.len());
        turns.len()
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
