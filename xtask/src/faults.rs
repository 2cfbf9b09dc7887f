//! `cargo xtask faults`: the fault tests of the package `sekisho-faults`, against the binary that the tests run on.

use crate::{packages, shell};

/// Builds what the tests build, then runs; the arguments are those of the fault tests.
pub(crate) fn run(args: &[String]) -> shell::Outcome {
    packages::ensure(packages::FOR_FAULTS)?;
    if args.iter().any(|arg| arg == "--failover") {
        packages::ensure(packages::FOR_FAILOVER)?;
    }
    // The very build of `cargo xtask test`: for fewer packages cargo would choose other features, and compile anew.
    shell::run(shell::cargo(&["build", "--workspace", "--profile", "ci", "--bins", "--tests", "--quiet"]))?;
    let built = shell::target_dir().join("ci");
    let mut faults = std::process::Command::new(built.join("sekisho-faults"));
    faults.arg("--server").arg(built.join("sekisho")).args(args).current_dir(shell::root());
    shell::run(faults)
}
