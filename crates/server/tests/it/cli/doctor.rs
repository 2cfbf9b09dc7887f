//! `sekisho doctor`: each check, on something that is broken and on something that is not.

use std::fs::{Permissions, set_permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Db, Ran, Scratch, Setup, Site, now, start};

/// What `sekisho doctor` says in a folder.
fn examined(setup: &Setup, folder: &Path) -> (Option<i32>, Value) {
    let mut command = setup.command(folder, "doctor");
    command.arg("--json");
    let ran = Ran::of(command, "");
    assert_eq!(ran.stderr, "");
    (ran.code, ran.json())
}

/// State and message of one check; a mend wherever something is not as it should be.
fn check(report: &Value, name: &str) -> (String, String) {
    let checks = report["checks"].as_array().unwrap();
    for check in checks {
        assert_eq!(check["mend"].is_null(), check["state"] == "ok", "{check}");
    }
    let found =
        checks.iter().filter(|check| check["check"] == name).max_by_key(|check| check["state"] != "ok");
    let found = found.unwrap_or_else(|| panic!("no check {name} in {report}"));
    (found["state"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
}

/// The check says this, and the exit code fits.
fn says(setup: &Setup, folder: &Path, name: &str, state: &str, part: &str) {
    let (code, report) = examined(setup, folder);
    let (found, message) = check(&report, name);
    assert_eq!(found, state, "{name}: {message}");
    assert!(message.contains(part), "{name}: {message}");
    if state == "fail" {
        assert_eq!(code, Some(1));
    }
}

/// A folder with a database of tim's, its server stopped.
fn stopped() -> Site {
    let mut site = start();
    site.stop();
    site
}

/// How a doctor ends who finds nothing but that the tests' PostgreSQL does not sync.
fn healthy() -> Option<i32> {
    match Db::tested() {
        Db::Sqlite => Some(0),
        Db::Postgres => Some(1),
    }
}

fn listening(setup: Setup, address: &str) -> Setup {
    setup.env("SEKISHO_LISTEN", address)
}

#[test]
fn a_healthy_server_is_called_so_and_nothing_changes() {
    let mut site = start();
    let setup = listening(Setup::new(), &site.address().to_string());
    let (code, report) = examined(&setup, site.folder());
    assert_eq!(code, healthy(), "{report}");
    let bad: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        // What the machine has to spare is its own matter, and that the tests' PostgreSQL does not sync is ours.
        .filter(|check| {
            let name = check["check"].as_str().unwrap();
            check["state"] != "ok" && !["space", "memory", "open_files", "durability"].contains(&name)
        })
        .collect();
    assert!(bad.is_empty(), "{bad:?}");
    let (_, server) = check(&report, "server");
    assert!(server.contains(&format!("(process {})", site.process().pid())), "{server}");
    let (_, listener) = check(&report, "listener");
    assert_eq!(listener, format!("the server listens on {}", site.address()));
    assert_eq!(site.login("tim", "tim1234").status, 200);

    site.stop();
    let before = site.database().snapshot();
    let names = || {
        let mut names: Vec<_> =
            std::fs::read_dir(site.data()).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let there = names();
    says(&setup, site.folder(), "server", "ok", "none runs");
    says(&setup, site.folder(), "listener", "ok", "is free");
    assert_eq!((site.database().snapshot(), names()), (before, there));
}

#[test]
fn a_person_reads_a_line_a_check_and_what_mends_it() {
    let site = stopped();
    set_permissions(site.data(), Permissions::from_mode(0o755)).unwrap();
    let ran = site.cli(&["doctor"]);
    let lines: Vec<_> = ran.stdout.lines().collect();
    let at = lines.iter().position(|line| line.starts_with("warn  data_directory")).expect(&ran.stdout);
    assert!(lines[at].contains("others than its owner may look into"), "{}", ran.stdout);
    assert_eq!(lines[at + 1].trim(), format!("mend: chmod 700 {}", site.data().display()));
    set_permissions(site.data(), Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn before_the_first_start_there_is_nothing_to_mend() {
    let folder = Scratch::new();
    let (code, report) = examined(&Setup::new(), folder.path());
    assert_eq!(code, healthy(), "{report}");
    assert!(check(&report, "database").1.contains("the first start makes "), "{report}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_configuration_that_is_not_taken_is_all_there_is_to_say() {
    let folder = Scratch::new();
    let setup = Setup::new().env("ALGORITHM", "RS256");
    let (code, report) = examined(&setup, folder.path());
    assert_eq!((code, report["checks"].as_array().unwrap().len()), (Some(1), 1));
    assert!(check(&report, "configuration").1.contains("tokens.algorithm"), "{report}");
}

#[test]
fn what_one_place_says_and_another_hides_is_named() {
    let folder = Scratch::new();
    std::fs::write(folder.path().join(".env"), "SECRET_KEY=canary-key-of-the-file-that-is-hidden\n").unwrap();
    let (_, report) = examined(&Setup::new(), folder.path());
    let (state, message) = check(&report, "shadowing");
    assert_eq!(state, "warn");
    assert_eq!(
        message,
        "tokens.secret_key in .env:1 (SECRET_KEY) does not count: environment (SECRET_KEY) says otherwise"
    );
    assert!(!report.to_string().contains("canary"));
}

#[test]
fn a_proxy_in_front_of_a_development_profile_shows_in_the_settings() {
    let folder = Scratch::new();
    let setup = Setup::new().config("http.trusted_proxies = [\"127.0.0.1\"]");
    says(&setup, folder.path(), "profile", "fail", "is answered 403");
    let folder = Scratch::new();
    says(&Setup::new().production(), folder.path(), "profile", "warn", "no proxy is named");
}

#[test]
fn weak_and_published_keys_are_named_and_not_shown() {
    let seeds = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";
    for (key, part) in [(seeds, "printed in a tutorial"), ("hunter-two-and-three", "shorter than 32 bytes")] {
        let folder = Scratch::new();
        let setup = Setup::new().env("SECRET_KEY", key);
        says(&setup, folder.path(), "secret_key", "fail", part);
        assert!(!examined(&setup, folder.path()).1.to_string().contains(key));
        // In production the configuration is not even taken.
        says(&setup.production(), folder.path(), "configuration", "fail", "make one with");
    }
    let folder = Scratch::new();
    let file = folder.path().join("key");
    std::fs::write(&file, "a-key-of-more-than-thirty-two-bytes-in-a-file\n").unwrap();
    set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let setup = Setup::new().without_env("SECRET_KEY").env("SECRET_KEY_FILE", file.to_str().unwrap());
    says(&setup, folder.path(), "secret_key", "warn", "others than its owner may read SECRET_KEY");
}

#[test]
fn the_root_key_is_there_fits_and_is_nobody_elses() {
    let site = stopped();
    let (setup, key) = (Setup::new(), site.data().join("sekisho.key"));
    let good = std::fs::read(&key).unwrap();
    says(&setup, site.folder(), "root_key", "ok", "fingerprint");
    set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    says(&setup, site.folder(), "root_key", "fail", "may read");
    std::fs::write(&key, [7; 32]).unwrap();
    says(&setup, site.folder(), "root_key", "fail", "is not the root key of this database");
    std::fs::write(&key, "short").unwrap();
    says(&setup, site.folder(), "root_key", "fail", "5 bytes instead of 32");
    std::fs::remove_file(&key).unwrap();
    says(&setup, site.folder(), "root_key", "fail", "is missing");
    std::fs::write(&key, good).unwrap();
    set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn files_that_others_can_read_or_the_server_can_not_write_are_named() {
    let site = stopped();
    let (setup, path) = (Setup::new(), site.database().path().to_owned());
    set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    says(&setup, site.folder(), "database_files", "warn", "sekisho.db");
    set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    set_permissions(site.data(), Permissions::from_mode(0o777)).unwrap();
    says(&setup, site.folder(), "data_directory", "fail", "may put files into");
    set_permissions(site.data(), Permissions::from_mode(0o700)).unwrap();
    // As a command does that was run as root, once.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
        says(&setup, site.folder(), "owners", "fail", "and these do not");
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        let lock = site.data().join("sekisho.db.lock");
        std::os::unix::fs::chown(&lock, Some(12345), None).unwrap();
        says(&setup, site.folder(), "owners", "fail", "sekisho.db.lock");
        std::os::unix::fs::chown(&lock, Some(0), None).unwrap();
    }
    std::fs::write(site.data().join(".sekisho.db.0123456789abcdef.new"), "half").unwrap();
    says(&setup, site.folder(), "leftovers", "warn", ".sekisho.db.0123456789abcdef.new");
}

/// Those that nobody thinks of hold the hashes of then; the way back out of a trial that lasts is meant to be there.
#[test]
fn copies_of_what_was_before_an_adoption_are_named() {
    let site = stopped();
    let copy = |time: &str| {
        let path = site.data().join(format!("sekisho.db.before-sekisho-{time}"));
        std::fs::write(&path, "a copy").unwrap();
        path
    };
    let (kept, left) = (copy("20261122T100304.567890Z"), copy("20261122T110304.567890Z"));
    stands_beside(&site, &kept);
    let message = format!(": {}", left.display());
    says(&Setup::new(), site.folder(), "copies", "warn", &message);
}

/// What an adoption in place writes into the database.
fn stands_beside(site: &Site, copy: &Path) {
    let standing = serde_json::json!({
        "since": 0, "copy": copy, "journal_mode": "delete",
        "table": {
            "name": "user", "id": "id", "id_kind": "number", "username": null, "email": null, "full_name": null,
            "hash": "hashed_password", "disabled": null, "fills": [], "passwords": "kept",
        },
    });
    let stands = "insert into sekisho_meta (name, value) values ('beside', ?1)";
    site.database().write().execute(stands, [standing.to_string()]).unwrap();
}

/// As docs/beside-your-application.md has it: two users in one group, and no issuer in the tokens.
#[test]
fn beside_an_application_a_group_may_share_the_file() {
    let site = stopped();
    let (setup, path) = (Setup::new(), site.database().path().to_owned());
    let production = setup.clone().production().env("SEKISHO_HTTP_TRUSTED_PROXIES", "127.0.0.1");
    let mode = |mode| set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    mode(0o660);
    says(&setup, site.folder(), "database_files", "warn", "others than its owner may read");
    says(&production, site.folder(), "profile", "warn", "server.public_url is not set");

    stands_beside(&site, &site.data().join("copy"));
    says(&setup, site.folder(), "database_files", "ok", "its owner's and its group's alone");
    says(&production, site.folder(), "profile", "ok", "production behind a proxy");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
        let (_, report) = examined(&setup, site.folder());
        assert!(!report.to_string().contains("\"owners\""), "{report}");
        std::os::unix::fs::chown(&path, Some(0), None).unwrap();
    }
    mode(0o664);
    says(&setup, site.folder(), "database_files", "warn", "others than its owner and its group may read");
    let (_, report) = examined(&setup, site.folder());
    let mend = format!("chmod o= {}", path.display());
    assert!(
        report["checks"].as_array().unwrap().iter().any(|check| check["mend"] == mend.as_str()),
        "{report}"
    );
    mode(0o600);
}

#[test]
fn a_restore_that_was_ended_is_named() {
    let site = stopped();
    std::fs::write(site.data().join("sekisho.db.restoring"), "").unwrap();
    says(&Setup::new(), site.folder(), "restore", "fail", "a restore was ended before it was through");
    std::fs::remove_file(site.data().join("sekisho.db.restoring")).unwrap();
}

#[test]
fn a_database_that_is_damaged_newer_or_anothers_is_said_to_be() {
    let site = stopped();
    let (setup, path) = (Setup::new(), site.database().path().to_owned());
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, "Dear diary").unwrap();
    says(&setup, site.folder(), "database", "fail", "damaged");
    std::fs::write(&path, &good).unwrap();
    let newer = "insert into sekisho_migrations select owner, max(version) + 1, 0, 0 from sekisho_migrations; \
                 pragma wal_checkpoint(truncate)";
    site.database().write().execute_batch(newer).unwrap();
    says(&setup, site.folder(), "database", "fail", "start the newer version");
    std::fs::write(&path, &good).unwrap();
    site.database().write().execute_batch("pragma journal_mode = delete").unwrap();
    says(&setup, site.folder(), "journal_mode", "warn", "not in WAL mode");
    std::fs::remove_file(&path).unwrap();
    site.database().write().execute_batch("create table user (id integer primary key)").unwrap();
    says(&setup, site.folder(), "database", "fail", "belongs to another application");
    std::fs::write(&path, &good).unwrap();
}

#[test]
fn a_lock_that_nobody_gives_back_is_noticed() {
    let site = start();
    let setup = listening(Setup::new(), &site.address().to_string());
    let other = site.database().write();
    other.execute_batch("begin immediate").unwrap();
    says(&setup, site.folder(), "lock", "fail", &format!("(process {})", std::process::id()));
    other.execute_batch("rollback").unwrap();
    says(&setup, site.folder(), "lock", "ok", "");
}

/// The log is part of the database then, and stays where it is.
#[test]
fn what_a_crash_left_is_only_looked_at() {
    let mut site = start();
    site.process().signal(rustix::process::Signal::KILL);
    site.process().wait();
    let log = site.data().join("sekisho.db-wal");
    let before = (std::fs::read(site.database().path()).unwrap(), std::fs::read(&log).unwrap());
    says(&Setup::new(), site.folder(), "lock", "ok", "nobody has the database open");
    site.cli(&["db", "check"]).ok();
    assert!((std::fs::read(site.database().path()).unwrap(), std::fs::read(&log).unwrap()) == before);
    site.start_again(|setup| setup);
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn a_file_that_was_moved_away_under_its_server_is_noticed() {
    let site = start();
    let (setup, path) = (Setup::new(), site.database().path().to_owned());
    let away = path.with_file_name("away.db");
    std::fs::rename(&path, &away).unwrap();
    says(&setup, site.folder(), "server", "fail", "the file was moved or replaced under it");
    std::fs::copy(&away, &path).unwrap();
    says(&setup, site.folder(), "server", "fail", &format!("not on {}", path.display()));
    std::fs::rename(&away, &path).unwrap();
    says(&setup, site.folder(), "server", "ok", "runs on this database");
}

#[test]
fn s12_a_clock_that_was_set_back_is_noticed() {
    let site = stopped();
    let hour_ahead = (now() + 3600) * 1_000_000;
    site.database().execute(&format!("update sekisho_events set at = {hour_ahead}"));
    says(&Setup::new(), site.folder(), "clock", "fail", "the last event was recorded at");
}

#[test]
fn an_address_in_use_is_named_with_who_uses_it() {
    let site = stopped();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let setup = listening(Setup::new(), &address);
    says(&setup, site.folder(), "listener", "fail", &format!("(process {})", std::process::id()));
}

#[test]
fn little_memory_and_few_open_files_are_counted() {
    let folder = Scratch::new();
    let limited = |limit: &str| {
        let inner = Setup::new().command(folder.path(), "doctor");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")]).arg(inner.get_program());
        command.args(inner.get_args()).arg("--json").current_dir(folder.path()).env_clear();
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Ran::of(command, "").json()
    };
    let (state, message) = check(&limited("ulimit -n 1024"), "open_files");
    assert_eq!(state, "warn", "{message}");
    let (state, message) = check(&limited("ulimit -v 112640"), "memory");
    assert_eq!((state.as_str(), message.contains("of 110 MiB")), ("fail", true), "{message}");
}
