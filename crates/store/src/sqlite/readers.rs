//! The connections that read: a small stack, called in place on the thread that serves the request.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::dialect::Text;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::{Conn, Role};
use crate::value::{Param, Row};

/// Connections kept open while nobody reads.
const KEPT: usize = 4;
/// Connections open at once; who comes then waits for one.
const MOST: usize = 64;

/// The pool of reading connections.
pub(crate) struct Readers {
    path: PathBuf,
    observer: Arc<Observer>,
    lock_wait: Duration,
    pool: Mutex<Pool>,
    returned: Notify,
}

struct Pool {
    // Boxed: a connection is moved in and out with every read.
    #[expect(clippy::vec_box, reason = "a connection is some hundred bytes and moves twice a read")]
    idle: Vec<Box<Conn>>,
    open: usize,
}

impl Readers {
    pub(crate) fn new(path: PathBuf, observer: Arc<Observer>, lock_wait: Duration) -> Self {
        let pool = Mutex::new(Pool { idle: Vec::with_capacity(KEPT), open: 0 });
        Self { path, observer, lock_wait, pool, returned: Notify::new() }
    }

    /// A connection of one's own for a while; each statement sees the newest state.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Reader, Error> {
        loop {
            if let Some(reader) = self.try_take()? {
                return Ok(reader);
            }
            self.observer.waited();
            self.returned.notified().await;
        }
    }

    fn try_take(self: &Arc<Self>) -> Result<Option<Reader>, Error> {
        let mut pool = self.pool();
        if let Some(conn) = pool.idle.pop() {
            return Ok(Some(Reader {
                conn: Some(conn),
                home: Arc::clone(self),
                snapshot: false,
                broken: false,
            }));
        }
        if pool.open == MOST {
            return Ok(None);
        }
        pool.open += 1;
        drop(pool);
        // From here on the place is given back by `Reader`, whatever happens.
        let mut reader = Reader { conn: None, home: Arc::clone(self), snapshot: false, broken: false };
        reader.conn = Some(Box::new(Conn::open(&self.path, Role::Reader, &self.observer)?));
        Ok(Some(reader))
    }

    fn pool(&self) -> std::sync::MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_back(&self, conn: Option<Box<Conn>>) {
        let mut pool = self.pool();
        let was_full = pool.open == MOST;
        match conn {
            Some(conn) if pool.idle.len() < KEPT => pool.idle.push(conn),
            _ => pool.open -= 1,
        }
        drop(pool);
        if was_full {
            self.returned.notify_one();
        }
    }
}

/// A reading connection on loan.
pub(crate) struct Reader {
    conn: Option<Box<Conn>>,
    home: Arc<Readers>,
    snapshot: bool,
    broken: bool,
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
                Err(error) if error.is_busy() => return Err(busy_since(start)),
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
        self.home.put_back(conn);
    }
}

/// Between two attempts at a lock that another process holds.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// The refusal after waiting since `start`.
pub(crate) fn busy_since(start: Instant) -> Error {
    Error::Busy { waited_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX) }
}
