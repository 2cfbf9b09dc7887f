//! One server per SQLite file.

use rustix::process::Signal;

use super::db::db;
use crate::harness::{Scratch, Setup, until};

#[test]
fn s19_a_second_instance_waits_and_then_gives_up() {
    let site = Setup::new().start();
    let ran = Setup::new().refused_in(site.folder());
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.stderr);
    assert!(lines[0].contains("waiting up to 15 s") && lines[1].contains("another instance still serves"));
    site.alive();
}

#[test]
fn s19_a_second_instance_takes_over_when_the_first_one_goes() {
    let mut site = Setup::new().demo().start();
    let token = site.token("tim", "tim1234");
    let mut second = Setup::new().process(site.folder());
    until("the second to wait", || second.log().contains("waiting up to").then_some(()));
    site.process().signal(Signal::TERM);
    let address = second.address();
    assert_eq!(site.process().wait().code(), Some(0));
    let request = crate::harness::Request::get("/users/me").bearer(&token);
    let answer = crate::harness::Connection::open(address).unwrap().exchange(&request).unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(second.stop().code(), Some(0));
}

/// Two names of one file are one database, and have one lock.
#[test]
fn s19_by_a_link_the_database_is_served_already() {
    let site = Setup::new().demo().start();
    let elsewhere = Scratch::new();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(site.database().path(), &link).unwrap();
    let file = elsewhere.path().join("backup.db");
    site.cli(&["db", "backup", file.to_str().unwrap()]).ok();
    let by_link = Setup::new().env("DATABASE_URL", &format!("sqlite:///{}", link.display()));
    let ran = db(&by_link, elsewhere.path(), &["restore", file.to_str().unwrap()]);
    let line = format!("sekisho: a server runs on {}: stop it first\n", site.database().path().display());
    assert_eq!((ran.code, ran.stderr), (Some(3), line));
    let mut second = by_link.process(elsewhere.path());
    until("the second to wait", || second.log().contains("waiting up to").then_some(()));
    second.signal(Signal::TERM);
    second.wait();
    assert!(!elsewhere.path().join("link.db.lock").exists());
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

/// Whoever takes Sekisho's tables out of a file removes the lock as well: one that was waited for meanwhile keeps nobody away.
#[test]
fn s19_a_lock_that_was_removed_while_it_was_waited_for_does_not_count() {
    let mut site = Setup::new().demo().start();
    site.stop();
    let path = site.data().join("sekisho.db.lock");
    let held = std::fs::File::open(&path).unwrap();
    held.lock().unwrap();
    let mut second = Setup::new().process(site.folder());
    until("the second to wait", || second.log().contains("waiting up to").then_some(()));
    std::fs::remove_file(&path).unwrap();
    drop(held);
    second.address();
    let lock = std::fs::File::open(&path).expect("a lock where others look for it");
    assert!(matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)));
    assert_eq!(second.stop().code(), Some(0));
}
