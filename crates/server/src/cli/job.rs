//! `sekisho job …`: what the servers do by themselves, and doing it now.

use super::exit::Stop;
use super::open;
use super::output::Out;
use crate::app::App;
use crate::failure::Failure;
use crate::jobs::JobKind;
use crate::jobs::turn::{self, Turn};
use crate::telemetry::log::rfc3339;
use clap::{Args, Subcommand};
use sekisho_core::Actor;
use sekisho_store::Job;
use serde_json::{Value, json};
use std::sync::Arc;

/// The commands under `sekisho job`.
#[derive(Debug, Subcommand)]
pub(super) enum JobCommand {
    /// List the jobs: when each is due, who is at it, and how it went
    #[command(after_help = "Example:\n  sekisho job list\n  sekisho job list --json | jq -r .outcome")]
    List,
    /// Run a job now, unless a server is at it
    #[command(after_help = "Example:\n  sekisho job run purge-events")]
    Run(Run),
}

/// `sekisho job run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// The job's name
    #[arg(value_parser = JobKind::ALL.map(JobKind::name))]
    name: String,
}

/// Runs one of them.
pub(super) fn run(command: JobCommand, open: &open::Open, out: &mut Out) -> Result<(), Stop> {
    open.block_on(async |app| match command {
        JobCommand::List => list(&app, out).await,
        JobCommand::Run(args) => now(&app, &args.name, out).await,
    })
}

async fn list(app: &App, out: &mut Out) -> Result<(), Stop> {
    let known = known(app).await?;
    let of = |kind: &JobKind| known.iter().find(|job| job.name == kind.name());
    if out.is_json() {
        return JobKind::ALL.iter().try_for_each(|kind| out.json(&as_json(*kind, of(kind))));
    }
    let mut rows = vec![["JOB", "LAST DONE", "DUE", "STATE", "WHAT IT DOES"].map(str::to_owned)];
    for kind in JobKind::ALL {
        let job = of(&kind);
        let done = job.and_then(|job| job.succeeded_at).map_or("never".to_owned(), rfc3339);
        let due = job.map_or("now".to_owned(), |job| rfc3339(job.due_at));
        rows.push([kind.name().to_owned(), done, due, state(job), kind.what().to_owned()]);
    }
    out.rows(&rows)
}

async fn known(app: &App) -> Result<Vec<Job>, Failure> {
    Ok(app.store.read().await?.jobs().await?)
}

fn state(job: Option<&Job>) -> String {
    let Some(job) = job else { return "never run".to_owned() };
    match (&job.held, &job.outcome) {
        (Some((holder, _)), _) => format!("{holder} is at it"),
        (None, Some(outcome)) => outcome.clone(),
        (None, None) => "never run".to_owned(),
    }
}

fn as_json(kind: JobKind, job: Option<&Job>) -> Value {
    json!({
        "job": kind.name(),
        "what": kind.what(),
        "every_seconds": kind.every().as_secs(),
        "due_at": job.map(|job| rfc3339(job.due_at)),
        "holder": job.and_then(|job| job.held.as_ref().map(|(holder, _)| holder)),
        "began_at": job.and_then(|job| job.began_at).map(rfc3339),
        "ended_at": job.and_then(|job| job.ended_at).map(rfc3339),
        "succeeded_at": job.and_then(|job| job.succeeded_at).map(rfc3339),
        "outcome": job.and_then(|job| job.outcome.clone()),
        "runs": job.map_or(0, |job| job.runs),
        "failures": job.map_or(0, |job| job.failures),
    })
}

async fn now(app: &Arc<App>, name: &str, out: &mut Out) -> Result<(), Stop> {
    let kind = JobKind::named(name).ok_or_else(|| Stop::usage(format!("no job {name}")))?;
    match turn::run(app, Actor::Operator, kind, true, || true).await? {
        Turn::Done(what) => out.either(&json!({ "job": name, "result": what }), &format!("{name}: {what}")),
        Turn::NotOurs(Some(holder)) => Err(Stop::refused(format!("{holder} is at {name} now"))),
        Turn::NotOurs(None) => Err(Stop::refused(format!("{name} has just been run by somebody else"))),
        Turn::Lost | Turn::Stopped => Err(Stop::refused(format!("{name} was taken over by another node"))),
    }
}
