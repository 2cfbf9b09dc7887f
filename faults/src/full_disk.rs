//! A full disk: under load, for a while, and at the start. A tmpfs of a few MiB fills up as any disk does.

use crate::dice::Dice;
use crate::load;
use crate::namespace::Tmpfs;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::Scratch;
use crate::server::{Program, Start};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::Duration;

/// What else lies on the disk.
const FILLER: &str = "somebody-elses-file";

/// Rounds on one disk, then a control.
pub(crate) fn run(real: &Program, rounds: usize, seed: u64, report: &mut Report) -> Result<(), String> {
    let subjects = [
        ("the server", real.clone(), rounds, false),
        ("control: a stand-in that answers whatever its database said", Program::stand_in("deaf")?, 1, true),
    ];
    for (subject, program, rounds, must_fail) in subjects {
        let found = fill(&program, rounds, seed)?;
        report.add(Row {
            fault: "full disk",
            subject,
            amount: format!(
                "{rounds} rounds, {} acknowledged, {} refused",
                found.acknowledged.len(),
                found.refused
            ),
            result: format!(
                "{} findings; written again without a restart: {}",
                found.findings.len(),
                found.resumed
            ),
            findings: found.findings,
            must_fail,
        });
    }
    Ok(())
}

#[derive(Default)]
struct Found {
    acknowledged: Vec<String>,
    refused: usize,
    resumed: usize,
    findings: Vec<String>,
}

fn fill(program: &Program, rounds: usize, seed: u64) -> Result<Found, String> {
    let scratch = Scratch::new("full")?;
    let data = scratch.path("data");
    let mut dice = Dice::new(seed);
    let mut found = Found::default();
    let _disk = Tmpfs::mount(&data, "size=12m,mode=0700")?;
    if program.is_whole() {
        first_start_on_it(program, &data, &mut found)?;
    }
    for round in 0..rounds {
        let name = format!("round {round}");
        let mut server = program.start(&data)?;
        let before = load::register(&server.address, &format!("f{round}a"), 6);
        found.findings.extend(before.odd(&name));
        let Some(user) = before.acknowledged.first().cloned() else {
            return Err(format!("{name}: nobody could register on a disk with space"));
        };
        // Full from one moment on, somewhere among these registrations; the space that comes back late as well.
        let pause = Duration::from_micros(dice.between(0, 60_000));
        let told = std::thread::scope(|scope| {
            let clients = scope.spawn(|| load::register(&server.address, &format!("f{round}b"), 16));
            std::thread::park_timeout(pause);
            let filled = occupy(&data);
            filled.and_then(|()| clients.join().map_err(|_| "a client panicked".to_owned()))
        })?;
        // And for certain now.
        occupy(&data)?;
        let full = load::register(&server.address, &format!("f{round}c"), 8);
        if full.refused.is_empty() && program.is_whole() {
            return Err(format!("{name}: the disk was not full"));
        }
        found.findings.extend(told.odd(&name).into_iter().chain(full.odd(&name)));
        found.findings.extend(oracle::reads_on(program, &server.address, &user, &name));
        let filler = data.join(FILLER);
        std::fs::remove_file(&filler).map_err(|error| format!("{}: {error}", filler.display()))?;
        let after = load::register(&server.address, &format!("f{round}d"), 6);
        if after.acknowledged.len() == 6 {
            found.resumed += 1;
        } else {
            found
                .findings
                .push(format!("{name}: writing does not go on once there is space: {:?}", after.refused));
        }
        if !server.lives() {
            found.findings.push(format!("{name}: the server is gone"));
        }
        server.kill()?;
        for told in [before, told, full, after] {
            found.refused += told.refused.len();
            found.acknowledged.extend(told.acknowledged);
        }
        if program.is_whole() {
            start_on_it(program, &data, &name, &mut found)?;
        }
        let lost = oracle::whole(program, &data, &found.acknowledged, &name)?;
        found.findings.extend(lost);
    }
    Ok(found)
}

/// A first start on a full disk stops, or runs and refuses; either way the next one with space is a first start.
fn first_start_on_it(program: &Program, data: &Path, found: &mut Found) -> Result<(), String> {
    occupy(data)?;
    start(program, data, "first start", found)?;
    let filler = data.join(FILLER);
    std::fs::remove_file(&filler).map_err(|error| format!("{}: {error}", filler.display()))?;
    let findings = oracle::whole(program, data, &[], "first start")?;
    found.findings.extend(findings);
    Ok(())
}

/// After a kill there is a log to recover, and no space to do it.
fn start_on_it(program: &Program, data: &Path, round: &str, found: &mut Found) -> Result<(), String> {
    occupy(data)?;
    start(program, data, round, found)?;
    let filler = data.join(FILLER);
    std::fs::remove_file(&filler).map_err(|error| format!("{}: {error}", filler.display()))
}

fn start(program: &Program, data: &Path, round: &str, found: &mut Found) -> Result<(), String> {
    match program.attempt(data)? {
        Start::Hangs => found.findings.push(format!("{round}: the start on a full disk hangs")),
        Start::Stopped(stopped) => {
            found.findings.extend(oracle::clear(&stopped).err().map(|finding| format!("{round}: {finding}")));
        }
        Start::Up(server) => {
            let told = load::register(&server.address, &format!("s{}", found.acknowledged.len()), 2);
            found.findings.extend(told.odd(round));
            found.refused += told.refused.len();
            found.acknowledged.extend(told.acknowledged);
            server.kill()?;
        }
    }
    Ok(())
}

/// Takes all the space that is left.
fn occupy(data: &Path) -> Result<(), String> {
    let path = data.join(FILLER);
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::options().create(true).append(true).open(&path).map_err(said)?;
    // Pieces of a page: what is left must not be enough for one.
    let piece = [0xa5; 4096];
    loop {
        match file.write_all(&piece) {
            Ok(()) => {}
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::WriteZero) => {
                return Ok(());
            }
            Err(error) => return Err(said(error)),
        }
    }
}
