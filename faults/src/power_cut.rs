//! A power cut: only what was synced is kept for certain, and of the rest a random part.
//!
//! strace records every change that the server makes to its files, from the first start on an empty folder through
//! registrations, a clean stop, a kill and what follows. Then the files are rebuilt as a power cut may have left them
//! at a random moment of that record, and the real server starts on them.

use crate::ack_order::{NO_SYNC, read};
use crate::client;
use crate::database;
use crate::dice::Dice;
use crate::disk::History;
use crate::load;
use crate::report::{Report, Row};
use crate::scratch::{Scratch, lay_out};
use crate::server::{Program, Start, Stopped};
use crate::strace;
use crate::trace::{self, Call};
use std::path::Path;

/// All calls by which a program may change a file, and those by which it answers.
const WATCHED: &str = "trace=open,openat,creat,write,writev,pwrite64,pwritev,pwritev2,ftruncate,truncate,fallocate,\
    fsync,fdatasync,sync_file_range,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,\
    symlinkat,copy_file_range,sendfile,sendto,sendmsg";

/// How much of it.
pub(crate) struct Amount {
    /// Registrations in each of the three runs; some 200 fill a log so far that it is written back.
    pub(crate) registrations: usize,
    /// Power cuts of the server, and of each control.
    pub(crate) cuts: usize,
    pub(crate) control_cuts: usize,
}

/// From the second run on, the eighth sync of each thread fails: a commit's, since those that start make fewer.
const FAILING: &str = "--inject=fdatasync,fsync:error=EIO:when=8";

/// Who is watched, and what is made of its syncs.
struct Subject<'a> {
    name: &'static str,
    program: &'a Program,
    inject: Option<&'static str>,
    must_fail: bool,
}

/// The server with syncs that work and some that fail, and three that must be caught.
pub(crate) fn run(real: &Program, amount: &Amount, seed: u64, report: &mut Report) -> Result<(), String> {
    let (off, deaf) = (Program::stand_in("off")?, Program::stand_in("deaf")?);
    let subject = |name, program, inject, must_fail| Subject { name, program, inject, must_fail };
    let subjects = [
        subject("the server", real, None, false),
        subject("the server, a sync fails in between", real, Some(FAILING), false),
        subject("control: the server, its syncs swallowed", real, Some(NO_SYNC), true),
        subject("control: the stand-in with `synchronous = off`", &off, None, true),
        subject("control: a stand-in that answers although its sync failed", &deaf, Some(FAILING), true),
    ];
    for subject in subjects {
        let scratch = Scratch::new("power")?;
        let record = record(&subject, amount.registrations, &scratch)?;
        let cuts = if subject.must_fail { amount.control_cuts } else { amount.cuts };
        let findings = cut(subject.program, &record, cuts, seed, &scratch)?;
        report.add(Row {
            fault: "power cut",
            subject: subject.name,
            amount: format!("{cuts} cuts in {} registrations acknowledged", record.answers.len()),
            result: format!("{} cuts lost something", findings.len()),
            findings,
            must_fail: subject.must_fail,
        });
        scratch.remove();
    }
    Ok(())
}

struct Record {
    history: History,
    /// The lines at which something happens to files or clients.
    moments: Vec<usize>,
    /// Whose registration was answered, and the line at which the answer began.
    answers: Vec<(usize, String)>,
}

