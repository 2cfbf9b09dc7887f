//! What the front door counts of connections.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::state::Waiting;

/// Why the server closes a connection; the words are those of the metric.
const REASONS: [&str; 4] = ["slow_head", "idle", "slow_reader", "displaced"];

/// The counters.
#[derive(Default)]
pub(super) struct Tally {
    accepted: AtomicU64,
    ended: AtomicU64,
    refused: AtomicU64,
    closed: [AtomicU64; REASONS.len()],
}

/// The connections of a front door so far.
#[derive(Debug)]
pub struct Connections {
    /// Open now.
    pub open: u64,
    /// Let in.
    pub accepted: u64,
    /// Turned away for want of room.
    pub refused: u64,
    /// Closed by the server, and why: a header block that does not come, no request for long, an answer that is not
    /// read, room for others.
    pub closed: Vec<(&'static str, u64)>,
}

impl Tally {
    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Relaxed);
    }

    pub(super) fn ended(&self) {
        self.ended.fetch_add(1, Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// A connection is closed because its client was too slow at this.
    pub(super) fn too_slow(&self, waiting: Waiting) {
        let reason = match waiting {
            Waiting::Head => 0,
            Waiting::Request => 1,
            Waiting::Writing => 2,
            // Answered with 408, and counted as a request.
            Waiting::Body => return,
        };
        self.closed[reason].fetch_add(1, Relaxed);
    }

    /// So many connections are closed to make room.
    pub(super) fn displaced(&self, connections: usize) {
        self.closed[3].fetch_add(connections as u64, Relaxed);
    }

    pub(super) fn read(&self) -> Connections {
        // In this order: one that ends meanwhile is not open twice.
        let ended = self.ended.load(Relaxed);
        let accepted = self.accepted.load(Relaxed);
        Connections {
            open: accepted.saturating_sub(ended),
            accepted,
            refused: self.refused.load(Relaxed),
            closed: REASONS.into_iter().zip(self.closed.iter().map(|count| count.load(Relaxed))).collect(),
        }
    }
}
