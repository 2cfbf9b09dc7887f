//! A database file that is not what was written: cut off, with a damaged header or schema, somebody else's, of a newer
//! schema. The start stops with a reason and leaves every file as it is.

use crate::base::{self, Base};
use crate::database::FILE;
use crate::dice::Dice;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::{Files, Scratch, contents, lay_out};
use crate::server::{Program, Start};
use rusqlite::Connection;

/// Bytes of the file's header (SQLite file format, 1.3).
const HEADER: usize = 100;
const PAGE: usize = 4096;

/// What must hold of a start.
#[derive(Clone, Copy, PartialEq)]
enum Must {
    /// It stops, and every file stays as it was.
    Stop,
    /// It stops so, or serves every user: not every byte means something.
    StopOrServe,
    /// It serves every user.
    Serve,
}

struct Case {
    name: String,
    files: Files,
    must: Must,
}

/// The cases on the server, a control, and the same file without damage.
pub(crate) fn run(
    real: &Program,
    killed: &Base,
    short: bool,
    seed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let scratch = Scratch::new("damage")?;
    let base = base::closed(real, 40, &scratch)?;
    let cases = cases(&base, &scratch, short, seed)?;
    let (mut stopped, mut findings) = check(real, &cases, &base, &scratch)?;
    let beside = beside(killed, seed);
    let (more, found) = check(real, &beside, killed, &scratch)?;
    stopped += more;
    findings.extend(found);
    let files = cases.len() + beside.len();
    report.add(Row {
        fault: "damaged file",
        subject: "the server",
        amount: format!("{files} files"),
        result: format!("{stopped} starts stopped, {} served; {} findings", files - stopped, findings.len()),
        findings,
        must_fail: false,
    });
    let anew = Program::stand_in("anew")?;
    let base = base::closed(&anew, 40, &scratch)?;
    let damaged: Vec<Case> = vec![cut(&base, 1000)];
    let (_, findings) = check(&anew, &damaged, &base, &scratch)?;
    report.add(Row {
        fault: "damaged file",
        subject: "control: a stand-in that begins anew where it can't read",
        amount: "1 file".to_owned(),
        result: format!("{} findings", findings.len()),
        findings,
        must_fail: true,
    });
    scratch.remove();
    Ok(())
}

fn check(
    program: &Program,
    cases: &[Case],
    base: &Base,
    scratch: &Scratch,
) -> Result<(usize, Vec<String>), String> {
    let data = scratch.path("case").join("data");
    let mut stopped = 0;
    let mut findings = Vec::new();
    for Case { name, files, must } in cases {
        lay_out(&data, files)?;
        match program.attempt(&data)? {
            Start::Hangs => findings.push(format!("{name}: the start hangs")),
            Start::Stopped(said) => {
                stopped += 1;
                if *must == Must::Serve {
                    findings.push(format!("{name}: the start stopped: {}", said.said.trim()));
                }
                findings.extend(oracle::clear(&said).err().map(|finding| format!("{name}: {finding}")));
                if contents(&data)? != *files {
                    findings.push(format!("{name}: the start stopped, yet it changed the files"));
                }
            }
            Start::Up(_) if *must == Must::Stop => findings.push(format!("{name}: the server started")),
            Start::Up(server) => {
                // Every one of a few users, the first and the last among them.
                let some: Vec<String> = base.users.iter().step_by(13).cloned().collect();
                let (refused, odd) = oracle::known(&server.address, &some, name);
                findings.extend(odd);
                if refused > 0 {
                    findings.push(format!("{name}: served, yet {refused} of {} users got 503", some.len()));
                }
            }
        }
    }
    Ok((stopped, findings))
}

