//! One run of one job: taken, worked at, given back.

use std::sync::Arc;
use std::time::Duration;

use sekisho_core::{Actor, Ctx, RequestId, dice};
use sekisho_store::{Ended, Error, Lease};

use super::JobKind;
use super::work::{self, Progress};
use crate::app::App;
use crate::failure::Failure;
use crate::repeat::repeated;

/// How long a job belongs to whoever took it, from its last transaction on.
const LEASE: Duration = Duration::from_secs(60);

/// After how long a job that failed is due again.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Turn {
    /// It ran to its end: what it did, in a line.
    Done(String),
    /// It was begun, and goes on at whoever looks next: this server stops.
    Stopped,
    /// It is not due, or somebody else has it: who, if they are still at it.
    NotOurs(Option<String>),
    /// Somebody else took it because this process stood still for too long.
    Lost,
}

/// Runs a job if it can be had; `at_once` means even before it is due. `go_on` is asked between its transactions.
///
/// # Errors
/// What it failed with, for the caller to tell; the database has noted it, if it could.
pub async fn run(
    app: &Arc<App>,
    actor: Actor,
    kind: JobKind,
    at_once: bool,
    go_on: impl Fn() -> bool,
) -> Result<Turn, Failure> {
    let ctx = app.ctx(actor);
    let holder = holder(app);
    if !take(app, &ctx, kind, &holder, at_once).await? {
        let jobs = app.store.read().await?.jobs().await?;
        let held = jobs.into_iter().find(|job| job.name == kind.name()).and_then(|job| job.held);
        return Ok(Turn::NotOurs(held.map(|(holder, _)| holder)));
    }
    let worked = work(app, &ctx, kind, &holder, go_on).await;
    match &worked {
        Ok(Turn::Done(what)) => end(app, kind, &holder, kind.every(), Ended::Well(what)).await?,
        Ok(Turn::Stopped) => {
            let how = Ended::Halfway("stopped in the middle, to be gone on with");
            end(app, kind, &holder, Duration::ZERO, how).await?;
        }
        Ok(Turn::NotOurs(_) | Turn::Lost) => {}
        Err(failure) => {
            // What is told is why it failed; that this could not be written down adds nothing.
            let _ = end(app, kind, &holder, AFTER_FAILURE, Ended::Badly(&reason(failure))).await;
        }
    }
    worked
}

async fn take(app: &App, ctx: &Ctx, kind: JobKind, holder: &str, at_once: bool) -> Result<bool, Failure> {
    repeated(&*app.dice, || async move {
        let mut tx = app.store.begin().await?;
        let now = tx.clock(ctx.now).await?;
        tx.enter_job(kind.name(), now).await?;
        let lease = Lease { job: kind.name(), holder, until: now.plus(LEASE) };
        let taken = tx.take_job(&lease, now, !at_once).await?;
        tx.commit().await?;
        Ok(taken)
    })
    .await
}

async fn work(
    app: &App,
    ctx: &Ctx,
    kind: JobKind,
    holder: &str,
    go_on: impl Fn() -> bool,
) -> Result<Turn, Failure> {
    let mut so_far = Progress::default();
    while !so_far.over {
        if !go_on() {
            return Ok(Turn::Stopped);
        }
        match step(app, ctx, kind, holder, &so_far).await? {
            Some(next) => so_far = next,
            None => return Ok(Turn::Lost),
        }
    }
    Ok(Turn::Done(work::told(app, kind, so_far.done)))
}

/// One transaction of the work, which holds only while the job is ours; `None` if it is not any more.
async fn step(
    app: &App,
    ctx: &Ctx,
    kind: JobKind,
    holder: &str,
    so_far: &Progress,
) -> Result<Option<Progress>, Failure> {
    repeated(&*app.dice, || async move {
        let mut tx = app.store.begin().await?;
        let now = tx.clock(app.clock.now()).await?;
        if !tx.keep_job(&Lease { job: kind.name(), holder, until: now.plus(LEASE) }).await? {
            return Ok(None);
        }
        let next = work::next(app, ctx, kind, &mut tx, now, so_far.clone()).await?;
        tx.commit().await?;
        Ok(Some(next))
    })
    .await
}

async fn end(
    app: &App,
    kind: JobKind,
    holder: &str,
    due_in: Duration,
    how: Ended<'_>,
) -> Result<(), Failure> {
    repeated(&*app.dice, || async move {
        let mut tx = app.store.begin().await?;
        let now = tx.clock(app.clock.now()).await?;
        tx.end_job((kind.name(), holder), now, now.plus(due_in), how).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Who runs it: this machine's name, for whoever looks, and something that nobody else is called.
fn holder(app: &App) -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let nonce = RequestId::new(dice::array(&*app.dice));
    format!("{}/{}/{nonce}", machine.trim(), std::process::id())
}

/// Why it failed, in a line.
pub(super) fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Store(error) => error.to_string(),
        other => other.refusal().code().to_owned(),
    }
}

/// Whether writing is on hold (`sekisho db freeze`): no fault of a job's, and it is tried again.
pub(super) fn is_on_hold(failure: &Failure) -> bool {
    matches!(failure, Failure::Store(Error::Frozen))
}
