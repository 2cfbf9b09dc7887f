//! `sekisho user import`: users from a file, in small transactions, with a report.

use super::bar::bar;
use super::db_progress::ProgressLine;
use super::draft::{cannot, exists};
use super::exit::{Exit, Stop};
use super::output::Out;
use super::records::{Next, Record, Records, Shape};
use crate::accounts::import::{BATCH, Brought, Import};
use crate::app::App;
use crate::telemetry::escape::one_line;
use clap::Args;
use sekisho_core::exchange::{RowError, UserRow};
use sekisho_core::{Actor, Ctx};
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

pub(super) const EXAMPLE: &str = "Examples:\n  sekisho user import users.jsonl --dry-run\n  \
    sekisho user import users.csv --report refused.jsonl\n  \
    ssh old-host sekisho user export --output - --with-hashes | sekisho user import -";

/// How many refusals are shown; `--report` has them all.
const SHOWN: usize = 20;
/// How many bytes of records one transaction holds at most, beside `BATCH` rows.
const BATCH_BYTES: u64 = 4 << 20;

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

/// Runs the command; exit code 1 if a row was refused.
pub(super) async fn run(app: &App, args: ImportArgs, out: &mut Out) -> Result<(), Stop> {
    let shape = shape(&args)?;
    let (from, length) = open(&args.file)?;
    let mut records = Records::new(from, shape);
    let mut tally = Tally::new(&args)?;
    let mut import = if args.dry_run { Import::trial() } else { Import::new() };
    let ctx = app.ctx(Actor::Operator);
    let mut line = ProgressLine::new(out.is_json());
    let begun = Instant::now();
    loop {
        let batch = Batch::read(&mut records, &args.file)?;
        let ctx = Ctx { now: app.clock.now(), ..ctx.clone() };
        let outcomes = match import.batch(app, &ctx, &batch.rows).await {
            Ok(outcomes) => outcomes,
            Err(failure) => return Err(tally.interrupted(failure.into())),
        };
        tally.count(&batch, outcomes)?;
        line.say(|| progress(tally.rows(), records.bytes(), length, begun));
        if batch.last {
            drop(line);
            return tally.finish(args.dry_run, out);
        }
    }
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
fn open(path: &Path) -> Result<(Box<dyn BufRead>, Option<u64>), Stop> {
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

/// The records of one transaction.
struct Batch {
    /// Of each record its line, and why it was refused if that is known already.
    lines: Vec<(u64, Option<RowError>)>,
    /// The others, in order.
    rows: Vec<UserRow>,
    /// Whether the file is over.
    last: bool,
}

impl Batch {
    fn read(records: &mut Records<impl BufRead>, path: &Path) -> Result<Batch, Stop> {
        let begin = records.bytes();
        let mut batch = Batch { lines: Vec::new(), rows: Vec::new(), last: false };
        while batch.lines.len() < BATCH && records.bytes() - begin < BATCH_BYTES {
            match records.next().map_err(|error| unreadable(path, &error))? {
                Next::Record(Record { line, row: Ok(row) }) => {
                    batch.lines.push((line, None));
                    batch.rows.push(row);
                }
                Next::Record(Record { line, row: Err(error) }) => batch.lines.push((line, Some(error))),
                Next::Unreadable(error) => {
                    return Err(Stop::refused(format!("{}: line 1: {error}", path.display())));
                }
                Next::End => {
                    batch.last = true;
                    return Ok(batch);
                }
            }
        }
        Ok(batch)
    }
}

/// What became of the rows so far.
struct Tally {
    imported: u64,
    unchanged: u64,
    kept: u64,
    refused: u64,
    without_password: u64,
    shown: Vec<Value>,
    report: Option<(PathBuf, BufWriter<File>)>,
}

impl Tally {
    fn new(args: &ImportArgs) -> Result<Tally, Stop> {
        let report = args.report.as_deref().map(|path| report(path, args.force)).transpose()?;
        Ok(Tally {
            imported: 0,
            unchanged: 0,
            kept: 0,
            refused: 0,
            without_password: 0,
            shown: Vec::new(),
            report,
        })
    }

    fn rows(&self) -> u64 {
        self.imported + self.unchanged + self.kept + self.refused
    }

    fn count(&mut self, batch: &Batch, outcomes: Vec<Brought>) -> Result<(), Stop> {
        let mut judged = batch.rows.iter().zip(outcomes);
        for (line, refused) in &batch.lines {
            let outcome = match refused {
                Some(error) => Some((None, Brought::Refused(error.clone()))),
                None => judged.next().map(|(row, outcome)| (Some(row), outcome)),
            };
            match outcome {
                Some((row, Brought::Imported)) => {
                    self.imported += 1;
                    self.without_password += u64::from(row.is_some_and(|row| row.password.is_none()));
                }
                Some((_, Brought::Unchanged)) => self.unchanged += 1,
                Some((_, Brought::Kept(differs))) => {
                    self.kept += 1;
                    self.write(&json!({ "line": line, "result": "kept", "differs": differs }))?;
                }
                Some((_, Brought::Refused(error))) => {
                    self.refused += 1;
                    let entry = json!({
                        "line": line, "result": "refused", "error": error.refusal.code(), "message": error.to_string(),
                    });
                    self.write(&entry)?;
                    if self.shown.len() < SHOWN {
                        self.shown.push(entry);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    fn write(&mut self, entry: &Value) -> Result<(), Stop> {
        match &mut self.report {
            Some((path, to)) => writeln!(to, "{entry}").map_err(|error| cannot(path, &error)),
            None => Ok(()),
        }
    }

    /// Why it ended early, and that nothing is lost by that.
    fn interrupted(mut self, mut stop: Stop) -> Stop {
        if let Some((_, to)) = &mut self.report {
            let _ = to.flush();
        }
        stop.lines.push(format!(
            "stopped behind {} rows, of which {} were imported: run the same command again, it goes on from there",
            self.rows(),
            self.imported
        ));
        stop
    }

    fn finish(mut self, dry_run: bool, out: &mut Out) -> Result<(), Stop> {
        if let Some((path, to)) = &mut self.report {
            to.flush().and_then(|()| to.get_ref().sync_all()).map_err(|error| cannot(path, &error))?;
        }
        if out.is_json() {
            out.json(&json!({
                "dry_run": dry_run, "imported": self.imported, "unchanged": self.unchanged, "kept": self.kept,
                "refused": self.refused, "without_password": self.without_password, "refusals": self.shown,
            }))?;
        } else {
            self.tell(dry_run, out)?;
        }
        // What was found is on the screen already.
        if self.refused > 0 {
            Err(Stop { exit: Exit::Refused, reason: None, lines: Vec::new() })
        } else {
            Ok(())
        }
    }

    fn tell(&self, dry_run: bool, out: &mut Out) -> Result<(), Stop> {
        for entry in &self.shown {
            let (line, code) = (&entry["line"], entry["error"].as_str().unwrap_or_default());
            let message = entry["message"].as_str().unwrap_or_default();
            out.line(&one_line(&format!("line {line}: {message} ({code})")))?;
        }
        if self.refused > SHOWN as u64 {
            let hint = if self.report.is_some() { "" } else { "; --report FILE writes them all" };
            out.line(&format!("… and {} more{hint}", self.refused - SHOWN as u64))?;
        }
        let verb = if dry_run { "would import" } else { "imported" };
        let mut line = format!("{verb} {}", counted(self.imported, "user"));
        if self.without_password > 0 {
            line.push_str(&format!(" ({} without a password)", self.without_password));
        }
        let rest = [
            (self.unchanged, "here already"),
            (self.kept, "here already and different, left as they are"),
            (self.refused, "refused"),
        ];
        for (number, what) in rest.into_iter().filter(|(number, _)| *number > 0) {
            line.push_str(&format!("; {number} {what}"));
        }
        out.line(&line)
    }
}

/// The report: written as the import goes on, so that an interrupted one leaves what it has found.
fn report(path: &Path, force: bool) -> Result<(PathBuf, BufWriter<File>), Stop> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    match options.open(path) {
        Ok(file) => Ok((path.to_owned(), BufWriter::new(file))),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(path)),
        Err(error) => Err(cannot(path, &error)),
    }
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The line on a terminal: a bar where the length is known, rows, and rows a second.
fn progress(rows: u64, bytes: u64, length: Option<u64>, begun: Instant) -> String {
    let rate = rows as f64 / begun.elapsed().as_secs_f64().max(0.001);
    let bar = length.filter(|length| *length > 0).map_or_else(String::new, |length| bar(bytes, length));
    format!("{bar}{rows} rows, {rate:.0} a second")
}
