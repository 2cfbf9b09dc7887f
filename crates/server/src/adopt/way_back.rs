//! Whether the way back to the application is still open while a trial lasts.

use sekisho_core::beside::Passwords;
use sekisho_core::credentials::Scheme;

use crate::app::App;
use crate::failure::Failure;

/// What the operator should know at a start beside an application; `None` if the database has its file alone, or all is as
/// the adoption left it.
pub async fn warning(app: &App) -> Result<Option<String>, Failure> {
    let Some(standing) = app.store.read().await?.standing().await? else { return Ok(None) };
    if standing.table.passwords == Passwords::Withheld {
        return Ok(None);
    }
    let settings = &app.current().settings.password;
    let wrong = match (settings.scheme == Scheme::Bcrypt, settings.rehash) {
        (true, false) => return Ok(None),
        (false, _) => "password.scheme is not bcrypt",
        (true, true) => "password.rehash is true",
    };
    Ok(Some(format!(
        "{wrong}, while the application's table {} is kept in step: it can't let in again whose hash is rewritten; set \
         password.scheme = \"bcrypt\" and password.rehash = false, or end the trial with `sekisho adopt --release`",
        standing.table.name
    )))
}
