//! Statements over a whole table, which take as long as they take.

use crate::error::Error;
use crate::postgres::Transaction;

impl Transaction {
    /// Runs text without parameters: how many rows it changed or gave.
    pub(crate) async fn at_length(&mut self, text: &str) -> Result<u64, Error> {
        self.told(text, async |link| {
            link.say("set local statement_timeout = 0").await?;
            Ok(link.client().execute(text, &[]).await?)
        })
        .await
    }
}
