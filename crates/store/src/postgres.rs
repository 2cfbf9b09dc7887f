//! PostgreSQL: connections, and how they are used. This file and those below it alone name the driver.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sekisho_core::settings::{self, PostgresUrl};

use crate::echo::Observer;
use crate::error::Error;
use crate::value::{Param, Row};

pub(crate) mod check;
pub(crate) mod clock;
mod connect;
mod copy;
mod errors;
mod facts;
pub(crate) mod foreign;
pub(crate) mod freeze;
mod gather;
pub(crate) mod in_place;
mod link;
pub(crate) mod numbers;
mod pipeline;
mod pool;
mod schema;
mod tls;
mod transaction;
mod types;

use connect::{Connector, Epoch};
pub use facts::ServerFacts;
use gather::Gather;
pub(crate) use link::Answer;
use link::Sent;
use pipeline::Pipelines;
use pool::Pool;
pub use pool::PoolStatus;
pub(crate) use transaction::Transaction;

/// One database of a PostgreSQL server.
pub(crate) struct Server {
    connector: Arc<Connector>,
    pool: Pool,
    pipelines: Arc<Pipelines>,
    /// By the place and length of the text.
    gathers: RwLock<HashMap<(usize, usize), Arc<Gather>>>,
    observer: Arc<Observer>,
}

impl Server {
    /// Nothing is connected by this, only an address that can't work refused.
    pub(crate) fn new(
        url: &PostgresUrl,
        pooling: &settings::Pool,
        lock_wait: Duration,
        observer: &Arc<Observer>,
    ) -> Result<Self, Error> {
        let connector = Connector::new(url, pooling, lock_wait, Arc::new(Epoch::default()))?;
        let connector = Arc::new(connector);
        let (most, wait) = (pooling.connections.max(1), pooling.acquire_timeout);
        Ok(Self {
            pool: Pool::new(Arc::clone(&connector), most, wait, Arc::clone(observer))?,
            pipelines: Arc::new(Pipelines::new(Arc::clone(&connector), pooling.readers, wait)),
            gathers: RwLock::default(),
            connector,
            observer: Arc::clone(observer),
        })
    }

    /// Runs one statement that reads.
    pub(crate) async fn ask(&self, text: &'static str, params: &[Param<'_>]) -> Result<Answer, Error> {
        let run = self.pipelines.ask(text, Sent::Each(params));
        self.observer.statement_to_come(text, |answer: &Answer| answer.count, run).await
    }

    /// The row of a statement that gives at most one, which begins with the id `$1`.
    pub(crate) async fn ask_by_id(&self, text: &'static str, id: [u8; 16]) -> Result<Option<Row>, Error> {
        self.gather(text).ask(id).await
    }

    fn gather(&self, text: &'static str) -> Arc<Gather> {
        let place = (text.as_ptr() as usize, text.len());
        if let Some(known) = self.gathers.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return Arc::clone(known);
        }
        let mut gathers = self.gathers.write().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let (pipelines, observer) = (Arc::clone(&self.pipelines), Arc::clone(&self.observer));
            Arc::new(Gather::new(text, pipelines, observer, self.connector.limit()))
        };
        Arc::clone(gathers.entry(place).or_insert_with(new))
    }

    /// Begins a transaction that reads and writes.
    pub(crate) async fn begin(&self) -> Result<Transaction, Error> {
        let loan = self.pool.take().await?;
        Ok(Transaction::write(loan, Arc::clone(&self.connector), Arc::clone(&self.observer)))
    }

    /// Begins one that sees one state.
    pub(crate) async fn snapshot(&self) -> Result<Transaction, Error> {
        let loan = self.pool.take().await?;
        Ok(Transaction::snapshot(loan, Arc::clone(&self.connector), Arc::clone(&self.observer)))
    }

    /// Whether the schema has what a statement names.
    pub(crate) async fn prepares(&self, text: &'static str) -> Result<(), Error> {
        self.pool.take().await?.prepares(text).await.map_err(|failed| failed.error)
    }

    pub(crate) fn status(&self) -> PoolStatus {
        self.pool.status()
    }

    /// Ends the connections that nobody uses, the others when they are given back.
    pub(crate) fn close(&self) {
        self.pool.close();
        self.pipelines.close();
    }
}
