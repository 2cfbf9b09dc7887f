//! What `sekisho db check` and `db restore` tell apart: a sound database, an unsound one, and one to be known of.

use rusqlite::Connection;
use serde_json::json;

use super::db_restore::{backed_up, contents};
use crate::harness::start;

/// What it does to users is undone in the same transaction, as far as anybody can see.
const NEVER_DISABLED: &str = "create trigger \"never\" after update of disabled_at on \"SEKISHO_USERS\" \
    begin update sekisho_users set disabled_at = null where id = new.id; end";

#[test]
fn triggers_and_views_of_somebody_else_are_found() {
    let site = start();
    let write = |sql: &str| site.database().write().execute_batch(sql).unwrap();
    let alien = "is not of this program, and acts on its tables";
    for (make, what, drop) in [
        (NEVER_DISABLED, format!("trigger never {alien}"), "drop trigger never"),
        (
            "create table notes (n); create trigger writes after insert on notes \
             begin delete from \"Sekisho_credentials\"; end",
            format!("trigger writes {alien}"),
            "drop table notes",
        ),
        (
            "create view Sekisho_beside_accounts as select 'tim' as username, null as email",
            format!("view Sekisho_beside_accounts {alien}"),
            "drop view sekisho_beside_accounts",
        ),
        (
            "create trigger sekisho_beside_insert after insert on sekisho_users begin select 1; end",
            format!("trigger sekisho_beside_insert {alien}"),
            "drop trigger sekisho_beside_insert",
        ),
    ] {
        write(make);
        let ran = site.cli(&["db", "check", "--json"]);
        let report = ran.json();
        assert_eq!((ran.code, &report["result"]), (Some(1), &json!("unsound")), "{report}");
        assert_eq!(report["findings"], json!([{"rule": "trigger", "row": null, "what": what}]));
        let doctor = site.cli(&["doctor"]).stdout;
        assert!(doctor.contains(&what), "{doctor}");
        write(drop);
        site.cli(&["db", "check"]).ok();
    }
    // What an application has for itself is its own, and a view that only reads does nothing.
    write(
        "create table notes (n); create trigger own after insert on notes begin update notes set n = 1; end; \
         create view names as select username from sekisho_users",
    );
    site.cli(&["db", "check"]).ok();
}

#[test]
fn what_the_check_finds_something_in_is_not_restored_unasked() {
    let (mut site, _folder, file) = backed_up();
    let before = contents(&site.data());
    let at = file.to_str().unwrap();
    for (make, says, undo) in [
        (NEVER_DISABLED, "trigger: trigger never is not of this program", "drop trigger never"),
        (
            "pragma foreign_keys = off; insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at) \
             select x'00112233445566778899aabbccddeeff', kind, scheme, cost, data, created_at, updated_at from sekisho_credentials",
            "foreign_key: ",
            "delete from sekisho_credentials where user_id = x'00112233445566778899aabbccddeeff'",
        ),
    ] {
        let write = |sql: &str| Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        write(make);
        let ran = site.cli(&["db", "restore", at]);
        assert_eq!(ran.code, Some(1), "{}", ran.stdout);
        assert!(ran.stderr.starts_with(&format!("sekisho: {at} is unsound ({says}")), "{}", ran.stderr);
        assert!(ran.stderr.ends_with("--force restores it as it is\n"), "{}", ran.stderr);
        assert!(contents(&site.data()) == before, "nothing has changed");
        site.cli(&["db", "restore", at, "--force"]).ok();
        assert_eq!(site.cli(&["db", "check"]).code, Some(1));
        write(undo);
        let restored = site.cli(&["db", "restore", at, "--json"]).ok().json();
        site.cli(&["db", "check"]).ok();
        // As before, but for the dated ones.
        for entry in std::fs::read_dir(site.data()).unwrap().flatten() {
            if entry.file_name().to_string_lossy().starts_with("sekisho.db.20") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        assert_eq!(restored["counts"]["users"], 1);
        std::fs::write(site.data().join("sekisho.db"), &before["sekisho.db"]).unwrap();
    }
    site.start_again(|setup| setup);
    assert_eq!(site.login("anew", "secret-123").status, 200);
}

/// A hash that nobody can verify is kept as the application had it: nothing is wrong with the database.
#[test]
fn after_an_adoption_an_unreadable_hash_is_a_note_and_no_damage() {
    let site = start();
    Connection::open(site.folder().join("test.db"))
        .unwrap()
        .execute_batch(
            "create table user (id integer primary key, username varchar not null, hashed_password varchar not null); \
             insert into user values (1, 'ann', 'md5:of-long-ago')",
        )
        .unwrap();
    site.cli(&["adopt", "test.db"]).ok();
    let ran = site.cli(&["db", "check"]).ok();
    assert!(ran.stdout.starts_with("unreadable_hash  "), "{}", ran.stdout);
    assert!(ran.stdout.contains("(hash_scheme_unknown): nobody logs in with it"), "{}", ran.stdout);
    assert!(ran.stdout.contains("sekisho.db is sound: 2 users"), "{}", ran.stdout);
    let report = site.cli(&["db", "check", "--json"]).ok().json();
    assert_eq!((&report["result"], &report["findings"]), (&json!("sound"), &json!([])));
    assert_eq!(report["notes"][0]["rule"], "unreadable_hash");
    // A hash that is another than its row says is more than that.
    let write = site.database().write();
    write.execute("update sekisho_credentials set data = 'x' where scheme = 'bcrypt'", []).unwrap();
    drop(write);
    let report = site.cli(&["db", "check", "--json"]).json();
    assert_eq!((&report["result"], &report["findings"][0]["rule"]), (&json!("unsound"), &json!("hash")));
}
