//! Connections for those who need one to themselves: transactions and snapshots.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult, TimeoutType};

use crate::echo::Observer;
use crate::error::Error;

use super::connect::{Connector, Purpose};
use super::link::Link;

/// A connection on loan; it goes back when dropped.
pub(super) type Loan = managed::Object<Manager>;

pub(super) struct Pool {
    inner: managed::Pool<Manager>,
    observer: Arc<Observer>,
}

/// How full the pool is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolStatus {
    /// Connections that there may be.
    pub most: usize,
    /// Connections that there are.
    pub open: usize,
    /// Those on loan.
    pub on_loan: usize,
    /// Callers that wait for one.
    pub waiting: usize,
}

pub(super) struct Manager(Arc<Connector>);

impl managed::Manager for Manager {
    type Type = Link;
    type Error = Error;

    async fn create(&self) -> Result<Link, Error> {
        self.0.connect(Purpose::Write).await
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<Error> {
        match link.is_closed() || link.epoch != self.0.epoch().now() {
            true => Err(RecycleError::message("old")),
            false => Ok(()),
        }
    }
}

impl Pool {
    pub(super) fn new(
        connector: Arc<Connector>,
        most: usize,
        acquire_timeout: Duration,
        observer: Arc<Observer>,
    ) -> Result<Self, Error> {
        let longest = connector.for_all_hosts().max(acquire_timeout);
        let inner = managed::Pool::builder(Manager(connector))
            .max_size(most)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(acquire_timeout))
            .create_timeout(Some(longest))
            .build()
            .map_err(Error::misuse)?;
        Ok(Self { inner, observer })
    }

    pub(super) async fn take(&self) -> Result<Loan, Error> {
        let start = Instant::now();
        let status = self.inner.status();
        let waits = status.available == 0 && status.size >= status.max_size;
        let outcome = self.inner.get().await;
        if waits {
            self.observer.waited();
            if let Some(measures) = self.observer.measures() {
                measures.waited(start);
            }
        }
        outcome.map_err(|error| {
            let error = match error {
                PoolError::Backend(error) => error,
                PoolError::Timeout(TimeoutType::Wait) => {
                    Error::Busy { waited_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX) }
                }
                other => Error::unavailable(other),
            };
            self.observer.failed(&error);
            error
        })
    }

    pub(super) fn status(&self) -> PoolStatus {
        let status = self.inner.status();
        PoolStatus {
            most: status.max_size,
            open: status.size,
            on_loan: status.size.saturating_sub(status.available),
            waiting: status.waiting,
        }
    }

    pub(super) fn close(&self) {
        self.inner.close();
    }
}
