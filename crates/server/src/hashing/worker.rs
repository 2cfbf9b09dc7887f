//! One hashing thread.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sekisho_core::credentials::Memory;

use super::fair::Owner;
use super::job::Job;
use super::settings::LaneSettings;
use super::shared::Shared;

/// After how long without work a thread gives its memory back to the system.
const IDLE: Duration = Duration::from_secs(5);

/// Starts one thread of the lane.
pub(super) fn start(number: usize, shared: Arc<Shared>, settings: &LaneSettings) {
    let niceness = settings.niceness;
    std::thread::Builder::new()
        .name(format!("hashing-{number}"))
        .spawn(move || {
            stand_back(niceness);
            hash_until_closed(&shared);
        })
        .expect("the system starts a hashing thread");
}

/// Lowers this thread's priority (Linux counts niceness by thread), so that a request that comes in runs
/// first.
fn stand_back(niceness: u8) {
    let thread = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(thread), i32::from(niceness.min(19))) {
        tracing::warn!(%error, "hashing runs at the priority of request handling");
    }
}

fn hash_until_closed(shared: &Shared) {
    let mut memory = Memory::new();
    while let Some((owner, mut job)) = next(shared, &mut memory) {
        let whole = job.work(&mut memory);
        shared.hashes.fetch_add(1, Relaxed);
        if !whole {
            memory = Memory::new();
        }
        shared.state().fair.finish(owner);
        job.answer();
    }
}

/// Waits for a job; `None` when the lane has closed. Gives the memory back when the wait grows long.
fn next(shared: &Shared, memory: &mut Memory) -> Option<(Owner, Box<dyn Job>)> {
    let mut warm = true;
    let mut state = shared.state();
    loop {
        if let Some(job) = state.fair.next() {
            return Some(job);
        }
        if state.closing {
            return None;
        }
        if !warm {
            state = shared.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let (woken, waited) = shared.work.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
        state = woken;
        if waited.timed_out() {
            warm = false;
            drop(state);
            memory.release();
            state = shared.state();
        }
    }
}
