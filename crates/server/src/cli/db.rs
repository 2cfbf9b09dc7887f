//! `sekisho db …`: the database as a whole.

use super::db_progress::ProgressLine;
use super::exit::{Exit, Stop};
use super::instance::Instance;
use super::open::{Open, options, runtime, sqlite_path, whole};
use super::output::Out;
use super::own_files::OwnFiles;
use super::{db_copy, db_freeze, db_tools};
use crate::config::root_key;
use crate::config::{self, Flags, Loaded};
use crate::database::backup::{self, Made};
use crate::database::keys::{self, Keys};
use crate::database::report::Report;
use crate::database::restore::{self, Restored};
use crate::database::{Problem, check};
use crate::system::{SystemClock, SystemDice};
use clap::{Args, Subcommand};
use sekisho_core::Clock as _;
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Counts, Progress, resolved};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The commands under `sekisho db`.
#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Check that the database is whole: pages, references, keys, hashes, counts
    ///
    /// Runs beside a server and changes nothing. Exit code 0: nothing is wrong; 1: something is, each named by its row.
    /// A hash that came unreadable from an application is a note: the database is sound, and that user needs a new password.
    #[command(
        after_help = "Example:\n  sekisho db check\n  sekisho db check --json | jq .findings\n  sekisho db check /backup/sekisho.db\n  sekisho db check postgresql://sekisho@db1/sekisho"
    )]
    Check(Check),
    /// Back up the database while the server runs (of PostgreSQL: say how)
    ///
    /// The backup is the state of one moment; it is opened and checked before it gets its name, and its owner alone may
    /// read it. The keys are elsewhere: the output says where, --with-keys takes them along.
    #[command(
        after_help = "Example:\n  sekisho db backup /backup/sekisho-$(date +%F).db\n  sekisho db backup /backup/sekisho.db --force --with-keys"
    )]
    Backup(Backup),
    /// Copy the whole database into an empty one: SQLite to PostgreSQL, back, or PostgreSQL to PostgreSQL
    ///
    /// Reads one state of the source, beside servers that use it, and changes nothing of it. Everything is read back and
    /// compared before the target may be used; a copy that was ended in the middle leaves a target that says so, and can be run
    /// again.
    #[command(after_help = db_copy::EXAMPLE)]
    Copy(db_copy::Copy),
    /// Put every write on hold, in every process and on every node; token checks and log-ins go on
    ///
    /// Writes are answered 503 with Retry-After until `sekisho db unfreeze`. What was acknowledged before is in the database when
    /// the command returns, so that a copy made then misses nothing (docs/moving-to-postgres.md).
    #[command(
        after_help = "Example:\n  sekisho db freeze && sekisho db copy --to postgresql://sekisho@db1/sekisho"
    )]
    Freeze,
    /// Let writes go on after `sekisho db freeze`
    #[command(after_help = "Example:\n  sekisho db unfreeze")]
    Unfreeze,
    /// Put a backup in the place of the database; the server must be stopped
    ///
    /// The former database stays beside it under a dated name. Keys that were backed up with --with-keys come back too.
    /// A backup that `sekisho db check` finds something wrong in is refused.
    #[command(
        after_help = "Example:\n  systemctl stop sekisho && sekisho db restore /backup/sekisho.db && systemctl start sekisho"
    )]
    Restore(Restore),
}

/// `sekisho db check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Another database than the configured one: a file, such as a backup, or an address
    #[arg(value_name = "DATABASE")]
    file: Option<PathBuf>,
}

/// `sekisho db backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file that the backup becomes
    file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Put the keys into the folder FILE.keys: the root key, and SECRET_KEY if there is one
    #[arg(long)]
    with_keys: bool,
}

/// `sekisho db restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// Restore it even if `sekisho db check` finds something wrong in it
    #[arg(long)]
    force: bool,
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Stop {
        match problem {
            Problem::Refused(line) => Stop::refused(line),
            Problem::Usage(line) => Stop::usage(line),
            Problem::Unavailable(line) => Stop::unavailable(line),
        }
    }
}

