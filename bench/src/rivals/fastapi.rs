//! The seeds' FastAPI application under uvicorn, in a Python environment made here.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{
    bench::Bench,
    process::{Server, free_address},
    requests::checks,
    stock::SECRET_KEY,
};

/// How uvicorn is installed.
#[derive(Clone, Copy)]
pub(crate) enum Install {
    /// `pip install uvicorn`, as the documents say.
    Plain,
    /// `pip install "uvicorn[standard]"`: an event loop and a parser in C.
    Standard,
}

/// Starts two uvicorn workers, without an access log, on a database of `users` users.
///
/// # Errors
/// When Python, its packages or the application are not to be had.
pub(crate) fn start(bench: &Bench, install: Install, users: usize, tokens: &[String]) -> Result<Server> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("fastapi");
    let python = environment(&sources, bench.target())?;
    let (label, parts) = match install {
        Install::Plain => ("plain", ["--loop", "asyncio", "--http", "h11"]),
        Install::Standard => ("standard", ["--loop", "uvloop", "--http", "httptools"]),
    };
    let database = bench.file(&format!("fastapi-{label}.db"));
    let in_python = || {
        let mut command = Command::new(&python);
        command
            .current_dir(&sources)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SECRET_KEY", SECRET_KEY)
            .env("DATABASE_URL", format!("sqlite:///{}", database.display()));
        command
    };
    run(in_python().arg("seed.py").arg(users.to_string()).arg(&database))?;
    let address = free_address()?;
    let mut command = in_python();
    command
        .args(["-m", "uvicorn", "app:app", "--workers", "2", "--no-access-log", "--log-level", "warning"])
        .args(parts)
        .args(["--host", "127.0.0.1", "--port", &address.port().to_string()]);
    bench.start(&mut command, address, checks(address, tokens).get(0), &format!("fastapi-{label}.log"))
}

/// The Python of a virtual environment that holds exactly `requirements.txt`; made anew when that file changes.
fn environment(sources: &Path, target: &Path) -> Result<PathBuf> {
    let folder = target.join("bench-venv");
    let python = folder.join("bin/python");
    let wanted = sources.join("requirements.txt");
    let stamp = folder.join("requirements.txt");
    if fs::read(&stamp).ok() == fs::read(&wanted).ok() {
        return Ok(python);
    }
    println!("making a Python environment in {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    run(Command::new(&python).args(pip).arg(&wanted))?;
    fs::copy(&wanted, &stamp)?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}
