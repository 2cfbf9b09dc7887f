//! The connection that writes, and its commits in groups.
//!
//! A transaction takes the lane (an async lock), opens the group with `begin immediate` if none is open, runs inside a
//! savepoint, releases savepoint and lane, and waits. One thread of its own commits for all that wait: it queues for
//! the lane like everybody else, so a group is whoever came before it. Nobody is answered before the sync.
//!
//! A full disk or an interrupt inside one savepoint can roll back the *whole* group. So `is_autocommit` is asked after
//! each error and before each savepoint, and then every waiter of that group is told that it failed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedMutexGuard, oneshot, watch};

use crate::dialect::Text;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::readers::{PAUSE, busy_since};
use crate::sqlite::views::{REST, Views, Wake};
use crate::sqlite::wal_index::WalIndex;
use crate::sqlite::{CommitFailed, Conn};
use crate::value::{Param, Row};

/// The writing side of a SQLite store; its thread ends with the last handle.
pub(crate) struct Writer {
    lane: Arc<Mutex<Lane>>,
    committer: mpsc::Sender<Wake>,
    observer: Arc<Observer>,
    lock_wait: Duration,
    /// Its sender goes when the connection is closed.
    open: watch::Receiver<()>,
    /// Whether nothing is written any more: see [`Lane::lost`].
    stopped: Arc<AtomicBool>,
}

/// What only one transaction at a time may touch.
struct Lane {
    conn: Conn,
    /// Whether `begin immediate` was answered and its commit is still to come.
    open: bool,
    /// Those whose savepoints are part of the open group.
    waiters: Vec<oneshot::Sender<Result<(), Error>>>,
    /// Set when the disk's answer can't be trusted any more: nothing is written until a restart.
    lost: Option<Error>,
    /// The same, for whoever does not want to wait for the lane.
    stopped: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the committer; `wake` is the other end of `committer`, to which the readers have one too.
    pub(crate) fn start(
        conn: Conn,
        committer: mpsc::Sender<Wake>,
        wake: mpsc::Receiver<Wake>,
        views: Weak<Views>,
        index: Arc<WalIndex>,
        observer: Arc<Observer>,
        lock_wait: Duration,
    ) -> Result<Self, Error> {
        if index.head().is_some() {
            conn.keep_log()?;
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let lane = Lane { conn, open: false, waiters: Vec::new(), lost: None, stopped: Arc::clone(&stopped) };
        let lane = Arc::new(Mutex::new(lane));
        let shared = Arc::clone(&lane);
        let watcher = Arc::clone(&observer);
        let (closed, open) = watch::channel(());
        std::thread::Builder::new()
            .name("sekisho-commit".to_owned())
            .spawn(move || {
                commit_groups(&shared, &wake, &Log { index: &index, views: &views }, &watcher);
                drop(shared);
                // After the connection: it may be the last, and then the file can be closed.
                drop(index);
                drop(closed);
            })
            .map_err(Error::unavailable)?;
        Ok(Self { lane, committer, observer, lock_wait, open, stopped })
    }

    /// Whether the disk failed to confirm a write, so that nothing is written before a restart.
    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Something that says when the connection is closed, which takes the last handle's end.
    pub(crate) fn watch(&self) -> watch::Receiver<()> {
        self.open.clone()
    }

    /// Begins a transaction, behind those that came before and any other process, for at most `lock_wait`.
    pub(crate) async fn begin(&self) -> Result<Write, Error> {
        let start = Instant::now();
        let mut waits = false;
        let begun = self.begin_since(start, &mut waits).await;
        if let Some(measures) = self.observer.measures() {
            if waits {
                measures.waited(start);
            }
            if let Err(error) = &begun {
                measures.failed(error);
            }
        }
        begun
    }

    async fn begin_since(&self, start: Instant, waits: &mut bool) -> Result<Write, Error> {
        let mut lane = match Arc::clone(&self.lane).try_lock_owned() {
            Ok(lane) => lane,
            Err(_) => {
                self.observer.waited();
                *waits = true;
                let turn = Arc::clone(&self.lane).lock_owned();
                tokio::time::timeout(self.lock_wait, turn).await.map_err(|_| busy_since(start))?
            }
        };
        loop {
            match lane.join_group() {
                Err(error) if error.is_busy() && start.elapsed() < self.lock_wait => {
                    *waits = true;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) if error.is_busy() => return Err(busy_since(start)),
                Err(error) => {
                    if lane.lost.is_some() {
                        self.observer.measures().inspect(|measures| measures.stop());
                    }
                    return Err(error);
                }
                Ok(()) => break,
            }
        }
        let (committer, observer) = (self.committer.clone(), Arc::clone(&self.observer));
        Ok(Write { lane: Some(lane), committer, poisoned: false, observer, began: Instant::now() })
    }
}

impl Lane {
    fn join_group(&mut self) -> Result<(), Error> {
        if let Some(lost) = &self.lost {
            return Err(lost.clone());
        }
        self.settle(|| Error::unavailable("the database rolled the transaction back"));
        if !self.open {
            self.conn.control("begin immediate")?;
            self.open = true;
        }
        self.conn.control("savepoint member").inspect_err(|error| self.give_up(error))
    }

