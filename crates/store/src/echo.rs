//! What the store tells about its work: each statement to a hook, and a few counters.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::measures::Measures;

/// One statement that was run, as [`OpenOptions::echo`](crate::OpenOptions) sees it; its parameters are not shown.
#[derive(Clone, Copy, Debug)]
pub struct Echo<'a> {
    /// The text in the house dialect.
    pub statement: &'a str,
    /// How long the database took.
    pub elapsed: Duration,
    /// Rows returned or changed.
    pub rows: u64,
    /// Whether it failed.
    pub failed: bool,
}

/// What is called with each statement, on the thread that ran it and after it. Should it panic, nothing else happens.
pub type EchoHook = Arc<dyn Fn(&Echo<'_>) + Send + Sync>;

/// What the store did since it was opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stats {
    /// Statements run, without `begin`, `commit` and the like.
    pub statements: u64,
    /// Durable commits; several transactions may share one.
    pub commits: u64,
    /// Transactions that had to wait for another one's end.
    pub waits: u64,
}

/// Carries out what the hook and the counters need, for every connection of a store.
#[derive(Default)]
pub(crate) struct Observer {
    hook: Option<EchoHook>,
    measures: Option<Measures>,
    statements: AtomicU64,
    commits: AtomicU64,
    waits: AtomicU64,
}

impl Observer {
    pub(crate) fn new(hook: Option<EchoHook>) -> Self {
        Self { hook, ..Self::default() }
    }

    /// The same, and measures what it is asked about.
    pub(crate) fn measuring(hook: Option<EchoHook>) -> Self {
        Self { hook, measures: Some(Measures::new()), ..Self::default() }
    }

    /// What is measured, if anything is.
    pub(crate) fn measures(&self) -> Option<&Measures> {
        self.measures.as_ref()
    }

    /// Runs a statement and tells of it.
    pub(crate) fn statement<T>(
        &self,
        text: &str,
        count: impl Fn(&T) -> u64,
        run: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let Some(measures) = &self.measures else { return self.tell(text, count, run) };
        let start = Instant::now();
        let outcome = self.tell(text, count, run);
        measures.statement(text, start.elapsed(), &outcome);
        outcome
    }

    /// Runs a statement whose answer comes later, and tells of it.
    pub(crate) async fn statement_to_come<T>(
        &self,
        text: &str,
        count: impl Fn(&T) -> u64,
        run: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let Some(measures) = &self.measures else { return self.tell_to_come(text, count, run).await };
        let start = Instant::now();
        let outcome = self.tell_to_come(text, count, run).await;
        measures.statement(text, start.elapsed(), &outcome);
        // Here the database itself waited for the lock, and its caller is told.
        if let Err(error @ Error::Busy { .. }) = &outcome {
            measures.waited(start);
            measures.failed(error);
        }
        outcome
    }

    /// Runs `begin`, `commit` and the like whose answer comes later.
    pub(crate) async fn tell_to_come<T, E>(
        &self,
        text: &str,
        count: impl Fn(&T) -> u64,
        run: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let Some(hook) = &self.hook else { return run.await };
        let start = Instant::now();
        let outcome = run.await;
        show(hook, text, start, &outcome, count);
        outcome
    }

    /// A caller was told this, and no statement was run.
    pub(crate) fn failed(&self, error: &Error) {
        if let Some(measures) = &self.measures {
            measures.failed(error);
        }
    }

    /// Runs `begin`, `commit` and the like: told, not counted.
    pub(crate) fn tell<T, E>(
        &self,
        text: &str,
        count: impl Fn(&T) -> u64,
        run: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let Some(hook) = &self.hook else { return run() };
        let start = Instant::now();
        let outcome = run();
        show(hook, text, start, &outcome, count);
        outcome
    }

    pub(crate) fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn waited(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats {
            statements: self.statements.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            waits: self.waits.load(Ordering::Relaxed),
        }
    }
}

fn show<T, E>(
    hook: &EchoHook,
    text: &str,
    start: Instant,
    outcome: &Result<T, E>,
    count: impl Fn(&T) -> u64,
) {
    let echo = Echo {
        statement: text,
        elapsed: start.elapsed(),
        rows: outcome.as_ref().map_or(0, count),
        failed: outcome.is_err(),
    };
    // A rollback may run while another panic unwinds: a second one would end the process. The panic hook has printed
    // it, and the statement was run whatever its observer does.
    drop(catch_unwind(AssertUnwindSafe(|| hook(&echo))));
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}
