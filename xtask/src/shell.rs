//! Starting other programs: each is printed before it runs, and a failure is one line.

use std::path::PathBuf;
use std::process::Command;

/// What a step of a command ends with; the error is what the person reads.
pub(crate) type Outcome = Result<(), String>;

/// The top of the work tree.
pub(crate) fn root() -> PathBuf {
    let mut root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.pop();
    root
}

/// The folder of build results, `target` unless `CARGO_TARGET_DIR` says otherwise.
pub(crate) fn target_dir() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// The cargo that started us, to be run at the top of the tree.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    command
}

/// Says what is about to run, the way one would type it.
pub(crate) fn announce(command: &Command) {
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| {
            let word = word.to_string_lossy();
            if word.contains([' ', '*']) { format!("'{word}'") } else { word.into_owned() }
        })
        .collect();
    let first = words[0].rsplit('/').next().unwrap_or_default().to_owned();
    eprintln!("+ {first} {}", words[1..].join(" "));
}

/// Runs a program to its end, its output shown as it comes.
pub(crate) fn run(mut command: Command) -> Outcome {
    announce(&command);
    let status = command.status().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if status.success() {
        return Ok(());
    }
    Err(format!("{} ended with {status}", command.get_program().to_string_lossy()))
}

/// Runs a program and returns what it printed; its errors stay visible.
pub(crate) fn output(mut command: Command) -> Result<String, String> {
    command.stderr(std::process::Stdio::inherit());
    let output = command.output().map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", command.get_program().to_string_lossy(), output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| "the output is not UTF-8".to_owned())
}

/// The target triple of this machine, as `rustc -vV` names it.
pub(crate) fn host() -> Result<String, String> {
    let mut rustc = Command::new("rustc");
    rustc.arg("-vV").current_dir(root());
    let text = output(rustc)?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}

/// Whether a program of this name lies on `PATH`.
pub(crate) fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
