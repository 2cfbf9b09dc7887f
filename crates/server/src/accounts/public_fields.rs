//! What an application kept of a user and the settings let out.

use sekisho_core::User;
use serde_json::{Map, Value};

use crate::app::App;
use crate::failure::Failure;

/// What is kept beside a user, for the answers that show some of it, and the user as that needs it; `None` where the
/// settings name nothing, and then nothing is read.
pub async fn kept_beside(app: &App, user: &User) -> Result<Option<(User, Map<String, Value>)>, Failure> {
    if app.current().settings.accounts.public_fields.is_empty() {
        return Ok(None);
    }
    let mut read = app.store.read().await?;
    let extra = read.extra_of(user.id).await?.unwrap_or_default();
    // Whoever has just registered may have been given a number by the application's own database.
    let user = match &user.external_id {
        Some(_) => user.clone(),
        None => read.user_by_id(user.id).await?.unwrap_or_else(|| user.clone()),
    };
    Ok(Some((user, extra)))
}
