//! The time of the server, which is one for all nodes.

use sekisho_core::time::Timestamp;

use crate::error::Error;
use crate::session::Read;

/// The present moment, not that of the transaction's beginning.
const NOW: &str = "select (extract(epoch from clock_timestamp())::numeric * 1000000::numeric)::bigint";

/// What time it is where the database is.
pub(crate) async fn now(read: &mut Read) -> Result<Timestamp, Error> {
    let row = read.row(NOW, &[]).await?;
    row.ok_or_else(|| Error::unavailable("PostgreSQL does not say what time it is"))?.take(0)
}
