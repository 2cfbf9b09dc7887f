//! PostgreSQL from the command line: the address and its password, the root key that nodes share, what doctor says.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sekisho_throwaway::Postgres;
use serde_json::Value;

use crate::harness::{Db, Ran, Scratch, Setup};

const PASSWORD: &str = "canary p@ss/w:rd";
/// The same as an address holds it.
const WRITTEN: &str = "canary%20p%40ss%2Fw%3Ard";

/// A server with syncs that asks its role `guarded` for a password.
fn guarded() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Postgres::start_with(&[("fsync", "on"), ("full_page_writes", "on")]);
        let all = server.url("postgres");
        server.psql(&all, &format!("create role guarded login password '{PASSWORD}'"));
        server.psql(&all, "create role forgetful login");
        server.psql(&all, "alter role forgetful set synchronous_commit = off");
        server.write("pg_hba.conf", "host all guarded all scram-sha-256\nhost all all all trust\n");
        server.reload();
        server
    })
}

/// An address of a fresh database of this role, `:password` behind its name where there is one.
fn address(role: &str, password: &str) -> String {
    let url = guarded().create_database_of(role);
    url.replacen(role, &format!("{role}{password}"), 1)
}

/// A setup with this address and a root key in `folder`.
fn setup(folder: &Path, url: &str) -> Setup {
    let key = folder.join("root.key");
    Setup::new().on(Db::Postgres).env("DATABASE_URL", url).env("SEKISHO_ROOT_KEY_FILE", key.to_str().unwrap())
}

fn run(setup: &Setup, folder: &Path, args: &[&str]) -> Ran {
    let mut command = setup.command(folder, args[0]);
    command.args(&args[1..]);
    let ran = Ran::of(command, "a password of twenty characters\n");
    for text in [&ran.stdout, &ran.stderr] {
        assert!(!text.contains("canary"), "{text}");
    }
    ran
}

/// Adds a user, which makes the database where there is none.
fn add(setup: &Setup, folder: &Path, name: &str) -> Ran {
    let email = format!("{name}@example.com");
    run(setup, folder, &["user", "add", name, "--email", &email, "--password-stdin"])
}

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn without_a_root_key_of_all_nodes_nothing_starts() {
    let folder = Scratch::new();
    let setup = Setup::new().on(Db::Sqlite).env("DATABASE_URL", "postgresql://u:canary@db/x");
    let ran = run(&setup, folder.path(), &["user", "list"]);
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("SEKISHO_ROOT_KEY_FILE) must be set"), "{}", ran.stderr);
}

#[test]
fn the_first_screen_names_the_database_without_its_password() {
    let scratch = Scratch::new();
    let url = address("guarded", &format!(":{WRITTEN}"));
    let setup = setup(scratch.path(), &url);
    let site = setup.start_in(scratch);
    let shown = format!("{}?sslmode=disable (database)", url.replace(WRITTEN, "***"));
    let log = site.log();
    let key = site.folder().join("root.key");
    let line = format!("data        {shown}, {} (root key)", key.display());
    assert!(log.lines().any(|said| said == line), "{line} in\n{log}");
    assert!(!log.contains("canary"), "{log}");
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_password_is_found_wherever_it_is_kept() {
    let folder = Scratch::new();
    let url = address("guarded", "");
    let setup = setup(folder.path(), &url);
    let refused = add(&setup, folder.path(), "nobody");
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("password"), "{}", refused.stderr);

    let file = write(folder.path(), "password", &format!("{PASSWORD}\n"), 0o600);
    let whole = url.replace("guarded@", &format!("guarded:{WRITTEN}@"));
    let whole = write(folder.path(), "url", &whole, 0o600);
    let line = format!("*:*:*:guarded:{}\n", PASSWORD.replace(':', "\\:"));
    let passfile = write(folder.path(), "passfile", &line, 0o600);
    let from = |name: &str, value: &str| setup.clone().env(name, value);
    let ways = [
        ("one", from("DATABASE_PASSWORD", PASSWORD)),
        ("two", from("DATABASE_PASSWORD_FILE", file.to_str().unwrap())),
        ("three", from("DATABASE_URL_FILE", whole.to_str().unwrap()).env("DATABASE_URL", "")),
        ("four", from("PGPASSWORD", PASSWORD)),
        ("five", from("PGPASSFILE", passfile.to_str().unwrap())),
        ("six", from("DATABASE_URL", &format!("{url}?passfile={}", passfile.display()))),
    ];
    for (name, setup) in ways {
        add(&setup, folder.path(), name).ok();
    }
    // The folder is the home of what runs here.
    write(folder.path(), ".pgpass", &line, 0o600);
    add(&setup, folder.path(), "seven").ok();
    let listed = run(&setup, folder.path(), &["user", "list", "--json"]).ok();
    assert_eq!(listed.stdout.lines().count(), 7, "{}", listed.stdout);

    write(folder.path(), ".pgpass", &line, 0o640);
    let open = add(&setup, folder.path(), "eight");
    assert_eq!(open.code, Some(3), "{}", open.stderr);
    let named = write(folder.path(), "passfile", &line, 0o640);
    let named = add(&setup.env("PGPASSFILE", named.to_str().unwrap()), folder.path(), "nine");
    assert_eq!(named.code, Some(2), "{}", named.stderr);
    assert!(named.stderr.contains("others than its owner may read it: chmod 600"), "{}", named.stderr);
}

