//! Mounts of our own, and if need be a network and processes, which nobody else sees and which are gone with this process.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Set in the process that has its own mounts.
const INSIDE: &str = "SEKISHO_FAULTS_MOUNTS";

/// The argument that asks for more than mounts.
pub(crate) const FAILOVER: &str = "--failover";
/// Brings up the loopback interface, and outlives what it runs, so that a signal from the terminal ends both.
const WITH_NETWORK: &str = "ip link set lo up && \"$@\"; exit $?";

/// Whether this process has mounts of its own.
pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs this program once more, with mounts of its own: as root, or where users may have namespaces.
pub(crate) fn enter(args: &[String]) -> Result<ExitCode, String> {
    let program = std::env::current_exe().map_err(|error| format!("current_exe: {error}"))?;
    let ways = [
        &["--mount", "--propagation", "private"][..],
        // With more users than one, so that PostgreSQL, which refuses root, may have one.
        &["--mount", "--map-root-user", "--map-auto"],
        &["--mount", "--map-root-user"],
    ];
    let way = ways.into_iter().find(|way| {
        let mut attempt = unshare(way);
        // Whoever may have the namespace may not be allowed to mount in it.
        attempt.args(["sh", "-c", "mount -t tmpfs tmpfs /tmp"]).stderr(Stdio::null());
        attempt.status().is_ok_and(|status| status.success())
    });
    let way = way.ok_or(
        "a full disk and a read-only one need mounts of their own (unshare --mount, mount -t tmpfs): run as root with \
         CAP_SYS_ADMIN, or allow users their own namespaces",
    )?;
    let mut inside = unshare(way);
    if args.iter().any(|arg| arg == FAILOVER) {
        inside.args([
            "--net",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
            "sh",
            "-c",
            WITH_NETWORK,
            "sh",
        ]);
    }
    let status = inside.arg(program).args(args).env(INSIDE, "1").status();
    let status = status.map_err(|error| format!("unshare: {error}"))?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

/// Whether programs can be run as somebody else than root.
pub(crate) fn has_nobody() -> bool {
    let mut attempt = Command::new("setpriv");
    attempt.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "true"]).stderr(Stdio::null());
    attempt.status().is_ok_and(|status| status.success())
}

fn unshare(way: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(way);
    command
}

/// A small file system in memory.
pub(crate) struct Tmpfs<'a> {
    folder: &'a Path,
}

impl Tmpfs<'_> {
    /// Mounts it on a folder that is made for it.
    pub(crate) fn mount<'a>(folder: &'a Path, options: &str) -> Result<Tmpfs<'a>, String> {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        mount(&["-t", "tmpfs", "-o", options, "tmpfs"], folder)?;
        Ok(Tmpfs { folder })
    }

    /// Changes how it is mounted: `ro`, `rw`, `size=…`.
    pub(crate) fn remount(&self, options: &str) -> Result<(), String> {
        mount(&["-o", &format!("remount,{options}")], self.folder)
    }
}

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.folder).status();
    }
}

fn mount(args: &[&str], folder: &Path) -> Result<(), String> {
    let output = Command::new("mount").args(args).arg(folder).output();
    let output = output.map_err(|error| format!("mount: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("mount {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}
