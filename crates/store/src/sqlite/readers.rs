//! The connections that read, called in place on the thread that serves the request.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::dialect::Text;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::Conn;
use crate::sqlite::views::{Viewer, Views};
use crate::value::{Param, Row};

/// Connections on loan at once; who comes then waits for one.
const MOST: usize = 64;

/// The pool of reading connections.
pub(crate) struct Readers {
    views: Arc<Views>,
    observer: Arc<Observer>,
    lock_wait: Duration,
    /// Who holds a permit may have a connection.
    places: Arc<Semaphore>,
}

impl Readers {
    pub(crate) fn new(views: Arc<Views>, observer: Arc<Observer>, lock_wait: Duration) -> Self {
        Self { views, observer, lock_wait, places: Arc::new(Semaphore::new(MOST)) }
    }

    /// A connection of one's own for a while; each statement sees the newest state.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Reader, Error> {
        let place = match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => place,
            Err(_) => self.wait_for_place().await?,
        };
        let viewer = self.views.take()?;
        Ok(Reader {
            viewer: Some(viewer),
            home: Arc::clone(self),
            snapshot: false,
            broken: false,
            _place: place,
        })
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
}

/// A reading connection on loan.
pub(crate) struct Reader {
    viewer: Option<Box<Viewer>>,
    home: Arc<Readers>,
    snapshot: bool,
    broken: bool,
    /// Given back after the connection, so that the next one finds that.
    _place: OwnedSemaphorePermit,
}

impl Reader {
    /// Fixes what is seen from the first statement on.
    pub(crate) async fn freeze(&mut self) -> Result<(), Error> {
        let viewer = self.viewer.as_mut().ok_or_else(gone)?;
        viewer.unbound()?.control("begin")?;
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
        let viewer = self.viewer.as_mut().ok_or_else(gone)?;
        let outcome = if self.snapshot {
            run(viewer.as_it_is())
        } else {
            let outcome = viewer.newest(&self.home.views).and_then(&run);
            if outcome.is_err() {
                // What it saw is not trusted; a lock that was in the way is asked for anew.
                self.broken |= viewer.end_view().is_err();
            }
            outcome
        };
        // What such a connection holds in memory may be as wrong as what it met: the next reader opens a fresh one.
        self.broken |=
            matches!(outcome, Err(Error::Corrupt { .. } | Error::Unavailable { .. } | Error::Full { .. }));
        outcome
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let viewer = self.viewer.take().filter(|_| !self.broken);
        let viewer = viewer.filter(|viewer| !self.snapshot || viewer.as_it_is().control("rollback").is_ok());
        if let Some(viewer) = viewer {
            self.home.views.put_back(viewer);
        }
    }
}

fn gone() -> Error {
    Error::unavailable("the connection is gone")
}

/// Between two attempts at a lock that another process holds.
pub(crate) const PAUSE: Duration = Duration::from_millis(5);

/// The refusal after waiting since `start`.
pub(crate) fn busy_since(start: Instant) -> Error {
    Error::Busy { waited_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX) }
}