/// Three runs on one folder: one that stops cleanly, one that is killed, one that finds its log and is killed as well.
fn record(subject: &Subject<'_>, count: usize, scratch: &Scratch) -> Result<Record, String> {
    let top = scratch.path("recorded");
    std::fs::create_dir_all(&top).map_err(|error| format!("{}: {error}", top.display()))?;
    let mut record = Record { history: History::new(&top), moments: Vec::new(), answers: Vec::new() };
    let (mut lines, mut acknowledged) = (0, 0);
    for run in 0..3 {
        let file = scratch.path(&format!("trace{run}.txt"));
        let inject = subject.inject.filter(|inject| run > 0 || *inject != FAILING);
        let args: Vec<&str> = ["-e", WATCHED].into_iter().chain(inject).collect();
        let server = subject.program.below(strace::words(&args, &file)).start(&top.join("data"))?;
        let told = load::register(&server.address, &format!("p{run}"), count);
        // The stand-in knows no clean stop.
        let ended = if run == 0 { server.stop() } else { server.kill() };
        ended?;
        acknowledged += told.acknowledged.len();
        let text = read(&file)?;
        let mut calls = trace::calls(&text);
        for call in &mut calls {
            call.begin += lines;
            call.end += lines;
        }
        lines += text.lines().count();
        record.history.add(&calls)?;
        record
            .moments
            .extend(calls.iter().filter(|call| matters(call, &top)).flat_map(|c| [c.begin, c.end + 1]));
        let answers = calls.iter().filter_map(|call| Some((call.begin, call.acknowledges()?)));
        record.answers.extend(answers);
        std::fs::remove_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if record.answers.len() != acknowledged || acknowledged < count {
        return Err(format!("{} answers in the trace, {acknowledged} acknowledged", record.answers.len()));
    }
    Ok(record)
}

fn matters(call: &Call, top: &Path) -> bool {
    Path::new(&call.target).starts_with(top)
        || call.names.iter().any(|name| Path::new(name).starts_with(top))
        || call.acknowledges().is_some()
}

/// Cuts the power at random moments; one finding for each cut that lost something.
fn cut(
    program: &Program,
    record: &Record,
    cuts: usize,
    seed: u64,
    scratch: &Scratch,
) -> Result<Vec<String>, String> {
    let mut dice = Dice::new(seed);
    let data = scratch.path("after").join("data");
    std::fs::create_dir_all(scratch.path("after")).map_err(|error| error.to_string())?;
    let mut findings = Vec::new();
    for number in 0..cuts {
        let line = record.moments[dice.between(0, record.moments.len() as u64) as usize];
        let promised = record.answers.iter().filter(|(at, _)| *at < line);
        let promised: Vec<String> = promised.map(|(_, name)| name.clone()).collect();
        let files = record.history.after_cut(line, &scratch.path("recorded").join("data"), &mut dice);
        let found = match files {
            Some(files) => {
                lay_out(&data, &files)?;
                after(program, &data, &promised, number)?
            }
            // Before the first answer the folder may be gone as a whole.
            None if promised.is_empty() => None,
            None => Some("the folder of the data is gone".to_owned()),
        };
        findings.extend(
            found.map(|found| format!("cut {number} at line {line}, {} promised: {found}", promised.len())),
        );
    }
    Ok(findings)
}

/// Starts the server on what is left; what is wrong with it.
fn after(
    program: &Program,
    data: &Path,
    promised: &[String],
    number: usize,
) -> Result<Option<String>, String> {
    let server = match program.attempt(data)? {
        Start::Up(server) => server,
        Start::Hangs => return Ok(Some("the start hangs".to_owned())),
        Start::Stopped(Stopped { code, said }) => {
            return Ok(Some(format!("the start stopped with {code:?}: {}", said.trim())));
        }
    };
    let present = match database::users(data) {
        Ok(present) => present,
        Err(damage) => return Ok(Some(damage)),
    };
    if let Some(lost) = load::lost(promised, &present, "after it").first() {
        return Ok(Some(lost.clone()));
    }
    // And it can be lived with: the last one logs in, another one comes.
    if let Some(name) = promised.last()
        && !matches!(client::log_in(&server.address, name), Ok((200, _)))
    {
        return Ok(Some(format!("{name} can't log in")));
    }
    let next = format!("after{number}z");
    if !matches!(client::register(&server.address, &next), Ok((200, _))) {
        return Ok(Some("nobody can register".to_owned()));
    }
    server.kill()?;
    match database::users(data) {
        Ok(present) if present.contains(&next) => Ok(None),
        Ok(_) => Ok(Some("who registered after it is gone".to_owned())),
        Err(damage) => Ok(Some(damage)),
    }
}
