//! `sekisho adopt --release`: the end of a trial, in each of its directions.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sekisho_core::Clock as _;
use serde_json::json;

use super::db_progress::ProgressLine;
use super::exit::Stop;
use super::instance::{Instance, lock_path};
use super::open::{runtime, sqlite_path};
use super::output::Out;
use super::prompt;
use crate::adopt::in_place::InPlaceError;
use crate::adopt::release::{self, Release, Released, Trial};
use crate::config::{self, Flags};
use crate::system::SystemClock;

/// Where a trial ends, as typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum End {
    /// Sekisho stays: it alone has the passwords; names, addresses and states still reach the application's table
    Keep,
    /// Sekisho stays, and the application no longer reads its table: that is left as it is
    Detach,
    /// The application has its file alone again, as if Sekisho had never been there
    Back,
}

impl From<End> for Release {
    fn from(end: End) -> Release {
        match end {
            End::Keep => Release::Keep,
            End::Detach => Release::Detach,
            End::Back => Release::Back,
        }
    }
}

/// Ends the trial in `file`, or in the configured database.
pub(super) fn run(
    file: Option<PathBuf>,
    end: End,
    yes: bool,
    flags: &Flags,
    out: &mut Out,
) -> Result<(), Stop> {
    let runtime = runtime()?;
    let file = match file {
        Some(file) => sekisho_store::resolved(&file),
        None => sqlite_path(&config::load(flags)?.settings)?,
    };
    runtime.block_on(ended(&file, end, yes, out))
}

async fn ended(file: &Path, end: End, yes: bool, out: &mut Out) -> Result<(), Stop> {
    if !file.exists() {
        return Err(Stop::usage(format!("no database at {}: name the application's file", file.display())));
    }
    let now = SystemClock.now();
    // A server that runs would stand there without its tables.
    let _instance = match end {
        End::Back => Some(Instance::try_take(file)?.ok_or_else(|| {
            Stop::unavailable(format!("a server runs on {}: stop it first", file.display()))
        })?),
        End::Keep | End::Detach => None,
    };
    let trial = release::look(file, now).await.map_err(|error| stop(&error))?;
    prompt::confirmed(&question(end, &trial), yes)?;
    let mut line = ProgressLine::new(out.is_json());
    let released = release::release(file, end.into(), now, |step| {
        line.say(|| format!("copying: {} of {} pages", step.done, step.all));
    })
    .await;
    drop(line);
    let released = released.map_err(|error| stop(&error))?;
    if end == End::Back {
        // Ours, and held by us: nothing of ours stays beside the application's file but the copies.
        let _ = std::fs::remove_file(lock_path(file));
    }
    tell(file, end, &trial, &released, out)
}

fn question(end: End, trial: &Trial) -> String {
    let table = &trial.standing.table.name;
    match end {
        End::Keep => format!(
            "The hashes of {} users leave the application's table {table}: it can't check passwords any more. End the trial?",
            trial.linked
        ),
        End::Detach => format!(
            "The application's table {table} stays as it is from now on: it learns of no new and no disabled user. End the \
             trial?"
        ),
        End::Back if trial.unreadable > 0 => format!(
            "{} of {} users could not log in at the application: their hashes are not of bcrypt. Take Sekisho's tables out of \
             the file all the same?",
            trial.unreadable, trial.linked
        ),
        End::Back => {
            "Sekisho's tables leave the file, with what only they hold: log of events, items. Go back?"
                .to_owned()
        }
    }
}

fn tell(file: &Path, end: End, trial: &Trial, released: &Released, out: &mut Out) -> Result<(), Stop> {
    let result = match end {
        End::Keep => "kept",
        End::Detach => "detached",
        End::Back => "back",
    };
    if out.is_json() {
        return out.json(&json!({
            "result": result,
            "file": file,
            "copy": released.copy,
            "linked": trial.linked,
            "unreadable": trial.unreadable,
            "journal_mode_restored": released.journal_mode_restored,
            "log_kept": released.log_kept,
        }));
    }
    out.line(&format!("the file as it was: {}", released.copy.display()))?;
    let lines: &[&str] = match end {
        End::Keep => &[
            "Sekisho alone has the passwords now; new, renamed and disabled users still reach the application's table.",
            "Take `scheme = \"bcrypt\"` and `rehash = false` out of [password] in sekisho.toml and restart or SIGHUP the \
             server: hashes are then renewed with Argon2id as users log in.",
        ],
        End::Detach => &[
            "The application's table is no longer written: an application that reads its users there does not learn of new \
             ones.",
            "For a migration of that table: migrate it, and run `sekisho adopt --in-place` again as before; leave sekisho.toml \
             as it is.",
            "For good: let the application ask Sekisho (GET /users/me), take `scheme = \"bcrypt\"` and `rehash = false` out \
             of [password] in sekisho.toml and restart or SIGHUP the server: hashes are then renewed with Argon2id as users \
             log in.",
        ],
        End::Back => &[
            "The application has its file alone again. Let the proxy send /token and /users to it; tokens that Sekisho \
             issued go on counting there, since both have one key.",
            "sekisho.toml and the data directory with the root key are left; nothing needs them any more.",
        ],
    };
    lines.iter().try_for_each(|line| out.line(line))?;
    if let Some(reason) = &released.log_kept {
        out.line(&format!("the file keeps its write-ahead log, which does no harm: {reason}"))?;
    }
    Ok(())
}

/// What went wrong, for the operator.
pub(super) fn stop(error: &InPlaceError) -> Stop {
    match error {
        InPlaceError::Problems(problems) => {
            Stop { lines: problems.iter().map(ToString::to_string).collect(), ..Stop::usage("") }
        }
        InPlaceError::Trial(failure) => Stop {
            lines: vec![
                error.to_string(),
                match column(&failure.reason) {
                    Some(column) => {
                        format!("nothing was changed; --set {column}=VALUE gives new users a value there")
                    }
                    None => "nothing was changed".to_owned(),
                },
            ],
            ..Stop::refused("")
        },
        InPlaceError::NotBeside(_) => Stop::refused(error.to_string()),
        InPlaceError::Copy { .. } => Stop::usage(error.to_string()),
        InPlaceError::Store(_) => Stop::unavailable(error.to_string()),
    }
}

/// The column of which SQLite says that it must have a value: `NOT NULL constraint failed: user.role`.
fn column(reason: &str) -> Option<&str> {
    reason.strip_prefix("NOT NULL constraint failed: ")?.rsplit_once('.').map(|(_, column)| column)
}
