//! One connection to PostgreSQL: statements prepared once, answers within a time-out.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::{FutureExt, TryStreamExt};
use tokio::task::AbortHandle;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Connection, RowStream, Socket, Statement};

use crate::error::Error;
use crate::value::{Param, Row};

use super::errors::{ends_connection, is_refused_write, translate};
use super::types::{read, sent_as};

/// What a statement gave.
pub(crate) struct Answer {
    pub(crate) rows: Vec<Row>,
    /// Rows returned or changed.
    pub(crate) count: u64,
}

/// What goes with a statement.
#[derive(Clone, Copy)]
pub(super) enum Sent<'a> {
    /// One value for each parameter.
    Each(&'a [Param<'a>]),
    /// All of them together, ids, as its only parameter.
    Ids(&'a [Param<'a>]),
}

/// A statement that failed.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether the connection is not to be used again.
    pub(super) over: bool,
    /// Whether there was no answer in time.
    pub(super) slow: bool,
}

pub(super) struct Link {
    client: Client,
    task: AbortHandle,
    /// By the place and length of the text, which is the program's own and stays where it is.
    prepared: RwLock<HashMap<(usize, usize), Statement>>,
    /// Whether the server has warned of something since this was last asked.
    warned: Arc<AtomicBool>,
    /// Statements are sent with their types, none is kept: between us and the server stands somebody who gives each
    /// transaction another connection.
    unnamed: bool,
    limit: Duration,
    /// Whether its session takes no writes, wherever it leads.
    pub(super) only_reads: bool,
    /// The server's time when it was made: see `Epoch`.
    pub(super) epoch: u64,
}

impl Link {
    pub(super) fn new<T>(
        client: Client,
        mut connection: Connection<Socket, T>,
        unnamed: bool,
        limit: Duration,
        epoch: u64,
    ) -> Self
    where
        T: TlsStream + Unpin + Send + 'static,
    {
        let warned = Arc::new(AtomicBool::new(false));
        let warn = Arc::clone(&warned);
        let task = tokio::spawn(async move {
            loop {
                match std::future::poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(AsyncMessage::Notice(notice))) => {
                        let severity = notice.parsed_severity();
                        if severity == Some(tokio_postgres::error::Severity::Warning) {
                            warn.store(true, Ordering::Release);
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                }
            }
        });
        Self {
            client,
            task: task.abort_handle(),
            prepared: RwLock::default(),
            warned,
            unnamed,
            limit,
            only_reads: false,
            epoch,
        }
    }

    /// The connection itself, for whoever works with it alone.
    pub(super) fn into_client(self) -> Client {
        self.client
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Ends it without a word to the server, which may not be listening.
    pub(super) fn cut(&self) {
        self.task.abort();
    }

    /// Runs one statement.
    pub(super) async fn ask(&self, text: &'static str, sent: Sent<'_>) -> Result<Answer, Failed> {
        self.within(async {
            let rows = match (self.unnamed, sent) {
                (true, Sent::Each(params)) => {
                    let typed = params.iter().map(|param| (*param, sent_as(param)));
                    self.client.query_typed_raw(text, typed).await?
                }
                (true, Sent::Ids(ids)) => {
                    self.client.query_typed_raw(text, [(ids, Type::UUID_ARRAY)]).await?
                }
                (false, Sent::Each(params)) => {
                    let statement = self.prepare(text).await?;
                    self.client.query_raw(&statement, params.iter().copied()).await?
                }
                (false, Sent::Ids(ids)) => {
                    let statement = self.prepare(text).await?;
                    self.client.query_raw(&statement, [ids]).await?
                }
            };
            collect(rows).await
        })
        .await?
        .map_err(|error| Failed { error, over: false, slow: false })
    }

    /// Prepares a statement that is asked soon, unless it is or none is kept.
    pub(super) async fn get_ready(&self, text: &'static str) -> Result<(), Failed> {
        match self.unnamed {
            true => Ok(()),
            false => self.within(self.prepare(text)).await.map(drop),
        }
    }

    /// Whether a statement can be prepared; it is not kept.
    pub(super) async fn prepares(&self, text: &'static str) -> Result<(), Failed> {
        if !self.unnamed {
            return self.within(self.client.prepare(text)).await.map(drop);
        }
        // All of it on one connection of the server's, which the next one finds as it was.
        self.say("begin").await?;
        let outcome = self.within(self.client.prepare(text)).await.map(drop);
        self.say("rollback").await?;
        outcome
    }

    /// The driver's own handle, for what has no words here.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Runs text that has no parameters and gives nothing back.
    pub(super) async fn say(&self, text: &str) -> Result<(), Failed> {
        self.within(self.client.batch_execute(text)).await
    }

    /// The same, and without an answer in time the connection stays: the server is still at it.
    pub(super) async fn say_and_stay(&self, text: &str) -> Result<(), Failed> {
        tokio::time::timeout(self.limit, self.say_patiently(text))
            .await
            .unwrap_or_else(|_| Err(Failed { error: self.no_answer(), over: false, slow: true }))
    }

    /// The same, however long it takes.
    pub(super) async fn say_patiently(&self, text: &str) -> Result<(), Failed> {
        self.client.batch_execute(text).await.map_err(failed)
    }

    /// Sends text and does not wait for what the server says to it.
    pub(super) fn mention(&self, text: &'static str) {
        // The first poll sends it, and the answer is dropped when it comes.
        let _ = self.client.batch_execute(text).now_or_never();
    }

    /// Whether the server has warned of something since the last call.
    pub(super) fn was_warned(&self) -> bool {
        self.warned.swap(false, Ordering::AcqRel)
    }

    async fn prepare(&self, text: &'static str) -> Result<Statement, tokio_postgres::Error> {
        let place = (text.as_ptr() as usize, text.len());
        let known = self.prepared.read().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(text).await?;
        self.prepared.write().unwrap_or_else(PoisonError::into_inner).insert(place, statement.clone());
        Ok(statement)
    }

    fn no_answer(&self) -> Error {
        Error::unavailable(format!("PostgreSQL did not answer within {} ms", self.limit.as_millis()))
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failed> {
        match tokio::time::timeout(self.limit, work).await {
            Ok(Err(error)) if self.only_reads && is_refused_write(&error) => {
                Err(Failed { error: Error::misuse("only a transaction writes"), over: false, slow: false })
            }
            Ok(outcome) => outcome.map_err(failed),
            Err(_) => {
                self.cut();
                Err(Failed { error: self.no_answer(), over: true, slow: true })
            }
        }
    }
}

impl From<tokio_postgres::Error> for Failed {
    fn from(error: tokio_postgres::Error) -> Self {
        failed(error)
    }
}

fn failed(error: tokio_postgres::Error) -> Failed {
    Failed { over: ends_connection(&error), error: translate(error), slow: false }
}

async fn collect(stream: RowStream) -> Result<Result<Answer, Error>, tokio_postgres::Error> {
    let mut stream = pin!(stream);
    let mut rows = Vec::new();
    let mut misread = None;
    while let Some(row) = stream.try_next().await? {
        match read(&row) {
            Ok(row) => rows.push(row),
            Err(error) => misread = Some(error),
        }
    }
    let count = stream.rows_affected().unwrap_or(rows.len() as u64);
    Ok(misread.map_or(Ok(Answer { rows, count }), Err))
}
