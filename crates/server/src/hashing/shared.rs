//! What the lane's handle, its permits and its threads share.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sekisho_core::credentials::Reserve;
use sekisho_core::meter::{Histogram, TIMES};

use super::fair::{Fair, Owner};
use super::job::Job;
use crate::address::AddressKey;

/// The queue and the counters.
pub(super) struct Shared {
    state: Mutex<State>,
    /// Woken once for each new job, and for all when the lane closes.
    pub(super) work: Condvar,
    pub(super) hashes: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) abandoned: AtomicU64,
    /// How long jobs waited for their thread.
    pub(super) waits: Histogram,
    /// How long the work itself took.
    pub(super) works: Histogram,
    /// Bytes that the threads hold for Argon2.
    pub(super) memory: AtomicUsize,
    /// What the threads may have beyond their own blocks.
    pub(super) reserve: Arc<Reserve>,
    names: RandomState,
}

pub(super) struct State {
    pub(super) fair: Fair<Box<dyn Job>>,
    pub(super) closing: bool,
}

impl Shared {
    /// An open lane of so many slots, running and waiting together.
    pub(super) fn new(slots: usize) -> Shared {
        Shared {
            state: Mutex::new(State { fair: Fair::new(slots), closing: false }),
            work: Condvar::new(),
            hashes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            waits: Histogram::new(TIMES),
            works: Histogram::new(TIMES),
            memory: AtomicUsize::new(0),
            reserve: Arc::default(),
            names: RandomState::new(),
        }
    }

    /// Whose slot it is: no name is kept, only its keyed hash.
    pub(super) fn owner(&self, account: &str, peer: Option<IpAddr>) -> Owner {
        Owner { account: self.names.hash_one(account), address: AddressKey::of(peer) }
    }

    /// The queue. Nothing that may panic runs under this lock, so a poisoned one is whole.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
