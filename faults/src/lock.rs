//! Another process on the same file: one that holds the write lock, and a second server.

use crate::client;
use crate::database::{self, FILE};
use crate::load;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::Scratch;
use crate::server::{Program, Start};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// Longer than a caller waits for the lock (5 s).
const LONG: Duration = Duration::from_secs(7);

/// Both on the server; the lock on a stand-in as well.
pub(crate) fn run(real: &Program, report: &mut Report) -> Result<(), String> {
    let deaf = Program::stand_in("deaf")?;
    for (subject, program, must_fail) in [
        ("the server", real, false),
        ("control: a stand-in that answers whatever its database said", &deaf, true),
    ] {
        let found = held(program)?;
        report.add(Row {
            fault: "write lock held by another process",
            subject,
            amount: found.amount,
            result: format!("{} findings", found.findings.len()),
            findings: found.findings,
            must_fail,
        });
    }
    // Stand-ins keep nobody off their file: two of them on one are what must be caught.
    let full = Program::stand_in("full")?;
    for (subject, program, must_fail) in
        [("the server", real, false), ("control: two stand-ins, which know no lock", &full, true)]
    {
        let findings = second(program)?;
        report.add(Row {
            fault: "second server on the file",
            subject,
            amount: "1 attempt".to_owned(),
            result: format!("{} findings", findings.len()),
            findings,
            must_fail,
        });
    }
    Ok(())
}

struct Found {
    amount: String,
    findings: Vec<String>,
}

fn held(program: &Program) -> Result<Found, String> {
    let scratch = Scratch::new("lock")?;
    let data = scratch.path("data");
    let mut server = program.start(&data)?;
    let mut findings = Vec::new();
    let before = load::register(&server.address, "a", 6);
    findings.extend(before.odd("before"));
    let user = before.acknowledged.first().cloned().ok_or("nobody could register")?;

    let other = Connection::open(data.join(FILE)).map_err(|error| error.to_string())?;
    let lock = |statement| other.execute_batch(statement).map_err(|error| format!("{statement}: {error}"));
    // Shortly: whoever comes waits, and is served.
    lock("begin immediate")?;
    let waiting = std::thread::scope(|scope| {
        let clients = scope.spawn(|| load::register(&server.address, "b", 4));
        std::thread::park_timeout(Duration::from_millis(700));
        let reads = oracle::reads_on(program, &server.address, &user, "lock held");
        let released = lock("rollback");
        findings.extend(reads);
        released.and_then(|()| clients.join().map_err(|_| "a client panicked".to_owned()))
    })?;
    if waiting.acknowledged.len() < 4 {
        findings.push(format!("a lock held for 0.7 s was not waited for: {:?}", waiting.refused));
    }
    // For longer than anybody waits: they are refused, and reading goes on.
    lock("begin immediate")?;
    let refused = std::thread::scope(|scope| {
        let clients = scope.spawn(|| load::register(&server.address, "c", 4));
        std::thread::park_timeout(Duration::from_secs(1));
        findings.extend(oracle::reads_on(program, &server.address, &user, "lock held"));
        if program.is_whole() {
            std::thread::park_timeout(LONG);
        }
        let released = lock("rollback");
        released.and_then(|()| clients.join().map_err(|_| "a client panicked".to_owned()))
    })?;
    findings.extend(refused.odd("lock held"));
    if program.is_whole() && refused.refused.len() < 4 {
        findings.push(format!("registered beside a lock: {:?}", refused.acknowledged));
    }
    let after = load::register(&server.address, "d", 6);
    if after.acknowledged.len() < 6 || !server.lives() {
        findings.push(format!("writing does not go on: {:?} {:?}", after.refused, after.unanswered));
    }
    server.kill()?;
    drop(other);
    let amount = format!(
        "{} acknowledged after waiting, {} refused, {} written again",
        waiting.acknowledged.len(),
        refused.refused.len(),
        after.acknowledged.len()
    );
    let all = [before, waiting, refused, after].into_iter().flat_map(|told| told.acknowledged);
    findings.extend(oracle::whole(program, &data, &all.collect::<Vec<_>>(), "lock held")?);
    scratch.remove();
    Ok(Found { amount, findings })
}

/// A second server on the same file goes, and the first one serves on.
fn second(program: &Program) -> Result<Vec<String>, String> {
    let scratch = Scratch::new("second")?;
    let data = scratch.path("data");
    let first = program.start(&data)?;
    let mut findings = Vec::new();
    match program.attempt(&data)? {
        Start::Stopped(stopped) => findings.extend(oracle::clear(&stopped).err()),
        Start::Hangs => findings.push("the second server hangs".to_owned()),
        Start::Up(_) => findings.push("two servers write to one file".to_owned()),
    }
    findings.extend(goes_on(&first.address, &data));
    first.kill()?;
    scratch.remove();
    Ok(findings)
}

fn goes_on(address: &str, data: &Path) -> Option<String> {
    match client::register(address, "one") {
        Ok((200, _)) if database::users(data).is_ok_and(|users| users.contains("one")) => None,
        answer => Some(format!("the first server does not go on: {answer:?}")),
    }
}