    /// Notices that the database has ended the group by itself, and tells its members.
    fn settle(&mut self, reason: impl FnOnce() -> Error) {
        if self.open && self.conn.is_autocommit() {
            self.open = false;
            if !self.waiters.is_empty() {
                self.answer(&Err(reason()));
            }
        }
    }

    /// Undoes one member; the others stay.
    fn leave_group(&mut self) {
        self.settle(|| Error::unavailable("the database rolled the transaction back"));
        if !self.open {
            return;
        }
        if self.waiters.is_empty() {
            self.give_up(&Error::Poisoned);
        } else if let Err(error) =
            self.conn.control("rollback to member").and_then(|()| self.conn.control("release member"))
        {
            self.give_up(&error);
        }
    }

    /// Undoes the whole group.
    fn give_up(&mut self, reason: &Error) {
        if !self.conn.is_autocommit()
            && let Err(error) = self.conn.control("rollback")
            && !self.conn.is_autocommit()
        {
            tracing::error!(%error, "a transaction could not be rolled back; no more writes until a restart");
            self.lose(error);
        }
        self.open = false;
        self.answer(&Err(reason.clone()));
    }

    /// Ends the group durably; its members are still to be told.
    fn commit(&mut self) -> Result<(), Error> {
        self.settle(|| Error::unavailable("the database rolled the transaction back"));
        if !self.open {
            return Ok(());
        }
        let Err(CommitFailed { error, unsynced }) = self.conn.commit() else {
            self.open = false;
            return Ok(());
        };
        if unsynced {
            // The system may have dropped the unwritten pages and would call the next sync a success.
            tracing::error!(%error, "the disk did not confirm a write; no more writes until a restart");
            self.lose(error.clone());
        }
        Err(error)
    }

    fn lose(&mut self, error: Error) {
        self.lost = Some(error);
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn answer(&mut self, outcome: &Result<(), Error>) {
        for waiter in self.waiters.drain(..) {
            // A caller that has gone away needs no answer.
            let _ = waiter.send(outcome.clone());
        }
    }
}

/// The log beside the file, and those who keep it by looking at it.
struct Log<'a> {
    index: &'a WalIndex,
    views: &'a Weak<Views>,
}

impl Log<'_> {
    /// Pages after which the log is written back.
    const PAGES: u32 = 1000;
    /// How often a commit tries to have it begun anew, and with which pause: it delays the next one.
    const TRIES: u32 = 5;
    const PAUSE: Duration = Duration::from_micros(100);

    fn is_long(&self) -> bool {
        self.index.pages().is_some_and(|pages| pages >= Self::PAGES)
    }

    fn end_views(&self) {
        if let Some(views) = self.views.upgrade() {
            views.end_round();
        }
    }

