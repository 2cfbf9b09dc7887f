//! `sekisho db check` and `db backup`, beside a running server.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::harness::{Ran, SECRET_KEY, Scratch, Setup, Site, start, until};

/// `sekisho db ARGS` on the data in a folder of its own.
pub(super) fn db(setup: &Setup, folder: &Path, args: &[&str]) -> Ran {
    let mut command = setup.command(folder, "db");
    command.args(args);
    Ran::of(command, "")
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn stopped() -> Site {
    let mut site = start();
    site.stop();
    site
}

/// What a check found that breaks a rule and no page: rule and row.
fn found(site: &Site) -> Vec<(String, Value)> {
    let ran = site.cli(&["db", "check", "--json"]);
    let report = ran.json();
    assert_eq!((ran.code, &report["result"]), (Some(1), &json!("unsound")), "{report}");
    let findings = report["findings"].as_array().unwrap();
    findings.iter().map(|f| (f["rule"].as_str().unwrap().to_owned(), f["row"].clone())).collect()
}

#[test]
fn a_sound_database_is_called_so_beside_its_server_and_at_rest() {
    let mut site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let path = site.database().path().to_owned();
    let said = format!("{} is sound: 2 users, 2 credentials, 1 item, 3 events\n", path.display());
    assert_eq!(site.cli(&["db", "check"]).ok().stdout, said);
    site.stop();
    let before = std::fs::read(&path).unwrap();
    assert_eq!(site.cli(&["db", "check"]).ok().stdout, said);
    assert_eq!(site.cli(&["db", "check", "--json"]).ok().json()["counts"]["users"], 2);
    assert!(std::fs::read(&path).unwrap() == before, "the file was written to");
    assert!(!path.with_extension("db-wal").exists());
    let nothing = site.cli(&["db", "check", "none.db"]);
    assert_eq!((nothing.code, nothing.stderr.as_str()), (Some(2), "sekisho: no database at none.db\n"));
}

#[test]
fn what_breaks_an_invariant_is_named_by_its_row() {
    let site = start();
    site.unlogged("$2b$12$2Ss8aodwv5mZjR1Ofee86");
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let id = |name: &str| {
        site.cli(&["user", "show", name, "--json"]).ok().json()["id"].as_str().unwrap().to_owned()
    };
    let (tim, anew) = (id("tim"), id("anew"));
    let write = |sql: &str| site.database().write().execute_batch(sql).unwrap();
    let rule =
        |rule: &str, row: &str| (rule.to_owned(), if row.is_empty() { Value::Null } else { json!(row) });

    write("update sekisho_users set username_key = 'tom' where username = 'tim'");
    write("update sekisho_users set email_key = 'x@example.com' where username = 'anew'");
    assert_eq!(found(&site), [rule("key", &tim), rule("key", &anew)]);
    write("update sekisho_users set username_key = 'tim' where username = 'tim'");
    write("update sekisho_users set email_key = 'anew@example.com' where username = 'anew'");

    let hash = site.database().text("select data from sekisho_credentials where scheme = 'argon2id'");
    write("update sekisho_credentials set data = 'hunter2-plain' where scheme = 'argon2id'");
    assert_eq!(found(&site), [rule("hash", &anew)]);
    let back = "update sekisho_credentials set data = ?1 where scheme = 'argon2id'";
    site.database().write().execute(back, [&hash]).unwrap();

    write("update sekisho_hash_schemes set n = 7");
    assert_eq!(found(&site), [rule("hash_count", ""), rule("hash_count", "")]);
    write("update sekisho_hash_schemes set n = 1");

    write("update sekisho_counters set value = 0");
    assert_eq!(found(&site), [rule("counter", "")]);
    write("update sekisho_counters set value = 1");

    // As a program does it that does not ask for foreign keys.
    write(
        "pragma foreign_keys = off; update sekisho_items set owner_id = x'00112233445566778899aabbccddeeff'",
    );
    assert_eq!(found(&site), [rule("foreign_key", ""), rule("orphan", "1")]);
    write("update sekisho_items set owner_id = (select id from sekisho_users where username = 'tim')");

    write("drop index sekisho_users_by_email_key");
    write("update sekisho_users set email = 'tim@gmail.com', email_key = 'tim@gmail.com'");
    assert_eq!(found(&site), [rule("schema", ""), rule("unique", &anew)]);
    write(
        "update sekisho_users set email = 'a@example.com', email_key = 'a@example.com' where username = 'anew'",
    );
    write("create unique index sekisho_users_by_email_key on sekisho_users (email_key)");
    site.cli(&["db", "check"]).ok();
}

#[test]
fn an_older_schema_is_said_to_be_one_and_a_newer_one_is_not_judged() {
    let site = stopped();
    let write = |sql: &str| site.database().write().execute_batch(sql).unwrap();
    write(
        "create table kept as select * from sekisho_migrations where version > 1; \
           delete from sekisho_migrations where version > 1",
    );
    let said = site.cli(&["db", "check"]).ok().stdout;
    assert!(said.contains("its schema is version 1, and the next start brings it to "), "{said}");
    write(
        "insert into sekisho_migrations select * from kept; drop table kept; \
           insert into sekisho_migrations values ('sekisho', 99, 0, 0)",
    );
    let ran = site.cli(&["db", "check"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.stderr.contains("start the newer version"), "{}", ran.stderr);
}

/// Part of the file is damaged: found, and answered with 503 where it is met. A backup brings it back.
#[test]
fn s14_a_flipped_page_is_found_met_with_503_and_mended_by_a_restore() {
    let mut site = start();
    let copies = Scratch::new();
    let backup = copies.path().join("good.db");
    {
        let mut write = site.database().write();
        let tx = write.transaction().unwrap();
        for number in 0..2000u32 {
            let id = [&[0x70; 12][..], &number.to_be_bytes()].concat();
            let name = format!("user{number}");
            tx.execute(
                "insert into sekisho_users (id, username, username_key, token_version, created_at, updated_at) \
                 values (?1, ?2, ?2, 0, 0, 0)",
                rusqlite::params![id, name],
            )
            .unwrap();
        }
        tx.commit().unwrap();
    }
    let token = site.token("tim", "tim1234");
    site.cli(&["db", "backup", text(&backup)]).ok();
    site.stop();

    let path = site.database().path().to_owned();
    let mut bytes = std::fs::read(&path).unwrap();
    // The leaf that holds tim's row, last in the order of ids, and so not the page of an index.
    let at = bytes.windows(11).rposition(|part| part == b"Tim Ruscica").unwrap();
    bytes[at / 4096 * 4096] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let ran = site.cli(&["db", "check"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.starts_with("integrity  -  "), "{}", ran.stdout);
    assert!(ran.stdout.ends_with(&format!("{} is damaged\n", path.display())), "{}", ran.stdout);
    let refused = site.cli(&["db", "backup", text(&copies.path().join("bad.db"))]);
    assert_eq!(refused.code, Some(1), "a damaged database gives no backup: {}", refused.stderr);
    assert!(!copies.path().join("bad.db").exists());

    site.start_again(|setup| setup);
    let met = site.me(&token);
    assert_eq!((met.status, met.json()["error"].as_str()), (503, Some("storage_unavailable")));
    assert_eq!(site.get("/livez").status, 200);
    site.stop();
    site.cli(&["db", "restore", text(&backup)]).ok();
    site.start_again(|setup| setup);
    assert_eq!(site.me(&token).status, 200);
}

#[test]
fn l03_a_backup_is_its_owners_alone_and_says_where_the_keys_are() {
    let site = start();
    let folder = Scratch::new();
    let file = folder.path().join("tim.db");
    let said = site.cli(&["db", "backup", text(&file)]).ok().stdout;
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].starts_with("backed up 1 user, 1 credential, 1 item, 2 events to "), "{said}");
    let key = site.data().join("sekisho.key");
    assert_eq!(
        lines[1],
        format!(
            "the keys are not in it: root key {}; SECRET_KEY from environment (SECRET_KEY). Keep them elsewhere, or \
             say --with-keys",
            key.display()
        )
    );
    assert_eq!(mode(&file), 0o600);
    let bytes = std::fs::read(&file).unwrap();
    let root = std::fs::read(&key).unwrap();
    for secret in [SECRET_KEY.as_bytes(), b"tim1234", &root] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    site.cli(&["db", "check", text(&file)]).ok();
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["tim.db"], "no draft stays");

    // What is there is not replaced unasked, and the database itself never.
    let again = site.cli(&["db", "backup", text(&file)]);
    let line = format!("sekisho: {} is there already; --force replaces it\n", file.display());
    assert_eq!((again.code, again.stderr), (Some(1), line));
    let database = site.database().path().to_owned();
    let itself = site.cli(&["db", "backup", text(&database), "--force"]);
    assert_eq!(itself.code, Some(1));
    assert!(itself.stderr.contains("is the database itself"), "{}", itself.stderr);
    let nowhere = site.cli(&["db", "backup", text(&folder.path().join("none/tim.db"))]);
    let line = format!("sekisho: there is no folder {} to write to\n", folder.path().join("none").display());
    assert_eq!((nowhere.code, nowhere.stderr), (Some(2), line));
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let made = site.cli(&["db", "backup", text(&file), "--force", "--with-keys", "--json"]).ok().json();
    assert_eq!(made["counts"]["users"], 2);

    let keys = PathBuf::from(made["keys"].as_str().unwrap());
    assert_eq!((mode(&keys), keys.clone()), (0o700, folder.path().join("tim.db.keys")));
    for (name, content) in [("sekisho.key", root.as_slice()), ("secret_key", SECRET_KEY.as_bytes())] {
        assert_eq!(std::fs::read(keys.join(name)).unwrap(), content);
        assert_eq!(mode(&keys.join(name)), 0o600, "{name}");
    }
    // The same names again, keys and all.
    site.cli(&["db", "backup", text(&file), "--force", "--with-keys"]).ok();
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2);
}

