//! `cargo xtask lint`: what must hold of the tree without running it.

use crate::shell::{self, Outcome};
use crate::{dependencies, tree};
use std::time::Instant;

type Check = fn() -> Outcome;

/// Runs every check, even after one failed, and names those that did.
pub(crate) fn run(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err("usage: cargo xtask lint".to_owned());
    }
    let checks: [(&str, Check); 6] = [
        ("format", format),
        ("imports", imports),
        ("file lengths", lengths),
        ("dependencies", dependencies::check),
        ("clippy", clippy),
        ("documentation", documentation),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        let start = Instant::now();
        let verdict = match check() {
            Ok(()) => "ok",
            Err(message) => {
                eprintln!("{}", message.trim_end());
                failed.push(name);
                "FAILED"
            }
        };
        eprintln!("{name}: {verdict} ({:.1} s)", start.elapsed().as_secs_f64());
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("lint failed: {}", failed.join(", "))) }
}

fn format() -> Outcome {
    shell::run(shell::cargo(&["fmt", "--all", "--check"]))?;
    shell::run(shell::cargo(&["fmt", "--check", "--manifest-path", "fuzz/Cargo.toml"]))
}

fn imports() -> Outcome {
    tree::report(&tree::imports(&tree::read(&shell::root())?))
}

fn lengths() -> Outcome {
    let (median, found) = tree::lengths(&tree::read(&shell::root())?);
    eprintln!("median length of a file: {median} lines");
    tree::report(&found)
}

// Clippy and rustdoc run in the profile of the tests: their dependencies' build scripts, macros and the bundled
// SQLite are compiled once for all three.
fn clippy() -> Outcome {
    shell::run(shell::cargo(&[
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--profile",
        "ci",
        "--",
        "--deny",
        "warnings",
    ]))
}

fn documentation() -> Outcome {
    let mut doc = shell::cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--profile", "ci"]);
    doc.env("RUSTDOCFLAGS", "--deny warnings");
    shell::run(doc)
}
