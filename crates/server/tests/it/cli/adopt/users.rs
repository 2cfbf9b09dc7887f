//! Users, passwords, items and what was known of them besides.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::{APP_KEY, Application, HASH, USER};
use crate::harness::{Mint, Ran, python};

/// Makes users with the application's own classes, in its own folder.
pub(super) fn make_users(application: &Application, users: &Value) {
    let script: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "tests", "python", "application_users.py"].iter().collect();
    let mut make = Command::new(python());
    make.arg(script).arg(application.theirs.url()).current_dir(application.path(""));
    Ran::of(make, &users.to_string()).ok();
}

#[test]
fn users_of_the_seeds_own_classes_log_in_with_the_passwords_that_they_had() {
    let application = Application::new("");
    let password = "合言葉は山と川です";
    make_users(
        &application,
        &json!([
            {"username": "tim", "email": "tim@gmail.com", "full_name": "Tim Ruscica", "password": "tim1234"},
            {"username": "花子", "email": "hanako@example.jp", "password": password},
            {"username": "dora", "email": "dora@x.org", "password": "dora12345", "disabled": true},
        ]),
    );
    let report = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!(
        (&report["users"]["adopted"], &report["users"]["disabled"]),
        (&json!(3), &json!(1)),
        "{report}"
    );
    assert_eq!(report["kept_beside"], json!(["id", "role"]));

    let site = application.serve();
    let me = site.me(&site.token("tim", "tim1234")).json();
    let tim =
        json!({"username": "tim", "email": "tim@gmail.com", "full_name": "Tim Ruscica", "disabled": false});
    assert_eq!(me, tim);
    assert_eq!(site.login("hanako@example.jp", password).status, 200);
    assert_eq!(site.login("dora", "dora12345").status, 401);
    site.wait_for_log("user_disabled");
    // What the application issued before counts here, until the password changes.
    let before = Mint::of("tim").key(APP_KEY.as_bytes()).signed();
    assert_eq!(site.me(&before).json(), tim);
    assert_eq!(site.me(&Mint::of("dora").key(APP_KEY.as_bytes()).signed()).status, 401);
    site.cli_with(&["user", "set-password", "tim", "--password-stdin"], "seven grey herons wade").ok();
    assert_eq!(site.me(&before).status, 401);
    let shown = site.cli(&["user", "show", "tim", "--json"]).ok().json();
    assert_eq!(shown["external_id"], "1");
}

#[test]
fn items_come_with_their_numbers_and_owners() {
    let application = Application::with_users(&[(3, "tim", "tim@gmail.com"), (4, "ann", "ann@x.org")]);
    application.sql(
        "create table items (id integer primary key, title varchar, owner_id integer);
         insert into items values (1, 'a', 3), (8, 'b', 3), (9, 'c', 4), (10, 'nobody''s', null), (11, 'gone', 99);",
    );
    let ran = application.adopt(&["--app", "app"]).ok();
    assert!(ran.stdout.contains("items        adopted 3; unchanged 0\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("  item 10: left out: its owner is not here\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("  item 11: left out: its owner is not here\n"), "{}", ran.stdout);
    let site = application.serve();
    let items = site.get_as(&site.token("tim", "tim1234"), "/users/me/items").json();
    let numbers: Vec<_> = items.as_array().unwrap().iter().map(|item| item["item_id"].as_i64()).collect();
    assert_eq!(numbers, [Some(1), Some(8)]);
    // The next one is nobody's number yet.
    let added = site.cli(&["item", "add", "--owner", "ann", "--json"]).ok().json();
    assert_eq!(added["item_id"], 10);
}

#[test]
fn what_has_no_place_is_kept_and_shown_where_the_settings_name_it() {
    let application = Application::new(&format!(
        "{USER} alter table user add column settings json; alter table user add column vip boolean;
         insert into user values (17, 'tim@gmail.com', 'tim', '{HASH}', null, false, '555', '{{\"a\": 1}}', true);"
    ));
    application.adopt(&["--app", "app"]).ok();
    let mut site = application.serve();
    let token = site.token("tim", "tim1234");
    let plain = json!({"username": "tim", "email": "tim@gmail.com", "full_name": null, "disabled": false});
    assert_eq!(site.me(&token).json(), plain);
    site.restart(|setup| setup.env("SEKISHO_ACCOUNTS_PUBLIC_FIELDS", "id,vip,settings,nick"));
    let text = site.me(&token).text();
    let end = r#""full_name":null,"disabled":false,"id":17,"vip":true,"settings":{"a":1},"nick":null}"#;
    assert!(text.ends_with(end), "{text}");
    let registered = site.register("zoe", "seven grey herons wade");
    assert_eq!(registered.status, 200, "{}", registered.text());
    assert!(
        registered.text().ends_with(r#""id":null,"vip":null,"settings":null,"nick":null}"#),
        "{}",
        registered.text()
    );
    let items = site.get_as(&token, "/users/me/items");
    assert_eq!(items.text(), "[]");
}

#[test]
fn other_tables_and_columns_are_said() {
    let application = Application::new(&format!(
        "create table account (no integer primary key, login varchar, mail varchar, pw varchar, live boolean);
         insert into account values (1, 'tim', 'tim@gmail.com', '{HASH}', true), (2, 'ann', 'ann@x.org', '{HASH}', false);"
    ));
    let asked = application.adopt(&[]);
    assert_eq!(
        (asked.code, asked.stderr.as_str()),
        (Some(2), "sekisho: no table user or users: say --map users=TABLE (account)\n")
    );
    let asked = application.adopt(&["--map", "users=account"]);
    assert_eq!(asked.stderr.lines().count(), 2, "{}", asked.stderr);
    let said = ["users=account", "id=no", "username=login", "email=mail", "password=pw", "active=live"];
    let said: Vec<&str> = said.iter().flat_map(|map| ["--map", map]).chain(["--app", "app"]).collect();
    application.adopt(&said).ok();
    let site = application.serve();
    assert_eq!(site.login("tim", "tim1234").status, 200);
    assert_eq!(site.login("ann", "tim1234").status, 401);
}

#[test]
fn a_hash_that_can_not_be_read_comes_is_reported_and_lets_nobody_in() {
    let application = Application::with_users(&[
        (1, "tim", "tim@gmail.com"),
        (2, "ann", "ann@x.org"),
        (3, "eve", "e@x.org"),
    ]);
    application.sql("update user set hashed_password = 'md5:5f4dcc3b' where id = 1; update user set hashed_password = '' where id = 2; update user set hashed_password = '$2b$12$cut' where id = 3;");
    let ran = application.adopt(&["--app", "app"]).ok();
    for line in [
        "  row 1, tim: its password can't be verified (hash_scheme_unknown): set a new one\n",
        "  row 2, ann: it has no password: set one\n",
        "  row 3, eve: its password can't be verified (hash_unreadable): set a new one\n",
    ] {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    let site = application.serve();
    assert_eq!(site.database().text("select data from sekisho_credentials c join sekisho_users u on u.id = c.user_id where u.username = 'tim'"), "md5:5f4dcc3b");
    for (name, reason) in
        [("tim", "hash_scheme_unknown"), ("ann", "password_absent"), ("eve", "hash_unreadable")]
    {
        let answer = site.login(name, "tim1234");
        assert_eq!(
            (answer.status, answer.json()["detail"].as_str()),
            (401, Some("Incorrect username or password"))
        );
        site.wait_for_log(reason);
    }
    site.cli_with(&["user", "set-password", "tim", "--password-stdin"], "seven grey herons wade").ok();
    assert_eq!(site.login("tim", "seven grey herons wade").status, 200);
}
