//! The files of `deploy/`: the unit is what systemd understands and lets the server do all that it does; the image is
//! built of what is there and runs as nobody.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Ran, Scratch, Setup};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn systemd_analyze(args: &[&str]) -> Ran {
    let mut command = Command::new("systemd-analyze");
    command.args(args).env("SYSTEMD_PAGER", "");
    Ran::of(command, "")
}

/// The unit with the binary of this test in it, as a file.
fn unit(folder: &Scratch, change: impl FnOnce(String) -> String) -> String {
    let text =
        read("deploy/sekisho.service").replace("/usr/local/bin/sekisho", env!("CARGO_BIN_EXE_sekisho"));
    let path = folder.path().join("sekisho.service");
    std::fs::write(&path, change(text)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn systemd_understands_the_unit_and_finds_it_closed() {
    let folder = Scratch::new();
    let as_it_is = unit(&folder, |text| text);
    let ran = systemd_analyze(&["verify", &as_it_is]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    // 0 is closed and 100 is open; at more than 2.0 of 10 it fails.
    systemd_analyze(&["security", "--offline=true", "--threshold=20", &as_it_is]).ok();

    // The lines that wait for an operator are as good.
    let with_all = unit(&folder, |text| {
        let wanted = |line: &str| line.starts_with('#') && line.contains('=') && !line.starts_with("# ");
        text.lines().map(|line| if wanted(line) { &line[1..] } else { line }).collect::<Vec<_>>().join("\n")
    });
    let text = std::fs::read_to_string(&with_all).unwrap();
    assert!(text.contains("\nLoadCredential=secret_key") && text.contains("\nIPAddressDeny=any"), "{text}");
    let ran = systemd_analyze(&["verify", &with_all]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
}

/// The names of a set, those of the sets in it too.
fn system_calls(set: &str) -> BTreeSet<String> {
    let text = systemd_analyze(&["syscall-filter", set]).ok().stdout;
    let names = text.lines().skip(1).map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut calls = BTreeSet::new();
    for name in names {
        if name.starts_with('@') {
            calls.extend(system_calls(name));
        } else {
            calls.insert(name.to_owned());
        }
    }
    calls
}

/// All that the server asks of the system while it does everything once is what the unit lets it ask.
#[test]
fn the_unit_lets_the_server_do_all_that_it_does() {
    let unit = read("deploy/sekisho.service");
    assert!(unit.contains("\nSystemCallFilter=@system-service\nSystemCallFilter=~@privileged\n"));
    let privileged = system_calls("@privileged");
    let mut allowed = system_calls("@system-service");
    allowed.retain(|call| !privileged.contains(call));
    // systemd starts the program and lets it end.
    allowed.extend(system_calls("@default"));

    let folder = Scratch::new();
    let trace = folder.path().join("calls");
    let under = ["strace", "-D", "-f", "-q", "-e", "signal=none", "-o", trace.to_str().unwrap()];
    let mut site = Setup::new().demo().env("SEKISHO_METRICS_LISTEN", "127.0.0.1:0").under(&under).start();
    site.me(&site.token("tim", "tim1234"));
    site.login("tim", "wrong-password");
    site.register("anew", "seven grey herons");
    site.cli(&["user", "disable", "anew"]).ok();
    let log = site.log();
    let metrics =
        log.lines().find_map(|line| line.strip_prefix("metrics     http://")?.strip_suffix("/metrics"));
    let mut watcher = crate::harness::Connection::open(metrics.unwrap().parse().unwrap()).unwrap();
    assert_eq!(watcher.exchange(&crate::harness::Request::get("/metrics")).unwrap().status, 200);
    site.process().signal(rustix::process::Signal::HUP);
    site.wait_for_log("configuration read again");
    assert_eq!(site.stop().code(), Some(0));

    // The tracer ends a moment after its tracee, with this line.
    let calls = crate::harness::until("the whole trace", || {
        let text = std::fs::read_to_string(&trace).ok()?;
        text.contains("+++ exited with 0 +++").then_some(text)
    });
    let name = |line: &str| {
        let call = line.split_once(' ')?.1.trim_start().split_once('(')?.0.to_owned();
        call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_').then_some(call)
    };
    let asked: BTreeSet<String> = calls.lines().filter_map(name).collect();
    assert!(asked.contains("fsync") && asked.contains("setpriority") && asked.len() > 30, "{asked:?}");
    // SQLite keeps its files with their owner where it runs as root, as this test may.
    let as_root = |call: &str| call == "fchown" || call == "chown";
    let refused: Vec<_> = asked.iter().filter(|call| !allowed.contains(*call) && !as_root(call)).collect();
    assert_eq!(refused, [] as [&String; 0]);
    let writable_code = |line: &&str| line.contains("PROT_WRITE|PROT_EXEC");
    assert_eq!(calls.lines().find(writable_code), None, "MemoryDenyWriteExecute");
    let families = ["AF_INET", "AF_INET6", "AF_UNIX"];
    for line in calls.lines().filter(|line| line.contains(" socket(")) {
        let family = line.split_once(" socket(").unwrap().1.split(',').next().unwrap();
        assert!(families.contains(&family), "{line}");
    }
}

/// The instructions of the Containerfile: what stands behind each word, in order.
fn instructions(word: &str) -> Vec<String> {
    let text = read("deploy/Containerfile");
    let lines = text.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_image_is_built_of_what_is_there() {
    let text = read("deploy/Containerfile");
    let toolchain = read("rust-toolchain.toml");
    let version =
        toolchain.lines().find_map(|line| line.strip_prefix("channel = \"")?.strip_suffix('"')).unwrap();
    let from = instructions("FROM");
    assert_eq!(from[0], format!("docker.io/library/rust:{version}-slim-bookworm AS build"));
    assert!(instructions("ENV").contains(&format!("RUSTUP_TOOLCHAIN={version}")));

    let sources: BTreeSet<String> = instructions("COPY")
        .iter()
        .filter(|copy| !copy.starts_with("--from"))
        .flat_map(|copy| {
            copy.split_whitespace().map(str::to_owned).collect::<Vec<_>>().split_last().unwrap().1.to_vec()
        })
        .collect();
    let ignored = read(".dockerignore");
    for source in &sources {
        assert!(root().join(source).exists(), "{source}");
        assert!(!ignored.lines().any(|line| line.trim_start_matches('/') == source), "{source}");
    }
    // cargo reads every member of the workspace, whichever it builds.
    let manifest = read("Cargo.toml");
    let members =
        manifest.lines().find_map(|line| line.strip_prefix("members = [")?.strip_suffix(']')).unwrap();
    for member in members.split(", ").map(|member| member.trim_matches('"')) {
        assert!(sources.contains(member.split('/').next().unwrap()), "{member}");
    }
    assert!(sources.contains("Cargo.lock") && text.contains("--locked"));
}

#[test]
fn the_image_runs_as_nobody_and_its_commands_are_ours() {
    assert_eq!(instructions("USER"), ["65532:65532"]);
    assert_eq!(
        (instructions("VOLUME"), instructions("STOPSIGNAL")),
        (vec!["/data".to_owned()], vec!["SIGTERM".to_owned()])
    );
    let words = |json: &str| serde_json::from_str::<Vec<String>>(json).unwrap();
    assert_eq!(words(&instructions("ENTRYPOINT")[0]), ["/usr/local/bin/sekisho"]);
    assert_eq!(words(&instructions("CMD")[0]), ["serve"]);
    let check = instructions("HEALTHCHECK").remove(0);
    assert_eq!(words(check.split_once("CMD ").unwrap().1), ["/usr/local/bin/sekisho", "health"]);

    // Its variables are settings that the server takes, as they stand there.
    let folder = Scratch::new();
    let mut show = Setup::new().command(folder.path(), "config");
    show.env_clear().args(["show", "--json"]);
    let ours = instructions("ENV").into_iter().filter(|variable| variable.starts_with("SEKISHO_"));
    for variable in ours {
        let (name, value) = variable.split_once('=').unwrap();
        show.env(name, value);
    }
    let shown = Ran::of(show, "").ok().stdout;
    for value in ["0.0.0.0:8000", "production"] {
        assert!(shown.contains(value), "{shown}");
    }
}
