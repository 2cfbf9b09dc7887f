//! `sekisho user …`: every command holds for the very next request of a running server.

use std::process::Stdio;

use crate::harness::{Ran, Scratch, Setup, Site, start};

/// Good enough for either profile.
const PASSWORD: &str = "seven grey herons wade";

fn with_ann() -> Site {
    let site = Setup::new().start();
    site.secret(PASSWORD);
    site.cli_with(&["user", "add", "ann", "--email", "Ann@example.com", "--password-stdin"], PASSWORD).ok();
    site
}

#[test]
fn the_first_command_makes_the_data_directory_wherever_the_root_key_lies() {
    let folder = Scratch::new();
    let key = folder.path().join("keys/root");
    let setup = Setup::new().env("SEKISHO_ROOT_KEY_FILE", key.to_str().unwrap());
    let mut command = setup.command(folder.path(), "user");
    command.args(["add", "ann", "--email", "ann@example.com", "--password-stdin"]);
    Ran::of(command, PASSWORD).ok();
    assert!(key.exists() && folder.path().join("data/sekisho.db").exists());
}

#[test]
fn an_added_user_logs_in_at_once() {
    let site = with_ann();
    assert_eq!(site.me(&site.token("ann", PASSWORD)).status, 200);
    assert_eq!(site.me(&site.token("ann@example.com", PASSWORD)).status, 200);
}

#[test]
fn a_user_is_shown_without_a_hash() {
    let site = with_ann();
    let shown = site.cli(&["user", "show", "ann", "--json"]).ok().json();
    let members: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "created_at",
            "disabled",
            "disabled_at",
            "email",
            "external_id",
            "full_name",
            "id",
            "updated_at",
            "username"
        ]
    );
    assert_eq!(shown["email"], "Ann@example.com");
    let by_id = site.cli(&["user", "show", shown["id"].as_str().unwrap(), "--json"]).ok().json();
    assert_eq!(by_id, shown);
}

#[test]
fn users_are_listed_in_columns_and_as_json_lines() {
    let site = with_ann();
    site.cli_with(&["user", "add", "花子", "--email", "hanako@example.jp", "--password-stdin"], PASSWORD)
        .ok();
    let text = site.cli(&["user", "list"]).ok().stdout;
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].starts_with("USERNAME  E-MAIL             NAME  STATE   ID"), "{text}");
    assert!(lines[1].starts_with("ann       Ann@example.com    -     active  "), "{text}");
    assert!(lines[2].starts_with("花子      hanako@example.jp  -     active  "), "{text}");
    let json = site.cli(&["user", "list", "--json"]).ok().stdout;
    let names: Vec<String> = json
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["username"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(names, ["ann", "花子"]);
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let site = with_ann();
    let mut command = Setup::new().command(site.folder(), "user");
    let mut child = command.arg("list").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn a_new_password_ends_what_the_old_one_opened() {
    let site = with_ann();
    let before = site.token("ann", PASSWORD);
    let new = "nine slow otters swim";
    site.secret(new);
    site.cli_with(&["user", "set-password", "ann", "--password-stdin"], &format!("{new}\n")).ok();
    assert_eq!(site.me(&before).status, 401);
    assert_eq!(site.login("ann", PASSWORD).status, 401);
    assert_eq!(site.me(&site.token("ann", new)).status, 200);
    site.wait_for_log("token_revoked");
}

#[test]
fn a_disabled_user_is_out_and_an_enabled_one_in() {
    let site = with_ann();
    let token = site.token("ann", PASSWORD);
    site.cli(&["user", "disable", "ann"]).ok();
    assert_eq!(site.me(&token).status, 401);
    assert_eq!(site.login("ann", PASSWORD).status, 401);
    assert_eq!(site.cli(&["user", "disable", "ann"]).ok().stdout, "ann: was disabled already\n");
    site.cli(&["user", "enable", "ann"]).ok();
    assert_eq!(site.me(&token).status, 200);
}

#[test]
fn a_deleted_user_is_gone_and_the_name_stays_reserved() {
    let site = with_ann();
    let token = site.token("ann", PASSWORD);
    let unconfirmed = site.cli(&["user", "delete", "ann"]);
    assert_eq!(
        (unconfirmed.code, unconfirmed.stderr.as_str()),
        (Some(2), "sekisho: no terminal to ask: say --yes\n")
    );
    site.cli(&["user", "delete", "ann", "--yes"]).ok();
    assert_eq!(site.me(&token).status, 401);
    assert_eq!(site.cli(&["user", "show", "ann"]).code, Some(1));
    assert_eq!(site.register("ann", PASSWORD).status, 409);
}

#[test]
fn what_is_refused_is_one_line_and_exit_code_1() {
    let site = with_ann();
    for args in [["user", "show", "bob"], ["user", "disable", "bob"], ["user", "enable", "bob"]] {
        let ran = site.cli(&args);
        assert_eq!(
            (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
            (Some(1), "", "sekisho: no user bob\n")
        );
    }
    let taken = site.cli_with(
        &["user", "add", "ANN", "--email", "b@example.com", "--password-stdin", "--json"],
        PASSWORD,
    );
    assert_eq!(taken.code, Some(1));
    let error: serde_json::Value = serde_json::from_str(&taken.stderr).unwrap();
    assert_eq!(error["error"], "username_taken");
    let short =
        site.cli_with(&["user", "add", "bob", "--email", "bob@example.com", "--password-stdin"], "abc");
    assert_eq!(short.code, Some(1));
    assert!(short.stderr.starts_with("sekisho: password: "), "{}", short.stderr);
}

#[test]
fn a_password_comes_from_a_terminal_or_from_standard_input_only() {
    let site = with_ann();
    let on_the_line = site.cli(&["user", "add", "bob", "--email", "bob@example.com", "--password", "x"]);
    assert_eq!(on_the_line.code, Some(2));
    let nowhere = site.cli(&["user", "set-password", "ann"]);
    assert_eq!(nowhere.code, Some(2));
    assert!(nowhere.stderr.contains("--password-stdin"), "{}", nowhere.stderr);
    let empty = site.cli_with(&["user", "set-password", "ann", "--password-stdin"], "");
    assert_eq!((empty.code, empty.stderr.as_str()), (Some(2), "sekisho: standard input holds no password\n"));
}

#[test]
fn the_first_user_may_be_made_before_the_first_start() {
    let site = start();
    let folder = site.folder().join("other");
    std::fs::create_dir(&folder).unwrap();
    let mut list = Setup::new().command(&folder, "user");
    list.arg("list");
    let nothing = Ran::of(list, "");
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.starts_with("sekisho: no database at "), "{}", nothing.stderr);
    assert!(!folder.join("data").exists());
    let mut command = Setup::new().command(&folder, "user");
    command.args(["add", "ann", "--email", "ann@example.com", "--password-stdin"]);
    Ran::of(command, PASSWORD).ok();
    assert!(folder.join("data/sekisho.key").exists() && folder.join("data/sekisho.db").exists());
}
