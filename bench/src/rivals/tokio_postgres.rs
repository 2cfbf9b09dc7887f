//! tokio-postgres alone: callers that ask for a user by id as the store does, and do nothing else.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use bytes::BytesMut;
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use sekisho_core::id::UserId;
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_postgres::{
    Client, NoTls, Row, Statement,
    types::{FromSql, IsNull, ToSql, Type},
};

use crate::load::{Draw, Window};

/// How connections are used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// Each caller takes one out of a pool of so many, and gives it back.
    Pool(usize),
    /// All callers share so many; nobody waits for the answer to somebody else's statement.
    Shared(usize),
}

/// A program that has nothing to do but this.
pub(crate) struct Alone {
    runtime: Runtime,
    connections: Connections,
    ids: Arc<Vec<UserId>>,
}

#[derive(Clone)]
enum Connections {
    Pool(managed::Pool<Connects>),
    Shared(Arc<Vec<Ready>>),
}

/// A connection with the statement prepared.
struct Ready {
    client: Client,
    statement: Statement,
    task: JoinHandle<()>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Connects(String);

impl Alone {
    /// Connects. `ids` are those that are asked for.
    ///
    /// # Errors
    /// When the server can't be reached.
    pub(crate) fn start(url: &str, how: Use, ids: &[UserId]) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let connections = runtime.block_on(async {
            anyhow::Ok(match how {
                Use::Pool(size) => Connections::Pool(
                    managed::Pool::builder(Connects(url.to_owned())).max_size(size).build()?,
                ),
                Use::Shared(count) => {
                    let mut shared = Vec::new();
                    for _ in 0..count {
                        shared.push(connect(url).await?);
                    }
                    Connections::Shared(Arc::new(shared))
                }
            })
        })?;
        Ok(Self { runtime, connections, ids: Arc::new(ids.to_vec()) })
    }

    /// How many users a second `callers` callers read.
    ///
    /// # Errors
    /// When a statement fails or finds nobody.
    pub(crate) fn rate(&self, callers: usize, window: Window) -> Result<f64> {
        let start = Instant::now();
        let counted: Vec<_> = (0..callers)
            .map(|caller| {
                let (connections, ids) = (self.connections.clone(), Arc::clone(&self.ids));
                self.runtime.spawn(call(connections, ids, Draw::new(caller as u64), start, window))
            })
            .collect();
        let all = self.runtime.block_on(async {
            let mut all = 0;
            for counted in counted {
                all += counted.await.context("a caller panicked")??;
            }
            anyhow::Ok(all)
        })?;
        Ok(all as f64 / window.measure.as_secs_f64())
    }
}

async fn call(
    connections: Connections,
    ids: Arc<Vec<UserId>>,
    mut draw: Draw,
    start: Instant,
    window: Window,
) -> Result<u64> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let end: Duration = window.warm + window.measure;
    let mut counted = 0;
    loop {
        let id = ids[draw.below(ids.len())];
        match &connections {
            Connections::Pool(pool) => {
                let ready = pool.get().await.map_err(|error| anyhow!("{error}"))?;
                ready.read(id).await?;
            }
            Connections::Shared(shared) => {
                shared[NEXT.fetch_add(1, Ordering::Relaxed) % shared.len()].read(id).await?;
            }
        }
        let since = start.elapsed();
        if since >= end {
            return Ok(counted);
        }
        counted += u64::from(since >= window.warm);
    }
}

impl Ready {
    async fn read(&self, id: UserId) -> Result<()> {
        let row = self.client.query_opt(&self.statement, &[&Uuid(*id.as_bytes())]).await?;
        ensure!(taken_out(&row.context("nobody has this id")?)? == id, "another user came back");
        Ok(())
    }
}

/// Every column, as whoever shows the user needs it.
fn taken_out(row: &Row) -> Result<UserId> {
    let Uuid(id) = row.try_get(0)?;
    for text in 1..5 {
        let _: Option<String> = row.try_get(text)?;
    }
    for number in 5..9 {
        let _: Option<i64> = row.try_get(number)?;
    }
    Ok(UserId::from_bytes(id))
}

async fn connect(url: &str) -> Result<Ready> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let task = tokio::spawn(async {
        // An error reaches whoever asks.
        let _ended = connection.await;
    });
    let statement = client.prepare(statement()?).await?;
    Ok(Ready { client, statement, task })
}

/// The statement that every token check of the server runs.
fn statement() -> Result<&'static str> {
    let mut all = sekisho_store::statements();
    let by_id = all.find(|statement| (statement.area(), statement.name()) == ("users", "BY_ID"));
    Ok(by_id.context("the store has no statement users::BY_ID")?.text())
}

impl managed::Manager for Connects {
    type Type = Ready;
    type Error = anyhow::Error;

    async fn create(&self) -> Result<Ready> {
        connect(&self.0).await
    }

    async fn recycle(&self, ready: &mut Ready, _: &Metrics) -> RecycleResult<anyhow::Error> {
        if ready.client.is_closed() { Err(RecycleError::message("closed")) } else { Ok(()) }
    }
}

/// A UUID as it stands on the wire.
#[derive(Debug)]
struct Uuid([u8; 16]);

type Boxed = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Uuid {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }

    tokio_postgres::types::to_sql_checked!();
}

impl<'a> FromSql<'a> for Uuid {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::UUID
    }
}
