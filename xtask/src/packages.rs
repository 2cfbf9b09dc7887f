//! The Debian packages that tests need: found, or installed, or named in one line.

use crate::shell::{self, Outcome};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::Command;

/// A package, and how to see that what it brings is there (from apt or from elsewhere).
pub(crate) struct Need {
    package: &'static str,
    present: fn() -> bool,
}

/// What `cargo xtask test` needs.
pub(crate) const FOR_TESTS: &[Need] = &[
    POSTGRESQL,
    Need { package: "chromium", present: || shell::on_path("chromium") },
    Need { package: "chromium-driver", present: || shell::on_path("chromedriver") },
    Need { package: "python3-venv", present: has_venv },
    Need { package: "faketime", present: || shell::on_path("faketime") },
    STRACE,
    // For systemd-analyze, which needs no running systemd.
    Need { package: "systemd", present: || shell::on_path("systemd-analyze") },
    Need { package: "nginx-light", present: has_nginx },
    Need { package: "caddy", present: || shell::on_path("caddy") },
    Need { package: "haproxy", present: has_haproxy },
    Need { package: "openssl", present: || shell::on_path("openssl") },
    Need { package: "pgbouncer", present: || Path::new("/usr/sbin/pgbouncer").is_file() },
];
/// What `cargo xtask faults` needs.
pub(crate) const FOR_FAULTS: &[Need] = &[
    STRACE,
    POSTGRESQL,
    Need { package: "mount", present: || shell::on_path("mount") && shell::on_path("umount") },
    Need { package: "util-linux", present: || shell::on_path("unshare") && shell::on_path("taskset") },
];
/// What `cargo xtask faults --failover` needs besides.
pub(crate) const FOR_FAILOVER: &[Need] = &[
    Need { package: "patroni", present: || shell::on_path("patroni") },
    Need { package: "python3-etcd", present: has_python_etcd },
    Need { package: "etcd-server", present: || shell::on_path("etcd") },
    Need { package: "nftables", present: || shell::on_path("nft") || Path::new("/usr/sbin/nft").is_file() },
    Need { package: "iproute2", present: || shell::on_path("ip") },
];
/// What `cargo xtask bench` needs: a database for itself, and a Python for the rival that is written in it.
pub(crate) const FOR_BENCH: &[Need] = &[POSTGRESQL, Need { package: "python3-venv", present: has_venv }];
/// What `cargo xtask fuzz` needs: libFuzzer's own sources are C++.
pub(crate) const FOR_FUZZ: &[Need] = &[Need { package: "g++", present: || shell::on_path("c++") }];

const POSTGRESQL: Need = Need { package: "postgresql", present: has_postgres };
const STRACE: Need = Need { package: "strace", present: || shell::on_path("strace") };

/// Installs what is missing: as root at once, on a terminal after a question, otherwise it names the line to type.
pub(crate) fn ensure(needs: &[Need]) -> Outcome {
    let missing: Vec<&str> = needs.iter().filter(|need| !(need.present)()).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install {}", missing.join(" "));
    if !shell::on_path("apt-get") {
        return Err(format!("missing: {} (on Debian: {line})", missing.join(", ")));
    }
    let root = is_root();
    if !root && !agreed(&line) {
        return Err(format!("these tests need: sudo {line}"));
    }
    shell::run(apt(root, &["update"]))?;
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(&missing);
    shell::run(apt(root, &args))?;
    let still: Vec<&str> = needs.iter().filter(|need| !(need.present)()).map(|need| need.package).collect();
    if still.is_empty() { Ok(()) } else { Err(format!("installed, yet not found: {}", still.join(", "))) }
}

fn apt(root: bool, args: &[&str]) -> Command {
    let mut command = if root {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("apt-get");
        sudo
    };
    command.args(["--quiet", "-o", "DPkg::Lock::Timeout=300"]).args(args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Asks on a terminal; where nobody can answer, the answer is no.
fn agreed(line: &str) -> bool {
    if !std::io::stdin().is_terminal() || !shell::on_path("sudo") {
        return false;
    }
    eprint!("run `sudo {line}`? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn is_root() -> bool {
    let mut id = Command::new("id");
    id.arg("-u");
    shell::output(id).is_ok_and(|uid| uid.trim() == "0")
}

fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    shell::on_path("initdb")
        || versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}

/// Debian keeps it where only root looks.
fn has_nginx() -> bool {
    shell::on_path("nginx") || Path::new("/usr/sbin/nginx").is_file()
}

/// Patroni's way to etcd, which Debian leaves to choose.
fn has_python_etcd() -> bool {
    let mut python = Command::new("/usr/bin/python3");
    python.args(["-c", "import etcd"]).stderr(std::process::Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

fn has_haproxy() -> bool {
    shell::on_path("haproxy") || Path::new("/usr/sbin/haproxy").is_file()
}

fn has_venv() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stderr(std::process::Stdio::null());
    shell::on_path("python3") && python.status().is_ok_and(|status| status.success())
}
