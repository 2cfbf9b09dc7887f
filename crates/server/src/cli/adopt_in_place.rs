//! `sekisho adopt --in-place`: Sekisho's tables in the application's own database, and that kept in step.

use std::io::Write as _;
use std::path::PathBuf;

use sekisho_core::Clock as _;
use sekisho_core::adopt::Mapping;
use sekisho_core::beside::SetValue;
use sekisho_core::settings::{DatabaseUrl, toml_text};
use sekisho_store::Foreign;
use serde_json::json;

use super::adopt_print::Further;
use super::adopt_release;
use super::adopt_rows::{finished, read, unreadable};
use super::adopt_source::{is_one_database, shown};
use super::db_progress::ProgressLine;
use super::draft::{self, Draft};
use super::exit::Stop;
use super::open;
use super::output::Out;
use crate::adopt::in_place::{self, InPlace, Stands};
use crate::adopt::{self, Adoption, Origin, Problem, Report};
use crate::config::Loaded;
use crate::system::{SystemClock, SystemDice};

/// The settings that stand or fall with a database that is shared.
pub(super) fn settings(source: &DatabaseUrl, loaded: &Loaded) -> Vec<(&'static str, String, &'static str)> {
    let storage = &loaded.settings.storage;
    let mut wanted = Vec::new();
    match source {
        DatabaseUrl::Sqlite(file) => {
            let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            wanted.push((
                "storage.database_url",
                toml_text(&format!("sqlite:///{}", path.display())),
                "The application's own file, in which Sekisho's tables stand beside its.",
            ));
        }
        DatabaseUrl::Postgres(_) => {
            if !is_configured(source, loaded) {
                wanted.push((
                    "storage.database_url_file",
                    toml_text(&address_file(loaded).display().to_string()),
                    "The address of the application's own database, in which Sekisho's tables stand beside its; it may hold \
                     a password.",
                ));
            }
            if storage.root_key_file.is_none() {
                let path = in_data(loaded, "sekisho.key");
                wanted.push((
                    "storage.root_key_file",
                    toml_text(&path.display().to_string()),
                    "Every node needs the same.",
                ));
            }
        }
    }
    wanted.extend([
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
    ]);
    wanted
}

/// Writes the address, which may hold a password, into a file that its owner alone may read; nothing where it is configured.
pub(super) fn write_address(
    source: &DatabaseUrl,
    address: Option<&str>,
    loaded: &Loaded,
) -> Result<(), Stop> {
    let (DatabaseUrl::Postgres(_), Some(address)) = (source, address) else { return Ok(()) };
    if is_configured(source, loaded) {
        return Ok(());
    }
    let path = address_file(loaded);
    if let Some(folder) = path.parent() {
        crate::config::root_key::make_directory(folder)?;
    }
    // One of an adoption that did not come to its end; nothing else has this name.
    let draft = Draft::beside(&path, true, &SystemDice)?;
    writeln!(draft.file(), "{address}").map_err(|error| draft::cannot(&path, &error))?;
    draft.keep(true)
}

/// Whether the settings name this database already, be it in `.env` or the environment.
fn is_configured(source: &DatabaseUrl, loaded: &Loaded) -> bool {
    is_one_database(source, &loaded.settings.storage.database_url)
}

fn address_file(loaded: &Loaded) -> PathBuf {
    in_data(loaded, "database_url")
}

fn in_data(loaded: &Loaded, name: &str) -> PathBuf {
    let path = loaded.settings.storage.data_dir.join(name);
    std::path::absolute(&path).unwrap_or(path)
}

/// Undoes what an adoption that was cut short has left in a file, so that this one can begin.
pub(super) fn recover(source: &DatabaseUrl) -> Result<(), Stop> {
    match source {
        DatabaseUrl::Sqlite(file) if file.exists() => {
            sekisho_store::recover(file).map_err(|error| unreadable(&shown(source), &error))
        }
        _ => Ok(()),
    }
}

/// Whether it could be done; what a dry run adds.
pub(super) fn check(source: &DatabaseUrl, mapping: &Mapping, sets: &[SetValue]) -> Result<Further, Stop> {
    let checked = open::runtime()?.block_on(in_place::check(source, mapping, sets, SystemClock.now()));
    checked.map_err(|error| adopt_release::stop(&error))?;
    let (into, table) = (shown(source), mapping.table.called());
    let copy = match source {
        DatabaseUrl::Sqlite(_) => "a copy beside it",
        DatabaseUrl::Postgres(_) => "a copy of the table beside it",
    };
    Ok(Further {
        json: json!({ "table": table }),
        lines: vec![
            format!(
                "in place     Sekisho's tables would come into {into}, after {copy}; table {table} would be kept in step"
            ),
            "             an insert, an update and a deletion would be tried and undone".to_owned(),
        ],
    })
}

/// Does it, all in one transaction or nothing.
pub(super) fn write(
    source: &DatabaseUrl,
    mapping: &Mapping,
    sets: &[SetValue],
    out: &Out,
) -> Result<(Report, Further), Stop> {
    let ctx = open::operator();
    let now = ctx.now;
    let origin = Origin(None);
    open::runtime()?.block_on(async {
        let mut line = ProgressLine::new(out.is_json());
        let begun = InPlace::begin(source, mapping, sets, now, |step| {
            line.say(|| format!("copying: {} of {} pages", step.done, step.all));
        })
        .await;
        drop(line);
        let mut begun = begun.map_err(|error| adopt_release::stop(&error))?;
        let from = begun.source();
        let foreign = Foreign::open(&from).map_err(|error| unreadable(&shown(&from), &error))?;
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
        Ok((report, further(source, mapping, &stands)))
    })
}

fn further(source: &DatabaseUrl, mapping: &Mapping, stands: &Stands) -> Further {
    let table = mapping.table.called();
    let is_file = matches!(source, DatabaseUrl::Sqlite(_));
    let mut lines = Vec::new();
    match &stands.copy {
        Some(copy) => {
            let what = if is_file { "the file" } else { "the users' table" };
            lines.push(format!("copy         {what} as it was: {copy}"));
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
    lines.push(
        "passwords    new ones are hashed with bcrypt (at most 72 bytes) and none is rewritten, so that the application \
         can let everybody in again at any time; `sekisho adopt --release` ends the trial"
            .to_owned(),
    );
    if is_file {
        lines.push(
            "application  its Python needs SQLite 3.37 or newer to read the file from now on: \
             python -c \"import sqlite3; print(sqlite3.sqlite_version)\""
                .to_owned(),
        );
    }
    lines.push(
        "next         start `sekisho serve` here, if it does not run yet, and let the proxy send it /token and /users \
         (docs/beside-your-application.md)"
            .to_owned(),
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
