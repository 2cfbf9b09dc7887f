//! A full disk under PostgreSQL: its data lie on a small tmpfs, which somebody else fills to the last page.

use super::judge::Lost;
use super::single::Single;
use super::trial::{self, Over, Trial};
use crate::namespace::Tmpfs;
use crate::report::{Report, Row};
use crate::server::Program;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What else lies on the disk.
const FILLER: &str = "somebody-elses-file";
/// How long the disk stays full.
const LONG: Duration = Duration::from_secs(12);
/// A log in small pieces, so that it soon needs another one.
const SMALL: [(&str, &str); 4] = [
    ("min_wal_size", "32MB"),
    ("max_wal_size", "32MB"),
    ("wal_recycle", "off"),
    ("checkpoint_timeout", "30s"),
];

/// On two servers, then on a stand-in that does not listen to its database.
pub(crate) fn run(real: &Program, rounds: usize, report: &mut Report) -> Result<(), String> {
    let deaf = Program::stand_in("deaf")?;
    for (subject, program, nodes, rounds, caught_by) in [
        ("two servers", real, 2, rounds, None),
        ("control: a stand-in that answers whatever its database said", &deaf, 1, 1, Some("is gone")),
    ] {
        let single = Single::start(&SMALL);
        let data = single.server.data();
        single.server.stop();
        let _disk = moved(&data)?;
        single.server.restart();
        let mut ended = 0;
        let trial = Trial { program, url: &single.url(), nodes, rounds, caught_by };
        let told = trial::run(&trial, &single, |_, _| {
            let began = Instant::now();
            let deadline = began + LONG;
            while Instant::now() < deadline {
                // What PostgreSQL lets go is taken at once.
                occupy(&data)?;
                std::thread::park_timeout(Duration::from_millis(50));
            }
            let filler = data.join(FILLER);
            std::fs::remove_file(&filler).map_err(|error| format!("{}: {error}", filler.display()))?;
            // It may have ended, unable to write its log: whoever runs it starts it again.
            if !single.takes_connections() {
                ended += 1;
                single.server.restart();
            }
            Ok(Over { began, broke: began, back: Instant::now(), lost: Lost::Something })
        })?;
        let mut findings = told.findings;
        if told.figures.refused + told.figures.unanswered == 0 && caught_by.is_none() {
            findings.push("nobody was refused: the disk was not full".to_owned());
        }
        report.add(Row {
            fault: "PostgreSQL: full disk under PostgreSQL",
            subject,
            amount: format!(
                "{rounds} rounds of {} s, PostgreSQL ended in {ended}, {}",
                LONG.as_secs(),
                told.figures.amount()
            ),
            result: told.figures.result(),
            findings,
            must_fail: caught_by.is_some(),
        });
        drop(single);
    }
    Ok(())
}

/// Moves a folder's content to a tmpfs that is mounted in its place.
fn moved(data: &Path) -> Result<Tmpfs<'_>, String> {
    let aside = data.with_extension("aside");
    let said = |error: std::io::Error| format!("{}: {error}", data.display());
    std::fs::rename(data, &aside).map_err(said)?;
    let disk = Tmpfs::mount(data, "size=192m,mode=0700")?;
    let mut copy = Command::new("cp");
    let copied = copy.arg("-a").arg(format!("{}/.", aside.display())).arg(data).status().map_err(said)?;
    if !copied.success() {
        return Err(format!("cp -a {} {}: {copied}", aside.display(), data.display()));
    }
    Ok(disk)
}

/// Takes all the space that is left, a page at a time.
fn occupy(data: &Path) -> Result<(), String> {
    let path = data.join(FILLER);
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::options().create(true).append(true).open(&path).map_err(said)?;
    loop {
        match file.write_all(&[0xa5; 4096]) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::WriteZero) => {
                return Ok(());
            }
            Err(error) => return Err(said(error)),
        }
    }
}
