//! What is sent, and what comes of it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};

use super::{draw::Draw, histogram::Histogram};

/// Where a thread's next request comes from.
pub(crate) trait Requests: Sync {
    /// The bytes of one request, either stored or written into `space`.
    fn next<'a>(&'a self, draw: &mut Draw, space: &'a mut Vec<u8>) -> &'a [u8];
}

/// Connections of one kind, all asking the same server.
pub(crate) struct Group<'a> {
    /// The server.
    pub(crate) target: SocketAddr,
    /// How many connections, spread over the threads.
    pub(crate) connections: usize,
    /// How many threads drive them.
    pub(crate) threads: usize,
    /// What they send.
    pub(crate) requests: &'a dyn Requests,
    /// The status that counts as an answer.
    pub(crate) expect: u16,
    /// Each connection sends one request only.
    pub(crate) once: bool,
}

/// How long to send before counting, and how long to count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Not counted.
    pub(crate) warm: Duration,
    /// Counted.
    pub(crate) measure: Duration,
}

impl Window {
    /// Whether `now` is counted in a run that began at `start`.
    pub(super) fn counts(self, start: Instant, now: Instant) -> bool {
        let since = now - start;
        since >= self.warm && since < self.end()
    }

    /// When no more is sent, from the start.
    pub(super) fn end(self) -> Duration {
        self.warm + self.measure
    }
}

/// What a group saw.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Expected answers within the window.
    pub(crate) answered: u64,
    /// All answers, those of the warm-up and of the last requests included.
    pub(crate) all: u64,
    /// Answers of another status, by status.
    pub(crate) other: BTreeMap<u16, u64>,
    /// Connections that broke.
    pub(crate) broken: u64,
    /// Requests that had no answer when the generator gave up on them.
    pub(crate) unanswered: u64,
    /// How long the window was.
    pub(crate) window: Duration,
    /// When the last answer came, from the start.
    pub(crate) last: Duration,
    /// Latencies of the expected answers within the window.
    pub(crate) latency: Histogram,
}

impl Outcome {
    /// Expected answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.answered as f64 / self.window.as_secs_f64()
    }

    /// An error unless every request had the expected answer.
    pub(crate) fn clean(self) -> Result<Self> {
        if self.all == 0 || !self.other.is_empty() || self.broken + self.unanswered > 0 {
            return Err(anyhow!(
                "the load was not answered as expected: {} answers, other statuses {:?}, {} broken, {} unanswered",
                self.answered,
                self.other,
                self.broken,
                self.unanswered
            ));
        }
        Ok(self)
    }

    /// Adds what another thread of the group saw.
    pub(super) fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.all += other.all;
        for (status, count) in &other.other {
            *self.other.entry(*status).or_default() += count;
        }
        self.broken += other.broken;
        self.unanswered += other.unanswered;
        self.window = other.window;
        self.last = self.last.max(other.last);
        self.latency.merge(&other.latency);
    }
}
