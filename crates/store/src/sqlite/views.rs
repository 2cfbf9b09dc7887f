//! The reading connections that nobody uses at the moment, each with the view that it may still have.
//!
//! A view is a read transaction that stays open between two reads of the same connection, so that the next one need not
//! begin another. It holds for as long as nobody has committed: before each read the head of the WAL index is compared
//! with the one from before the view, so every read sees the newest state, as if it had begun a transaction by itself. An open
//! view keeps the log from being begun anew; therefore all views end after each commit of this process and, for the sake of
//! other processes, [`REST`] after the first was opened.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::wal_index::{Head, WalIndex};
use crate::sqlite::{Conn, Role};

/// How long a view stays open at most, give or take.
pub(crate) const REST: Duration = Duration::from_millis(50);
/// Idle connections that one thread keeps.
const KEPT: usize = 2;

/// Why the committing thread is woken.
pub(crate) enum Wake {
    /// Somebody waits for a commit.
    Commit,
    /// A view is open, which is to end in time.
    ViewOpened,
}

/// The connections at rest.
pub(crate) struct Views {
    path: PathBuf,
    observer: Arc<Observer>,
    index: Arc<WalIndex>,
    /// A thread finds again what it put back, in a cache of its own.
    shelves: Box<[Shelf]>,
    /// Raised when all views end: one of an earlier round is not used again.
    round: AtomicU64,
    /// Whether anybody has opened a view in this round.
    any: AtomicBool,
    /// Tells the committing thread, which ends the rounds, that there is one to end.
    opened: mpsc::Sender<Wake>,
}

/// Apart from its neighbours, so that threads don't wait for each other's cache lines.
#[repr(align(128))]
struct Shelf(Mutex<Viewers>);

type Viewers = Vec<Box<Viewer>>;

/// A reading connection and what it sees.
pub(crate) struct Viewer {
    conn: Conn,
    view: Option<View>,
}

/// An open read transaction.
struct View {
    head: Head,
    round: u64,
}

impl Views {
    pub(crate) fn new(
        path: PathBuf,
        observer: Arc<Observer>,
        index: Arc<WalIndex>,
        opened: mpsc::Sender<Wake>,
    ) -> Self {
        let shelves = std::thread::available_parallelism().map_or(4, |processors| processors.get().max(4));
        let shelves = (0..shelves).map(|_| Shelf(Mutex::new(Vec::with_capacity(KEPT)))).collect();
        Self { path, observer, index, shelves, round: AtomicU64::new(0), any: AtomicBool::new(false), opened }
    }

    /// The connection that this thread put back last, one that another thread put back, or a new one.
    pub(crate) fn take(&self) -> Result<Box<Viewer>, Error> {
        let own = place();
        let found = (own..own + self.shelves.len()).find_map(|place| self.shelf(place).pop());
        match found {
            Some(viewer) => Ok(viewer),
            None => Ok(Box::new(Viewer {
                conn: Conn::open(&self.path, Role::Reader, &self.observer)?,
                view: None,
            })),
        }
    }

    /// Keeps a connection for the next reader, or closes it if there are enough.
    pub(crate) fn put_back(&self, mut viewer: Box<Viewer>) {
        let mut shelf = self.shelf(place());
        // Asked under the lock: a round that ends from now on finds the view on the shelf.
        if viewer.view.as_ref().is_some_and(|view| view.round != self.round()) && viewer.end_view().is_err() {
            return;
        }
        if shelf.len() < KEPT {
            shelf.push(viewer);
        } else {
            // Closed once the others can go on.
            drop(shelf);
        }
    }

    /// Whether there may be a view to end.
    pub(crate) fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// Ends all views: at once those at rest, the others when they are put back or read again.
    pub(crate) fn end_round(&self) {
        self.any.store(false, Ordering::Release);
        self.round.fetch_add(1, Ordering::AcqRel);
        for place in 0..self.shelves.len() {
            // One that can't end its transaction is of no use any more.
            self.shelf(place).retain_mut(|viewer| viewer.end_view().is_ok());
        }
    }

    fn round(&self) -> u64 {
        self.round.load(Ordering::Acquire)
    }

    fn shelf(&self, place: usize) -> MutexGuard<'_, Viewers> {
        self.shelves[place % self.shelves.len()].0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Viewer {
    /// The connection, seeing the newest state: in the view that it has, if nobody has committed since, else in a new one.
    pub(crate) fn newest(&mut self, views: &Views) -> Result<&Conn, Error> {
        // Both are read before the view begins: it may be newer than they say, and then it is not kept; never older.
        let (round, head) = (views.round(), views.index.head());
        let stays = |view: &View| view.round == round && Some(view.head) == head;
        if !self.view.as_ref().is_some_and(stays) {
            self.end_view()?;
            if let Some(head) = head {
                self.conn.quietly("begin")?;
                self.view = Some(View { head, round });
                if !views.any.swap(true, Ordering::AcqRel) {
                    // The committing thread is gone only when the database is being closed.
                    let _ = views.opened.send(Wake::ViewOpened);
                }
            }
        }
        Ok(&self.conn)
    }

    /// The connection in no transaction.
    pub(crate) fn unbound(&mut self) -> Result<&Conn, Error> {
        self.end_view()?;
        Ok(&self.conn)
    }

    /// The connection as it is.
    pub(crate) fn as_it_is(&self) -> &Conn {
        &self.conn
    }

    /// Ends the view, if there is one; after an error the connection is of no use.
    pub(crate) fn end_view(&mut self) -> Result<(), Error> {
        match self.view.take() {
            Some(_) if !self.conn.is_autocommit() => self.conn.quietly("rollback"),
            _ => Ok(()),
        }
    }
}

/// This thread's shelf.
fn place() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: usize = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    PLACE.with(|place| *place)
}
