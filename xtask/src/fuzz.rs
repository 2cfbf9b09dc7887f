//! `cargo xtask fuzz [SECONDS]`: every target of `fuzz/`, its share of the time, on the stable compiler.

use crate::{packages, shell};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What makes libFuzzer see which branches ran; only `-C` flags, so that stable takes them.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=yes";

/// Builds the targets and runs them, as many at once as there are cores; an input that breaks one is a failure.
pub(crate) fn run(args: &[String]) -> shell::Outcome {
    let seconds: u64 = match args {
        [] => 60,
        [seconds] => seconds.parse().map_err(|_| format!("not a number of seconds: {seconds}"))?,
        _ => return Err("usage: cargo xtask fuzz [SECONDS]".to_owned()),
    };
    packages::ensure(packages::FOR_FUZZ)?;
    let host = shell::host()?;
    build(&host)?;
    let targets = targets()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // Whole seconds, rounded up: libFuzzer takes 0 for "no limit".
    let share = (seconds * cores as u64).div_ceil(targets.len() as u64).max(1);
    eprintln!("{} targets, {share} s each, {cores} at once", targets.len());
    let (next, broken) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(report) = fuzz(target, &host, share) {
                        broken.lock().unwrap().push(report);
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().unwrap();
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n")) }
}

fn build(host: &str) -> shell::Outcome {
    // With --target given, the flags reach the targets and not the build scripts.
    let mut cargo = shell::cargo(&["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    cargo.args(["--target-dir", "fuzz/target", "--target", host]).env("RUSTFLAGS", COVERAGE);
    shell::run(cargo)
}

/// The targets are the files of `fuzz/fuzz_targets`, so that none is forgotten here.
fn targets() -> Result<Vec<String>, String> {
    let folder = shell::root().join("fuzz/fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut targets: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .collect();
    targets.sort();
    if targets.is_empty() { Err("fuzz/fuzz_targets holds no target".to_owned()) } else { Ok(targets) }
}

fn fuzz(target: &str, host: &str, seconds: u64) -> shell::Outcome {
    let fuzz = shell::root().join("fuzz");
    let (corpus, crashes) = (fuzz.join("corpus").join(target), fuzz.join("artifacts").join(target));
    for folder in [&corpus, &crashes] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let program = format!("fuzz/target/{host}/release/{target}");
    let mut command = Command::new(shell::root().join(&program));
    command.current_dir(shell::root()).stdin(Stdio::null());
    command.arg(format!("-artifact_prefix={}/", crashes.display()));
    command.args([
        &format!("-max_total_time={seconds}"),
        "-timeout=10",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]);
    command.arg(&corpus);
    let seeds = fuzz.join("seeds").join(target);
    if seeds.is_dir() {
        command.arg(&seeds);
    }
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        let stat = |name: &str| {
            log.lines().find_map(|line| line.strip_prefix(name)).map_or("?", str::trim).to_owned()
        };
        eprintln!("{target:20} ok, {:>10} inputs", stat("stat::number_of_executed_units:"));
        return Ok(());
    }
    eprintln!("{target}: {}\n{}", output.status, essence(&log));
    let input = newest(&crashes).map_or_else(
        || "see the log above".to_owned(),
        |path| {
            let path = path.strip_prefix(shell::root()).unwrap_or(&path).display().to_string();
            format!("again: {program} {path}")
        },
    );
    Err(format!("fuzz target {target} broke; {input}"))
}

/// The panic if there was one, else the end of the log.
fn essence(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let panic = lines.iter().position(|line| line.contains("panicked at"));
    let from = panic.unwrap_or(lines.len().saturating_sub(20));
    let to = lines.len().min(from + if panic.is_some() { 4 } else { 20 });
    lines[from..to].join("\n")
}

fn newest(folder: &Path) -> Option<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    entries
        .max_by_key(|entry| entry.metadata().and_then(|data| data.modified()).ok())
        .map(|entry| entry.path())
}