/// Registrations go on while the backup is made. Restored elsewhere, it is one moment: whole, and with everything that
/// was acknowledged before it began.
#[test]
fn s18_a_backup_under_write_load_restores_to_one_moment() {
    let site = start();
    let other = Scratch::new();
    let file = other.path().join("loaded.db");
    let acknowledged = Mutex::new(Vec::new());
    let over = AtomicBool::new(false);
    let before = std::thread::scope(|scope| {
        for writer in 0..4 {
            let (site, acknowledged, over) = (&site, &acknowledged, &over);
            scope.spawn(move || {
                for number in 0.. {
                    let name = format!("load{writer}x{number}");
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    if site.register(&name, "secret-123").status == 200 {
                        acknowledged.lock().unwrap().push(name);
                    }
                }
            });
        }
        until("some registrations", || (acknowledged.lock().unwrap().len() > 30).then_some(()));
        let before = acknowledged.lock().unwrap().clone();
        site.cli(&["db", "backup", text(&file), "--with-keys"]).ok();
        let during = acknowledged.lock().unwrap().len();
        until("more registrations", || (acknowledged.lock().unwrap().len() > during + 4).then_some(()));
        over.store(true, Ordering::Relaxed);
        before
    });

    let setup = Setup::new();
    db(&setup, other.path(), &["restore", text(&file)]).ok();
    let check = db(&setup, other.path(), &["check", "--json"]).ok().json();
    assert_eq!((&check["result"], &check["findings"]), (&json!("sound"), &json!([])));
    let there = Setup::new().start_in(other);
    for name in &before {
        assert_eq!(there.cli(&["user", "show", name]).code, Some(0), "{name} was acknowledged before");
    }
    assert_eq!(there.login(before.last().unwrap(), "secret-123").status, 200);
    // An event for each user: nobody is in it by half.
    let database = there.database();
    let users = database.number("select count(*) from sekisho_users");
    let made = "select count(*) from sekisho_events where kind in ('user_registered', 'user_added')";
    assert_eq!(users, database.number(made));
    assert!(users as usize > before.len());
}
