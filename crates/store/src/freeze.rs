//! Writing put on hold for every process and node at once, while reading goes on.
//!
//! Triggers on every table of ours refuse what writes. They stand in the database, so that nobody has to be told, and cost
//! nothing while there are none, or, on PostgreSQL, while they are disabled. A row of `sekisho_meta` says since when; both
//! change in one transaction.

use sekisho_core::audit::Event;
use sekisho_core::ctx::Ctx;
use sekisho_core::time::Timestamp;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::session::{Read, Tx};
use crate::{postgres, sqlite, tables};

/// Under what name the database keeps since when it is frozen; a copy does not take it along.
pub(crate) const FROZEN: &str = "frozen";

impl Read {
    /// Since when nothing is written, if it is so.
    pub async fn frozen_since(&mut self) -> Result<Option<Timestamp>, Error> {
        let Some(since) = self.meta(FROZEN).await? else { return Ok(None) };
        let micros = since.parse().map_err(|_| Error::corrupt("since when it is frozen is unreadable"))?;
        Ok(Some(Timestamp::from_micros(micros)))
    }
}

impl Tx {
    /// Puts every write on hold from the end of this transaction on; `false` if that is so already.
    ///
    /// What was acknowledged before is there for whoever reads afterwards: running writers are waited for.
    pub async fn freeze(&mut self, ctx: &Ctx) -> Result<bool, Error> {
        self.hold_writers().await?;
        if self.frozen_since().await?.is_some() {
            return Ok(false);
        }
        self.record(ctx, &Event::DatabaseFrozen).await?;
        self.set_meta(FROZEN, &ctx.now.as_micros().to_string()).await?;
        for statement in made(self.dialect()) {
            self.define(&statement).await?;
        }
        Ok(true)
    }

    /// Lets writing go on; `false` if it was not on hold.
    pub async fn unfreeze(&mut self, ctx: &Ctx) -> Result<bool, Error> {
        if self.frozen_since().await?.is_none() {
            return Ok(false);
        }
        // Whoever is just being refused is waited for; somebody else may have let writes go on meanwhile.
        self.hold_writers().await?;
        if self.frozen_since().await?.is_none() {
            return Ok(false);
        }
        let statements = match self.dialect() {
            Dialect::Sqlite => sqlite::freeze::unmade(tables::held()),
            Dialect::Postgres => postgres::freeze::unmade(tables::held()),
        };
        for statement in statements {
            self.define(&statement).await?;
        }
        self.drop_meta(FROZEN).await?;
        self.record(ctx, &Event::DatabaseUnfrozen).await?;
        Ok(true)
    }

    /// Waits for the transactions that write; SQLite has one writer, and that is this transaction.
    async fn hold_writers(&mut self) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => self.define(&postgres::freeze::lock(tables::held())).await,
        }
    }
}

/// The statements that hold writing back, in this database's own language.
fn made(dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => {
            sqlite::freeze::made(tables::held()).into_iter().map(|(_, statement)| statement).collect()
        }
        Dialect::Postgres => postgres::freeze::made(tables::held()),
    }
}
