//! Whether this process can serve.

pub mod api;

use crate::app::App;
use crate::failure::Failure;

/// Ready while the database answers.
pub async fn ready(app: &App) -> Result<(), Failure> {
    Ok(app.store.ping().await?)
}
