//! kill -9 at random points: what was acknowledged is there after the next start, and the file is sound.

use crate::client;
use crate::database;
use crate::dice::Dice;
use crate::report::{Report, Row};
use crate::scratch::Scratch;
use crate::server::{self, Program};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// How many register at the same time.
const WRITERS: usize = 4;
/// The longest a start may take.
const START: Duration = Duration::from_secs(5);
/// The longest that four clients together wait for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of each round's registrations, how many log in after the next start.
const LOG_INS: usize = 3;

/// The loop on the real server, then the control.
pub(crate) fn run(real: &Program, rounds: u32, seed: u64, report: &mut Report) -> Result<(), String> {
    let found = repeat(real, rounds, seed, true)?;
    report.add(Row {
        fault: "kill -9",
        subject: "the server",
        amount: format!("{rounds} rounds, {} registrations acknowledged", found.acknowledged),
        result: format!("{} lost; slowest start {} ms", found.findings.len(), found.slowest.as_millis()),
        findings: found.findings,
        must_fail: false,
    });
    let control = repeat(&Program::stand_in("early")?, 10, seed, false)?;
    report.add(Row {
        fault: "kill -9",
        subject: "control: a server that answers before it commits",
        amount: format!("10 rounds, {} registrations acknowledged", control.acknowledged),
        result: format!("{} lost", control.findings.len()),
        findings: control.findings,
        must_fail: true,
    });
    Ok(())
}

#[derive(Default)]
struct Found {
    acknowledged: usize,
    slowest: Duration,
    findings: Vec<String>,
}

fn repeat(program: &Program, rounds: u32, seed: u64, log_in: bool) -> Result<Found, String> {
    let scratch = Scratch::new(if log_in { "kill" } else { "kill-control" })?;
    let data = scratch.path("data");
    let mut dice = Dice::new(seed);
    let mut found = Found::default();
    let mut acknowledged: Vec<String> = Vec::new();
    let mut fresh: Vec<String> = Vec::new();
    for round in 0..=rounds {
        // Now and then the kill comes while the server is still starting.
        if round > 0 && dice.between(0, 8) == 0 {
            let mut child = program.spawn(&data)?;
            wait(Duration::from_micros(dice.between(0, 20_000)));
            server::kill(&mut child)?;
        }
        let server = program.start(&data)?;
        found.slowest = found.slowest.max(server.start);
        if server.start > START {
            found.findings.push(format!("round {round}: the start took {:?}", server.start));
        }
        if round > 0 {
            verify(&data, &mut acknowledged, round, &mut found.findings);
            if log_in {
                log_ins(&server.address, &fresh, round, &mut found.findings);
            }
        }
        if round == rounds {
            server.kill()?;
            break;
        }
        // Counted in answers, not in time, so that a slow machine sees as many as a fast one.
        let moment =
            Moment { answers: dice.between(0, 30), pause: Duration::from_micros(dice.between(0, 20_000)) };
        fresh = writers(server, &format!("r{round}"), moment)?;
        found.acknowledged += fresh.len();
        acknowledged.extend_from_slice(&fresh);
    }
    if found.acknowledged < rounds as usize {
        return Err(format!(
            "only {} registrations in {rounds} rounds: the loop shows nothing",
            found.acknowledged
        ));
    }
    if found.findings.is_empty() || !log_in {
        scratch.remove();
    }
    Ok(found)
}

/// When to kill: so long after so many answers.
struct Moment {
    answers: u64,
    pause: Duration,
}

/// Registers from several threads until the kill; the names that were acknowledged.
fn writers(server: server::Server, prefix: &str, moment: Moment) -> Result<Vec<String>, String> {
    let next = AtomicU64::new(0);
    let (tell, told) = mpsc::channel();
    let address = server.address.clone();
    let mut done = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let (tell, next, address) = (tell.clone(), &next, &address);
            scope.spawn(move || {
                loop {
                    let name = format!("{prefix}n{}", next.fetch_add(1, Ordering::Relaxed));
                    match client::register(address, &name) {
                        Ok((200, _)) => drop(tell.send(name)),
                        Ok(_) => {}
                        Err(_) => return,
                    }
                }
            });
        }
        drop(tell);
        for _ in 0..moment.answers {
            // No answer for so long is a finding of its own, but not one that this loop looks for.
            done.push(told.recv_timeout(PATIENCE).map_err(|_| "the server stopped answering")?);
        }
        wait(moment.pause);
        server.kill()
    })?;
    done.extend(told);
    Ok(done)
}

/// Looks for every name, and forgets those that are lost, so that each is a finding once.
fn verify(data: &Path, acknowledged: &mut Vec<String>, round: u32, findings: &mut Vec<String>) {
    match database::users(data) {
        Err(damage) => findings.push(format!("round {round}: {damage}")),
        Ok(present) => acknowledged.retain(|name| {
            let kept = present.contains(name);
            if !kept {
                findings.push(format!("round {round}: {name} was acknowledged and is gone"));
            }
            kept
        }),
    }
}

fn log_ins(address: &str, names: &[String], round: u32, findings: &mut Vec<String>) {
    for name in names.iter().rev().take(LOG_INS) {
        match client::log_in(address, name) {
            Ok((200, _)) => {}
            answer => findings.push(format!("round {round}: {name} can't log in: {answer:?}")),
        }
    }
}

/// Time passing is the fault's own ingredient here, not a guess about when something is done.
fn wait(pause: Duration) {
    let (_tell, told) = mpsc::channel::<()>();
    assert_eq!(told.recv_timeout(pause), Err(RecvTimeoutError::Timeout));
}
