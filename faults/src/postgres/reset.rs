//! Connections that break in the middle of a commit: nobody may be told that it went well.

use super::judge::Lost;
use super::proxy::Proxy;
use super::single::Single;
use super::trial::{self, Over, Trial};
use crate::report::{Report, Row};
use crate::server::Program;
use std::time::{Duration, Instant};

/// Every so many commits one is cut.
const EVERY: usize = 7;

/// On two servers, then on a stand-in that does not listen to its database.
pub(crate) fn run(real: &Program, cuts: usize, report: &mut Report) -> Result<(), String> {
    let deaf = Program::stand_in("deaf")?;
    for (subject, program, nodes, cuts, caught_by) in [
        ("two servers", real, 2, cuts, None),
        ("control: a stand-in that answers whatever its database said", &deaf, 1, 6, Some("is gone")),
    ] {
        let single = Single::start(&[]);
        let proxy = Proxy::start(single.server.port())?;
        let url = single.url_at(proxy.port);
        let trial = Trial { program, url: &url, nodes, rounds: 1, caught_by };
        let told = trial::run(&trial, &single, |_, _| {
            let began = Instant::now();
            proxy.cut(EVERY);
            let deadline = began + Duration::from_secs(60);
            while proxy.cuts().len() < cuts {
                if Instant::now() > deadline {
                    return Err(format!("only {} commits were cut", proxy.cuts().len()));
                }
                std::thread::park_timeout(Duration::from_millis(20));
            }
            proxy.cut(0);
            Ok(Over { began, broke: began, back: Instant::now(), lost: Lost::Something })
        })?;
        let mut findings = told.findings;
        if told.figures.unknown == 0 && caught_by.is_none() {
            findings.push("no refused registration is there: no cut came after the commit".to_owned());
        }
        report.add(Row {
            fault: "PostgreSQL: connection reset within a commit",
            subject,
            amount: format!("{} commits cut, {}", proxy.cuts().len(), told.figures.amount()),
            result: told.figures.result(),
            findings,
            must_fail: caught_by.is_some(),
        });
    }
    Ok(())
}
