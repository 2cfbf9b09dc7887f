//! `sekisho adopt --in-place`: Sekisho's tables in the application's own file, and that kept in step.

use std::path::{Path, PathBuf};

use sekisho_core::adopt::Mapping;
use sekisho_core::beside::SetValue;
use sekisho_core::settings::{DatabaseUrl, toml_text};
use sekisho_core::{Actor, Clock as _, Ctx, RequestId, Timestamp, dice};
use sekisho_store::{Foreign, NO_POSTGRESQL};
use serde_json::json;

use super::adopt_print::Further;
use super::adopt_release;
use super::adopt_rows::{finished, read, unreadable};
use super::adopt_source::shown;
use super::db_progress::ProgressLine;
use super::exit::Stop;
use super::open;
use super::output::Out;
use crate::adopt::in_place::{self, InPlace, Stands};
use crate::adopt::{self, Adoption, Origin, Problem, Report};
use crate::system::{SystemClock, SystemDice};

/// The settings that stand or fall with a file that is shared.
pub(super) fn settings(file: &Path) -> Vec<(&'static str, String, &'static str)> {
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    vec![
        (
            "storage.database_url",
            toml_text(&format!("sqlite:///{}", path.display())),
            "The application's own file, in which Sekisho's tables stand beside its.",
        ),
        (
            "password.scheme",
            toml_text("bcrypt"),
            "While both must be able to check passwords, new ones are hashed as the application reads them (at most 72 \
             bytes) …",
        ),
        (
            "password.rehash",
            "false".to_owned(),
            "… and none is rewritten, so that the way back stays open: `sekisho adopt --release` ends the trial.",
        ),
    ]
}

/// The file in which both are to stand.
pub(super) fn file(source: &DatabaseUrl) -> Result<PathBuf, Stop> {
    match source {
        DatabaseUrl::Sqlite(path) => Ok(path.clone()),
        DatabaseUrl::Postgres(_) => Err(Stop::usage(NO_POSTGRESQL)),
    }
}

/// Undoes what an adoption that was cut short has left, so that this one can begin.
pub(super) fn recover(file: &Path) -> Result<(), Stop> {
    if !file.exists() {
        return Ok(());
    }
    sekisho_store::recover(file).map_err(|error| unreadable(&file.display().to_string(), &error))
}

/// Whether it could be done; what a dry run adds.
pub(super) fn check(file: &Path, mapping: &Mapping, sets: &[SetValue]) -> Result<Further, Stop> {
    let checked = open::runtime()?.block_on(in_place::check(file, mapping, sets, SystemClock.now()));
    checked.map_err(|error| adopt_release::stop(&error))?;
    Ok(Further {
        json: json!({ "table": mapping.table.name }),
        lines: vec![
            format!(
                "in place     Sekisho's tables would come into {}, after a copy beside it; table {} would be kept in step",
                file.display(),
                mapping.table.name
            ),
            "             an insert, an update and a deletion would be tried and undone".to_owned(),
        ],
    })
}

/// Does it, all in one transaction or nothing.
pub(super) fn write(
    file: &Path,
    mapping: &Mapping,
    sets: &[SetValue],
    out: &Out,
) -> Result<(Report, Further), Stop> {
    let now = SystemClock.now();
    let ctx = context(now);
    let origin = Origin(None);
    open::runtime()?.block_on(async {
        let mut line = ProgressLine::new(out.is_json());
        let begun = InPlace::begin(file, mapping, sets, now, |step| {
            line.say(|| format!("copying: {} of {} pages", step.done, step.all));
        })
        .await;
        drop(line);
        let mut begun = begun.map_err(|error| adopt_release::stop(&error))?;
        let source = DatabaseUrl::Sqlite(begun.source().to_owned());
        let foreign = Foreign::open(&source).map_err(|error| unreadable(&shown(&source), &error))?;
        let survey = adopt::survey(&foreign, mapping).map_err(|error| unreadable(foreign.name(), &error))?;
        let adoption = Adoption::new(&ctx, &SystemDice, &origin, survey).in_place(true);
        let (mut rows, reading) = read(foreign, mapping);
        let report = adoption.write(begun.tx(), &mut rows).await;
        drop(rows);
        finished(reading).await?;
        let report: Result<Report, Problem> = report;
        let report = report?;
        let stands = begun
            .finish(report.adopted + report.items_adopted > 0)
            .await
            .map_err(|error| adopt_release::stop(&error))?;
        Ok((report, further(mapping, &stands)))
    })
}

fn context(now: Timestamp) -> Ctx {
    Ctx {
        request_id: RequestId::new(dice::array(&SystemDice)),
        peer: None,
        agent: None,
        actor: Actor::Operator,
        now,
    }
}

fn further(mapping: &Mapping, stands: &Stands) -> Further {
    let table = &mapping.table.name;
    let mut lines = Vec::new();
    match &stands.copy {
        Some(copy) => {
            lines.push(format!("copy         the file as it was: {}", copy.display()));
            lines.push(format!(
                "in place     table {table} is kept in step by triggers: {} rows; an insert, an update and a deletion were \
                 tried and undone",
                stands.linked
            ));
        }
        None => {
            lines.push(format!("in place     table {table} was kept in step already: {} rows", stands.linked))
        }
    }
    if mapping.disabled.is_none() && mapping.active.is_none() {
        lines.push(format!(
            "note         table {table} has no column for disabled users: they lose their hash there while they are disabled, \
             and the application takes their tokens until these end"
        ));
    }
    if stands.unreadable > 0 {
        lines.push(format!(
            "note         {} users have hashes that are not of bcrypt: check that the application reads them",
            stands.unreadable
        ));
    }
    if stands.gone > 0 {
        lines.push(format!(
            "note         {} users here have no row in table {table} any more, since the application deleted it: \
             `sekisho user delete NAME` deletes them here too",
            stands.gone
        ));
    }
    if let Some(reason) = &stands.no_log {
        lines.push(format!(
            "note         the users have come, but the file could not be opened again to begin a write-ahead log: {reason}"
        ));
    }
    lines.extend(
        [
            "passwords    new ones are hashed with bcrypt (at most 72 bytes) and none is rewritten, so that the application \
             can let everybody in again at any time; `sekisho adopt --release` ends the trial",
            "application  its Python needs SQLite 3.37 or newer to read the file from now on: \
             python -c \"import sqlite3; print(sqlite3.sqlite_version)\"",
            "next         start `sekisho serve` here, if it does not run yet, and let the proxy send it /token and /users \
             (docs/beside-your-application.md)",
        ]
        .map(str::to_owned),
    );
    Further {
        json: json!({
            "table": table,
            "copy": stands.copy,
            "linked": stands.linked,
            "unreadable": stands.unreadable,
            "gone": stands.gone,
            "no_log": stands.no_log,
        }),
        lines,
    }
}
