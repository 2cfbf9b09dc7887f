//! One page of the file with all its bits inverted: `sekisho db check` finds it, and whoever meets it is answered 503.

use crate::base;
use crate::database::FILE;
use crate::dice::Dice;
use crate::oracle;
use crate::report::{Report, Row};
use crate::scratch::{Files, Scratch, lay_out};
use crate::server::{Program, Start};
use rusqlite::Connection;

const PAGE: usize = 4096;
/// The exit code of a check that found something, and of a database that can't be opened.
const FOUND: [Option<i32>; 2] = [Some(1), Some(3)];

/// Each page but the first, or a few of them; then the same without damage, which must not be found.
pub(crate) fn run(real: &Program, few: Option<usize>, seed: u64, report: &mut Report) -> Result<(), String> {
    let scratch = Scratch::new("flipped")?;
    let base = base::closed(real, 24, &scratch)?;
    let whole = &base.files[FILE];
    let mut pages: Vec<usize> = (1..whole.len() / PAGE).collect();
    let mut dice = Dice::new(seed);
    while few.is_some_and(|few| pages.len() > few) {
        pages.swap_remove(dice.between(0, pages.len() as u64) as usize);
    }
    let data = scratch.path("case").join("data");
    let mut seen = Seen::default();
    let mut findings = Vec::new();
    for page in &pages {
        let mut files = base.files.clone();
        let content = files.entry(FILE.to_owned()).or_default();
        content[page * PAGE..(page + 1) * PAGE].iter_mut().for_each(|byte| *byte ^= 0xff);
        let name = format!("page {}", page + 1);
        findings.extend(one(real, Wrong::APage, &name, &files, &base.users, &data, &mut seen)?);
    }
    // By a request, or by the start itself.
    if seen.refused + seen.stopped == 0 {
        findings.push("no damaged page was ever met".to_owned());
    }
    report.add(Row {
        fault: "flipped page",
        subject: "the server",
        amount: format!("{} pages of {}", pages.len(), whole.len() / PAGE),
        result: format!(
            "{} found by `db check`, {} free; {} answers of 503, {} starts stopped; {} findings",
            seen.found,
            seen.free,
            seen.refused,
            seen.stopped,
            findings.len()
        ),
        findings,
        must_fail: false,
    });
    // A check that says no to everything shows nothing: this one must miss what is not there.
    let mut seen = Seen::default();
    let findings = one(real, Wrong::Nothing, "no page", &base.files, &base.users, &data, &mut seen)?;
    report.add(Row {
        fault: "flipped page",
        subject: "control: no page flipped, so that `db check` must find none",
        amount: "1 file".to_owned(),
        result: format!("{} found by `db check`, {} answers of 503", seen.found, seen.refused),
        findings,
        must_fail: true,
    });
    scratch.remove();
    Ok(())
}

/// What is wrong with the file, by which the oracle knows whether nothing to find is a finding.
#[derive(PartialEq)]
enum Wrong {
    APage,
    Nothing,
}

#[derive(Default)]
struct Seen {
    found: usize,
    free: usize,
    refused: usize,
    stopped: usize,
}

fn one(
    real: &Program,
    wrong: Wrong,
    name: &str,
    files: &Files,
    users: &[String],
    data: &std::path::Path,
    seen: &mut Seen,
) -> Result<Vec<String>, String> {
    let mut findings = Vec::new();
    lay_out(data, files)?;
    let free = wrong == Wrong::APage && is_free(data)?;
    let checked = real.command(&["db", "check"], data)?;
    match checked.status.code() {
        code if FOUND.contains(&code) => seen.found += 1,
        Some(0) if free => seen.free += 1,
        code => {
            let said = String::from_utf8_lossy(&checked.stderr);
            findings
                .push(format!("{name}: `db check` ended with {code:?} and did not find it: {}", said.trim()));
        }
    }
    match real.attempt(data)? {
        Start::Hangs => findings.push(format!("{name}: the start hangs")),
        Start::Stopped(stopped) => {
            seen.stopped += 1;
            findings.extend(oracle::clear(&stopped).err().map(|finding| format!("{name}: {finding}")));
        }
        Start::Up(mut server) => {
            let (refused, odd) = oracle::known(&server.address, users, name);
            seen.refused += refused;
            findings.extend(odd);
            let told = crate::load::register(&server.address, "new", 2);
            findings.extend(told.odd(name));
            if !server.lives() {
                findings.push(format!("{name}: the server is gone"));
            }
            server.kill()?;
        }
    }
    Ok(findings)
}

/// Whether SQLite's own check, which reads every page in use, finds nothing: then the page is one of the free ones.
fn is_free(data: &std::path::Path) -> Result<bool, String> {
    let copy = data.join("looked-at");
    std::fs::copy(data.join(FILE), &copy).map_err(|error| error.to_string())?;
    let look = || {
        let database = Connection::open(&copy)?;
        database.query_row("pragma integrity_check", [], |row| row.get::<_, String>(0))
    };
    let free = look().is_ok_and(|said| said == "ok");
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("looked-at{end}")));
    }
    Ok(free)
}
