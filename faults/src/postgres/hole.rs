//! A black hole: packets between the nodes and PostgreSQL are dropped, none is refused.

use super::judge::Lost;
use super::single::Single;
use super::trial::{self, Over, Trial};
use crate::report::{Report, Row};
use crate::server::Program;
use std::process::Command;
use std::time::{Duration, Instant};

/// For how many seconds nothing comes through: longer than any session is kept, then so short that a session which was
/// left in the middle of a transaction is still there when packets come again.
const LONG: [u64; 5] = [60, 20, 20, 12, 12];

/// On two servers, in a network of our own.
pub(crate) fn run(real: &Program, report: &mut Report) -> Result<(), String> {
    let single = Single::start(&[]);
    let trial = Trial { program: real, url: &single.url(), nodes: 2, rounds: LONG.len(), caught_by: None };
    let done = trial::run(&trial, &single, |round, _| {
        let began = Instant::now();
        let hole = Hole::before(single.server.port())?;
        let broke = Instant::now();
        std::thread::park_timeout(Duration::from_secs(LONG[round]));
        drop(hole);
        Ok(Over { began, broke, back: Instant::now(), lost: Lost::Database })
    })?;
    report.add(Row {
        fault: "PostgreSQL: black hole before PostgreSQL",
        subject: "two servers",
        amount: format!("{} s; {}", LONG.map(|long| long.to_string()).join(", "), done.figures.amount()),
        result: done.figures.result(),
        findings: done.findings,
        must_fail: false,
    });
    Ok(())
}

/// Drops packets until it is dropped itself.
struct Hole;

impl Hole {
    fn before(port: u16) -> Result<Hole, String> {
        let hole = Hole;
        let rules = format!(
            "add table ip sekisho_hole
             add chain ip sekisho_hole both {{ type filter hook input priority 0; }}
             add rule ip sekisho_hole both tcp dport {port} drop
             add rule ip sekisho_hole both tcp sport {port} drop"
        );
        nft(&rules)?;
        Ok(hole)
    }
}

impl Drop for Hole {
    fn drop(&mut self) {
        let _ = nft("delete table ip sekisho_hole");
    }
}

fn nft(rules: &str) -> Result<(), String> {
    let output = Command::new("nft").arg(rules).output().map_err(|error| format!("nft: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("nft: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}
