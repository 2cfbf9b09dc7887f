//! What PostgreSQL's catalogue tells of a database before and while our schema is made.

use crate::error::Error;
use crate::session::{Read, Tx};

/// The number of the lock under which the schema is made; any two programs of ours take the same.
const LOCK: i64 = 0x5e_6b15_4005;

/// How many of somebody else's tables are named.
const NAMED: usize = 5;

impl Read {
    /// Refuses a database that would take text for something other than Unicode.
    pub(crate) async fn insist_on_utf8(&mut self) -> Result<(), Error> {
        let row = self.row("select current_setting('server_encoding')", &[]).await?;
        let encoding: String = row.map(|mut row| row.take(0)).transpose()?.unwrap_or_default();
        if encoding == "UTF8" {
            return Ok(());
        }
        Err(Error::misuse(format!("the database has the encoding {encoding}; it must be UTF8")))
    }

    /// Whether the list of migrations is there, in the schema where ours are made.
    pub(crate) async fn has_list(&mut self) -> Result<bool, Error> {
        let found = "select 1 from pg_catalog.pg_tables \
                     where schemaname = current_schema() and tablename = 'sekisho_migrations'";
        Ok(self.row(found, &[]).await?.is_some())
    }

    /// Refuses a schema that holds somebody else's tables and none of ours.
    pub(crate) async fn refuse_foreign(&mut self) -> Result<(), Error> {
        let theirs = "select tablename from pg_catalog.pg_tables \
                      where schemaname = current_schema() and not starts_with(tablename, 'sekisho_') \
                      order by tablename";
        let rows = self.rows(theirs, &[]).await?;
        let names = rows.into_iter().map(|mut row| row.take(0)).collect::<Result<Vec<String>, Error>>()?;
        match names.is_empty() {
            true => Ok(()),
            false => Err(Error::Foreign { tables: names[..names.len().min(NAMED)].join(", ") }),
        }
    }
}

impl Tx {
    /// Waits until nobody else makes the schema, and holds the others until the end of the transaction.
    pub(crate) async fn alone_at_the_schema(&mut self) -> Result<(), Error> {
        self.define("set local lock_timeout = 0").await?;
        self.define(&format!("select pg_advisory_xact_lock({LOCK})")).await?;
        // A table that somebody reads for hours is not waited for: whoever came meanwhile would wait behind us.
        self.define("set local lock_timeout to default").await
    }
}
