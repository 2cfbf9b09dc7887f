//! kill -9: of one node among two, and of PostgreSQL.

use super::judge::Lost;
use super::single::Single;
use super::trial::{self, Over, Trial};
use crate::dice::Dice;
use crate::processes;
use crate::report::{Report, Row};
use crate::server::{Program, signal};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Both, and for each oracle a control.
pub(crate) fn run(real: &Program, rounds: usize, seed: u64, report: &mut Report) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let single = Single::start(&[]);
    let trial = Trial { program: real, url: &single.url(), nodes: 2, rounds, caught_by: None };
    let killed = trial::run(&trial, &single, |round, site| {
        std::thread::park_timeout(Duration::from_millis(dice.between(0, 500)));
        let began = Instant::now();
        site.kill_node(round % 2)?;
        std::thread::park_timeout(Duration::from_millis(dice.between(0, 1000)));
        site.start_node(round % 2)?;
        Ok(Over { began, broke: began, back: Instant::now(), lost: Lost::Node(round % 2) })
    })?;
    drop(single);
    report.add(Row {
        fault: "PostgreSQL: kill -9 of a node",
        subject: "two servers",
        amount: format!("{rounds} rounds, {}", killed.figures.amount()),
        result: killed.figures.result(),
        findings: killed.findings,
        must_fail: false,
    });
    let early = Program::stand_in("early")?;
    for (subject, program, nodes, rounds, caught_by) in [
        ("two servers", real, 2, rounds, None),
        ("control: a stand-in that answers before it commits", &early, 1, 1, Some("is gone")),
    ] {
        let single = Single::start(&[]);
        let trial = Trial { program, url: &single.url(), nodes, rounds, caught_by };
        let killed = trial::run(&trial, &single, |round, _| {
            std::thread::park_timeout(Duration::from_millis(dice.between(0, 500)));
            database(&single, round, &mut dice)
        })?;
        report.add(Row {
            fault: "PostgreSQL: kill -9 of PostgreSQL",
            subject,
            amount: format!("{rounds} rounds, {}", killed.figures.amount()),
            result: killed.figures.result(),
            findings: killed.findings,
            must_fail: caught_by.is_some(),
        });
    }
    Ok(())
}

/// In turns all of its processes, to be started again after a moment, and one session, at which PostgreSQL by itself
/// ends all others and recovers.
fn database(single: &Single, round: usize, dice: &mut Dice) -> Result<Over, String> {
    let began = Instant::now();
    if round.is_multiple_of(2) {
        single.kill()?;
        let broke = Instant::now();
        std::thread::park_timeout(Duration::from_millis(dice.between(1000, 4000)));
        single.server.restart();
        return Ok(Over { began, broke, back: Instant::now(), lost: Lost::Database });
    }
    let session = session(single.server.pid()).ok_or("no session to kill")?;
    let before = starts(single);
    signal(session, Signal::KILL)?;
    // It says so once more when it has recovered.
    let deadline = began + Duration::from_secs(30);
    while starts(single) == before {
        if Instant::now() > deadline {
            return Err("PostgreSQL did not recover from the end of a session".to_owned());
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    Ok(Over { began, broke: began, back: Instant::now(), lost: Lost::Something })
}

/// How often it has said that it takes connections.
fn starts(single: &Single) -> usize {
    single.server.log().matches("database system is ready to accept connections").count()
}

/// A process that serves a client.
fn session(postmaster: u32) -> Option<u32> {
    processes::family(postmaster).into_iter().find(|pid| {
        let title = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&title).contains("sekisho test_")
    })
}
