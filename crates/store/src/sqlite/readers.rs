//! The connections that read: a small stack, called in place on the thread that serves the request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::dialect::Text;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::{Conn, Role};
use crate::value::{Param, Row};

/// Connections kept open while nobody reads, at the least; one a processor where there are more.
const KEPT: usize = 4;
/// Connections on loan at once; who comes then waits for one.
const MOST: usize = 64;

/// The pool of reading connections.
pub(crate) struct Readers {
    path: PathBuf,
    observer: Arc<Observer>,
    lock_wait: Duration,
    /// Who holds a permit may have a connection.
    places: Arc<Semaphore>,
    kept: usize,
    // Boxed: a connection is moved in and out with every read.
    #[expect(clippy::vec_box, reason = "a connection is some hundred bytes and moves twice a read")]
    idle: Mutex<Vec<Box<Conn>>>,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, observer: Arc<Observer>, lock_wait: Duration) -> Self {
        let kept = std::thread::available_parallelism().map_or(KEPT, |processors| processors.get().max(KEPT));
        let (places, idle) = (Arc::new(Semaphore::new(MOST)), Mutex::new(Vec::with_capacity(kept)));
        Self { path, observer, lock_wait, places, kept, idle }
    }

    /// A connection of one's own for a while; each statement sees the newest state.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Reader, Error> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.wait_for_place().await?,
        };
        let idle = self.idle().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => Box::new(Conn::open(&self.path, Role::Reader, &self.observer)?),
        };
        Ok(Reader { conn: Some(conn), home: Arc::clone(self), snapshot: false, broken: false, _place: place })
    }

    /// How many connections read now.
    pub(crate) fn on_loan(&self) -> usize {
        MOST - self.places.available_permits()
    }

    /// Waits behind those that came before, for at most `lock_wait`.
    async fn wait_for_place(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.observer.waited();
        let start = Instant::now();
        let turn = Arc::clone(&self.places).acquire_owned();
        let place = tokio::time::timeout(self.lock_wait, turn).await.map_err(|_| busy_since(start));
        if let Some(measures) = self.observer.measures() {
            measures.waited(start);
            place.as_ref().err().inspect(|error| measures.failed(error));
        }
        let place = place?;
        // The semaphore is never closed.
        place.map_err(Error::unavailable)
    }

    #[expect(clippy::vec_box, reason = "as the field")]
    fn idle(&self) -> MutexGuard<'_, Vec<Box<Conn>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, conn: Box<Conn>) {
        let mut idle = self.idle();
        if idle.len() < self.kept {
            idle.push(conn);
        } else {
            // Closed once the others can go on.
            drop(idle);
            drop(conn);
        }
    }
}

/// A reading connection on loan.
pub(crate) struct Reader {
    conn: Option<Box<Conn>>,
    home: Arc<Readers>,
    snapshot: bool,
    broken: bool,
    /// Given back after the connection, so that the next one finds that.
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Fixes what is seen from the first statement on.
    pub(crate) async fn freeze(&mut self) -> Result<(), Error> {
        self.patiently(|conn| conn.control("begin")).await?;
        self.snapshot = true;
        Ok(())
    }

    pub(crate) async fn rows(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<Vec<Row>, Error> {
        self.patiently(|conn| conn.rows(text, params)).await
    }

    pub(crate) async fn row(&mut self, text: Text<'_>, params: &[Param<'_>]) -> Result<Option<Row>, Error> {
        self.patiently(|conn| conn.row(text, params)).await
    }

    /// Runs in place; only while another process recovers or closes the file is there anything to wait for.
    async fn patiently<T>(&mut self, run: impl Fn(&Conn) -> Result<T, Error>) -> Result<T, Error> {
        match self.once(&run) {
            Err(error) if error.is_busy() => {}
            outcome => return outcome,
        }
        let start = Instant::now();
        loop {
            tokio::time::sleep(PAUSE).await;
            match self.once(&run) {
                Err(error) if error.is_busy() && start.elapsed() < self.home.lock_wait => {}
                Err(error) if error.is_busy() => {
                    let error = busy_since(start);
                    if let Some(measures) = self.home.observer.measures() {
                        measures.waited(start);
                        measures.failed(&error);
                    }
                    return Err(error);
                }
                outcome => return outcome,
            }
        }
    }

    fn once<T>(&mut self, run: impl Fn(&Conn) -> Result<T, Error>) -> Result<T, Error> {
        let conn = self.conn.as_ref().ok_or_else(|| Error::unavailable("the connection is gone"))?;
        let outcome = run(conn);
        // What such a connection holds in memory may be as wrong as what it met: the next reader opens a fresh one.
        self.broken |=
            matches!(outcome, Err(Error::Corrupt { .. } | Error::Unavailable { .. } | Error::Full { .. }));
        outcome
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let conn = self.conn.take().filter(|_| !self.broken);
        let conn = conn.filter(|conn| !self.snapshot || conn.control("rollback").is_ok());
        if let Some(conn) = conn {
            self.home.put_back(conn);
        }
    }
}

/// Between two attempts at a lock that another process holds.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// The refusal after waiting since `start`.
pub(crate) fn busy_since(start: Instant) -> Error {
    Error::Busy { waited_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX) }
}