    /// Writes it back and has it begun anew. A view of before the last commit would stop the first, one of before the
    /// first's end the second: hence the order, which SQLite's own way, within the commit, does not have.
    fn write_back(&self, conn: &Conn) {
        let begun_anew = conn.write_back_what_may_go().and_then(|()| {
            for _ in 0..Self::TRIES {
                self.end_views();
                if conn.begin_log_anew()? {
                    return Ok(());
                }
                // Who is reading at this moment has done so in some microseconds, or else the next commit tries again.
                std::thread::sleep(Self::PAUSE);
            }
            Ok(())
        });
        if let Err(error) = begun_anew {
            // What is in the log is durable; the next commit tries again.
            tracing::warn!(%error, "the log could not be written back");
        }
    }
}

/// The committer's thread: until the last handle is gone.
fn commit_groups(lane: &Mutex<Lane>, wake: &mpsc::Receiver<Wake>, log: &Log<'_>, observer: &Observer) {
    loop {
        let woken = match log.views.upgrade().is_some_and(|views| views.any()) {
            true => wake.recv_timeout(REST),
            false => wake.recv().map_err(RecvTimeoutError::from),
        };
        match woken {
            // Whoever is in the lane may be waiting there for another process: nobody's view lasts as long.
            Ok(Wake::Commit) => log.end_views(),
            Ok(Wake::ViewOpened) => continue,
            Err(RecvTimeoutError::Timeout) => {
                log.end_views();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let mut lane = lane.blocking_lock();
        if lane.waiters.is_empty() {
            // An earlier round took them along.
            continue;
        }
        let (start, members) = (Instant::now(), lane.waiters.len());
        let outcome = catch_unwind(AssertUnwindSafe(|| lane.commit()))
            .unwrap_or_else(|_| Err(Error::unavailable("the committer panicked")));
        log.end_views();
        if let Some(measures) = observer.measures() {
            measures.commit(start, members, &outcome);
            if lane.lost.is_some() {
                measures.stop();
            }
        }
        match outcome {
            Ok(()) => {
                let waiters = std::mem::take(&mut lane.waiters);
                // The next group may begin while these are told, unless the log comes first.
                let lane = log.is_long().then_some(lane);
                for waiter in waiters {
                    let _ = waiter.send(Ok(()));
                }
                if let Some(lane) = lane {
                    log.write_back(&lane.conn);
                }
            }
            Err(error) => lane.give_up(&error),
        }
    }
}

/// A transaction; dropped without `commit` it is undone, whatever dropped it.
pub(crate) struct Write {
    lane: Option<OwnedMutexGuard<Lane>>,
    committer: mpsc::Sender<Wake>,
    poisoned: bool,
    observer: Arc<Observer>,
    began: Instant,
}

impl Write {
    pub(crate) fn rows(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        self.once(|conn| conn.rows(text, params))
    }

    pub(crate) fn row(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        self.once(|conn| conn.row(text, params))
    }

    pub(crate) fn execute(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<u64, Error> {
        self.once(|conn| conn.execute(text, params))
    }

    /// Does several things on the connection.
    pub(crate) fn with<T>(&mut self, work: impl FnOnce(&Conn) -> Result<T, Error>) -> Result<T, Error> {
        self.once(work)
    }

    /// Joins the group that is about to be committed and waits for it.
    pub(crate) async fn commit(mut self) -> Result<(), Error> {
        if self.poisoned {
            return Err(Error::Poisoned);
        }
        self.once(|conn| conn.control("release member"))?;
        let (waiter, outcome) = oneshot::channel();
        if let Some(mut lane) = self.lane.take() {
            lane.waiters.push(waiter);
            if self.committer.send(Wake::Commit).is_err() {
                lane.give_up(&Error::unavailable("the committer is gone"));
            }
        }
        outcome.await.unwrap_or_else(|_| Err(Error::unavailable("the committer is gone")))
    }

    fn once<T>(&mut self, run: impl FnOnce(&Conn) -> Result<T, Error>) -> Result<T, Error> {
        let lane = match &mut self.lane {
            Some(lane) if !self.poisoned => lane,
            _ => return Err(Error::Poisoned),
        };
        let outcome = run(&lane.conn);
        if let Err(error) = &outcome {
            self.poisoned = true;
            lane.settle(|| error.clone());
        }
        outcome
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if let Some(mut lane) = self.lane.take() {
            lane.leave_group();
        }
        if let Some(measures) = self.observer.measures() {
            measures.transaction(self.began);
        }
    }
}