#[test]
fn a_node_with_another_root_key_or_none_does_not_start() {
    let (one, other) = (Scratch::new(), Scratch::new());
    let url = address("forgetful", "");
    add(&setup(one.path(), &url), one.path(), "tim").ok();

    let none = run(&setup(other.path(), &url), other.path(), &["user", "list"]);
    assert_eq!(none.code, Some(2), "{}", none.stderr);
    let missing = "is missing, and the database postgresql://forgetful@";
    assert!(
        none.stderr.contains(missing) && none.stderr.contains("copy the file of another node"),
        "{none:?}"
    );
    assert!(!other.path().join("root.key").exists());

    write(other.path(), "root.key", "thirty-two bytes of another node", 0o600);
    let wrong = setup(other.path(), &url);
    let ran = wrong.clone().refused_in(other.path());
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{}", ran.stderr);
    assert!(ran.stderr.contains("is not the root key of this database (fingerprint "), "{}", ran.stderr);
    let doctor = run(&wrong, other.path(), &["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.stdout.contains("is not the root key of this database"), "{}", doctor.stdout);

    std::fs::copy(one.path().join("root.key"), other.path().join("root.key")).unwrap();
    run(&wrong, other.path(), &["user", "show", "tim"]).ok();
}

/// Each makes a root key of its own; the database takes one of them.
#[test]
fn of_nodes_that_are_the_first_at_once_one_is() {
    let url = address("forgetful", "");
    let nodes: Vec<_> = (0..3)
        .map(|number| {
            let url = url.clone();
            std::thread::spawn(move || {
                let folder = Scratch::new();
                let ran = add(&setup(folder.path(), &url), folder.path(), &format!("user{number}"));
                (ran.code, ran.stderr)
            })
        })
        .collect();
    let mut ends: Vec<_> = nodes.into_iter().map(|node| node.join().unwrap()).collect();
    ends.sort();
    assert_eq!(
        ends.iter().map(|(code, _)| *code).collect::<Vec<_>>(),
        [Some(0), Some(2), Some(2)],
        "{ends:?}"
    );
    for (_, said) in &ends[1..] {
        let key = "is not the root key of this database";
        let missing = "and the database postgresql://forgetful@";
        assert!(said.contains(key) || said.contains(missing), "{said}");
    }
}

#[test]
fn a_command_that_only_looks_makes_no_tables() {
    let folder = Scratch::new();
    let url = address("forgetful", "");
    let setup = setup(folder.path(), &url);
    let ran = run(&setup, folder.path(), &["user", "list"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("no database at postgresql://forgetful@"), "{}", ran.stderr);
    assert_eq!(guarded().psql(&url, "select count(*) from pg_tables where tablename like 'sekisho%'"), "0");
    assert!(!folder.path().join("root.key").exists());
}

/// State and message of one check.
fn check(report: &Value, name: &str) -> (String, String) {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["check"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name} in {report}"));
    (found["state"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
}

#[test]
fn doctor_looks_at_the_server() {
    let folder = Scratch::new();
    let healthy = setup(folder.path(), &address("guarded", &format!(":{WRITTEN}")));
    let before = run(&healthy, folder.path(), &["doctor", "--json"]);
    assert!(check(&before.json(), "database").1.starts_with("no tables of ours yet"), "{}", before.stdout);
    add(&healthy, folder.path(), "tim").ok();
    let ran = run(&healthy, folder.path(), &["doctor", "--json"]);
    let report = ran.json();
    assert_eq!(ran.code, Some(0), "{report}");
    for (name, says) in [
        ("postgresql", "role guarded"),
        ("read_write", "takes writes"),
        ("line", "no network"),
        ("durability", "fsync is on, synchronous_commit is on"),
        ("replication", "no standby"),
        ("connections", "this node takes up to 16"),
        ("database_clock", "this machine's"),
        ("database", "schema version"),
        ("root_key", "fingerprint"),
    ] {
        let (state, message) = check(&report, name);
        assert_eq!(state, "ok", "{name}: {message}");
        assert!(message.contains(says), "{name}: {message}");
    }

    let folder = Scratch::new();
    let unwell = setup(folder.path(), &address("forgetful", ""))
        .env("SEKISHO_STORAGE_CONNECTIONS", "1000")
        .env("DATABASE_PASSWORD_FILE", write(folder.path(), "password", "canary", 0o644).to_str().unwrap());
    let ran = run(&unwell, folder.path(), &["doctor", "--json"]);
    let report = ran.json();
    assert_eq!(ran.code, Some(1), "{report}");
    for (name, state, says) in [
        ("durability", "fail", "synchronous_commit is off for this role"),
        ("connections", "fail", "this node takes up to 1004"),
        ("database_password", "warn", "others than its owner may read"),
    ] {
        let found = check(&report, name);
        assert_eq!(found.0, state, "{name}: {}", found.1);
        assert!(found.1.contains(says), "{name}: {}", found.1);
    }

    let away = setup(folder.path(), "postgresql://guarded:canary@127.0.0.1:1/x");
    let report = run(&away, folder.path(), &["doctor", "--json"]).json();
    let (state, message) = check(&report, "postgresql");
    assert_eq!(state, "fail");
    assert!(message.starts_with("postgresql://guarded:***@127.0.0.1:1/x?sslmode=disable: "), "{message}");
}

/// A file is warned of only where the password stands in it.
#[test]
fn doctor_warns_of_the_file_that_holds_the_password_and_of_no_other() {
    for (written, warned) in [("guarded", false), ("guarded:canary", true)] {
        let folder = Scratch::new();
        let toml = format!(
            "[storage]\ndatabase_url = \"postgresql://{written}@127.0.0.1:1/x\"\nroot_key_file = \"root.key\"\n"
        );
        let file = write(folder.path(), "sekisho.toml", &toml, 0o644);
        let setup = Setup::new().on(Db::Sqlite).env("PGPASSWORD", "canary");
        let report = run(&setup, folder.path(), &["doctor", "--json"]).json().to_string();
        assert_eq!(
            report.contains("may read the database's password in"),
            warned,
            "{}: {report}",
            file.display()
        );
    }
}
