//! `cargo xtask bench`: the measurements of the package `sekisho-bench`, on the profile that users run.

use crate::{packages, shell};

/// Builds server and bench in release, then measures; the arguments are the bench's own.
pub(crate) fn run(args: &[String]) -> shell::Outcome {
    packages::ensure(packages::FOR_BENCH)?;
    shell::run(shell::cargo(&["build", "--release", "--package", "sekisho", "--package", "sekisho-bench"]))?;
    let mut bench = shell::cargo(&["run", "--release", "--quiet", "--package", "sekisho-bench", "--"]);
    bench.args(args);
    shell::run(bench)
}
