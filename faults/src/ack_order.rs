//! No answer before the sync: strace watches the server's system calls while users register.
//!
//! A kill alone can't see a missing sync, because the page cache outlives the process. So the oracle reads the order
//! of the calls: the WAL frame that holds a registration's name, the commit frame of its transaction, a sync of the
//! WAL that begins after that, and only then the answer that carries the name.

use crate::client;
use crate::report::{Report, Row};
use crate::server::{Program, Scratch};
use crate::trace::{self, Call};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

const REGISTRATIONS: usize = 60;
const WRITERS: usize = 4;
/// Success without a sync, as a disk that lies would have it.
const NO_SYNC: &str = "--inject=fdatasync,fsync:retval=0";

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
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-xx", "-s", "70000", "-e", "signal=none"]);
    strace.args(["-e", "trace=write,writev,sendto,sendmsg,pwrite64,pwritev,fdatasync,fsync"]).args(inject);
    strace.arg("-o").arg(&file).args(["-p", &server.pid().to_string()]);
    let mut strace = strace.stderr(Stdio::piped()).spawn().map_err(|error| format!("strace: {error}"))?;
    let said = strace.stderr.take().ok_or("strace: no stderr")?;
    let mut said = BufReader::new(said).lines().map_while(Result::ok);
    let attached = said.by_ref().find(|line| line.contains("attached"));
    attached.ok_or("strace could not attach to the server")?;
    // Kept read, so that strace never waits for a full pipe.
    std::thread::spawn(move || said.for_each(drop));

    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= REGISTRATIONS {
                        return;
                    }
                    let _ = client::register(&server.address, &format!("s{seed:x}n{number}z"));
                }
            });
        }
    });
    server.kill()?;
    strace.wait().map_err(|error| format!("strace: {error}"))?;
    let text = read(&file)?;
    let (answers, findings) = judge(&trace::calls(&text));
    if answers < REGISTRATIONS / 2 {
        return Err(format!(
            "{answers} answers of {REGISTRATIONS} seen: the trace {} shows nothing",
            file.display()
        ));
    }
    scratch.remove();
    Ok((answers, findings))
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// How many registrations were acknowledged, and which of them too early.
fn judge(calls: &[Call]) -> (usize, Vec<String>) {
    let mut answers = 0;
    let mut findings = Vec::new();
    for answer in calls.iter().filter(|call| call.data.starts_with(b"HTTP/1.1 2")) {
        let Some(name) = registered(&answer.data) else { continue };
        answers += 1;
        if let Some(finding) = too_early(calls, answer, &name) {
            findings.push(format!("{name}: {finding}"));
        }
    }
    (answers, findings)
}

/// The name in the answer to a registration.
fn registered(data: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(data);
    let (_, rest) = text.split_once("\"username\":\"")?;
    rest.split_once('"').map(|(name, _)| name.to_owned())
}

fn too_early(calls: &[Call], answer: &Call, name: &str) -> Option<&'static str> {
    let wal: Vec<&Call> = calls.iter().filter(|call| call.target.ends_with("-wal")).collect();
    let writes: Vec<&Call> = wal.iter().copied().filter(|call| call.name.starts_with("pwrite")).collect();
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
    let synced = wal.iter().any(|call| {
        matches!(call.name.as_str(), "fdatasync" | "fsync")
            && call.real
            && call.begin > committed.end
            && call.end < answer.begin
    });
    (!synced).then_some("answered before its commit frame was synced")
}

fn contains(data: &[u8], name: &[u8]) -> bool {
    data.windows(name.len()).any(|window| window == name)
}
