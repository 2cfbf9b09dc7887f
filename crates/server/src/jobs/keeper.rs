//! A server's part in the jobs: looking whether one is due.

use std::sync::Arc;
use std::time::Duration;

use sekisho_core::{Actor, Timestamp, dice};
use tokio::sync::watch;

use super::JobKind;
use super::turn::{self, Turn, is_on_hold};
use crate::app::App;
use crate::failure::Failure;
use crate::metrics::JobRuns;

/// Looks again and again, until the sender of `stop` is gone; what is under way is brought to the end of its transaction.
pub async fn keep(app: Arc<App>, runs: Arc<JobRuns>, mut stop: watch::Receiver<()>) {
    loop {
        tokio::select! {
            gone = stop.changed() => if gone.is_err() { return },
            () = tokio::time::sleep(pause(&app)) => {}
        }
        for kind in due(&app).await {
            let go_on = || stop.has_changed().is_ok();
            if !go_on() {
                return;
            }
            let outcome = turn::run(&app, Actor::Server, kind, false, go_on).await;
            note(kind, &outcome, &runs);
        }
    }
}

/// About as long as `jobs.check_seconds` says: by chance a little shorter, so that nodes that were started together do not look
/// together for ever.
fn pause(app: &App) -> Duration {
    let check = app.current().settings.jobs.check;
    let [chance] = dice::array::<1>(&*app.dice);
    check - check / 4 * u32::from(chance) / 255
}

/// The jobs that are due and that nobody has. Where the database does not answer there are none: the requests say so.
async fn due(app: &App) -> Vec<JobKind> {
    let looked = async {
        let mut read = app.store.read().await?;
        let jobs = read.jobs().await?;
        Ok::<_, sekisho_store::Error>((jobs, read.clock(app.clock.now()).await?))
    };
    let Ok((jobs, now)) = looked.await else { return Vec::new() };
    let free = |held: &Option<(String, Timestamp)>| held.as_ref().is_none_or(|(_, until)| *until <= now);
    let is_due = |kind: &JobKind| match jobs.iter().find(|job| job.name == kind.name()) {
        Some(job) => job.due_at <= now && free(&job.held),
        None => true,
    };
    JobKind::ALL.into_iter().filter(is_due).collect()
}

fn note(kind: JobKind, outcome: &Result<Turn, Failure>, runs: &JobRuns) {
    let job = kind.name();
    match outcome {
        Ok(Turn::Done(what)) => {
            runs.count(job, true);
            tracing::info!(job, "{what}");
        }
        Ok(Turn::Stopped | Turn::NotOurs(_)) => {}
        Ok(Turn::Lost) => {
            runs.count(job, false);
            tracing::warn!(job, "another node has taken the job: this one stood still for too long");
        }
        Err(failure) if is_on_hold(failure) => tracing::debug!(job, "writing is on hold"),
        Err(failure) => {
            runs.count(job, false);
            tracing::warn!(job, error = turn::reason(failure), "a job failed");
        }
    }
}
