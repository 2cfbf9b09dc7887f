//! `cargo xtask test`: every test of the workspace, those over HTTP and the command line on both databases, and one
//! closing line.

use crate::{packages, shell, venv};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// The tests that run on SQLite alone, or name their database themselves: a prefix a line, and why.
const ONCE: &str = include_str!("../../crates/server/tests/it/once.txt");

/// Installs what tests need, runs them in the profile `ci`, and ends with `N passed, N failed`.
pub(crate) fn run(args: &[String]) -> shell::Outcome {
    packages::ensure(packages::FOR_TESTS)?;
    let python = venv::python()?;
    let mut tally = Tally::default();
    let mut success = true;
    for database in ["sqlite", "postgres"] {
        let mut cargo = shell::cargo(&arguments(database, args));
        cargo.env("SEKISHO_TEST_PYTHON", &python).env("SEKISHO_TEST_DATABASE", database);
        let (counted, well) = counted(cargo)?;
        tally.join(&counted);
        success &= well;
    }
    if tally.ignored > 0 {
        eprintln!(
            "{} tests were not run (#[ignore]): a test that may be skipped shows nothing",
            tally.ignored
        );
    }
    if !success && tally.failed == 0 {
        eprintln!("cargo test failed outside of a test: see above");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    // Nothing after the closing line.
    if success && tally.failed == 0 && tally.ignored == 0 { Ok(()) } else { Err(String::new()) }
}

/// What cargo is told. The second time only `it` runs, which speaks to the server from outside, and of it all that is
/// not listed to run once; who selects targets by an option of cargo's selects them for both.
fn arguments<'a>(database: &str, args: &'a [String]) -> Vec<&'a str> {
    let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
    let (to_cargo, to_tests) = args.split_at(end);
    let selects = to_cargo.iter().any(|arg| arg.starts_with('-'));
    let mut all = vec!["test", "--profile", "ci", "--no-fail-fast"];
    all.extend(match (selects, database) {
        (false, "sqlite") => ["--workspace"].as_slice(),
        (false, _) => &["--package", "sekisho", "--test", "it"],
        (true, _) => &[],
    });
    all.extend(to_cargo.iter().map(String::as_str));
    all.push("--");
    all.extend(to_tests.iter().skip(1).map(String::as_str));
    if database != "sqlite" {
        for name in once() {
            all.extend(["--skip", name]);
        }
    }
    all
}

/// The names listed in `once.txt`.
fn once() -> impl Iterator<Item = &'static str> {
    ONCE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_whitespace().next())
}

/// The sums over all test binaries.
#[derive(Default, Debug, PartialEq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    fn join(&mut self, other: &Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
    }

    /// Adds a line of the form `test result: ok. 12 passed; 0 failed; 0 ignored; …`; other lines count nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split(';') {
            let mut words = part.split_whitespace();
            let (Some(Ok(n)), Some(what)) = (words.next().map(str::parse::<u64>), words.next()) else {
                continue;
            };
            match what {
                "passed" => self.passed += n,
                "failed" => self.failed += n,
                "ignored" => self.ignored += n,
                _ => {}
            }
        }
    }
}

/// Runs cargo with its output shown line by line as it comes, and counted.
fn counted(mut cargo: Command) -> Result<(Tally, bool), String> {
    shell::announce(&cargo);
    let mut child = cargo.stdout(Stdio::piped()).spawn().map_err(|error| format!("cargo: {error}"))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(|error| format!("cargo: {error}"))?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            tally.add(&line);
        }
    }
    let status = child.wait().map_err(|error| format!("cargo: {error}"))?;
    Ok((tally, status.success()))
}

#[cfg(test)]
mod tests {
    use super::{Tally, arguments, once};

    #[test]
    fn the_second_time_what_speaks_from_outside_runs_and_nothing_that_is_listed() {
        let start = ["test", "--profile", "ci", "--no-fail-fast"];
        assert_eq!(arguments("sqlite", &[]), [&start[..], &["--workspace", "--"]].concat());
        let second = arguments("postgres", &[]);
        let head = [&start[..], &["--package", "sekisho", "--test", "it", "--"]].concat();
        assert_eq!(second[..head.len()], head);
        assert_eq!(second.len(), head.len() + 2 * once().count());
        let asked = ["--test", "it", "routes", "--", "--nocapture"].map(str::to_owned);
        let own = [&start[..], &["--test", "it", "routes", "--", "--nocapture"]].concat();
        assert_eq!(arguments("sqlite", &asked), own);
        assert_eq!(arguments("postgres", &asked)[..own.len()], own);
    }

    #[test]
    fn sums_over_the_binaries_and_counts_nothing_else() {
        let mut tally = Tally::default();
        tally.add(
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
        );
        tally.add("test result: FAILED. 1 passed; 2 failed; 3 ignored; 0 measured; 9 filtered out");
        tally.add("test result_is_ok ... ok");
        tally.add("a log line says: 7 passed; 7 failed");
        assert_eq!(tally, Tally { passed: 13, failed: 2, ignored: 3 });
    }
}
