//! EIO and ENOSPC from each call in turn, while users register.

use crate::ack_order::{self, WATCHED, read};
use crate::base::{self, Base};
use crate::database::FILE;
use crate::dice::Dice;
use crate::load;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::{Scratch, lay_out};
use crate::server::Program;
use crate::strace::Strace;
use crate::trace;
use std::path::Path;

/// Registrations while the calls fail.
const REGISTRATIONS: usize = 12;

/// Calls that only the database makes: with these the whole trace is read, and the order in it is judged as well.
const OWN: [&str; 4] = ["pwrite64", "fsync", "fdatasync", "ftruncate"];
/// Calls that sockets and logs make too: these fail only where they concern the database's files.
const SHARED: [&str; 7] = ["openat", "pread64", "read", "fcntl", "fstat", "newfstatat", "unlink"];
/// How many of each are made to fail, one after the other.
const DEPTH: usize = 30;
/// Calls that reserve space.
const GROWING: [&str; 4] = ["pwrite64", "ftruncate", "fsync", "openat"];

/// A call that fails.
struct Case {
    call: &'static str,
    error: &'static str,
    /// As strace counts: `3` for the third of each thread, `1+` for all.
    when: String,
}

/// So many cases at most, then a control.
pub(crate) fn run(
    real: &Program,
    base: &Base,
    most: usize,
    seed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let mut cases = cases();
    let mut dice = Dice::new(seed);
    // Those that fail for good stand first and are always among them.
    while cases.len() > most.max(LASTING.len()) {
        cases.swap_remove(dice.between(LASTING.len() as u64, cases.len() as u64) as usize);
    }
    cases.sort_by_key(|case| (case.call, case.error, case.when.parse().unwrap_or(0)));
    let found = all(real, base, &cases)?;
    report.add(Row {
        fault: "calls fail under load",
        subject: "the server",
        amount: format!("{} cases, {} failures injected", found.cases, found.injected),
        result: format!(
            "{} registrations acknowledged, {} refused, {} findings",
            found.acknowledged,
            found.refused,
            found.findings.len()
        ),
        findings: found.findings,
        must_fail: false,
    });
    let deaf = Program::stand_in("deaf")?;
    let lasting = Case { call: "pwrite64", error: "EIO", when: "1+".to_owned() };
    let sync = Case { call: "fsync", error: "EIO", when: "1+".to_owned() };
    let scratch = Scratch::new("inject-load-base")?;
    let base = base::killed(&deaf, &scratch)?;
    scratch.remove();
    let found = all(&deaf, &base, &[lasting, sync])?;
    report.add(Row {
        fault: "calls fail under load",
        subject: "control: a stand-in that answers whatever its database said",
        amount: format!("2 cases, {} failures injected", found.injected),
        result: format!("{} findings", found.findings.len()),
        findings: found.findings,
        must_fail: true,
    });
    Ok(())
}

/// Failures that last until they are taken away: a disk that is gone, full, or has turned read-only.
const LASTING: [(&str, &str); 6] = [
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EROFS"),
    ("fsync", "EIO"),
    ("fsync", "ENOSPC"),
    ("ftruncate", "EIO"),
];

fn cases() -> Vec<Case> {
    let lasting = LASTING.iter().map(|(call, error)| Case { call, error, when: "1+".to_owned() });
    let each = OWN.iter().chain(&SHARED).flat_map(|call| {
        let errors: &[&str] = if GROWING.contains(call) { &["EIO", "ENOSPC"] } else { &["EIO"] };
        let depth = if *call == "ftruncate" { 3 } else { DEPTH };
        errors
            .iter()
            .flat_map(move |error| (1..=depth).map(move |when| Case { call, error, when: when.to_string() }))
    });
    lasting.chain(each).collect()
}

#[derive(Default)]
struct Found {
    cases: usize,
    injected: usize,
    acknowledged: usize,
    refused: usize,
    findings: Vec<String>,
}

fn all(program: &Program, base: &Base, cases: &[Case]) -> Result<Found, String> {
    let scratch = Scratch::new("inject-load")?;
    let mut found = Found::default();
    let mut last = ("", "", 0);
    for case in cases {
        // What is not called so often is not called more often.
        if case.when != "1+" && last == (case.call, case.error, 0) {
            continue;
        }
        let before = found.injected;
        found.cases += 1;
        one(program, case, base, &scratch, &mut found)?;
        last = (case.call, case.error, found.injected - before);
    }
    if found.injected == 0 {
        return Err("no call was made to fail: the run shows nothing".to_owned());
    }
    if program.is_whole() {
        scratch.remove_unless(&found.findings);
    } else {
        scratch.remove();
    }
    Ok(found)
}

fn one(
    program: &Program,
    case: &Case,
    base: &Base,
    scratch: &Scratch,
    found: &mut Found,
) -> Result<(), String> {
    let round = format!("{} {} {}", case.call, case.error, case.when);
    let data = scratch.path("data");
    lay_out(&data, &base.files)?;
    let mut server = program.start(&data)?;
    base::fill_log(&data)?;
    let file = scratch.path("trace.txt");
    let strace = Strace::attach(server.pid(), &arguments(case, &data), &file)?;
    let told = load::register(&server.address, "w", REGISTRATIONS);
    let mut findings = told.odd(&round);
    strace.detach()?;

    let trace = read(&file)?;
    found.injected += trace.matches("(INJECTED)").count();
    if OWN.contains(&case.call) {
        let (_, early) = ack_order::judge(&trace::calls(&trace));
        findings.extend(early.into_iter().map(|finding| format!("{round}: {finding}")));
    }
    // The fault is over, and the server was not restarted. After a sync that failed nothing is written until it is: what
    // the system kept is unknown. SQLite takes a lock that could not be given back for one that is held.
    let synced = !(trace.contains("fsync(") && trace.lines().any(sync_failed));
    let mut after = load::register(&server.address, "x", 4);
    findings.extend(after.odd(&round));
    if !server.lives() {
        findings.push(format!("{round}: the server is gone"));
    } else if synced && case.call != "fcntl" && after.acknowledged.len() < 4 {
        findings.push(format!("{round}: writing does not go on afterwards: {:?}", after.refused));
    }
    if case.call != "fcntl" {
        findings.extend(oracle::reads_on(
            program,
            &server.address,
            &base.users[0],
            &format!("{round}, afterwards"),
        ));
    }
    after.join(told);
    found.acknowledged += after.acknowledged.len();
    found.refused += after.refused.len();
    server.kill()?;
    let all: Vec<String> = base.users.iter().chain(&after.acknowledged).cloned().collect();
    findings.extend(oracle::whole(program, &data, &all, &round)?);
    found.findings.extend(findings);
    Ok(())
}

fn arguments(case: &Case, data: &Path) -> Vec<String> {
    let inject = format!("inject={}:error={}:when={}", case.call, case.error, case.when);
    let mut arguments = vec!["-e".to_owned(), inject];
    if OWN.contains(&case.call) {
        arguments.extend(["-e".to_owned(), format!("{WATCHED},ftruncate")]);
        return arguments;
    }
    arguments.extend(["-e".to_owned(), format!("trace={}", case.call)]);
    for end in ["", "-wal", "-shm", "-journal"] {
        arguments.extend(["-P".to_owned(), data.join(format!("{FILE}{end}")).display().to_string()]);
    }
    arguments
}

fn sync_failed(line: &str) -> bool {
    (line.contains("fsync(") || line.contains("fsync resumed")) && line.contains("= -1 ")
}
