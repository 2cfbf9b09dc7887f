//! No answer before the sync: strace watches the server's system calls while users register.
//!
//! A kill alone can't see a missing sync, because the page cache outlives the process. So the oracle reads the order
//! of the calls: the WAL frame that holds a registration's name, the commit frame of its transaction, a sync of the
//! WAL that begins after that, and only then the answer that carries the name. If that sync fails, no later one makes it
//! good: the system may have dropped what it could not write.

use crate::load;
use crate::report::{Report, Row};
use crate::scratch::Scratch;
use crate::server::Program;
use crate::strace::Strace;
use crate::trace::{self, Call};
use std::path::Path;

const REGISTRATIONS: usize = 60;
/// The calls that this oracle reads.
pub(crate) const WATCHED: &str = "trace=write,writev,sendto,sendmsg,pwrite64,pwritev,fdatasync,fsync";
/// Success without a sync, as a disk that lies would have it.
pub(crate) const NO_SYNC: &str = "--inject=fdatasync,fsync:retval=0";

/// The server, and three that must be caught.
pub(crate) fn run(real: &Program, seed: u64, report: &mut Report) -> Result<(), String> {
    let subjects = [
        ("the server", real, None, false),
        ("control: the server, its syncs swallowed", real, Some(NO_SYNC), true),
        ("a stand-in that keeps the promise", &Program::stand_in("full")?, None, false),
        ("control: the stand-in with `synchronous = off`", &Program::stand_in("off")?, None, true),
        ("control: the stand-in that answers before it commits", &Program::stand_in("early")?, None, true),
    ];
    for (subject, program, inject, must_fail) in subjects {
        let (answers, findings) = watch(program, seed, inject)?;
        report.add(Row {
            fault: "answer before sync",
            subject,
            amount: format!("{answers} registrations acknowledged"),
            result: format!("{} before their sync", findings.len()),
            findings,
            must_fail,
        });
    }
    Ok(())
}

fn watch(program: &Program, seed: u64, inject: Option<&str>) -> Result<(usize, Vec<String>), String> {
    let scratch = Scratch::new("order")?;
    let server = program.start(&scratch.path("data"))?;
    let file = scratch.path("trace.txt");
    let args: Vec<&str> = ["-e", WATCHED].into_iter().chain(inject).collect();
    let strace = Strace::attach(server.pid(), &args, &file)?;
    load::register(&server.address, &format!("s{seed:x}z"), REGISTRATIONS);
    server.kill()?;
    strace.finish()?;
    let (answers, findings) = judge(&trace::calls(&read(&file)?));
    if answers < REGISTRATIONS / 2 {
        return Err(format!(
            "{answers} answers of {REGISTRATIONS} seen: the trace {} shows nothing",
            file.display()
        ));
    }
    scratch.remove();
    Ok((answers, findings))
}

/// The text of a trace.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// How many registrations were acknowledged, and which of them too early.
pub(crate) fn judge(calls: &[Call]) -> (usize, Vec<String>) {
    let mut answers = 0;
    let mut findings = Vec::new();
    for answer in calls {
        let Some(name) = answer.acknowledges() else { continue };
        answers += 1;
        if let Some(finding) = too_early(calls, answer, &name) {
            findings.push(format!("{name}: {finding}"));
        }
    }
    (answers, findings)
}

fn too_early(calls: &[Call], answer: &Call, name: &str) -> Option<&'static str> {
    let wal: Vec<&Call> = calls.iter().filter(|call| call.target.ends_with("-wal")).collect();
    let writes: Vec<&Call> =
        wal.iter().copied().filter(|call| call.name.starts_with("pwrite") && call.real).collect();
    let Some(page) = writes.iter().position(|call| contains(&call.data, name.as_bytes())) else {
        return Some("answered, yet never written to the WAL");
    };
    // A frame is a header of 24 bytes and a page; the header of a transaction's last frame names the size of the
    // database, the others hold 0 there (SQLite file format, 4.1).
    let commits = |call: &Call| call.data.len() == 24 && call.data[4..8] != [0; 4];
    let Some(header) = (page.saturating_sub(1)..writes.len()).find(|at| commits(writes[*at])) else {
        return Some("answered, yet its transaction has no commit frame");
    };
    let Some(committed) = writes.get(header + 1) else {
        return Some("answered, yet its commit frame is not whole");
    };
    // The first one after it is the one that covers it: what comes later, when the log is written back, has nothing to add.
    let sync = wal.iter().find(|call| call.is_sync() && call.begin > committed.end);
    match sync.filter(|sync| sync.end < answer.begin) {
        Some(sync) if sync.real => None,
        Some(sync) if sync.result < 0 => Some("answered after the sync of its commit frame had failed"),
        _ => Some("answered before its commit frame was synced"),
    }
}

fn contains(data: &[u8], name: &[u8]) -> bool {
    data.windows(name.len()).any(|window| window == name)
}
