//! The one clock of all who share a database.

use sekisho_core::time::Timestamp;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::postgres;
use crate::session::Read;

impl Read {
    /// The present time by the clock that all nodes share: PostgreSQL's own. A SQLite file is one machine's, and `own`, that
    /// machine's time, is the answer.
    pub async fn clock(&mut self, own: Timestamp) -> Result<Timestamp, Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(own),
            Dialect::Postgres => postgres::clock::now(self).await,
        }
    }
}
