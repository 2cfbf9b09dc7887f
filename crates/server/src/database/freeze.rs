//! Putting every write on hold, for every process and node that has this database open, and letting it go on.

use sekisho_core::{Ctx, Timestamp};
use sekisho_store::Error;

use crate::app::App;
use crate::failure::Failure;

/// How often it is tried where writers are in the way: each attempt waits as long as a writer does.
const ATTEMPTS: usize = 5;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Since when nothing is written; of one that was ended, since when that was so.
    pub since: Timestamp,
    /// Whether this call changed anything.
    pub changed: bool,
}

/// Puts writes on hold; what was acknowledged before is there for whoever reads afterwards.
///
/// `Err` of the second kind where an application uses the same database: its own writes would meet our triggers.
pub async fn freeze(app: &App, ctx: &Ctx) -> Result<Result<Hold, &'static str>, Failure> {
    let changed = patiently(async || {
        let mut tx = app.store.begin().await?;
        // Before the locks, so that its writers are not held up for nothing; and behind them, when none can come any more.
        if tx.standing().await?.is_some() {
            return Ok(None);
        }
        let changed = tx.freeze(ctx).await?;
        if tx.standing().await?.is_some() {
            return Ok(None);
        }
        tx.commit().await?;
        Ok(Some(changed))
    })
    .await?;
    let Some(changed) = changed else {
        return Ok(Err(
            "an application uses the same database, and its writes would fail: end that first, with `sekisho adopt --release`",
        ));
    };
    let since = app.store.read().await?.frozen_since().await?.unwrap_or(ctx.now);
    Ok(Ok(Hold { since, changed }))
}

/// Lets writes go on; `None` if they were not on hold.
pub async fn unfreeze(app: &App, ctx: &Ctx) -> Result<Option<Hold>, Failure> {
    let Some(since) = app.store.read().await?.frozen_since().await? else { return Ok(None) };
    let changed = patiently(async || {
        let mut tx = app.store.begin().await?;
        let changed = tx.unfreeze(ctx).await?;
        tx.commit().await?;
        Ok(changed)
    })
    .await?;
    Ok(Some(Hold { since, changed }))
}

/// Tries again where running transactions kept the locks from us.
async fn patiently<T>(attempt: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 1..ATTEMPTS {
        match attempt().await {
            Err(Error::Busy { .. } | Error::Conflict) => {}
            outcome => return outcome,
        }
    }
    attempt().await
}
