//! Measures the server against its rivals in one run, rounds interleaved, and writes `bench/RESULTS.md`.

mod bench;
mod database;
mod hashing;
mod load;
mod machine;
mod meter;
mod process;
mod report;
mod requests;
mod rivals;
mod rows;
mod stock;

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};

use crate::{
    bench::{Bench, Manner},
    report::Row,
};

/// Measures the server against its rivals and writes bench/RESULTS.md.
#[derive(Parser)]
#[command(name = "sekisho-bench", args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    rival: Option<Rival>,
    #[command(flatten)]
    manner: Manner,
    /// Only the measurement of this name; may be given again. Nothing is written.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// The binary to measure, instead of building it.
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Rival {
    /// The bare axum server, as a process of its own.
    #[command(hide = true)]
    BareAxum {
        /// Where to listen.
        address: SocketAddr,
        /// The recorded answer.
        answer: PathBuf,
    },
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not Debug's form, which would print a backtrace.
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<()> {
    if let Some(Rival::BareAxum { address, answer }) = &arguments.rival {
        return rivals::bare_axum::serve(*address, answer);
    }
    if let Some(unknown) = arguments.only.iter().find(|name| !rows::ALL.iter().any(|row| row.name == **name))
    {
        let names: Vec<&str> = rows::ALL.iter().map(|row| row.name).collect();
        bail!("there is no measurement `{unknown}`; there are {}", names.join(", "));
    }
    let target = target_folder()?;
    let binary = arguments.server.clone().map_or_else(|| build(&target), Ok)?;
    let bench = Bench::new(arguments.manner, &binary, &target)?;

    let mut rows: Vec<Row> = Vec::new();
    let mut failed = Vec::new();
    for measurement in rows::ALL {
        if !arguments.only.is_empty() && !arguments.only.iter().any(|name| name == measurement.name) {
            continue;
        }
        println!("measuring {} …", measurement.name);
        match (measurement.run)(&bench) {
            Ok(measured) => {
                print!("{}", report::context(&measured));
                rows.extend(measured);
            }
            Err(error) => {
                println!("{} failed: {error:#}", measurement.name);
                failed.push(measurement.name);
            }
        }
    }
    println!("\n{}", report::table(&rows));
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    let Manner { short, pinned, rounds, .. } = arguments.manner;
    if !short && !pinned && rounds.is_none() && arguments.only.is_empty() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        fs::write(&file, results(&rows)).with_context(|| format!("writing {}", file.display()))?;
        println!("written to {}", file.display());
    }
    Ok(())
}

/// The folder that this program was built into: `target`.
fn target_folder() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().and_then(Path::parent);
    Ok(folder.context("this program lies in no target folder")?.to_owned())
}

/// Builds the release binary, so that no stale one is measured.
fn build(target: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--package", "sekisho", "--bin", "sekisho", "--target-dir"])
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .context("running cargo")?;
    ensure!(status.success(), "the server does not build");
    Ok(target.join("release/sekisho"))
}

fn results(rows: &[Row]) -> String {
    format!(
        "# How fast it is\n\n\
         Written by `cargo xtask bench`; run that to repeat it. Ratios are the medians of interleaved rounds of one \
         run, so they travel to another machine better than the absolute figures below them do. Server, rivals and \
         load generator share all cores; tokens and log-ins of 10,000 users are drawn at random, from 16 loopback \
         addresses. The server runs as it comes, in the production profile.\n\n\
         {}\n\
         ## Behind the ratios\n\n{}\n\
         The bare axum server has one route that answers the same headers and body through `axum::serve` and looks at \
         nothing. The FastAPI application is `bench/fastapi/app.py` under uvicorn (2 workers, no access log), with the \
         versions in `requirements.txt` there. It is kinder to itself than the documents are: SQL is not echoed, and \
         `username` has an index. A round in which other programs used more than \
         0.12 cores was measured again, up to five times.\n\n\
         The PostgreSQL of a run is the run's own, on the same machine and over TCP: syncs on, 2 GB of shared buffers, \
         otherwise as it comes. tokio-postgres alone is a program that runs the statement of a token check and takes its \
         columns out, and does nothing else: no HTTP, no token, no generator beside it.\n\n\
         ## Machine\n\n{}",
        report::table(rows),
        report::context(rows),
        machine::describe()
    )
}
