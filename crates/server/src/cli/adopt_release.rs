//! `sekisho adopt --release`: the end of a trial, in each of its directions.

use std::ffi::OsStr;

use clap::ValueEnum;
use sekisho_core::Clock as _;
use sekisho_core::settings::DatabaseUrl;
use serde_json::json;

use super::adopt_source::{shown, source};
use super::db_progress::ProgressLine;
use super::exit::Stop;
use super::instance::{Instance, lock_path};
use super::open::runtime;
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

/// Ends the trial in the named database, or in the configured one.
pub(super) fn run(
    named: Option<&OsStr>,
    end: End,
    yes: bool,
    flags: &Flags,
    out: &mut Out,
) -> Result<(), Stop> {
    let runtime = runtime()?;
    let url = match named {
        Some(_) => source(named, None, &[])?.0,
        None => match config::load(flags)?.settings.storage.database_url {
            DatabaseUrl::Sqlite(path) => DatabaseUrl::Sqlite(sekisho_store::resolved(&path)),
            url => url,
        },
    };
    runtime.block_on(ended(&url, end, yes, out))
}

async fn ended(url: &DatabaseUrl, end: End, yes: bool, out: &mut Out) -> Result<(), Stop> {
    let now = SystemClock.now();
    let file = match url {
        DatabaseUrl::Sqlite(file) if !file.exists() => {
            return Err(Stop::usage(format!(
                "no database at {}: name the application's file",
                file.display()
            )));
        }
        DatabaseUrl::Sqlite(file) => Some(file),
        DatabaseUrl::Postgres(_) => None,
    };
    // A server that runs would stand there without its tables.
    let _instance = match (end, file) {
        (End::Back, Some(file)) => Some(Instance::try_take(file)?.ok_or_else(|| {
            Stop::unavailable(format!("a server runs on {}: stop it first", file.display()))
        })?),
        _ => None,
    };
    let trial = release::look(url, now).await.map_err(|error| stop(&error))?;
    prompt::confirmed(&question(url, end, &trial), yes)?;
    let mut line = ProgressLine::new(out.is_json());
    let released = release::release(url, end.into(), now, |step| {
        line.say(|| format!("copying: {} of {} pages", step.done, step.all));
    })
    .await;
    drop(line);
    let released = released.map_err(|error| stop(&error))?;
    if let (End::Back, Some(file)) = (end, file) {
        // Ours, and held by us: nothing of ours stays beside the application's file but the copies.
        let _ = std::fs::remove_file(lock_path(file));
    }
    tell(url, end, &trial, &released, out)
}

fn question(url: &DatabaseUrl, end: End, trial: &Trial) -> String {
    let table = &trial.standing.table.called();
    let place = place(url);
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
             the {place} all the same?",
            trial.unreadable, trial.linked
        ),
        End::Back => format!(
            "Sekisho's tables leave the {place}, with what only they hold: log of events, items. Go back?"
        ),
    }
}

/// What a person calls the whole.
fn place(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Sqlite(_) => "file",
        DatabaseUrl::Postgres(_) => "database",
    }
}

fn tell(url: &DatabaseUrl, end: End, trial: &Trial, released: &Released, out: &mut Out) -> Result<(), Stop> {
    let result = match end {
        End::Keep => "kept",
        End::Detach => "detached",
        End::Back => "back",
    };
    if out.is_json() {
        return out.json(&json!({
            "result": result,
            "file": shown(url),
            "copy": released.copy,
            "linked": trial.linked,
            "unreadable": trial.unreadable,
            "journal_mode_restored": released.journal_mode_restored,
            "log_kept": released.log_kept,
        }));
    }
    let what = if place(url) == "file" { "the file" } else { "the users' table" };
    out.line(&format!("{what} as it was: {}", released.copy))?;
    let back = format!(
        "The application has its {} alone again. Let the proxy send /token and /users to it; tokens that Sekisho issued go on \
         counting there, since both have one key.",
        place(url)
    );
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
            &back,
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
        InPlaceError::Rights(missing) => {
            let head =
                "this role lacks rights, or others have too many; the owner of the table, or a superuser, can mend it:".to_owned();
            Stop {
                lines: std::iter::once(head).chain(missing.iter().cloned()).collect(),
                ..Stop::refused("")
            }
        }
        InPlaceError::InUse { .. } => Stop::unavailable(error.to_string()),
        InPlaceError::NotBeside(_) => Stop::refused(error.to_string()),
        InPlaceError::Copy { .. } => Stop::usage(error.to_string()),
        InPlaceError::Store(_) => Stop::unavailable(error.to_string()),
    }
}

/// The column of which the database says that it must have a value: `NOT NULL constraint failed: user.role` or
/// `not null: role`.
fn column(reason: &str) -> Option<&str> {
    if let Some(column) = reason.strip_prefix("not null: ") {
        return Some(column);
    }
    reason.strip_prefix("NOT NULL constraint failed: ")?.rsplit_once('.').map(|(_, column)| column)
}
