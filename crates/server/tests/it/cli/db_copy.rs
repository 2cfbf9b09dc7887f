//! `sekisho db copy`: from one database to the other and back, under load, ended in the middle, refused.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::db::db;
use crate::harness::{Db, Ran, Scratch, Setup, Site, server_of as postgres_url, until};

/// A server that was stopped: tim, his item, and that many users more.
fn filled(users: u32) -> (Setup, Site) {
    let setup = Setup::new().on(Db::Sqlite).demo();
    let mut site = setup.clone().start();
    site.stop();
    if users > 0 {
        let mut connection = site.database().write();
        let tx = connection.transaction().unwrap();
        for number in 0..users {
            let id = [&[0x70; 12][..], &number.to_be_bytes()].concat();
            let sql = "insert into sekisho_users (id, username, username_key, token_version, created_at, updated_at) \
                       values (?1, ?2, ?2, 0, 0, 0)";
            tx.execute(sql, rusqlite::params![id, format!("user{number}")]).unwrap();
        }
        tx.commit().unwrap();
    }
    (setup, site)
}

/// The same installation on PostgreSQL: another folder with the same root key, and the address in DATABASE_URL.
fn moved(from: &Path, url: &str) -> (Setup, Scratch) {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("data")).unwrap();
    let key = scratch.path().join("data").join("sekisho.key");
    std::fs::copy(from.join("data").join("sekisho.key"), &key).unwrap();
    let setup = Setup::new().on(Db::Postgres);
    (setup.env("DATABASE_URL", url).env("SEKISHO_ROOT_KEY_FILE", key.to_str().unwrap()), scratch)
}

/// What was acknowledged: registrations by name, and tokens.
#[derive(Default)]
struct Acknowledged {
    names: Mutex<Vec<String>>,
    tokens: Mutex<BTreeMap<String, String>>,
    checks: Mutex<u64>,
    held: Mutex<u64>,
}

/// Registers, logs in and checks tokens until told to stop; a write may be on hold, and then is asked for again.
fn traffic(site: &Site, prefix: &str, seen: &Acknowledged, stop: &AtomicBool) {
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let name = format!("{prefix}{number}");
        let response = site.register(&name, "secret-123");
        match response.status {
            200 => {
                seen.names.lock().unwrap().push(name.clone());
                let token = site.token(&name, "secret-123");
                seen.tokens.lock().unwrap().insert(name, token);
                number += 1;
            }
            503 => {
                assert_eq!(response.json()["error"], "writes_frozen");
                assert_eq!(response.header("retry-after"), Some("5"));
                *seen.held.lock().unwrap() += 1;
            }
            other => panic!("{other}: {}", response.text()),
        }
        // Nobody who has a token notices anything.
        let last = seen.tokens.lock().unwrap().values().next_back().cloned();
        if let Some(token) = last {
            assert_eq!(site.me(&token).status, 200);
            *seen.checks.lock().unwrap() += 1;
        }
    }
}

/// Freezes and copies while others use the server; every acknowledged write is in the copy.
fn move_under_load(site: &Site, prefix: &str, to: &str) -> Acknowledged {
    let (seen, stop) = (Acknowledged::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for worker in ["a", "b"] {
            let (seen, stop, prefix) = (&seen, &stop, format!("{prefix}-{worker}-"));
            scope.spawn(move || traffic(site, &prefix, seen, stop));
        }
        until("registrations", || (seen.names.lock().unwrap().len() >= 6).then_some(()));
        site.cli(&["db", "freeze"]).ok();
        let frozen_at = seen.names.lock().unwrap().len();
        let copied = site.cli(&["db", "copy", "--to", to]).ok().stdout;
        assert!(copied.contains(", and read back\n"), "{copied}");
        assert!(!copied.contains("not frozen"), "{copied}");
        let checks = *seen.checks.lock().unwrap();
        until("token checks go on", || (*seen.checks.lock().unwrap() > checks).then_some(()));
        until("a write that was held", || (*seen.held.lock().unwrap() > 0).then_some(()));
        stop.store(true, Ordering::Relaxed);
        // Whoever was being answered when the freeze came had it before.
        assert!(seen.names.lock().unwrap().len() <= frozen_at + 2);
    });
    seen
}

fn all_there(site: &Site, seen: &Acknowledged) {
    for name in seen.names.lock().unwrap().iter() {
        assert_eq!(site.login(name, "secret-123").status, 200, "{name}");
    }
    for (name, token) in seen.tokens.lock().unwrap().iter() {
        assert_eq!(site.me(token).json()["username"], *name);
    }
}

/// As docs/moving-to-postgres.md has it, and the way back.
#[test]
fn a_move_under_load_loses_nothing_and_neither_does_the_way_back() {
    let scratch = Scratch::new();
    let url = postgres_url(scratch.path());
    let mut first = Setup::new().on(Db::Sqlite).demo().start();
    let would = first.cli(&["db", "copy", "--to", &url, "--dry-run"]).ok().stdout;
    assert!(
        would.contains("; nothing was changed\n") && would.contains("the source is not frozen"),
        "{would}"
    );
    let went = move_under_load(&first, "went", &url);
    first.stop();

    let (setup, folder) = moved(first.folder(), &url);
    let mut second = setup.start_in(folder);
    all_there(&second, &went);
    assert_eq!(second.register("after", "secret-123").status, 200);
    second.cli(&["db", "check"]).ok();

    let back = Scratch::new();
    std::fs::create_dir(back.path().join("data")).unwrap();
    let key = first.folder().join("data").join("sekisho.key");
    std::fs::copy(key, back.path().join("data").join("sekisho.key")).unwrap();
    let file = back.path().join("data").join("sekisho.db");
    let came = move_under_load(&second, "came", file.to_str().unwrap());
    second.stop();
    let third = Setup::new().on(Db::Sqlite).start_in(back);
    all_there(&third, &went);
    all_there(&third, &came);
    assert_eq!(third.login("after", "secret-123").status, 200);
    assert_eq!(third.login("tim", "tim1234").status, 200);
    assert_eq!(third.register("back", "secret-123").status, 200);
    third.cli(&["db", "check"]).ok();
}

