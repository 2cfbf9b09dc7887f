//! A database that neither answers nor refuses: all of its processes stand still.

use super::judge::{self, Lost};
use super::single::Single;
use super::trial::{self, Over};
use crate::report::{Report, Row};
use crate::server::Program;
use std::time::{Duration, Instant};

/// On two servers for so long, then on a stand-in that waits as long as it takes.
pub(crate) fn run(real: &Program, long: Duration, report: &mut Report) -> Result<(), String> {
    let patient = Program::stand_in("full")?;
    let beyond = judge::ANSWER + Duration::from_secs(3);
    for (subject, program, nodes, long, must_fail) in [
        ("two servers", real, 2, long.max(beyond), false),
        ("control: a stand-in that knows no time-out", &patient, 1, beyond, true),
    ] {
        let single = Single::start(&[]);
        let told = trial::run(program, &single.url(), nodes, 1, &single, |_, _| {
            let broke = Instant::now();
            single.freeze()?;
            std::thread::park_timeout(long);
            single.thaw()?;
            Ok(Over { broke, back: Instant::now(), lost: Lost::Database })
        })?;
        let told = told.caught_by("waited", must_fail);
        report.add(Row {
            fault: "PostgreSQL: SIGSTOP of PostgreSQL",
            subject,
            amount: format!("{} s, {}", long.as_secs(), told.figures.amount()),
            result: told.figures.result(),
            findings: told.findings,
            must_fail,
        });
    }
    Ok(())
}
