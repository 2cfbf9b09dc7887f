//! S: files that are not what the server left behind.

use std::path::Path;

use rusqlite::Connection;

use crate::harness::{Ran, Scratch, Setup, start};

/// A folder with a good database of one user, its server stopped.
fn stopped() -> (Setup, Scratch) {
    let scratch = Scratch::new();
    let setup = Setup::new();
    let mut process = setup.clone().demo().process(scratch.path());
    process.address();
    assert_eq!(process.stop().code(), Some(0), "{}", process.log());
    (setup, scratch)
}

fn file(scratch: &Scratch) -> std::path::PathBuf {
    scratch.path().join("data").join("sekisho.db")
}

/// Starting must fail with a clear line and leave the file as it was.
fn refused(setup: &Setup, scratch: &Scratch, what: &str) -> Ran {
    let before = std::fs::read(file(scratch)).unwrap_or_default();
    let ran = setup.clone().refused_in(scratch.path());
    assert!(matches!(ran.code, Some(code) if code != 0), "{what}: {:?}", ran.code);
    assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
    assert!(!ran.stdout.contains("listening on"), "{what}");
    assert!(ran.stderr.contains("sekisho.db"), "{what}: which file? {}", ran.stderr);
    assert_eq!(std::fs::read(file(scratch)).unwrap_or_default(), before, "{what}: the file was written to");
    ran
}

/// What it is called, and how it is done to the file.
type Damage = (&'static str, fn(&Path));

#[test]
fn s14_a_damaged_file() {
    let damages: [Damage; 6] = [
        ("zero length", |path| std::fs::write(path, b"").unwrap()),
        ("a text file", |path| std::fs::write(path, b"Dear diary, ".repeat(1000)).unwrap()),
        ("a damaged header", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[..16].copy_from_slice(b"SQLite format 9\0");
            std::fs::write(path, bytes).unwrap();
        }),
        ("a damaged page size", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[16..18].copy_from_slice(&[0x13, 0x37]);
            std::fs::write(path, bytes).unwrap();
        }),
        ("a damaged schema", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[100..4096].fill(0xff);
            std::fs::write(path, bytes).unwrap();
        }),
        ("truncated", |path| {
            let bytes = std::fs::read(path).unwrap();
            std::fs::write(path, &bytes[..4096 + 100]).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let (setup, scratch) = stopped();
        for leftover in ["-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{leftover}", file(&scratch).display()));
        }
        damage(&file(&scratch));
        refused(&setup, &scratch, what);
    }
}

#[test]
fn s14_somebody_elses_file() {
    let (setup, scratch) = stopped();
    std::fs::remove_file(file(&scratch)).unwrap();
    let connection = Connection::open(file(&scratch)).unwrap();
    let tables =
        "create table user (id integer primary key, email text unique, username text, hashed_password text)";
    connection.execute_batch(tables).unwrap();
    drop(connection);
    refused(&setup, &scratch, "the seeds' own file");
}

#[test]
fn s14_a_newer_schema() {
    let (setup, scratch) = stopped();
    let connection = Connection::open(file(&scratch)).unwrap();
    connection
        .execute(
            "insert into sekisho_migrations (owner, version, checksum, applied_at) \
             select owner, max(version) + 1, checksum, applied_at from sekisho_migrations",
            [],
        )
        .unwrap();
    connection.execute_batch("pragma wal_checkpoint(truncate)").unwrap();
    drop(connection);
    let ran = refused(&setup, &scratch, "a newer schema");
    assert!(ran.stderr.to_lowercase().contains("newer"), "{}", ran.stderr);
}

/// A server that stopped cleanly leaves one whole file.
#[test]
fn s16_without_the_write_ahead_log() {
    let mut site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    site.stop();
    for leftover in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{leftover}", site.database().path().display()));
    }
    site.start_again(|setup| setup);
    assert_eq!(site.login("anew", "secret-123").status, 200);
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn s16_a_stale_journal() {
    let mut site = start();
    site.stop();
    let journal = format!("{}-journal", site.database().path().display());
    std::fs::write(&journal, b"not a journal").unwrap();
    let ran = Setup::new().refused_in(site.folder());
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("sekisho.db-journal"), "{}", ran.stderr);
    std::fs::remove_file(&journal).unwrap();
    site.start_again(|setup| setup);
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

/// The second waits, says so, and gives up.
#[test]
fn s19_two_servers_on_one_file() {
    let site = start();
    let second = Setup::new().refused_in(site.folder());
    assert!(matches!(second.code, Some(code) if code != 0), "{:?}", second.code);
    assert!(!second.stdout.contains("listening on"));
    assert!(!second.stderr.is_empty());
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn s19_the_second_takes_over_from_the_first() {
    let mut site = start();
    let mut second = Setup::new().process(site.folder());
    crate::harness::until("the second to say that it waits", || (!second.log().is_empty()).then_some(()));
    assert!(!second.log().contains("listening on"));
    site.stop();
    second.address();
    assert_eq!(second.stop().code(), Some(0));
}

/// A missing or wrong root key stops the start rather than minting a new identity.
#[test]
fn s14_the_root_key() {
    let (setup, scratch) = stopped();
    let key = scratch.path().join("data").join("sekisho.key");
    let good = std::fs::read(&key).unwrap();
    for (what, bytes) in [("short", &good[..31]), ("another", &[7; 32][..]), ("empty", &[])] {
        std::fs::write(&key, bytes).unwrap();
        let ran = setup.clone().refused_in(scratch.path());
        assert_eq!(ran.code, Some(2), "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("sekisho.key"), "{what}: {}", ran.stderr);
        assert_eq!(std::fs::read(&key).unwrap(), bytes, "{what}");
    }
    std::fs::remove_file(&key).unwrap();
    let ran = setup.clone().refused_in(scratch.path());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(!key.exists(), "a new identity was minted");

    std::fs::write(&key, &good).unwrap();
    let mut process = setup.process(scratch.path());
    process.address();
    assert_eq!(process.stop().code(), Some(0));
}
