//! `sekisho db check`, `backup` and `restore` where the database is PostgreSQL.

use std::process::Command;

use serde_json::json;

use crate::harness::{Db, Scratch, Setup, Site, server_of as postgres_url};

fn on_postgres() -> Site {
    Setup::new().on(Db::Postgres).demo().start()
}

/// Runs a line as a person would, with PostgreSQL's programs and ours at hand.
fn shell(site: &Site, line: &str) -> String {
    let tools = sekisho_throwaway::binaries();
    let ours = std::path::Path::new(env!("CARGO_BIN_EXE_sekisho")).parent().unwrap();
    let path = format!("{}:{}:{}", tools.display(), ours.display(), std::env::var("PATH").unwrap());
    let output =
        Command::new("sh").args(["-ec", line]).env("PATH", path).current_dir(site.folder()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{line}\n{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn a_check_knows_the_same_rules_and_says_what_it_did_not_see() {
    let site = on_postgres();
    let check = || site.cli(&["db", "check", "--json"]);
    let sound = check().ok().json();
    assert_eq!(sound["result"], "sound");
    assert_eq!((&sound["counts"]["users"], sound["findings"].as_array().unwrap().len()), (&json!(1), 0));
    assert_eq!(sound["notes"][0]["rule"], "unseen");
    assert!(sound["notes"][0]["what"].as_str().unwrap().contains("create extension amcheck"), "{sound}");
    let said = site.cli(&["db", "check"]).ok().stdout;
    assert!(said.contains(" is sound: 1 user, 1 credential, 1 item, 2 events\n"), "{said}");

    let found = || {
        let ran = check();
        let report = ran.json();
        assert_eq!((ran.code, &report["result"]), (Some(1), &json!("unsound")), "{report}");
        let findings = report["findings"].as_array().unwrap().clone();
        findings.iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let write = |sql: &str| site.database().execute(sql);
    write("update sekisho_users set username_key = 'tom'");
    assert_eq!(found(), ["key"]);
    write("update sekisho_users set username_key = 'tim'");
    write("update sekisho_hash_schemes set n = 7");
    assert_eq!(found(), ["hash_count"]);
    write("update sekisho_hash_schemes set n = 1");
    write("update sekisho_counters set value = 0");
    assert_eq!(found(), ["counter"]);
    write("update sekisho_counters set value = 1");
    write("alter table sekisho_items disable trigger all");
    write("update sekisho_items set owner_id = '00112233-4455-6677-8899-aabbccddeeff'");
    assert_eq!(found(), ["foreign_key", "orphan"]);
    write("update sekisho_items set owner_id = (select id from sekisho_users)");
    write("alter table sekisho_items enable trigger all");
    write("drop index sekisho_users_by_email_key");
    assert_eq!(found(), ["schema"]);
    write("create unique index sekisho_users_by_email_key on sekisho_users (email_key)");
    write("create function nobody() returns trigger language plpgsql as 'begin return null; end'");
    write("create trigger back_door before update on sekisho_users for each row execute function nobody()");
    assert_eq!(found(), ["trigger"]);
    write("drop trigger back_door on sekisho_users");
    assert_eq!(check().ok().json()["result"], "sound");
}

/// Where amcheck is installed and this role may use it, the pages are looked at.
#[test]
fn with_amcheck_the_pages_are_looked_at() {
    let site = on_postgres();
    site.database().execute(
        "create extension amcheck; \
         grant execute on function bt_index_check(regclass, boolean) to public; \
         grant execute on function verify_heapam(regclass, boolean, boolean, text, bigint, bigint) to public",
    );
    let sound = site.cli(&["db", "check", "--json"]).ok().json();
    assert_eq!((&sound["result"], &sound["notes"]), (&json!("sound"), &json!([])));
}

#[test]
fn a_check_of_another_address_and_of_none() {
    let site = on_postgres();
    let other = Scratch::new();
    let url = postgres_url(other.path());
    let none = site.cli(&["db", "check", &url]);
    assert_eq!(none.code, Some(3), "{}", none.stderr);
    assert!(none.stderr.contains("there is no table of Sekisho in it"), "{}", none.stderr);
    let own = postgres_url(site.folder());
    assert!(site.cli(&["db", "check", &own]).ok().stdout.contains("is sound"));
}

/// What the commands say is what one types, and it works.
#[test]
fn a_backup_and_a_restore_say_the_commands_and_they_work() {
    let site = on_postgres();
    let said = site.cli(&["db", "backup", "tim.dump"]);
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(2), "sekisho: nothing was backed up: the lines above do it\n")
    );
    assert!(said.stdout.contains("the keys are not in it: root key "), "{}", said.stdout);
    let lines: Vec<&str> = said.stdout.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert!(lines[0].starts_with("pg_dump --format=custom --file=tim.dump 'postgresql://"), "{lines:?}");
    assert!(lines[1].starts_with("pg_basebackup "), "{lines:?}");
    shell(&site, lines[0]);
    assert_eq!(site.register("later", "secret-123").status, 200);

    // An ordinary role may not make databases.
    site.database().execute("alter role ordinary createdb");
    let said = site.cli(&["db", "restore", "tim.dump", "--json"]);
    assert_eq!(said.code, Some(2));
    let commands = said.json()["commands"].as_array().unwrap().clone();
    assert_eq!(commands.len(), 3);
    let said: Vec<String> = commands.iter().map(|line| shell(&site, line.as_str().unwrap())).collect();
    assert!(said[2].contains("is sound: 1 user,"), "{said:?}");
    let own = postgres_url(site.folder());
    sekisho_throwaway::Postgres::shared().drop_database(&format!("{own}_restored"));
}

/// A back-up of before a move is one that PostgreSQL's tools can't read.
#[test]
fn a_back_up_of_sqlite_is_brought_back_by_a_copy() {
    let before = Setup::new().on(Db::Sqlite).demo().start();
    let file = before.folder().join("before.db");
    before.cli(&["db", "backup", file.to_str().unwrap()]).ok();
    let site = on_postgres();
    let said = site.cli(&["db", "restore", file.to_str().unwrap()]).stdout;
    assert!(said.contains(&format!("sekisho db copy --from {} --to ", file.display())), "{said}");
    assert!(!said.contains("pg_restore"), "{said}");
}
