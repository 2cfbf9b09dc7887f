//! All or nothing, once, and before that a word about what would happen.

use std::process::Stdio;

use super::{Application, HASH, USER};
use crate::harness::{Database, Db, Ran, Setup, until};

#[test]
fn a_dry_run_says_what_the_run_does_and_changes_nothing() {
    let application = Application::with_users(&[
        (1, "tim", "tim@gmail.com"),
        (2, "tim", "t@x.org"),
        (3, "", ""),
        (4, "x", "y"),
    ]);
    application.sql(
        "create table item (id integer primary key, owner integer); insert into item values (1, 1), (2, 7);",
    );
    let before = application.everything();
    let told = application.adopt(&["--app", "app", "--json", "--dry-run"]).ok().json();
    assert_eq!(application.everything(), before);
    assert_eq!(told["dry_run"], true);
    let done = application.adopt(&["--app", "app", "--json"]).ok().json();
    for member in ["users", "items", "application", "columns", "notes"] {
        assert_eq!(told[member], done[member], "{member}");
    }
    assert_eq!(told["settings"]["values"], done["settings"]["values"]);
    // Beside a database that is there it is as quiet, and knows what came before.
    let before = application.everything();
    let told = application.adopt(&["--app", "app", "--json", "--dry-run"]).ok().json();
    assert_eq!(application.everything(), before);
    assert_eq!((told["users"]["adopted"].as_i64(), told["users"]["unchanged"].as_i64()), (Some(0), Some(3)));
}

#[test]
fn a_row_whose_id_came_with_another_name_and_another_address_is_told_and_left() {
    let application = Application::with_users(&[(1, "tim", "tim@gmail.com"), (2, "eve", "e@x.org")]);
    application.adopt(&["--app", "app"]).ok();
    let hash = format!("{}zzz{}", &HASH[..7], &HASH[10..]);
    application.sql(&format!(
        "update user set username = 'alice', email = 'a@x.org', hashed_password = '{hash}' where id = 2"
    ));
    let again = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!(
        (again["users"]["adopted"].as_i64(), again["users"]["unchanged"].as_i64()),
        (Some(0), Some(2))
    );
    let row = &again["users"]["rows"][0];
    assert_eq!(
        (row["name"].as_str(), row["username"].as_str(), row["notes"][0]["code"].as_str()),
        (Some("alice"), Some("eve"), Some("came_as_another"))
    );
}

#[test]
fn a_second_run_changes_nothing_and_brings_back_nobody() {
    let application =
        Application::with_users(&[(1, "tim", "tim@gmail.com"), (2, "tim", "t@x.org"), (3, "ann", "a@x.org")]);
    application.sql(
        "create table item (id integer primary key, owner integer); insert into item values (1, 1), (2, 3);",
    );
    application.adopt(&["--app", "app"]).ok();
    let setup = application.setup.clone();
    let cli = |args: &[&str]| {
        let mut command = setup.command(application.scratch.path(), args[0]);
        command.args(&args[1..]);
        Ran::of(command, "").ok()
    };
    cli(&["user", "delete", "ann", "--yes"]);
    cli(&["item", "remove", "1"]);
    let listed = cli(&["user", "list", "--json"]).stdout;
    let before = std::fs::read(application.scratch.path().join("sekisho.toml")).unwrap();
    let again = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!(
        (again["users"]["adopted"].as_i64(), again["users"]["unchanged"].as_i64()),
        (Some(0), Some(3))
    );
    assert_eq!(
        (again["items"]["adopted"].as_i64(), again["items"]["unchanged"].as_i64()),
        (Some(0), Some(2))
    );
    assert_eq!(cli(&["user", "list", "--json"]).stdout, listed);
    assert_eq!(std::fs::read(application.scratch.path().join("sekisho.toml")).unwrap(), before);
    // Who registered there meanwhile comes; a name that was taken here is found by the address.
    application.sql(&format!(
        "insert into user (id, username, email, hashed_password) values (4, 'new', 'n@x.org', '{HASH}')"
    ));
    let again = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!(
        (again["users"]["adopted"].as_i64(), again["users"]["unchanged"].as_i64()),
        (Some(1), Some(3))
    );
}

