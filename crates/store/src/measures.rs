//! What the store measures of its work, where it is asked to: times, waits, groups and errors.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use sekisho_core::meter::{Buckets, CROWDS, Histogram, SHORT_TIMES, TIMES};

use crate::error::Error;

/// The figures as they are kept.
pub(crate) struct Measures {
    reads: Histogram,
    writes: Histogram,
    transactions: Histogram,
    commits: Histogram,
    waits: Histogram,
    groups: Histogram,
    errors: [AtomicU64; KINDS.len()],
    stopped: AtomicBool,
}

/// What the store measured since it was opened, and what it is doing.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Statements that read, in nanoseconds.
    pub reads: Buckets,
    /// Statements that write, in nanoseconds.
    pub writes: Buckets,
    /// Transactions, from the lock to the durable end or the undoing, in nanoseconds.
    pub transactions: Buckets,
    /// Commits, syncing included, in nanoseconds; several transactions may share one.
    pub commits: Buckets,
    /// Waits for a lock that another transaction or process held, in nanoseconds.
    pub waits: Buckets,
    /// How many transactions shared a commit.
    pub groups: Buckets,
    /// Statements, commits and waits that failed, by what the database said.
    pub errors: Vec<(&'static str, u64)>,
    /// Connections that read now.
    pub readers_on_loan: usize,
    /// Whether the disk failed to confirm a write, so that nothing is written before a restart.
    pub writes_stopped: bool,
}

/// The kinds of errors that are counted; a broken constraint is an answer, and no error of the database.
const KINDS: [&str; 5] = ["busy", "full", "corrupt", "unavailable", "other"];

impl Measures {
    pub(crate) fn new() -> Measures {
        Measures {
            reads: Histogram::new(SHORT_TIMES),
            writes: Histogram::new(SHORT_TIMES),
            transactions: Histogram::new(TIMES),
            commits: Histogram::new(TIMES),
            waits: Histogram::new(TIMES),
            groups: Histogram::new(CROWDS),
            errors: [const { AtomicU64::new(0) }; KINDS.len()],
            stopped: AtomicBool::new(false),
        }
    }

    /// A statement has ended.
    pub(crate) fn statement<T>(&self, text: &str, took: Duration, outcome: &Result<T, Error>) {
        // The house dialect is lower-case, and what writes begins with the word for it.
        let of = if text.starts_with("select") { &self.reads } else { &self.writes };
        of.add_time(took);
        match outcome {
            // Whoever waits for a lock tries again and again; what counts is what its caller is told.
            Ok(_) | Err(Error::Busy { .. }) => {}
            Err(error) => self.failed(error),
        }
    }

    /// A transaction that began then has ended.
    pub(crate) fn transaction(&self, began: Instant) {
        self.transactions.add_time(began.elapsed());
    }

    /// A commit of so many transactions has ended.
    pub(crate) fn commit(&self, began: Instant, members: usize, outcome: &Result<(), Error>) {
        self.commits.add_time(began.elapsed());
        self.groups.add(members as u64);
        if let Err(error) = outcome {
            self.failed(error);
        }
    }

    /// A wait that began then has ended.
    pub(crate) fn waited(&self, began: Instant) {
        self.waits.add_time(began.elapsed());
    }

    /// A caller was told this.
    pub(crate) fn failed(&self, error: &Error) {
        let kind = match error {
            Error::Taken { .. } | Error::Constraint { .. } | Error::Poisoned | Error::Frozen => return,
            Error::Busy { .. } => 0,
            Error::Full { .. } => 1,
            Error::Corrupt { .. } => 2,
            Error::Unavailable { .. } => 3,
            _ => 4,
        };
        self.errors[kind].fetch_add(1, Relaxed);
    }

    /// Nothing is written any more before a restart.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Relaxed);
    }

    pub(crate) fn read(&self, readers_on_loan: usize) -> Measured {
        Measured {
            reads: self.reads.read(),
            writes: self.writes.read(),
            transactions: self.transactions.read(),
            commits: self.commits.read(),
            waits: self.waits.read(),
            groups: self.groups.read(),
            errors: KINDS.iter().copied().zip(self.errors.iter().map(|count| count.load(Relaxed))).collect(),
            readers_on_loan,
            writes_stopped: self.stopped.load(Relaxed),
        }
    }
}
