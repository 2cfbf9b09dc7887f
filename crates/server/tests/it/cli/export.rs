//! `sekisho user export`: users for another Sekisho, and for the application that they came from.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Ran, Setup, Site, python, start};

const PASSWORD: &str = "seven grey herons wade";
/// Of `tim1234`, as the seeds print it.
const TIM: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";

/// A server with users of every kind: tim with an item, ann with a second password, bob disabled, two from elsewhere.
fn peopled() -> Site {
    let site = start();
    site.secret(PASSWORD);
    site.unlogged(TIM);
    assert_eq!(site.register("ann", "an earlier password").status, 200);
    site.cli_with(&["user", "set-password", "ann", "--password-stdin"], PASSWORD).ok();
    assert_eq!(site.register("bob", PASSWORD).status, 200);
    site.cli(&["user", "disable", "bob"]).ok();
    let rows = [
        json!({"id": 7, "username": "Zoë", "email": "zoe@example.com", "password": TIM, "extra": {"phone": "1", "tags": [1]}}),
        json!({"external_id": "x", "username": "ANN", "username_key": null, "created_at": "2020-02-29T12:00:00.000001Z"}),
    ];
    let text = rows.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    std::fs::write(site.folder().join("rows.jsonl"), text).unwrap();
    site.cli(&["user", "import", "rows.jsonl"]).ok();
    site
}

fn read(site: &Site, name: &str) -> String {
    std::fs::read_to_string(site.folder().join(name)).unwrap()
}

#[test]
fn what_is_exported_logs_in_elsewhere_as_it_did_here() {
    let here = peopled();
    let token = here.token("ann", PASSWORD);
    let ran = here.cli(&["user", "export", "--output", "users.jsonl", "--with-hashes"]).ok();
    assert_eq!(ran.stdout, "wrote 5 users with hashes to users.jsonl\n");
    let there = Setup::new().start();
    there.secret(PASSWORD);
    there.unlogged(TIM);
    std::fs::copy(here.folder().join("users.jsonl"), there.folder().join("users.jsonl")).unwrap();
    let ran = there.cli(&["user", "import", "users.jsonl"]).ok();
    assert_eq!(ran.stdout, "imported 5 users (1 without a password)\n");

    // Nothing is lost on the way: the export of the copy is the export of the original.
    there.cli(&["user", "export", "--output", "again.jsonl", "--with-hashes"]).ok();
    let (first, second) = (read(&here, "users.jsonl"), read(&there, "again.jsonl"));
    assert_eq!(first.lines().skip(1).collect::<Vec<_>>(), second.lines().skip(1).collect::<Vec<_>>());
    assert_eq!(first.lines().count(), 6);

    assert_eq!(there.me(&token).json()["username"], "ann", "a token of the same key counts there too");
    for (name, password, status) in [
        ("ann", PASSWORD, 200),
        ("ann", "an earlier password", 401),
        ("ANN", PASSWORD, 401),
        ("bob", PASSWORD, 401),
        ("zoe@example.com", "tim1234", 200),
        ("ZOË", "tim1234", 200),
    ] {
        assert_eq!(there.login(name, password).status, status, "{name}");
    }
    let tim = there.token("tim", "tim1234");
    assert_eq!(there.get_as(&tim, "/users/me/items").json()[0]["item_id"], 1);
    assert_eq!(there.cli(&["item", "add", "--owner", "tim"]).ok().stdout, "added item 2 of tim\n");
}

#[test]
fn l03_l04_hashes_go_along_only_if_asked_for_and_the_file_is_its_owners_alone() {
    let site = peopled();
    let ran = site.cli(&["user", "export", "--output", "users.jsonl"]).ok();
    assert_eq!(
        ran.stdout,
        "wrote 5 users without hashes to users.jsonl\n\
         who imports them elsewhere can't log in there by password: --with-hashes takes the hashes along\n"
    );
    let text = read(&site, "users.jsonl");
    for scheme in ["$2b$", "argon2", "hash\""] {
        assert!(!text.contains(scheme), "{scheme}");
    }
    assert!(text.starts_with("{\"format\":\"sekisho-users\",\"version\":1,\"hashes\":false,"), "{text}");
    let mode = std::fs::metadata(site.folder().join("users.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let events = site.database().text("select data from sekisho_events where kind = 'users_exported'");
    assert_eq!(events, "{\"hashes\":false,\"users\":5}");

    let again = site.cli(&["user", "export", "--output", "users.jsonl"]);
    assert_eq!(
        (again.code, again.stderr.as_str()),
        (Some(1), "sekisho: users.jsonl is there already: --force replaces it\n")
    );
    site.cli(&["user", "export", "--output", "users.jsonl", "--force", "--with-hashes"]).ok();
    assert!(read(&site, "users.jsonl").contains("\"password_hash\":\"$2b$12$"));
    let nowhere = site.cli(&["user", "export", "--output", "no/such/folder.jsonl"]);
    assert_eq!(nowhere.code, Some(2));
    let drafts = std::fs::read_dir(site.folder()).unwrap().flatten();
    assert!(!drafts.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with(".new")));
}

#[test]
fn an_export_may_go_to_standard_output() {
    let site = start();
    let ran = site.cli(&["user", "export", "--output", "-"]).ok();
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[1]["username"], &lines[1]["items"]), (2, &json!("tim"), &json!([1])));
}

#[test]
fn the_seeds_application_opens_an_export() {
    let site = peopled();
    for (args, error) in [
        (&["--output", "test.db"][..], "has a column for the hash of each user: say --with-hashes too"),
        (&["--output", "-", "--with-hashes"], "writes a database: name a file with --output"),
    ] {
        let ran = site.cli(&[&["user", "export", "--format", "sqlmodel"], args].concat());
        assert_eq!((ran.code, ran.stderr), (Some(2), format!("sekisho: --format sqlmodel {error}\n")));
    }
    let args = ["user", "export", "--format", "sqlmodel", "--output", "test.db", "--with-hashes", "--json"];
    let ran = site.cli(&args).ok();
    assert_eq!(
        ran.json(),
        json!({"output": "test.db", "users": 5, "hashes": true, "without_password": 1,
            "hashes_unreadable_there": 2, "addresses_made_up": 1})
    );
    let path = site.folder().join("test.db");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let script: std::path::PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "tests", "python", "opened_export.py"].iter().collect();
    let mut command = Command::new(python());
    command.arg(script).arg(&path);
    let asked = json!([["tim", "tim1234"], ["tim", "wrong"], ["Zoë", "tim1234"], ["ANN", "tim1234"]]);
    let answer = Ran::of(command, &asked.to_string()).ok().json();
    assert_eq!(answer["log_ins"], json!([true, false, true, false]));
    // Who had a number there has it again, and nobody else is given it; so has what it knew besides.
    let zoe = json!([7, "zoe@example.com", "Zoë", false, "1"]);
    assert_eq!(answer["users"][0], zoe);
    let names: Vec<&str> =
        answer["users"].as_array().unwrap().iter().map(|user| user[2].as_str().unwrap()).collect();
    assert_eq!(names, ["Zoë", "tim", "ann", "bob", "ANN"]);
    assert_eq!(answer["users"][3], json!([10, "bob@example.com", "bob", true, null]));
    assert_eq!(answer["added"], 12, "the application goes on adding users");
}
