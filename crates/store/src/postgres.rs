//! PostgreSQL: connections, and how they are used. This file and those below it alone name the driver.

use std::sync::Arc;
use std::time::Duration;

use sekisho_core::settings::PostgresUrl;

use crate::echo::Observer;
use crate::error::Error;
use crate::value::Param;

pub(crate) mod check;
pub(crate) mod clock;
mod connect;
mod copy;
mod errors;
mod facts;
pub(crate) mod foreign;
pub(crate) mod freeze;
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
pub(crate) use link::Answer;
use pipeline::Pipelines;
use pool::Pool;
pub use facts::ServerFacts;
pub use pool::PoolStatus;
pub(crate) use transaction::Transaction;

/// How many connections to PostgreSQL there are, and how long anybody waits; SQLite needs none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pooling {
    /// Connections that transactions take, one each.
    pub connections: usize,
    /// Connections that all reads share.
    pub readers: usize,
    /// How long one host may take to give a connection.
    pub connect_timeout: Duration,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the server may take over a statement; a second later the connection is given up. Longer than the wait
    /// for a lock, or that wait is never told from slowness.
    pub statement_timeout: Duration,
    /// How long a connection may be silent before it is asked whether it is there.
    pub keepalive: Duration,
}

impl Default for Pooling {
    fn default() -> Self {
        Self {
            connections: 12,
            readers: 4,
            connect_timeout: Duration::from_secs(3),
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(7),
            keepalive: Duration::from_secs(15),
        }
    }
}

/// One database of a PostgreSQL server.
pub(crate) struct Server {
    connector: Arc<Connector>,
    pool: Pool,
    pipelines: Pipelines,
    observer: Arc<Observer>,
}

impl Server {
    /// Nothing is connected by this, only an address that can't work refused.
    pub(crate) fn new(
        url: &PostgresUrl,
        pooling: &Pooling,
        lock_wait: Duration,
        observer: &Arc<Observer>,
    ) -> Result<Self, Error> {
        let connector = Connector::new(url, pooling, lock_wait, Arc::new(Epoch::default()))?;
        let connector = Arc::new(connector);
        let (most, wait) = (pooling.connections.max(1), pooling.acquire_timeout);
        Ok(Self {
            pool: Pool::new(Arc::clone(&connector), most, wait, Arc::clone(observer))?,
            pipelines: Pipelines::new(Arc::clone(&connector), pooling.readers, wait),
            connector,
            observer: Arc::clone(observer),
        })
    }

    /// Runs one statement that reads.
    pub(crate) async fn ask(&self, text: &'static str, params: &[Param<'_>]) -> Result<Answer, Error> {
        let run = self.pipelines.ask(text, params);
        self.observer.statement_to_come(text, |answer: &Answer| answer.count, run).await
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