fn cases(base: &Base, scratch: &Scratch, short: bool, seed: u64) -> Result<Vec<Case>, String> {
    let whole = &base.files[FILE];
    let mut dice = Dice::new(seed);
    let mut cases = Vec::new();
    let mut lengths =
        vec![0, 1, 99, HEADER, PAGE - 1, PAGE, whole.len() / 2, whole.len() - PAGE, whole.len() - 1];
    lengths.extend((0..if short { 3 } else { 30 }).map(|_| dice.between(2, whole.len() as u64) as usize));
    cases.extend(lengths.into_iter().map(|length| cut(base, length)));

    let mut with = |name: &str, must: Must, change: &mut dyn FnMut(&mut Vec<u8>)| {
        let mut content = whole.clone();
        change(&mut content);
        cases.push(replaced(base, name.to_owned(), must, content));
    };
    with("a text", Must::Stop, &mut |content| *content = b"hello\n".repeat(1000));
    with("zeros", Must::Stop, &mut |content| content.fill(0));
    with("no magic", Must::Stop, &mut |content| content[0] ^= 0xff);
    with("another page size", Must::Stop, &mut |content| content[16] ^= 0x30);
    with("a schema of noise", Must::Stop, &mut |content| {
        content[HEADER..PAGE].iter_mut().for_each(|byte| *byte = dice.next() as u8);
    });
    with("a schema of zeros", Must::Stop, &mut |content| content[HEADER..PAGE].fill(0));
    with("the first page twice", Must::Stop, &mut |content| content.copy_within(PAGE..2 * PAGE, 0));
    let step = if short { 9 } else { 1 };
    for at in (0..HEADER).step_by(step) {
        with(&format!("byte {at} of the header inverted"), Must::StopOrServe, &mut |content| {
            content[at] ^= 0xff
        });
    }
    let mut dice = Dice::new(seed ^ 1);
    for _ in 0..if short { 8 } else { 100 } {
        let (at, bit) = (dice.between(HEADER as u64, PAGE as u64) as usize, dice.between(0, 8));
        let name = format!("bit {bit} of byte {at} of the schema's first page inverted");
        with(&name, Must::StopOrServe, &mut |content| content[at] ^= 1 << bit);
    }
    let newer =
        "insert into sekisho_migrations (owner, version, checksum, applied_at) values ('sekisho', 999, 0, 0)";
    let other = "update sekisho_migrations set checksum = checksum + 1";
    let foreign = "drop table sekisho_migrations; create table somebody_elses (id integer primary key)";
    for (name, statements) in [
        ("a newer schema", newer),
        ("another schema", other),
        ("tables of ours, and no list of them", foreign),
        ("a table that is gone", "drop table sekisho_items"),
        ("a column that is gone", "alter table sekisho_users drop column full_name"),
    ] {
        cases.push(replaced(base, name.to_owned(), Must::Stop, altered(base, scratch, statements)?));
    }
    cases.push(replaced(base, "nothing wrong".to_owned(), Must::Serve, whole.clone()));
    Ok(cases)
}

/// What lies beside the file after a kill: the shared index, which is made anew from the log, and what is not ours.
fn beside(killed: &Base, seed: u64) -> Vec<Case> {
    let mut dice = Dice::new(seed);
    let index = format!("{FILE}-shm");
    let mut without = killed.files.clone();
    without.remove(&index);
    let mut noise = killed.files.clone();
    noise.insert(index, (0..32768).map(|_| dice.next() as u8).collect());
    let mut journal = killed.files.clone();
    journal.insert(format!("{FILE}-journal"), vec![0xd9; 2000]);
    let case = |name: &str, must, files| Case { name: name.to_owned(), must, files };
    vec![
        case("the index of the log is gone", Must::Serve, without),
        case("the index of the log is noise", Must::Serve, noise),
        case("a stale rollback journal beside it", Must::Stop, journal),
    ]
}

fn cut(base: &Base, length: usize) -> Case {
    let content = base.files[FILE][..length].to_vec();
    replaced(base, format!("cut off at {length}"), Must::Stop, content)
}

fn replaced(base: &Base, name: String, must: Must, content: Vec<u8>) -> Case {
    let mut files = base.files.clone();
    files.insert(FILE.to_owned(), content);
    Case { name, files, must }
}

/// The file after some statements.
fn altered(base: &Base, scratch: &Scratch, statements: &str) -> Result<Vec<u8>, String> {
    let folder = scratch.path("altered");
    lay_out(&folder, &base.files)?;
    let change = || {
        let database = Connection::open(folder.join(FILE))?;
        database.execute_batch(statements)?;
        database.close().map_err(|(_, error)| error)
    };
    change().map_err(|error| format!("{statements}: {error}"))?;
    contents(&folder)?.remove(FILE).ok_or_else(|| "the file is gone".to_owned())
}
