//! The Python environment in which tests run the software that Sekisho replaces.

use crate::shell;
use std::path::PathBuf;
use std::process::Command;

/// Every package with its version, beside the tests that use them.
pub(crate) const REQUIREMENTS: &str = "crates/server/tests/python/requirements.txt";

/// Makes the environment under `target/`, or finds it made of the same requirements; the path of its python.
pub(crate) fn python() -> Result<PathBuf, String> {
    let wanted = std::fs::read_to_string(shell::root().join(REQUIREMENTS))
        .map_err(|error| format!("{REQUIREMENTS}: {error}"))?;
    let folder = shell::target_dir().join("test-venv");
    let python = folder.join("bin/python");
    let stamp = folder.join("made-of.txt");
    // The stamp is written last, so that an environment half installed is made anew.
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == wanted) {
        return Ok(python);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    shell::run(make)?;
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        REQUIREMENTS,
    ]);
    install.current_dir(shell::root());
    shell::run(install)?;
    std::fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
}
