//! A file system that is read-only: at the start, and from one moment on.
//!
//! While the server has files open for writing the kernel refuses to remount (EBUSY); a file system that turns
//! read-only by itself, after an error of its disk, answers EROFS to every change. That is what strace makes of it.

use crate::base::{self, Base};
use crate::database::FILE;
use crate::load;
use crate::namespace::Tmpfs;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::{Scratch, contents, lay_out};
use crate::server::{Program, Start};
use crate::strace::Strace;
use std::path::Path;

/// Every call by which a file changes.
const CHANGES: &str =
    "pwrite64,ftruncate,fallocate,unlink,unlinkat,rename,renameat,renameat2,link,linkat,mkdir,mkdirat";

/// The server at both times, then a control.
pub(crate) fn run(real: &Program, base: &Base, report: &mut Report) -> Result<(), String> {
    let deaf = Program::stand_in("deaf")?;
    for (subject, program, must_fail) in [
        ("the server", real, false),
        ("control: a stand-in that answers whatever its database said", &deaf, true),
    ] {
        let scratch = Scratch::new("read-only")?;
        let data = scratch.path("data");
        let disk = Tmpfs::mount(&data, "size=32m,mode=0700")?;
        let of_its_own = if program.is_whole() { None } else { Some(base::killed(program, &scratch)?) };
        let base = of_its_own.as_ref().unwrap_or(base);
        let mut findings = Vec::new();
        if program.is_whole() {
            findings.extend(at_the_start(program, &disk, base, &data)?);
        }
        lay_out(&data, &base.files)?;
        let mut server = program.start(&data)?;
        let trace = scratch.path("trace.txt");
        let inject = format!("inject={CHANGES}:error=EROFS");
        let strace =
            Strace::attach(server.pid(), &["-e", &inject, "-e", &format!("trace={CHANGES}")], &trace)?;
        let busy = disk.remount("ro").is_err();
        let told = load::register(&server.address, "r", 8);
        findings.extend(told.odd("read-only"));
        findings.extend(oracle::reads_on(program, &server.address, &base.users[0], "read-only"));
        strace.detach()?;
        if !busy {
            disk.remount("rw")?;
        }
        let after = load::register(&server.address, "w", 6);
        if after.acknowledged.len() < 6 {
            findings.push(format!("writing does not go on: {:?} {:?}", after.refused, after.unanswered));
        }
        if !server.lives() {
            findings.push("the server is gone".to_owned());
        }
        server.kill()?;
        let all = base.users.iter().chain(&told.acknowledged).chain(&after.acknowledged).cloned();
        let all: Vec<String> = all.collect();
        findings.extend(oracle::whole(program, &data, &all, "read-only")?);
        report.add(Row {
            fault: "read-only disk",
            subject,
            amount: format!(
                "{} acknowledged, {} refused, {} written again without a restart",
                told.acknowledged.len(),
                told.refused.len(),
                after.acknowledged.len()
            ),
            result: format!("{} findings", findings.len()),
            findings,
            must_fail,
        });
        drop(disk);
        scratch.remove();
    }
    Ok(())
}

/// A start on a disk that is read-only stops with a reason and changes nothing, once it is writable all is there.
fn at_the_start(
    program: &Program,
    disk: &Tmpfs<'_>,
    base: &Base,
    data: &Path,
) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    lay_out(data, &base.files)?;
    disk.remount("ro")?;
    match program.attempt(data)? {
        Start::Stopped(stopped) => findings.extend(oracle::clear(&stopped).err()),
        Start::Hangs => findings.push("the start hangs".to_owned()),
        Start::Up(_) => findings.push(format!("the start does not see that {FILE} can't be written")),
    }
    disk.remount("rw")?;
    if contents(data)? != base.files {
        findings.push("a start on a read-only disk changed it".to_owned());
    }
    findings.extend(oracle::whole(program, data, &base.users, "read-only start")?);
    Ok(findings)
}