#[test]
fn another_database_is_noticed_and_may_be_named() {
    let application = Application::with_users(&[(1, "tim", "tim@gmail.com"), (2, "ann", "a@x.org")]);
    application.adopt(&[]).ok();
    // Other people: not even a hash is the same.
    application.sql(
        "update user set username = 'x' || id, email = id || '@y.org', hashed_password = replace(hashed_password, '2Ss8', '2Ss9')",
    );
    let refused = application.adopt(&[]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("of 2 rows that came before, 0 have the name or the address that they had"),
        "{}",
        refused.stderr
    );
    let named = application.adopt(&["--source", "shop", "--json"]).ok().json();
    assert_eq!(named["users"]["adopted"], 2);
    let site = application.serve();
    assert_eq!(site.cli(&["user", "show", "x1", "--json"]).ok().json()["external_id"], "shop:1");
}

#[test]
fn a_kill_at_any_point_leaves_all_or_nothing() {
    const USERS: i64 = 3_000;
    let application = Application::new(&format!(
        "{USER} with recursive n(i) as (select 1 union all select i + 1 from n where i < {USERS})
         insert into user select i, 'user' || i || '@x.org', 'name' || i, '{HASH}', null, false, null from n;"
    ));
    let folder = application.scratch.path().to_owned();
    // What is not committed shows in the log of a file, and in the length of a table.
    let written = || match Db::tested() {
        Db::Sqlite => std::fs::metadata(folder.join("data/sekisho.db-wal")).map_or(0, |log| log.len()),
        Db::Postgres => {
            let size = "select coalesce(pg_relation_size(to_regclass('sekisho_users')), 0)";
            Database::in_folder(Db::Postgres, &folder).number(size).unsigned_abs()
        }
    };
    let count = || {
        let mut list = application.setup.command(application.scratch.path(), "user");
        list.args(["list", "--json"]);
        Ran::of(list, "").ok().stdout.lines().count() as i64
    };
    for bytes in [1 << 16, 1 << 18] {
        let mut adopting =
            application.command(&[]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        until("some rows to be written, or all", || {
            (written() > bytes || adopting.try_wait().unwrap().is_some()).then_some(())
        });
        let _ = adopting.kill();
        adopting.wait().unwrap();
        let count = count();
        assert!(count == 0 || count == USERS, "{count} users after {bytes} bytes");
    }
    let last = application.adopt(&["--json"]).ok().json();
    assert_eq!(
        last["users"]["adopted"].as_i64().unwrap() + last["users"]["unchanged"].as_i64().unwrap(),
        USERS
    );
    assert_eq!(count(), USERS);
}

#[test]
fn a_running_server_serves_who_was_adopted_beside_it() {
    let application = Application::with_users(&[(1, "tim", "tim@gmail.com")]);
    let theirs = application.theirs.named();
    let site = Setup::new().env("SECRET_KEY", super::APP_KEY).start_in(application.scratch);
    assert_eq!(site.login("tim", "tim1234").status, 401);
    site.cli(&["adopt", &theirs, "--app", "app", "--profile", "development"]).ok();
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

#[test]
fn what_is_no_application_is_one_clear_line() {
    let application = Application::with_users(&[]);
    application.write("text.db", "no database");
    for (args, words) in [
        (vec!["app/none.db"], "app/none.db is not there"),
        (vec!["app/text.db"], "app/text.db is no SQLite database"),
        (vec!["app/test.db", "--map", "name=x"], "must be FIELD=NAME"),
        (vec!["app/test.db", "--app", "nowhere"], "cannot read nowhere"),
    ] {
        let mut command = application.setup.command(application.scratch.path(), "adopt");
        command.args(&args);
        let ran = Ran::of(command, "");
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(words), "{args:?}: {}", ran.stderr);
    }
    assert!(!application.scratch.path().join("data").exists());
}
