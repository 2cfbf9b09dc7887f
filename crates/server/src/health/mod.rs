//! Whether this process can serve.

pub mod api;

use sekisho_core::Timestamp;

use crate::app::App;
use crate::failure::Failure;

/// Ready while the database answers and has not stopped to write for good; since when its writes are on hold, if they are.
///
/// The log says when that has changed since it was asked last.
pub async fn ready(app: &App) -> Result<Option<Timestamp>, Failure> {
    let found = look(app).await;
    app.seen.note(&found);
    found
}

async fn look(app: &App) -> Result<Option<Timestamp>, Failure> {
    app.store.serves().await?;
    Ok(app.store.read().await?.frozen_since().await?)
}
