//! Tables that are not as the seeds have them, and an adoption that is cut short.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection as Sqlite;
use serde_json::json;

use super::application::Folder;
use crate::harness::Db;

/// A folder whose file was made by this SQL instead of by the application.
fn made_by(sql: &str) -> Folder {
    let folder = Folder::on(Db::Sqlite);
    Sqlite::open(folder.file()).unwrap().execute_batch(sql).unwrap();
    folder
}

const SEEDS: &str = "create table user (id integer not null primary key, email varchar not null unique, \
     username varchar not null, hashed_password varchar not null)";
const TIM: &str = "insert into user (id, email, username, hashed_password) values (1, 'tim@gmail.com', 'tim', \
     '$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa')";

#[test]
fn columns_without_a_default_are_asked_for_in_one_go() {
    let sql = format!(
        "{SEEDS}; {TIM}; alter table user add column nick varchar; create table log (what text); \
         create table account as select * from user; drop table user; \
         create table user (id integer not null primary key, email varchar not null unique, username varchar not null, \
         hashed_password varchar not null, role varchar not null, is_admin boolean not null, \
         joined datetime not null, score integer not null default 0)"
    );
    let folder = made_by(&sql);
    let ran = folder.adopt(&["test.db", "--in-place", "--app", ".", "--set", "role=member"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (
            Some(2),
            "sekisho: column is_admin (boolean) has no default in the database: --set is_admin=false\n\
             sekisho: column joined (datetime) has no default in the database: --set joined=now\n"
        )
    );
    let ran = folder.adopt(&["test.db", "--in-place", "--app", ".", "--set", "rank=1"]);
    assert!(ran.stderr.contains("--set rank: the table has no such column"), "{}", ran.stderr);
    assert_eq!((folder.ours(), folder.copies().len()), (Vec::new(), 0));
    assert!(!folder.path().join("data").exists());

    let sets = ["--set", "role=member", "--set", "is_admin=false", "--set", "joined=now"];
    folder.adopt(&[&["test.db", "--in-place", "--app", "."], &sets[..]].concat()).ok();
    let site = folder.serve();
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    assert_eq!(
        folder.rows("id, username, role, is_admin, score, joined glob '20??-??-?? ??:??:??.??????'"),
        ["1|ann|member|0|0|1"]
    );
}

#[test]
fn the_trial_asks_for_what_a_trigger_of_the_applications_wants() {
    let folder = made_by(&format!(
        "{SEEDS}; {TIM}; create table badge (user_id integer, kind text not null); \
         create trigger badges after insert on user begin \
         insert into badge select new.id, null; end"
    ));
    let ran = folder.adopt(&["test.db", "--in-place", "--app", "."]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert_eq!(
        ran.stderr,
        "sekisho: trying it out failed at adding a user: NOT NULL constraint failed: badge.kind\n\
         sekisho: nothing was changed; --set kind=VALUE gives new users a value there\n"
    );
    assert_eq!((folder.ours(), folder.copies().len()), (Vec::new(), 0));
    assert!(!folder.path().join("sekisho.toml").exists());
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_would_happen() {
    let folder = made_by(&format!("{SEEDS}; {TIM}"));
    let before = std::fs::read(folder.file()).unwrap();
    let ran = folder.adopt(&["test.db", "--in-place", "--app", ".", "--dry-run", "--json"]).ok();
    let said = ran.json();
    assert_eq!((&said["users"]["adopted"], &said["in_place"]), (&json!(1), &json!({"table": "user"})));
    assert_eq!(std::fs::read(folder.file()).unwrap(), before);
    assert!(!folder.path().join("sekisho.toml").exists());
    assert_eq!((folder.ours(), folder.copies().len()), (Vec::new(), 0));
}

#[test]
fn names_that_clash_get_one_that_both_know() {
    let folder = made_by(&format!(
        "{SEEDS}; {TIM}; insert into user values (2, 'tim2@gmail.com', 'tim', 'x'), (3, 'Tim3@gmail.com', 'Tim', 'x')"
    ));
    let said = folder.adopt(&["test.db", "--in-place", "--app", ".", "--json"]).ok().json();
    assert_eq!(said["users"]["adopted"], 3);
    let second = said["users"]["rows"][0]["username"].as_str().unwrap().to_owned();
    assert_ne!(second, "tim");
    assert_eq!(folder.rows("id, username"), ["1|tim".to_owned(), format!("2|{second}"), "3|Tim".to_owned()]);
}

#[test]
fn killed_at_any_moment_an_adoption_leaves_all_or_nothing() {
    let mut sql = format!("{SEEDS}; {TIM}; begin;");
    for id in 2..2000 {
        sql.push_str(&format!(
            "insert into user values ({id}, 'user{id}@example.com', 'user{id}', \
             '$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa');"
        ));
    }
    let folder = made_by(&format!("{sql} commit"));
    let before = folder.rows("id, email, username, hashed_password");
    let (mut killed, mut pause) = (0, Duration::from_millis(2));
    loop {
        let mut command = folder.adopting(&["test.db", "--in-place", "--app", "."]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(pause);
        let _ = child.kill();
        let status = child.wait().unwrap();
        assert_eq!(folder.rows("id, email, username, hashed_password"), before);
        let linked = match folder.ours().len() {
            0 => 0,
            _ => Sqlite::open(folder.file())
                .unwrap()
                .query_row("select count(*) from sekisho_beside", [], |row| row.get::<_, i64>(0))
                .unwrap(),
        };
        assert!(linked == 0 || linked == before.len() as i64, "{linked} of {}", before.len());
        if status.signal().is_none() {
            assert_eq!(status.code(), Some(0), "it ended by itself after {killed} kills");
            break;
        }
        killed += 1;
        pause += pause / 3;
    }
    assert!(killed > 3, "only {killed} runs were cut short");
    // What a cut left beside it harms nobody: the last one went through, and it serves.
    folder.adopt(&["test.db", "--in-place", "--app", "."]).ok();
    let site = folder.serve();
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    assert_eq!(folder.rows("id").len(), before.len() + 1);
}
