//! Fault tests against the real binary; started by `cargo xtask faults`.
//!
//! Each fault has an oracle, and each oracle has a control: a run on something that is broken in the way the oracle
//! looks for. A control that passes is a failure, because an oracle that never says no shows nothing.

mod ack_order;
mod base;
mod client;
mod damage;
mod database;
mod dice;
mod disk;
mod flipped_page;
mod full_disk;
mod inject_load;
mod inject_start;
mod kill_loop;
mod load;
mod lock;
mod namespace;
mod oracle;
mod plan;
mod postgres;
mod power_cut;
mod processes;
mod read_only;
mod report;
mod scarce;
mod scratch;
mod server;
mod stand_in;
mod strace;
mod trace;

use plan::Plan;
use server::Program;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line asks for.
struct Options {
    server: PathBuf,
    seed: u64,
    plan: Plan,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|first| first == "stand-in") {
        return stand_in::run(&args[1..]);
    }
    if !namespace::is_inside() {
        return namespace::enter(&args).unwrap_or_else(|message| {
            eprintln!("{message}");
            ExitCode::FAILURE
        });
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
    let mut options = Options { server: PathBuf::new(), seed: dice::seed(), plan: Plan::default() };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--server" => {
                options.server = std::path::absolute(value()?).map_err(|error| error.to_string())?
            }
            "--rounds" => options.plan.rounds = value()?.parse().map_err(|_| "--rounds takes a number")?,
            "--seed" => options.seed = value()?.parse().map_err(|_| "--seed takes a number")?,
            "--short" => options.plan.short = true,
            namespace::FAILOVER => options.plan.failover = true,
            "--only" => options.plan.only = Some(plan::fault(value()?)?),
            _ => {
                return Err(format!(
                    "unknown argument {arg}; known: --rounds N, --seed N, --short, --failover, --only FAULT"
                ));
            }
        }
    }
    Ok(options)
}

fn run(options: Options) -> Result<(), String> {
    println!("seed {}", options.seed);
    let report = plan::run(&options.plan, &Program::server(&options.server), options.seed)?;
    if !options.plan.short && options.plan.only.is_none() {
        report.write(options.plan.failover)?;
    }
    report.verdict()
}
