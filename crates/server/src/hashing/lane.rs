//! The lane's handle: start, admission, counters, end.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use sekisho_core::meter::Buckets;
use sekisho_core::{Ctx, Refusal};

use super::permit::Permit;
use super::settings::LaneSettings;
use super::shared::Shared;
use super::worker;

/// The way to the hashing threads. Clones share them; with the last clone they stop.
#[derive(Clone)]
pub struct Lane {
    handle: Arc<Handle>,
}

/// What the lane has done since it started, and what it is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// Hashes that were run, to the end or to a panic.
    pub hashes: u64,
    /// Hashes that run now.
    pub running: usize,
    /// Hashes that wait now.
    pub waiting: usize,
    /// Requests that were turned away because there was no room.
    pub refused: u64,
    /// Waiting hashes that were dropped because their client had gone.
    pub abandoned: u64,
}

/// The lane's size and its times beside its counters.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The counters.
    pub stats: Stats,
    /// The threads, and so how many hashes can run at once.
    pub threads: usize,
    /// How many hashes can wait beside those that run.
    pub queue: usize,
    /// Bytes that the threads hold for Argon2 now.
    pub memory: usize,
    /// How long hashes waited for their thread, in nanoseconds.
    pub waits: Buckets,
    /// How long hashes took on their thread, in nanoseconds.
    pub works: Buckets,
}

/// Held by the lane's clones alone, never by a thread: its end is the threads' end.
struct Handle {
    shared: Arc<Shared>,
    threads: usize,
    queue: usize,
}

impl Lane {
    /// Starts the threads; none of them takes memory before its first hash.
    ///
    /// # Panics
    /// When the system refuses to start a thread.
    pub fn start(settings: LaneSettings) -> Lane {
        let threads = settings.thread_count();
        let shared = Arc::new(Shared::new(threads + settings.queue));
        for number in 0..threads {
            worker::start(number, Arc::clone(&shared), &settings);
        }
        Lane { handle: Arc::new(Handle { shared, threads, queue: settings.queue }) }
    }

    /// A slot for one hash for this account (its id, or the name as sent if there is none), at once or not
    /// at all.
    ///
    /// # Errors
    /// [`Refusal::HashingBusy`]: the account has one hash running and four waiting, or the lane is full.
    pub fn admit(&self, ctx: &Ctx, account: &str) -> Result<Permit, Refusal> {
        let shared = &self.handle.shared;
        let owner = shared.owner(account, ctx.peer);
        let admitted = shared.state().fair.admit(owner);
        let Some(displaced) = admitted else {
            shared.refused.fetch_add(1, Relaxed);
            return Err(Refusal::HashingBusy);
        };
        if let Some(job) = displaced {
            shared.refused.fetch_add(1, Relaxed);
            job.turn_away();
        }
        Ok(Permit::new(Arc::clone(shared), owner))
    }

    /// The lane's counters.
    pub fn stats(&self) -> Stats {
        let shared = &self.handle.shared;
        let (running, waiting) = shared.state().fair.counts();
        Stats {
            hashes: shared.hashes.load(Relaxed),
            running,
            waiting,
            refused: shared.refused.load(Relaxed),
            abandoned: shared.abandoned.load(Relaxed),
        }
    }

    /// The lane's size and its times beside its counters.
    pub fn figures(&self) -> Figures {
        let Handle { shared, threads, queue } = &*self.handle;
        Figures {
            stats: self.stats(),
            threads: *threads,
            queue: *queue,
            memory: shared.memory.load(Relaxed),
            waits: shared.waits.read(),
            works: shared.works.read(),
        }
    }

    #[cfg(test)]
    pub(super) fn shared(&self) -> std::sync::Weak<Shared> {
        Arc::downgrade(&self.handle.shared)
    }
}

impl std::fmt::Debug for Lane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lane").field(&self.stats()).finish()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.closing = true;
        let jobs = state.fair.drain();
        drop(state);
        self.shared.work.notify_all();
        for job in jobs {
            job.turn_away();
        }
    }
}
