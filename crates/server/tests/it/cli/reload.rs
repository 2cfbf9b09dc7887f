//! `--reload`: a supervisor that takes changes in place where it can and restarts where it must.

use std::path::{Path, PathBuf};

use rustix::process::{Signal, test_kill_process};

use crate::harness::{Scratch, Setup, Site, until};

fn watched(text: &str) -> Site {
    Setup::new().demo().arg("--reload").config(text).start()
}

fn write(site: &Site, text: &str) {
    std::fs::write(site.folder().join("sekisho.toml"), text).unwrap();
}

/// How often the server has said where it listens.
fn starts(log: &str) -> usize {
    log.lines().filter(|line| line.starts_with("listening on http://")).count()
}

#[test]
fn a_live_setting_changes_without_a_restart() {
    let site = watched("[registration]\nmode = \"open\"");
    write(&site, "[registration]\nmode = \"closed\"");
    site.wait_for_log("registration.mode");
    until("registration to close", || {
        (site.register("ann", "seven grey herons wade").status == 403).then_some(())
    });
    assert_eq!(starts(&site.log()), 1);
}

#[test]
fn any_other_setting_restarts_and_tokens_live_on() {
    let mut site = watched("[hashing]\nqueue = 100");
    let token = site.token("tim", "tim1234");
    write(&site, "[hashing]\nqueue = 200");
    site.wait_for_log("hashing.queue 100 -> 200");
    until("the restart", || (starts(&site.log()) == 2).then_some(()));
    site.moved();
    assert_eq!(site.me(&token).status, 200);
}

#[test]
fn a_faulty_file_changes_nothing() {
    let site = watched("[registration]\nmode = \"open\"");
    write(&site, "[registration]\nmod = \"closed\"");
    site.wait_for_log("the running configuration stays");
    assert_eq!(site.get("/livez").status, 200);
    assert_eq!(starts(&site.log()), 1);
}

#[test]
fn a_key_file_that_is_named_later_is_watched_from_then_on() {
    let setup = Setup::new().demo().arg("--reload").without_env("SECRET_KEY").config("[registration]");
    let site = setup.start();
    let file = site.folder().join("key");
    write(&site, &format!("[tokens]\nsecret_key_file = \"{}\"", file.display()));
    site.wait_for_log(": cannot read ");
    // Watched although it is not there yet.
    std::fs::write(&file, "a first key of more than thirty-two bytes").unwrap();
    site.wait_for_log("configuration changed: tokens.secret_key_file (not set)");
    let token = site.token("tim", "tim1234");
    assert_eq!(site.me(&token).status, 200);
    std::fs::write(&file, "a second key of more than thirty-two bytes").unwrap();
    until("the first key to end", || (site.me(&token).status == 401).then_some(()));
}

#[test]
fn a_new_executable_is_started() {
    let folder = Scratch::new();
    let copy = folder.path().join("sekisho-copy");
    std::fs::copy(env!("CARGO_BIN_EXE_sekisho"), &copy).unwrap();
    let mut process = crate::harness::start_copy(&Setup::new().arg("--reload"), &copy, folder.path());
    process.address();
    replace(&copy);
    until("the restart", || (starts(&process.log()) == 2).then_some(()));
    assert!(process.log().contains("the executable changed"), "{}", process.log());
    assert_eq!(process.stop().code(), Some(0));
}

/// Puts the same bytes in its place as a linker does: beside it, then over it.
fn replace(executable: &Path) {
    let mut beside = PathBuf::from(executable);
    beside.set_extension("new");
    std::fs::copy(env!("CARGO_BIN_EXE_sekisho"), &beside).unwrap();
    std::fs::rename(&beside, executable).unwrap();
}

#[test]
fn the_server_goes_with_its_supervisor() {
    let mut site = watched("");
    let children =
        std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", site.process().pid())).unwrap();
    let child = rustix::process::Pid::from_raw(children.trim().parse().unwrap()).unwrap();
    site.process().signal(Signal::KILL);
    site.process().wait();
    until("the server to go", || test_kill_process(child).is_err().then_some(()));
}

#[test]
fn a_first_start_that_fails_hands_on_its_exit_code() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = Scratch::new();
    let mut command = Setup::new().command(folder.path(), "serve");
    command.args(["--reload", "--listen", &address.to_string()]);
    assert_eq!(crate::harness::Ran::of(command, "").code, Some(2));
}
