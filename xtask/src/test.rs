//! `cargo xtask test`: every test of the workspace, and one closing line.

use crate::{packages, shell, venv};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Installs what tests need, runs them in the profile `ci`, and ends with `N passed, N failed`.
pub(crate) fn run(args: &[String]) -> shell::Outcome {
    packages::ensure(packages::FOR_TESTS)?;
    let python = venv::python()?;
    let mut cargo = shell::cargo(&["test", "--workspace", "--profile", "ci", "--no-fail-fast"]);
    cargo.args(args).env("SEKISHO_TEST_PYTHON", python);
    let (tally, success) = counted(cargo)?;
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

/// The sums over all test binaries.
#[derive(Default, Debug, PartialEq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
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
    use super::Tally;

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
