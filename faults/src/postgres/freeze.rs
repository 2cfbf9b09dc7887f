//! A database that neither answers nor refuses: all of its processes stand still.

use super::judge::{self, Lost};
use super::single::Single;
use super::trial::{self, Over, Trial};
use crate::report::{Report, Row};
use crate::server::Program;
use std::time::{Duration, Instant};

/// On two servers for so long, then on a stand-in that waits as long as it takes.
pub(crate) fn run(real: &Program, long: Duration, report: &mut Report) -> Result<(), String> {
    let patient = Program::stand_in("full")?;
    let beyond = judge::ANSWER + Duration::from_secs(3);
    for (subject, program, nodes, long, caught_by) in [
        ("two servers", real, 2, long.max(beyond), None),
        ("control: a stand-in that knows no time-out", &patient, 1, beyond, Some("waited")),
    ] {
        let single = Single::start(&[]);
        let trial = Trial { program, url: &single.url(), nodes, rounds: 1, caught_by };
        let told = trial::run(&trial, &single, |_, _| {
            let began = Instant::now();
            single.freeze()?;
            let broke = Instant::now();
            std::thread::park_timeout(long);
            single.thaw()?;
            Ok(Over { began, broke, back: Instant::now(), lost: Lost::Database })
        })?;
        report.add(Row {
            fault: "PostgreSQL: SIGSTOP of PostgreSQL",
            subject,
            amount: format!("{} s, {}", long.as_secs(), told.figures.amount()),
            result: told.figures.result(),
            findings: told.findings,
            must_fail: caught_by.is_some(),
        });
    }
    Ok(())
}
