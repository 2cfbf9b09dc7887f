//! EIO and ENOSPC from each call in turn, while the server starts: on an empty folder, and on a log to recover.
//!
//! A first start under strace, in which nothing fails, counts the calls and notes which of them concern the folder of
//! the data. Then each of these fails once, in a start of its own.

use crate::ack_order::read;
use crate::base::{self, Base};
use crate::client;
use crate::dice::Dice;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::{Files, Scratch, lay_out};
use crate::server::{Program, Start};
use crate::strace;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// What a start asks of the system about files.
const CALLS: [&str; 21] = [
    "openat",
    "read",
    "pread64",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fallocate",
    "fcntl",
    "fstat",
    "newfstatat",
    "statx",
    "unlink",
    "link",
    "linkat",
    "rename",
    "renameat2",
    "mkdir",
    "flock",
    "mmap",
];
/// Those that reserve space.
const GROWING: [&str; 10] = [
    "openat",
    "write",
    "pwrite64",
    "fsync",
    "ftruncate",
    "fallocate",
    "linkat",
    "link",
    "mkdir",
    "renameat2",
];

/// The n-th call of this name by each thread fails.
type Case = (&'static str, &'static str, usize);

/// So many cases at most of each, then a control.
pub(crate) fn run(
    real: &Program,
    killed: &Base,
    most: usize,
    seed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let scratch = Scratch::new("inject-start")?;
    let nothing = Base { files: Files::new(), users: Vec::new() };
    let states = [("the server, first start", &nothing), ("the server, start on a log to recover", killed)];
    for (subject, base) in states {
        let (cases, found) = start_each(real, base, most, seed, &scratch)?;
        report.add(Row {
            fault: "calls fail at the start",
            subject,
            amount: format!("{cases}, {} failures injected", found.injected),
            result: format!(
                "{} stopped with a reason, {} started all the same; {} findings",
                found.stopped,
                found.started,
                found.findings.len()
            ),
            findings: found.findings,
            must_fail: false,
        });
    }
    let anew = Program::stand_in("anew")?;
    let killed = base::killed(&anew, &scratch)?;
    let (cases, found) = start_each(&anew, &killed, most.min(40), seed, &scratch)?;
    report.add(Row {
        fault: "calls fail at the start",
        subject: "control: a stand-in that begins anew where it can't read",
        amount: format!("{cases}, {} failures injected", found.injected),
        result: format!("{} findings", found.findings.len()),
        findings: found.findings,
        must_fail: true,
    });
    scratch.remove();
    Ok(())
}

#[derive(Default)]
struct Found {
    injected: usize,
    stopped: usize,
    started: usize,
    findings: Vec<String>,
}

fn start_each(
    program: &Program,
    base: &Base,
    most: usize,
    seed: u64,
    scratch: &Scratch,
) -> Result<(String, Found), String> {
    let mut cases = cases(program, base, scratch)?;
    let mut dice = Dice::new(seed);
    let all = cases.len();
    while cases.len() > most {
        cases.swap_remove(dice.between(0, cases.len() as u64) as usize);
    }
    let mut found = Found::default();
    for case in &cases {
        one(program, *case, base, scratch, &mut found)?;
    }
    if found.injected < cases.len() / 2 {
        return Err(format!("{} failures in {} cases: the run shows little", found.injected, cases.len()));
    }
    Ok((format!("{} of {all} cases", cases.len()), found))
}

/// The calls of a start that concern the folder of the data, by name and number.
fn cases(program: &Program, base: &Base, scratch: &Scratch) -> Result<Vec<Case>, String> {
    let data = scratch.path("case").join("data");
    let file = scratch.path("calls.txt");
    prepare(&data, base)?;
    let known = known(&file)?;
    let all = format!("trace={}", known.join(","));
    program.below(strace::words(&["-e", &all], &file)).start(&data)?.kill()?;
    let needle = escaped(&data.display().to_string());
    let mut counts: HashMap<(String, String), usize> = HashMap::new();
    let mut cases = BTreeSet::new();
    for line in read(&file)?.lines().filter(|line| !line.contains("resumed>")) {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((name, _)) = rest.trim_start().split_once('(') else { continue };
        let Some(name) = CALLS.iter().find(|known| **known == name) else { continue };
        let count = counts.entry((thread.to_owned(), (*name).to_owned())).or_default();
        *count += 1;
        if line.contains(&needle) {
            cases.insert((*name, "EIO", *count));
            if GROWING.contains(name) {
                cases.insert((*name, "ENOSPC", *count));
            }
        }
    }
    Ok(cases.into_iter().collect())
}

/// Whether what was made to fail was no file at all.
fn failed_to_wake(trace: &str) -> bool {
    let descriptor = escaped("anon_inode:[eventfd]");
    trace.lines().any(|line| line.contains("(INJECTED)") && line.contains(&descriptor))
}

/// As strace writes it.
fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// Those of the calls that this machine has; newer ones have left some of them out.
fn known(file: &Path) -> Result<Vec<&'static str>, String> {
    let known = |call: &&str| {
        let mut strace = std::process::Command::new("strace");
        strace.args(["-o"]).arg(file).args(["-e", &format!("trace={call}"), "true"]);
        strace.output().is_ok_and(|output| output.status.success())
    };
    let known: Vec<&str> = CALLS.into_iter().filter(known).collect();
    if known.is_empty() { Err("strace knows none of the calls".to_owned()) } else { Ok(known) }
}

fn prepare(data: &Path, base: &Base) -> Result<(), String> {
    lay_out(data, &base.files)?;
    if base.files.is_empty() {
        std::fs::remove_dir(data).map_err(|error| format!("{}: {error}", data.display()))?;
    }
    Ok(())
}

fn one(
    program: &Program,
    (call, error, when): Case,
    base: &Base,
    scratch: &Scratch,
    found: &mut Found,
) -> Result<(), String> {
    let round = format!("{call} {error} {when}");
    let data = scratch.path("case").join("data");
    let file = scratch.path("trace.txt");
    prepare(&data, base)?;
    let inject = format!("inject={call}:error={error}:when={when}");
    let traced = program.below(strace::words(&["-e", &format!("trace={call}"), "-e", &inject], &file));
    let mut acknowledged = base.users.clone();
    match traced.attempt(&data)? {
        // The call of this number is a thread's way to wake another one, which no disk makes fail.
        Start::Stopped(_) if failed_to_wake(&read(&file)?) => {}
        Start::Hangs => found.findings.push(format!("{round}: the start hangs")),
        Start::Stopped(stopped) => {
            found.stopped += 1;
            found.findings.extend(oracle::clear(&stopped).err().map(|finding| format!("{round}: {finding}")));
        }
        Start::Up(server) => {
            found.started += 1;
            match client::register(&server.address, "meanwhile") {
                Ok((200, _)) => acknowledged.push("meanwhile".to_owned()),
                Ok((503, _)) => {}
                answer => found.findings.push(format!("{round}: registering was answered {answer:?}")),
            }
            server.kill()?;
        }
    }
    found.injected += read(&file)?.matches("(INJECTED)").count();
    let findings = oracle::whole(program, &data, &acknowledged, &round)?;
    found.findings.extend(findings);
    Ok(())
}
