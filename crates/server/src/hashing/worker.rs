//! One hashing thread.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use rustix::thread::CpuSet;
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
    let threads = settings.thread_count();
    std::thread::Builder::new()
        .name(format!("hashing-{number}"))
        .spawn(move || {
            stand_back(niceness);
            keep_to_a_core(number, threads);
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

/// Keeps this thread on one core where there is a thread for each. Threads this nice weigh so little that the system
/// leaves two of them on one core while another has time to spare: log-ins and registrations then run at two thirds.
fn keep_to_a_core(number: usize, threads: usize) {
    let kept = rustix::thread::sched_getaffinity(None).and_then(|allowed| {
        let cores: Vec<_> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        if threads < cores.len() || cores.len() < 2 {
            return Ok(());
        }
        let mut own = CpuSet::new();
        own.set(cores[number % cores.len()]);
        rustix::thread::sched_setaffinity(None, &own)
    });
    if let Err(error) = kept {
        tracing::debug!(%error, "hashing threads are not kept to a core each");
    }
}

fn hash_until_closed(shared: &Shared) {
    let mut memory = Memory::sharing(Arc::clone(&shared.reserve));
    let mut held = Held { shared, bytes: 0 };
    while let Some((owner, mut job)) = next(shared, &mut memory, &mut held) {
        shared.waits.add_time(job.queued().elapsed());
        let start = Instant::now();
        let whole = job.work(&mut memory);
        shared.works.add_time(start.elapsed());
        shared.hashes.fetch_add(1, Relaxed);
        if !whole {
            memory = Memory::sharing(Arc::clone(&shared.reserve));
        }
        held.is(memory.held());
        shared.state().fair.finish(owner);
        job.answer();
    }
}

/// What this thread's part of the counted memory is.
struct Held<'a> {
    shared: &'a Shared,
    bytes: usize,
}

impl Held<'_> {
    fn is(&mut self, bytes: usize) {
        // In one step, added or taken away.
        self.shared.memory.fetch_add(bytes.wrapping_sub(self.bytes), Relaxed);
        self.bytes = bytes;
    }
}

/// Waits for a job; `None` when the lane has closed. Gives the memory back when the wait grows long.
fn next(shared: &Shared, memory: &mut Memory, held: &mut Held<'_>) -> Option<(Owner, Box<dyn Job>)> {
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
            held.is(0);
            state = shared.state();
        }
    }
}
