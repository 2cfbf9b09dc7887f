//! `cargo xtask faults`: the fault tests of the package `sekisho-faults`, against the binary that the tests run on.

use crate::{packages, shell};

/// Builds server and fault tests in the profile `ci`, then runs them; the arguments are theirs.
pub(crate) fn run(args: &[String]) -> shell::Outcome {
    packages::ensure(packages::FOR_FAULTS)?;
    // One build of both, so that they share their dependencies with each other.
    shell::run(shell::cargo(&[
        "build",
        "--profile",
        "ci",
        "--package",
        "sekisho",
        "--package",
        "sekisho-faults",
        "--bins",
    ]))?;
    let built = shell::target_dir().join("ci");
    let mut faults = std::process::Command::new(built.join("sekisho-faults"));
    faults.arg("--server").arg(built.join("sekisho")).args(args).current_dir(shell::root());
    shell::run(faults)
}
