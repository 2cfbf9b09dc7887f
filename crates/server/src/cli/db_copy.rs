//! `sekisho db copy`: a whole database into an empty one.

use super::bar::bar;
use super::db_progress::ProgressLine;
use super::exit::Stop;
use super::instance::Instance;
use super::open::{options, runtime};
use super::output::Out;
use crate::config::{self, Flags};
use crate::database::moving::{self, Plan, Planned};
use crate::telemetry::log::rfc3339;
use clap::Args;
use sekisho_core::settings::{DatabaseUrl, Settings};
use sekisho_store::{Phase, Step, TableCopied, TargetState, resolved};
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;

/// The example of `sekisho db copy --help`.
pub(super) const EXAMPLE: &str = "\
Examples:
  sekisho db copy --to postgresql://sekisho@db1/sekisho --dry-run
  sekisho db freeze && sekisho db copy --to postgresql://sekisho@db1/sekisho
  sekisho db copy --from postgresql://sekisho@db1/sekisho --to sqlite:///./data/sekisho.db

A password stands in the address, in PGPASSWORD or in ~/.pgpass. docs/moving-to-postgres.md is the walk.
Exit code 0: copied, read back and found equal; 1: refused, or the two differ; 3: a database does not answer.";

/// `sekisho db copy`.
#[derive(Debug, Args)]
pub(super) struct Copy {
    /// The database that is read, as DATABASE_URL spells it; the configured one if it is left out
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// The database that is written: empty, or left unfinished by an earlier copy
    #[arg(long, value_name = "URL")]
    to: String,
    /// Say what would be copied, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Leave tables behind that your own program has made beside Sekisho's
    #[arg(long)]
    leave_own_tables: bool,
}

/// Runs it.
pub(super) fn run(args: Copy, flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let settings = config::load(flags)?.settings;
    let from = match &args.from {
        Some(text) => address(text, "--from", &settings)?,
        None => settings.storage.database_url.clone(),
    };
    let to = address(&args.to, "--to", &settings)?;
    runtime()?.block_on(copy(&args, &from, &to, &settings, out))
}

async fn copy(
    args: &Copy,
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    settings: &Settings,
    out: &mut Out,
) -> Result<(), Stop> {
    // Counting the rows of a large table is one statement.
    let options = options(settings, None).patient();
    let planned =
        Box::pin(moving::plan(Plan { from, to, options, leave_own_tables: args.leave_own_tables })).await?;
    if args.dry_run {
        return would(from, to, &planned, out);
    }
    // No server may be running on the file, nor another copy into it.
    let _alone = match to {
        DatabaseUrl::Sqlite(path) => Some(Instance::try_take(&resolved(path))?.ok_or_else(|| {
            Stop::unavailable(format!("somebody uses {}: a server, or another copy", path.display()))
        })?),
        DatabaseUrl::Postgres(_) => None,
    };
    let (of, frozen_since, fingerprint) = (planned.rows(), planned.frozen_since, planned.fingerprint.clone());
    let left = planned.left.clone();
    let start = Instant::now();
    let mut line = ProgressLine::new(out.is_json());
    let copied = planned.carry_out(|step| line.say(|| said(step, of))).await;
    drop(line);
    let (copied, took) = (copied?, start.elapsed());
    if out.is_json() {
        return out.json(&json!({
            "result": "copied",
            "from": from.redacted(),
            "to": to.redacted(),
            "tables": copied.iter().map(|table| json!({
                "table": table.table,
                "rows": table.tally.rows,
                "checksum": format!("{:032x}", table.tally.checksum),
            })).collect::<Vec<_>>(),
            "rows": rows(&copied),
            "milliseconds": took.as_millis() as u64,
            "source_frozen_since": frozen_since.map(rfc3339),
            "root_fingerprint": fingerprint,
            "left": left,
        }));
    }
    let table = |copied: &TableCopied| {
        [copied.table.to_owned(), copied.tally.rows.to_string(), format!("{:032x}", copied.tally.checksum)]
    };
    let mut lines =
        vec![["table".to_owned(), "rows".to_owned(), "checksum, the same on both sides".to_owned()]];
    lines.extend(copied.iter().map(table));
    out.rows(&lines)?;
    out.line(&format!(
        "copied {} rows from {} to {} in {:.1} s, and read back",
        rows(&copied),
        from.redacted(),
        to.redacted(),
        took.as_secs_f64()
    ))?;
    if let Some(fingerprint) = fingerprint {
        out.line(&format!("it belongs to the root key with the fingerprint {fingerprint}, as before"))?;
    }
    not_frozen(frozen_since.is_some(), out)?;
    left.iter().try_for_each(|set| out.line(&format!("the tables of {set} stayed behind")))
}

