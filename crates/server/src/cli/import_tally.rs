//! What became of the rows of an import: counted, shown, and written to a report.

use super::draft::{cannot, exists};
use super::exit::{Exit, Stop};
use super::output::Out;
use super::records::Batch;
use crate::accounts::import::Brought;
use crate::telemetry::escape::one_line;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// How many refusals are shown; `--report` has them all.
const SHOWN: usize = 20;

/// What became of the rows so far.
pub(super) struct Tally {
    imported: u64,
    unchanged: u64,
    kept: u64,
    refused: u64,
    without_password: u64,
    shown: Vec<Value>,
    report: Option<(PathBuf, BufWriter<File>)>,
}

impl Tally {
    /// Nothing yet; the report is begun at this path, in place of another only if `force`.
    pub(super) fn new(path: Option<&Path>, force: bool) -> Result<Tally, Stop> {
        let report = path.map(|path| report(path, force)).transpose()?;
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

    /// How many rows were judged.
    pub(super) fn rows(&self) -> u64 {
        self.imported + self.unchanged + self.kept + self.refused
    }

    /// Counts these records with what became of those that were rows.
    pub(super) fn count(&mut self, batch: &Batch, outcomes: Vec<Brought>) -> Result<(), Stop> {
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
    pub(super) fn interrupted(mut self, mut stop: Stop) -> Stop {
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

    /// Says what became of the file; an error if a row was refused.
    pub(super) fn finish(mut self, dry_run: bool, out: &mut Out) -> Result<(), Stop> {
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
