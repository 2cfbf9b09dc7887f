//! PostgreSQL's own programs: where they are, and as whom they run.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the newest installed server's programs are; panics with the line that helps if there is none.
pub fn binaries() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = debian
        .map(|entry| entry.path())
        .filter(|path| path.join("bin/initdb").is_file())
        .max_by_key(|path| version(path));
    let elsewhere = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file())
    };
    newest
        .map(|path| path.join("bin"))
        .or_else(elsewhere)
        .expect("PostgreSQL is not installed; this helps: apt-get install postgresql")
}

/// The user that PostgreSQL runs as: ourselves, or `nobody` if we are root, which it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ordinary {
    Ourselves,
    Nobody,
}

impl Ordinary {
    pub(crate) fn user() -> Self {
        if output(Command::new("id").arg("-u")).trim() == "0" { Self::Nobody } else { Self::Ourselves }
    }

    /// The program as that user, away from the terminal's signals: who ends it is we or the watchdog.
    pub(crate) fn command(self, program: &Path) -> Command {
        let mut command = match self {
            Self::Ourselves => Command::new(program),
            Self::Nobody => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(program);
                command
            }
        };
        command.process_group(0);
        command
    }

    /// Gives a file or folder to that user.
    pub(crate) fn give(self, path: &Path) {
        if self == Self::Nobody {
            output(Command::new("chown").arg("nobody:nogroup").arg(path));
        }
    }
}

/// What the command prints; panics with its errors if it fails.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