/// Runs one of them.
pub(super) fn run(command: DbCommand, flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    match command {
        DbCommand::Check(args) => runtime()?.block_on(check(args.file, flags, out)),
        DbCommand::Backup(args) => runtime()?.block_on(backup(&args, flags, out)),
        DbCommand::Copy(args) => db_copy::run(args, flags, out),
        DbCommand::Freeze => db_freeze::freeze(&Open::new(flags.clone()), out),
        DbCommand::Unfreeze => db_freeze::unfreeze(&Open::new(flags.clone()), out),
        DbCommand::Restore(args) => runtime()?.block_on(restore(&args.file, args.force, flags, out)),
    }
}

async fn check(file: Option<PathBuf>, flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let settings = config::load(flags)?.settings;
    let url = match file {
        Some(file) => db_copy::address(file.to_str().unwrap_or_default(), "DATABASE", &settings)?,
        None => settings.storage.database_url.clone(),
    };
    let place = match &url {
        DatabaseUrl::Sqlite(path) => {
            let path = resolved(path);
            there(&path)?;
            whole(&path)?;
            path.display().to_string()
        }
        DatabaseUrl::Postgres(_) => url.redacted(),
    };
    let options = options(&settings, None).patient();
    let mut line = ProgressLine::new(out.is_json());
    let report = check::check(&url, options, |rows| line.say(|| format!("{rows} rows judged"))).await;
    drop(line);
    let report = report.map_err(|error| Stop::unavailable(format!("{place}: {error}")))?;
    show(&place, &report, out)?;
    if report.is_sound() {
        Ok(())
    } else {
        Err(Stop { exit: Exit::Refused, reason: None, lines: Vec::new() })
    }
}

fn show(place: &str, report: &Report, out: &mut Out) -> Result<(), Stop> {
    let result = report.verdict();
    if out.is_json() {
        let listed = |notes: bool| -> Vec<Value> {
            let some = report.findings.iter().filter(|finding| finding.rule.is_note() == notes);
            some.map(|f| json!({ "rule": f.rule.name(), "row": f.row, "what": f.what })).collect()
        };
        return out.json(&json!({
            "result": result,
            "database": place,
            "schema": report.schema.map(|schema| schema.found),
            "counts": report.counts.as_ref().map(numbers),
            "findings": listed(false),
            "notes": listed(true),
            "unlisted": report.unlisted,
        }));
    }
    let rows: Vec<_> = report
        .findings
        .iter()
        .map(|f| [f.rule.name().to_owned(), f.row.clone().unwrap_or_else(|| "-".to_owned()), f.what.clone()])
        .collect();
    out.rows(&rows)?;
    if report.unlisted > 0 {
        out.line(&format!("and {} more", report.unlisted))?;
    }
    let held = report.counts.as_ref().map(|counts| format!(": {}", in_words(counts))).unwrap_or_default();
    out.line(&format!("{place} is {result}{held}"))?;
    if let Some(schema) = report.schema.filter(|schema| schema.found < schema.known) {
        out.line(&format!(
            "its schema is version {}, and the next start brings it to {}; rows are checked from then on",
            schema.found, schema.known
        ))?;
    }
    Ok(())
}

