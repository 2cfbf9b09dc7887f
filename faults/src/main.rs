//! Fault tests against the real binary; started by `cargo xtask faults`.
//!
//! Each fault has an oracle, and each oracle has a control: a run on something that is broken in the way the oracle
//! looks for. A control that passes is a failure, because an oracle that never says no shows nothing.

mod ack_order;
mod client;
mod database;
mod dice;
mod kill_loop;
mod report;
mod server;
mod stand_in;
mod trace;

use report::Report;
use server::Program;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line asks for.
struct Options {
    server: PathBuf,
    rounds: u32,
    seed: u64,
    /// A quick run: fewer rounds, and `docs/faults.md` stays as it is.
    short: bool,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "stand-in") {
        return stand_in::run(&args[1..]);
    }
    match options(&args).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn options(args: &[String]) -> Result<Options, String> {
    let mut options = Options { server: PathBuf::new(), rounds: 0, seed: dice::seed(), short: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--server" => {
                options.server = std::path::absolute(value()?).map_err(|error| error.to_string())?
            }
            "--rounds" => options.rounds = value()?.parse().map_err(|_| "--rounds takes a number")?,
            "--seed" => options.seed = value()?.parse().map_err(|_| "--seed takes a number")?,
            "--short" => options.short = true,
            _ => return Err(format!("unknown argument {arg}; known: --rounds N, --seed N, --short")),
        }
    }
    if options.rounds == 0 {
        options.rounds = if options.short { 20 } else { 200 };
    }
    Ok(options)
}

fn run(options: Options) -> Result<(), String> {
    println!("seed {}", options.seed);
    let real = Program::server(&options.server);
    let mut report = Report::new(options.seed);
    kill_loop::run(&real, options.rounds, options.seed, &mut report)?;
    ack_order::run(&real, options.seed, &mut report)?;
    if !options.short {
        report.write()?;
    }
    report.verdict()
}
