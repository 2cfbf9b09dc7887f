//! `sekisho user import`: users from a file, in small transactions, with a report.

use super::bar::bar;
use super::db_progress::ProgressLine;
use super::exit::Stop;
use super::import_tally::Tally;
use super::instance::Instance;
use super::open;
use super::output::Out;
use super::own_files::OwnFiles;
use super::records::{Broken, Records, Shape};
use crate::accounts::import::{BATCH, Import, Pace};
use crate::app::App;
use crate::system::{SystemClock, SystemDice};
use clap::Args;
use sekisho_core::{Clock as _, Ctx};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub(super) const EXAMPLE: &str = "Examples:\n  sekisho user import users.jsonl --dry-run\n  \
    sekisho user import users.csv --report refused.jsonl\n  \
    ssh old-host sekisho user export --output - --with-hashes | sekisho user import -";

/// `sekisho user import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The file: JSON Lines (.jsonl, .ndjson) or CSV (.csv); - for standard input
    file: PathBuf,
    /// What the file is, where its name does not tell
    #[arg(long, value_name = "FORMAT")]
    format: Option<Shape>,
    /// Say what would happen and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Write each row that was refused or left as it is here to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Replace the report if it is there already
    #[arg(long, requires = "report")]
    force: bool,
}

impl ImportArgs {
    /// Refuses a report in the place of a file of ours, or of the one that is imported.
    pub(super) fn spare(&self, own: OwnFiles) -> Result<(), Stop> {
        let own = own.and_input(&self.file);
        self.report.as_deref().map_or(Ok(()), |report| own.refuse(report))
    }
}

/// Runs the command; exit code 1 if a row was refused.
pub(super) async fn run(app: &App, args: ImportArgs, out: &mut Out) -> Result<(), Stop> {
    let import = if args.dry_run { Import::trial() } else { Import::new(pace(app)?) };
    all(Some(app), import, args, out).await
}

/// A dry run where there is no database: the import itself would make one, this makes nothing.
pub(super) fn foresee_first(args: ImportArgs, out: &mut Out) -> Result<(), Stop> {
    open::runtime()?.block_on(all(None, Import::trial(), args, out))
}

async fn all(app: Option<&App>, mut import: Import, args: ImportArgs, out: &mut Out) -> Result<(), Stop> {
    let shape = shape(&args)?;
    let (from, length) = open_file(&args.file)?;
    let mut records = Records::new(from, shape);
    let mut tally = Tally::new(args.report.as_deref(), args.force)?;
    let ctx = open::operator();
    let mut line = ProgressLine::new(out.is_json());
    let begun = Instant::now();
    loop {
        let batch = records.batch(BATCH).map_err(|broken| stopped(&args.file, &broken))?;
        let mut outcomes = Vec::with_capacity(batch.rows.len());
        while outcomes.len() < batch.rows.len() {
            let ctx = Ctx { now: SystemClock.now(), ..ctx.clone() };
            let rows = &batch.rows[outcomes.len()..];
            let brought = match app {
                Some(app) => import.batch(app, &ctx, rows).await,
                None => import.foresee_first(&SystemDice, &ctx, rows).await,
            };
            match brought {
                Ok(some) => outcomes.extend(some),
                Err(failure) => {
                    tally.count(&batch, outcomes)?;
                    return Err(tally.interrupted(failure.into()));
                }
            }
        }
        tally.count(&batch, outcomes)?;
        line.say(|| progress(tally.rows(), records.bytes(), length, begun));
        if batch.last {
            drop(line);
            return tally.finish(args.dry_run, out);
        }
    }
}

/// A server that runs holds the lock beside the database; on PostgreSQL it may run on any machine, and is taken to.
fn pace(app: &App) -> Result<Pace, Stop> {
    let Some(database) = open::database_file(&app.current().settings) else { return Ok(Pace::Beside) };
    let free = Instance::try_take(&database)?.is_some();
    Ok(if free { Pace::Alone } else { Pace::Beside })
}

fn shape(args: &ImportArgs) -> Result<Shape, Stop> {
    let end = args.file.extension().and_then(|end| end.to_str()).map(str::to_ascii_lowercase);
    match (args.format, end.as_deref()) {
        (Some(shape), _) => Ok(shape),
        (None, Some("csv")) => Ok(Shape::Csv),
        (None, Some("jsonl" | "ndjson")) => Ok(Shape::Jsonl),
        (None, _) if args.file.as_os_str() == "-" => Ok(Shape::Jsonl),
        (None, Some("json")) => Err(Stop::usage(
            "a .json file may be one JSON document: make it one object a line (jq -c '.[]'), or say --format jsonl",
        )),
        (None, _) => Err(Stop::usage("the name does not end in .jsonl, .ndjson or .csv: say --format")),
    }
}

/// The file, and its length where it has one.
fn open_file(path: &Path) -> Result<(Box<dyn BufRead>, Option<u64>), Stop> {
    if path.as_os_str() == "-" {
        return Ok((Box::new(BufReader::new(std::io::stdin())), None));
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let meta = file.metadata().map_err(|error| unreadable(path, &error))?;
    if meta.is_dir() {
        return Err(Stop::usage(format!("{} is a directory", path.display())));
    }
    let length = meta.is_file().then_some(meta.len());
    Ok((Box::new(BufReader::with_capacity(1 << 17, file)), length))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::usage(format!("cannot read {}: {error}", path.display()))
}

fn stopped(path: &Path, broken: &Broken) -> Stop {
    match broken {
        Broken::Unreadable(error) => unreadable(path, error),
        Broken::OtherFormat(error) => Stop::refused(format!("{}: line 1: {error}", path.display())),
    }
}

/// The line on a terminal: a bar where the length is known, rows, and rows a second.
fn progress(rows: u64, bytes: u64, length: Option<u64>, begun: Instant) -> String {
    let rate = rows as f64 / begun.elapsed().as_secs_f64().max(0.001);
    let bar = length.filter(|length| *length > 0).map_or_else(String::new, |length| bar(bytes, length));
    format!("{bar}{rows} rows, {rate:.0} a second")
}