/// Killed in the middle, it says so to everybody; another run begins anew and ends well.
#[test]
fn a_killed_copy_is_told_and_begun_anew() {
    let (setup, site) = filled(20_000);
    let folder = site.folder();
    let target = Scratch::new();
    let url = postgres_url(target.path());
    let mut copy = setup.command(folder, "db");
    copy.args(["copy", "--to", &url]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut copy = copy.spawn().unwrap();
    let pg = sekisho_throwaway::Postgres::shared();
    until("rows on their way", || {
        let there = pg.psql(&url, "select to_regclass('sekisho_meta') is not null");
        (there.trim() == "t" && pg.psql(&url, "select count(*) from sekisho_users").trim() != "0")
            .then_some(())
    });
    copy.kill().unwrap();
    copy.wait().unwrap();

    let (there, place) = moved(folder, &url);
    for args in [&["check"][..], &["freeze"]] {
        let ran = db(&there, place.path(), args);
        assert_eq!(ran.code, Some(3), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("is unfinished: run `sekisho db copy`"), "{args:?}: {}", ran.stderr);
    }
    let served = there.clone().refused_in(place.path());
    assert_eq!(served.code, Some(3));
    assert!(served.stderr.contains("the copy into this database is unfinished"), "{}", served.stderr);

    let would = db(&setup, folder, &["copy", "--to", &url, "--dry-run", "--json"]).ok().json();
    assert_eq!((&would["result"], &would["target"]), (&json!("would copy"), &json!("unfinished")));
    let copied = db(&setup, folder, &["copy", "--to", &url, "--json"]).ok().json();
    assert_eq!(copied["result"], "copied");
    assert_eq!(copied["rows"], would["rows"]);
    let tables = copied["tables"].as_array().unwrap();
    let users = tables.iter().find(|table| table["table"] == "users").unwrap();
    assert_eq!((&users["rows"], users["checksum"].as_str().unwrap().len()), (&json!(20_001), 32));
    assert_eq!(copied["source_frozen_since"], json!(null));
    let site = there.start_in(place);
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn what_can_not_be_copied_is_refused_in_one_line() {
    let (setup, stopped) = filled(0);
    let folder = stopped.folder();
    let target = Scratch::new();
    let url = postgres_url(target.path());
    let run = |args: &[&str]| -> Ran { db(&setup, folder, &[&["copy"], args].concat()) };
    let same = format!("sqlite:///{}", folder.join("data/../data/sekisho.db").display());
    let none = "sqlite:////nowhere/sekisho.db";
    for (args, code, line) in [
        (&["--to", &same][..], 2, "source and target are the same database"),
        (&["--from", none, "--to", &url], 3, "is not there"),
        (&["--to", "postgresql://x:hunter2@127.0.0.1:1/x"], 3, "127.0.0.1:1"),
        (&["--to", "mysql://root:hunter2@x/y"], 2, "--to: must begin with sqlite:/// or postgresql://"),
    ] {
        let ran = run(args);
        assert_eq!(ran.code, Some(code), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(line), "{args:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }

    let connection = rusqlite::Connection::open(folder.join("data/sekisho.db")).unwrap();
    connection.execute("insert into sekisho_migrations values ('shop', 1, 0, 0)", []).unwrap();
    drop(connection);
    let own = run(&["--to", &url]);
    assert_eq!(own.code, Some(1));
    assert!(own.stderr.contains("tables of your own as well (shop)"), "{}", own.stderr);
    let left = run(&["--to", &url, "--leave-own-tables"]).ok().stdout;
    assert!(left.ends_with("the tables of shop stayed behind\n"), "{left}");

    let full = run(&["--to", &url, "--leave-own-tables"]);
    assert_eq!(full.code, Some(1));
    assert!(full.stderr.contains("it is not empty: there are rows in users"), "{}", full.stderr);
    assert!(full.stderr.contains("of a database with the same root key"), "{}", full.stderr);
}

/// A server is running on the file that would be written.
#[test]
fn a_file_that_is_served_is_no_target() {
    let (setup, stopped) = filled(0);
    let site = Setup::new().on(Db::Sqlite).start();
    let file = site.database().path().to_owned();
    let ran = db(&setup, stopped.folder(), &["copy", "--to", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("a server was started on it"), "{}", ran.stderr);
}

/// What a server that was killed left of a database that somebody moved away is not thrown away.
#[test]
fn the_log_of_a_database_that_was_moved_away_is_left_alone() {
    let (setup, stopped) = filled(0);
    let place = Scratch::new();
    let (file, log) = (place.path().join("sekisho.db"), place.path().join("sekisho.db-wal"));
    std::fs::write(&log, "its last changes").unwrap();
    let copy = |to: &Path| db(&setup, stopped.folder(), &["copy", "--to", to.to_str().unwrap()]);
    let refused = copy(&file);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("may hold its last changes: move it"), "{}", refused.stderr);
    assert_eq!(std::fs::read(&log).unwrap(), b"its last changes");
    assert!(!file.exists());
    std::fs::rename(&log, place.path().join("elsewhere-wal")).unwrap();
    copy(&file).ok();

    let nowhere = copy(&place.path().join("none/sekisho.db"));
    assert_eq!(nowhere.code, Some(1));
    assert!(nowhere.stderr.contains(": there is no folder "), "{}", nowhere.stderr);
}
