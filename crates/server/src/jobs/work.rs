//! What each job does, one short transaction at a time, so that nobody waits long for it.

use sekisho_core::{Ctx, Event, Timestamp};
use sekisho_store::Tx;
use std::time::Duration;

use super::JobKind;
use crate::app::App;
use crate::failure::Failure;

/// Rows that one transaction changes at most.
const BATCH: u32 = 1000;

/// How long a count is kept after it is over: clocks differ.
const LEEWAY: Duration = Duration::from_secs(3600);

/// How far a job has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// Rows that it changed.
    pub(super) done: u64,
    /// Whether there is nothing more to do.
    pub(super) over: bool,
    after_event: i64,
    after_limit: Vec<u8>,
}

/// Does the next piece, at this time of the database's clock; what comes of it counts once the transaction is committed.
pub(super) async fn next(
    app: &App,
    ctx: &Ctx,
    kind: JobKind,
    tx: &mut Tx,
    now: Timestamp,
    mut so_far: Progress,
) -> Result<Progress, Failure> {
    match kind {
        JobKind::ReleaseNames => {
            let released = tx.release_some_names(now, BATCH).await?;
            so_far.done += released;
            so_far.over = released < u64::from(BATCH);
        }
        JobKind::PurgeEvents => {
            let Some(keep) = app.current().settings.audit.keep else {
                so_far.over = true;
                return Ok(so_far);
            };
            let before = now.minus(keep);
            let (events, next) = tx.purge_events(before, so_far.after_event, BATCH).await?;
            if events > 0 {
                // Whoever reads what is left must see that it was cut.
                tx.record(ctx, &Event::EventsPurged { events, before }).await?;
            }
            so_far.done += events;
            so_far.over = next.is_none();
            so_far.after_event = next.unwrap_or_default();
        }
        JobKind::ForgetLimits => {
            let (some, next) = tx.forget_limits(&so_far.after_limit, now.minus(LEEWAY), BATCH).await?;
            so_far.done += some;
            so_far.over = next.is_none();
            so_far.after_limit = next.unwrap_or_default();
        }
    }
    Ok(so_far)
}

/// What came of it, in a line.
pub(super) fn told(app: &App, kind: JobKind, done: u64) -> String {
    match kind {
        JobKind::ReleaseNames => format!("{done} names released"),
        JobKind::PurgeEvents if app.current().settings.audit.keep.is_none() => {
            "nothing: audit.keep_days is 0, so events are kept".to_owned()
        }
        JobKind::PurgeEvents => format!("{done} events deleted"),
        JobKind::ForgetLimits => format!("{done} counts deleted"),
    }
}