fn would(from: &DatabaseUrl, to: &DatabaseUrl, planned: &Planned<'_>, out: &mut Out) -> Result<(), Stop> {
    let target = match planned.target {
        TargetState::Unfinished => "unfinished",
        TargetState::Empty => "empty",
        _ => "new",
    };
    if out.is_json() {
        let tables = planned.counts.iter().map(|(table, rows)| json!({ "table": table, "rows": rows }));
        return out.json(&json!({
            "result": "would copy",
            "from": from.redacted(),
            "to": to.redacted(),
            "tables": tables.collect::<Vec<_>>(),
            "rows": planned.rows(),
            "target": target,
            "source_frozen_since": planned.frozen_since.map(rfc3339),
            "root_fingerprint": planned.fingerprint,
            "left": planned.left,
        }));
    }
    let counts: Vec<_> =
        planned.counts.iter().map(|(table, rows)| [(*table).to_owned(), rows.to_string()]).collect();
    out.rows(&counts)?;
    let begun = match target {
        "unfinished" => ", whose unfinished copy would be begun anew",
        _ => "",
    };
    out.line(&format!(
        "would copy {} rows from {} to {}{begun}; nothing was changed",
        planned.rows(),
        from.redacted(),
        to.redacted()
    ))?;
    not_frozen(planned.frozen_since.is_some(), out)
}

/// A copy of a database that is written to goes stale at once.
fn not_frozen(frozen: bool, out: &mut Out) -> Result<(), Stop> {
    match frozen {
        true => Ok(()),
        false => out.line(
            "the source is not frozen: what is written to it after the beginning of a copy is not in that copy (`sekisho db freeze`)",
        ),
    }
}

fn rows(copied: &[TableCopied]) -> u64 {
    copied.iter().map(|table| table.tally.rows).sum()
}

fn said(step: Step, of: u64) -> String {
    let doing = match step.phase {
        Phase::Copying => "copying",
        Phase::Verifying => "reading back",
    };
    format!("{}{doing} {}, {} of {of} rows", bar(step.rows, of), step.table, step.rows)
}

/// An address, or the path of a file. The configured one brings its password along; others find it where libpq does.
pub(super) fn address(text: &str, flag: &str, settings: &Settings) -> Result<DatabaseUrl, Stop> {
    let mut url = match text.contains("://") {
        // The address is not repeated: it may hold a password.
        true => DatabaseUrl::parse(text).map_err(|why| Stop::usage(format!("{flag}: {why}")))?,
        false => DatabaseUrl::Sqlite(PathBuf::from(text)),
    };
    let configured = &settings.storage.database_url;
    if let (DatabaseUrl::Postgres(given), DatabaseUrl::Postgres(known)) = (&mut url, configured)
        && given.password.is_none()
    {
        let mut without = known.clone();
        without.password = None;
        if without.redacted() == given.redacted() {
            given.password.clone_from(&known.password);
        }
    }
    if let DatabaseUrl::Postgres(given) = &mut url {
        for warning in config::complete(given)? {
            eprintln!("sekisho: {warning}");
        }
    }
    Ok(url)
}
