//! Few descriptors and little memory: the server refuses what it can't do and loses nothing.

use crate::client;
use crate::load;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::Scratch;
use crate::server::{Program, Server};
use std::net::TcpStream;

/// Connections that somebody opens and leaves, more than there are descriptors.
const IDLE: usize = 100;
/// As `ulimit` has them: descriptors, and KiB that a process may ask for to write in (RLIMIT_DATA). A limit of
/// resident memory, as a container sets it, is wider: what was asked for and not touched does not count there.
const DESCRIPTORS: &str = "-n 64";
const MEMORY: &str = "-d 131072";
const ALL: &str = "-n 64 && ulimit -d 131072 && taskset -p -c 0 $$ >/dev/null";
/// With so little not even a hash can be computed.
const TOO_LITTLE_MEMORY: &str = "-d 24576";

/// Both limits, each with a control.
pub(crate) fn run(real: &Program, registrations: usize, report: &mut Report) -> Result<(), String> {
    let full = Program::stand_in("full")?;
    let few = "64 file descriptors";
    let little = "128 MiB of memory";
    let all = "64 descriptors, 128 MiB, one core";
    let cases = [
        (few, "the server", real.limited(DESCRIPTORS), IDLE, false),
        (few, "control: a stand-in that serves one after the other", full.limited(DESCRIPTORS), IDLE, true),
        (little, "the server", real.limited(MEMORY), 0, false),
        (little, "control: the server with 24 MiB", real.limited(TOO_LITTLE_MEMORY), 0, true),
        (all, "the server", real.limited(ALL), IDLE, false),
    ];
    for (fault, subject, program, idle, must_fail) in cases {
        let mut findings = Vec::new();
        let amount = under(&program, idle, registrations, &mut findings)?;
        report.add(Row {
            fault,
            subject,
            amount,
            result: format!("{} findings", findings.len()),
            findings,
            must_fail,
        });
    }
    Ok(())
}

fn under(program: &Program, idle: usize, count: usize, findings: &mut Vec<String>) -> Result<String, String> {
    let scratch = Scratch::new("scarce")?;
    let data = scratch.path("data");
    let mut server = match oracle::comes_up(program, &data)? {
        Ok(server) => server,
        Err(finding) => {
            findings.push(finding);
            return Ok("no start".to_owned());
        }
    };
    let connections: Vec<TcpStream> =
        (0..idle).filter_map(|_| TcpStream::connect(&server.address).ok()).collect();
    // A stand-in that waits for one of them answers nobody else, for as long as it is asked.
    let count = if program.is_whole() { count } else { 4 };
    let told = load::register(&server.address, "l", count);
    findings.extend(told.odd("under the limit"));
    if told.acknowledged.is_empty() {
        findings.push("nobody could register".to_owned());
    }
    drop(connections);
    let peak = peak(&server);
    match client::ready(&server.address) {
        Ok((200, _)) => {}
        answer => findings.push(format!("not ready afterwards: {answer:?}")),
    }
    let after = load::register(&server.address, "m", 8.min(count));
    if after.acknowledged.len() < 8.min(count) || !server.lives() {
        findings.push(format!("serving does not go on: {:?} {:?}", after.refused, after.unanswered));
    }
    if let Some(user) = told.acknowledged.first() {
        findings.extend(oracle::reads_on(program, &server.address, user, "afterwards"));
    }
    server.kill()?;
    let all: Vec<String> = told.acknowledged.iter().chain(&after.acknowledged).cloned().collect();
    findings.extend(oracle::whole(program, &data, &all, "under the limit")?);
    scratch.remove();
    Ok(format!(
        "{idle} idle connections, {} acknowledged, {} refused, {peak} resident at most",
        all.len(),
        told.refused.len() + after.refused.len()
    ))
}

/// The most memory that was resident at once, as the kernel counts it.
fn peak(server: &Server) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.map_or_else(|| "?".to_owned(), |kib| format!("{} MiB", kib / 1024))
}
