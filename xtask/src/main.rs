//! What developers run: `cargo xtask test | lint | bench | faults | fuzz`.
//!
//! Each command works on a fresh machine that has a Rust toolchain and apt, prints the commands it starts, and
//! ends with exit code 0 only if everything it looked at is well.

mod bench;
mod dependencies;
mod faults;
mod fuzz;
mod lint;
mod packages;
#[cfg(test)]
mod quotes;
mod shell;
mod spdx;
mod test;
mod tree;
mod venv;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [ARGS]                    run every test, those of the server on both databases (ARGS go to `cargo test`)
  lint                           formatting, clippy, documentation, import rules, licences
  bench [ARGS]                   measure, and write bench/RESULTS.md
  faults [--rounds N] [--short]  kill the server at random, watch its syncs; without --short, write docs/faults.md
  faults --failover              Patroni's primary dies, sleeps, loses etcd; the network drops packets (as root)
  fuzz [SECONDS]                 feed every parser for SECONDS in all (default 60)
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_str() {
        "test" => test::run(&rest),
        "lint" => lint::run(&rest),
        "bench" => bench::run(&rest),
        "faults" => faults::run(&rest),
        "fuzz" => fuzz::run(&rest),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // `test` has said it all in its closing line.
            if !message.is_empty() {
                eprintln!("{}", message.trim_end());
            }
            ExitCode::FAILURE
        }
    }
}
