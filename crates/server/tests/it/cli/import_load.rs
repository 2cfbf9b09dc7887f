//! `sekisho user import` of many users: killed, beside a server that writes, and in little memory.

use std::process::{Child, Stdio};

use super::import::{file, many, site};
use crate::harness::{Setup, Site, until};

/// Starts an import that nobody waits for.
fn begin(site: &Site, name: &str) -> Child {
    let mut command = Setup::new().command(site.folder(), "user");
    command.args(["import", name]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn a32_a_killed_import_leaves_whole_users_and_is_run_again() {
    let site = site();
    file(&site, "users.jsonl", &many(0..20_000));
    let count = |sql: &str| site.database().number(sql);
    let users = || count("select count(*) from sekisho_users");
    let mut child = begin(&site, "users.jsonl");
    until("the first users", || (users() > 0).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    let there = users();
    assert!((1..20_000).contains(&there), "{there} users when it was killed");
    assert_eq!(count("select count(*) from sekisho_credentials"), there);
    assert_eq!(count("select n from sekisho_hash_schemes where scheme = 'bcrypt'"), there);
    let ran = site.cli(&["user", "import", "users.jsonl"]).ok();
    assert_eq!(ran.stdout, format!("imported {} users; {there} here already\n", 20_000 - there));
    assert_eq!(
        (users(), count("select n from sekisho_hash_schemes where scheme = 'bcrypt'")),
        (20_000, 20_000)
    );
}

#[test]
fn a_running_server_goes_on_writing_while_users_come_in() {
    let site = site();
    file(&site, "users.jsonl", &many(0..5000));
    let mut child = begin(&site, "users.jsonl");
    let mut registered = 0;
    while child.try_wait().unwrap().is_none() {
        assert_eq!(site.register(&format!("native{registered}"), "seven grey herons wade").status, 200);
        registered += 1;
    }
    assert!(registered > 0 && child.wait().unwrap().success());
    assert_eq!(site.database().number("select count(*) from sekisho_users"), 5000 + registered);
}

/// The most memory that an import of this file needed, in bytes.
fn peak(site: &Site, name: &str) -> u64 {
    let mut child = begin(site, name);
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = kib.unwrap_or(0).max(peak);
        std::thread::yield_now();
    }
    assert!(child.wait().unwrap().success());
    peak * 1024
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let site = site();
    file(&site, "few.jsonl", &many(0..4000));
    file(&site, "many.jsonl", &many(4000..44_000));
    let (few, many) = (peak(&site, "few.jsonl"), peak(&site, "many.jsonl"));
    assert!(many < few + (16 << 20), "{few} bytes for 4,000 users, {many} for 40,000");
}