async fn backup(args: &Backup, flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let loaded = config::load(flags)?;
    let own = OwnFiles::of(&loaded);
    let Loaded { settings, origins, .. } = loaded;
    let key_path = root_key::path(&settings);
    if let DatabaseUrl::Postgres(url) = &settings.storage.database_url {
        let secret = keys::secret_source(&settings, &origins)
            .map_or_else(String::new, |place| format!(", SECRET_KEY from {place}"));
        let keys =
            format!("the keys are not in it: root key {}{secret}; keep them elsewhere", key_path.display());
        return db_tools::backup(url, &args.file, &keys, out);
    }
    let database = sqlite_path(&settings)?;
    there(&database)?;
    whole(&database)?;
    own.refuse(&args.file)?;
    if args.with_keys {
        own.refuse_folder(&keys::folder_of(&args.file))?;
    }
    let keys = if args.with_keys {
        let root = root_key::read(&settings)?
            .ok_or_else(|| Stop::usage(format!("there is no root key at {}", key_path.display())))?;
        Some(Keys { root, secret: settings.tokens.secret_key.clone() })
    } else {
        None
    };
    let plan = backup::Plan { database: &database, to: &args.file, force: args.force, keys: keys.as_ref() };
    let mut line = ProgressLine::new(out.is_json());
    let made = backup::make(&plan, &SystemDice, |step| line.say(|| percent(step))).await;
    drop(line);
    let made = made?;
    let Made { bytes, counts, fingerprint, keys } = &made;
    let secret = keys::secret_source(&settings, &origins);
    if out.is_json() {
        return out.json(&json!({
            "result": "backed up",
            "file": args.file,
            "bytes": bytes,
            "counts": numbers(counts),
            "root_key": key_path,
            "root_fingerprint": fingerprint,
            "secret_key": secret,
            "keys": keys,
        }));
    }
    out.line(&format!("backed up {} to {} ({bytes} bytes)", in_words(counts), args.file.display()))?;
    let secret = secret.map_or_else(
        || "SECRET_KEY is not set, the signing key is derived from the root key".to_owned(),
        |place| format!("SECRET_KEY from {place}"),
    );
    match keys {
        Some(folder) => out.line(&format!("the keys are in {}: root key; {secret}", folder.display())),
        None => out.line(&format!(
            "the keys are not in it: root key {}; {secret}. Keep them elsewhere, or say --with-keys",
            key_path.display()
        )),
    }
}

async fn restore(file: &Path, force: bool, flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let settings = config::load(flags)?.settings;
    if let DatabaseUrl::Postgres(url) = &settings.storage.database_url {
        return db_tools::restore(url, file, out);
    }
    let database = sqlite_path(&settings)?;
    there(file)?;
    root_key::make_directory(&settings.storage.data_dir)?;
    let _instance = Instance::try_take(&database)?.ok_or_else(|| {
        Stop::unavailable(format!("a server runs on {}: stop it first", database.display()))
    })?;
    let plan = restore::Plan {
        from: file,
        database: &database,
        root_key: &root_key::path(&settings),
        secret: settings.tokens.secret_key.as_ref(),
        secret_file: &settings.storage.data_dir.join("secret_key"),
        force,
        now: SystemClock.now(),
    };
    let mut line = ProgressLine::new(out.is_json());
    let restored = restore::restore(&plan, &SystemDice, |step| line.say(|| percent(step))).await;
    drop(line);
    tell(&database, &restored?, out)
}

fn tell(database: &Path, restored: &Restored, out: &mut Out) -> Result<(), Stop> {
    let Restored { counts, former, former_key, root_key, secret_file } = restored;
    if out.is_json() {
        return out.json(&json!({
            "result": "restored",
            "database": database,
            "counts": numbers(counts),
            "former": former,
            "root_key_restored": root_key,
            "former_root_key": former_key,
            "secret_key_file": secret_file,
        }));
    }
    out.line(&format!("restored {} to {}", in_words(counts), database.display()))?;
    if let Some(former) = former {
        out.line(&format!("the former database is {}", former.display()))?;
    }
    if *root_key {
        out.line("the root key came out of the backup")?;
    }
    if let Some(former) = former_key {
        out.line(&format!("the former root key is {}", former.display()))?;
    }
    if let Some(file) = secret_file {
        out.line(&format!(
            "the backup's SECRET_KEY is not the one of this configuration; it is in {0}: to sign with it, set \
             SECRET_KEY_FILE={0} in the place of SECRET_KEY",
            file.display()
        ))?;
    }
    Ok(())
}

fn there(path: &Path) -> Result<(), Stop> {
    if path.exists() {
        return Ok(());
    }
    Err(Stop::usage(format!("no database at {}", path.display())))
}

fn percent(step: Progress) -> String {
    format!("{} % of {} pages", step.done * 100 / step.all.max(1), step.all)
}

fn numbers(counts: &Counts) -> Value {
    json!({
        "users": counts.users,
        "credentials": counts.credentials,
        "items": counts.items,
        "events": counts.events,
    })
}

fn in_words(counts: &Counts) -> String {
    let Counts { users, credentials, items, events } = counts;
    let of = |n: &u64, one: &str| if *n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    [of(users, "user"), of(credentials, "credential"), of(items, "item"), of(events, "event")].join(", ")
}
