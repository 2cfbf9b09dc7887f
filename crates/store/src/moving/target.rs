//! The database that a copy goes into.

use sekisho_core::settings::DatabaseUrl;
use sekisho_core::time::Timestamp;

use super::pages::params;
use super::tally::Tally;
use crate::copying::COPYING;
use crate::dialect::Dialect;
use crate::error::Error;
use crate::look::Look;
use crate::session::{Read, Tx};
use crate::store::{OpenOptions, Store};
use crate::tables::{META, TABLES, Table};
use crate::value::Value;
use crate::{postgres, sqlite};

/// What servers write by themselves.
const OF_SERVERS: [&str; 2] = ["sekisho_jobs", "sekisho_limits"];

/// What stands where a copy is to go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TargetState {
    /// No database yet, or one without a table.
    New,
    /// Our tables, and no row in them.
    Empty,
    /// A copy that was not finished: it is begun anew.
    Unfinished,
    /// Rows, in this table.
    Holds(&'static str),
    /// Nothing in our tables but what a server writes at its first start: it may be running.
    Started,
    /// Another version of the schema.
    OtherSchema {
        /// The version there.
        found: usize,
        /// This program's.
        known: usize,
    },
}

/// A database that is being copied into; no other command opens it until [`Target::finish`].
pub struct Target {
    store: Store,
    /// Keeps a second copy away as long as this one goes on; a file has a lock of its own.
    _alone: Option<Tx>,
}

/// What stands there, looked at without changing it. Somebody else's database is [`Error::Foreign`].
pub async fn target_state(url: &DatabaseUrl, options: OpenOptions) -> Result<TargetState, Error> {
    let Some(mut look) = Look::if_any(url, options).await? else { return Ok(TargetState::New) };
    let schema = look.schema().await?;
    if schema.found != schema.known {
        return Ok(TargetState::OtherSchema { found: schema.found, known: schema.known });
    }
    state_of(&mut look).await
}

async fn state_of(read: &mut Read) -> Result<TargetState, Error> {
    if read.meta(COPYING).await?.is_some() {
        return Ok(TargetState::Unfinished);
    }
    let mut started = false;
    for table in TABLES.iter().filter(|table| table.name != META) {
        match read.row(table.texts().any, &[]).await? {
            Some(_) if OF_SERVERS.contains(&table.name) => started = true,
            Some(_) => return Ok(TargetState::Holds(table.short())),
            None => {}
        }
    }
    if started {
        return Ok(TargetState::Started);
    }
    match read.says_anything().await? {
        true => Ok(TargetState::Started),
        false => Ok(TargetState::Empty),
    }
}

impl Target {
    /// Opens the database, makes its schema if there is none, and marks it; what an unfinished copy left is taken away.
    ///
    /// The other states are handed back and nothing is changed.
    pub async fn claim(
        url: &DatabaseUrl,
        options: OpenOptions,
        now: Timestamp,
    ) -> Result<Result<Target, TargetState>, Error> {
        let store = Store::open_unfinished(url, options).await?;
        let alone = alone(&store).await?;
        let mut tx = store.begin().await?;
        let state = state_of(&mut tx).await?;
        match state {
            TargetState::New | TargetState::Empty => {}
            TargetState::Unfinished => tx.clear().await?,
            TargetState::Holds(_) | TargetState::Started | TargetState::OtherSchema { .. } => {
                return Ok(Err(state));
            }
        }
        tx.set_meta(COPYING, &now.as_micros().to_string()).await?;
        tx.commit().await?;
        Ok(Ok(Target { store, _alone: alone }))
    }

    pub(super) async fn begin(&self) -> Result<Tx, Error> {
        self.store.begin().await
    }

    /// What the table holds now.
    pub(super) async fn tally(
        &self,
        table: &'static Table,
        mut each: impl FnMut(u64),
    ) -> Result<Tally, Error> {
        let mut read = self.store.snapshot().await?;
        let (mut pages, mut tally, mut space) =
            (super::pages::Pages::of(table), Tally::default(), Vec::new());
        while let Some(page) = pages.next(&mut read).await? {
            page.iter().try_for_each(|row| tally.add(table, row, &mut space))?;
            each(page.len() as u64);
        }
        Ok(tally)
    }

    /// Sets which numbers the database draws next, takes the mark away and closes it: from now on it is a database like any.
    pub async fn finish(self, source: &mut super::Source) -> Result<(), Error> {
        let mut tx = self.store.begin().await?;
        for table in TABLES.iter().filter(|table| table.drawn) {
            let last = source.read().last_drawn(table).await?;
            tx.set_last_drawn(table, last).await?;
        }
        tx.settle().await?;
        tx.drop_meta(COPYING).await?;
        tx.commit().await?;
        drop(self._alone);
        self.store.close().await;
        Ok(())
    }
}

impl Read {
    /// The last number that the database drew for a key, 0 if none.
    async fn last_drawn(&mut self, table: &Table) -> Result<i64, Error> {
        let text = match self.dialect() {
            Dialect::Sqlite => sqlite::numbers::LAST,
            Dialect::Postgres => postgres::numbers::LAST,
        };
        let last: Option<Option<i64>> = self
            .row(text, &[table.name.into(), table.columns[0].name.into()])
            .await?
            .map(|mut row| row.take(0))
            .transpose()?;
        Ok(last.flatten().unwrap_or(0))
    }
}

impl Tx {
    /// Puts rows into a table.
    pub(super) async fn load(&mut self, table: &'static Table, rows: &[Vec<Value>]) -> Result<(), Error> {
        if self.dialect() == Dialect::Postgres {
            return self.copy_in(table, rows).await;
        }
        for row in rows {
            self.execute(table.texts().insert, &params(table, row)?).await?;
        }
        Ok(())
    }

    /// Takes away every row but those of the database itself.
    async fn clear(&mut self) -> Result<(), Error> {
        for table in TABLES.iter().rev().filter(|table| table.name != META) {
            self.execute(table.texts().clear, &[]).await?;
        }
        self.clear_meta().await
    }

    async fn set_last_drawn(&mut self, table: &Table, last: i64) -> Result<(), Error> {
        let name = [table.name.into(), table.columns[0].name.into(), last.into()];
        match self.dialect() {
            Dialect::Sqlite => {
                self.execute(sqlite::numbers::FORGET, &name[..1]).await?;
                self.execute(sqlite::numbers::SET, &[table.name.into(), last.into()]).await?;
            }
            Dialect::Postgres => {
                self.row(postgres::numbers::SET, &name).await?;
            }
        }
        Ok(())
    }

    /// Lets the database look at what came, so that its plans fit from the first request on.
    async fn settle(&mut self) -> Result<(), Error> {
        if self.dialect() == Dialect::Postgres {
            for table in &TABLES {
                self.define(&format!("analyze {}", table.name)).await?;
            }
        }
        Ok(())
    }
}

/// On a server, a transaction that holds a lock for as long as the copy goes on.
async fn alone(store: &Store) -> Result<Option<Tx>, Error> {
    if store.dialect() == Dialect::Sqlite {
        return Ok(None);
    }
    let mut tx = store.begin().await?;
    // It says nothing more until the copy has ended.
    tx.define("set local idle_in_transaction_session_timeout = 0").await?;
    let taken = tx.row(postgres::numbers::ALONE, &[]).await?.map(|mut row| row.take::<i64>(0)).transpose()?;
    match taken {
        Some(1) => Ok(Some(tx)),
        _ => Err(Error::misuse("another copy into this database is going on")),
    }
}
