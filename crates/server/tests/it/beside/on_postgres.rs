//! What is PostgreSQL's own: the address, rights, its words for what a table does not take, and an adoption cut short.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use sekisho_throwaway::Postgres;
use serde_json::json;

use super::application::{Folder, setup};
use crate::harness::{Db, Ran};

const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";

/// A folder whose table has more than the seeds', and tim.
fn with_tim(more: &str) -> Folder {
    let folder = Folder::on(Db::Postgres);
    folder.does(&format!(
        "create table user (id integer not null primary key, email varchar(60) not null unique, \
         username varchar not null, hashed_password varchar not null{more}); \
         insert into user (email, username, hashed_password) values ('tim@gmail.com', 'tim', '{HASH}')"
    ));
    folder
}

/// `sekisho NAME` where nothing but what an adoption has written says which database it is.
fn bare(folder: &Folder, name: &str, args: &[&str]) -> Ran {
    let mut command = setup().on(Db::Sqlite).command(folder.path(), name);
    command.args(args).env_remove("SEKISHO_PROFILE");
    Ran::of(command, "")
}

#[test]
fn the_address_is_kept_where_its_owner_alone_reads_it() {
    let folder = with_tim("");
    let address = folder.named().replace("postgresql://ordinary@", "postgresql+psycopg://ordinary:hidden@");
    let said = bare(&folder, "adopt", &[&address, "--in-place", "--app", "."]).ok().stdout;
    assert!(!said.contains("hidden"), "{said}");
    let shown = folder.named().replace("ordinary@", "ordinary:***@");
    assert!(said.contains(&format!("into         {shown}")), "{said}");
    assert!(said.contains("copy         the users' table as it was: sekisho_before_"), "{said}");
    let kept = folder.path().join("data/database_url");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), format!("{address}\n"));
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let config = std::fs::read_to_string(folder.path().join("sekisho.toml")).unwrap();
    assert!(!config.contains("hidden"), "{config}");
    for (key, file) in [("database_url_file", "data/database_url"), ("root_key_file", "data/sekisho.key")] {
        let line = format!("{key} = \"{}\"", folder.path().join(file).display());
        assert!(config.lines().any(|written| written == line), "{line} in\n{config}");
    }
    let listed = bare(&folder, "user", &["list", "--json"]).ok().stdout;
    assert!(listed.contains("tim@gmail.com"), "{listed}");
    // Without an address it is the configured one, and there is nothing to be done.
    let again = bare(&folder, "adopt", &[&address, "--in-place", "--app", ".", "--json"]).ok().json();
    assert_eq!((&again["in_place"]["copy"], &again["users"]["unchanged"]), (&json!(null), &json!(1)));
    let back = bare(&folder, "adopt", &["--release=back", "--yes", "--json"]).ok().json();
    assert_eq!(back["result"], json!("back"));
    assert_eq!(
        (folder.ours(), folder.rows("username"), folder.copies().len()),
        (vec![], vec!["tim".to_owned()], 2)
    );
}

#[test]
fn rights_that_are_missing_are_named_as_they_are_given() {
    let folder = with_tim("");
    let server = Postgres::shared();
    let as_owner = |sql: &str| server.psql(&folder.named(), sql);
    let role = format!("guest_{}", folder.named().rsplit('/').next().unwrap());
    server.psql(&server.url("postgres"), &format!("create role {role} login"));
    as_owner(&format!("grant select on \"user\" to {role}"));
    let address = folder.named().replace("ordinary@", &format!("{role}@"));
    let adopt =
        |more: &[&str]| bare(&folder, "adopt", &[&[&address, "--in-place", "--app", "."], more].concat());
    let lines = [
        format!("grant usage, create on schema \"public\" to \"{role}\";"),
        format!("grant select, insert, update, trigger on table \"public\".\"user\" to \"{role}\";"),
        format!("grant usage on sequence user_id_seq to \"{role}\";"),
    ];
    for more in [&["--dry-run"][..], &[]] {
        let ran = adopt(more);
        let said = lines.iter().map(|line| format!("sekisho: {line}\n")).collect::<String>();
        let head = "sekisho: this role lacks rights, or others have too many; the owner of the table, or a superuser, can mend it:\n";
        assert_eq!((ran.code, ran.stderr), (Some(1), format!("{head}{said}")));
    }
    assert_eq!((folder.ours(), folder.path().join("data").exists()), (Vec::new(), false));
    let mend = |sql: &str| server.psql(&folder.named().replace("ordinary@", "sekisho@"), sql);
    mend(&lines.concat());
    // As everybody may on versions 13 and 14: then anybody's operators could be called with the rights of this role.
    mend("grant create on schema public to public");
    let strangers = "revoke create on schema public from public;";
    for more in [&["--dry-run"][..], &[]] {
        let ran = adopt(more);
        assert_eq!((ran.code, ran.stderr.lines().last()), (Some(1), Some(&*format!("sekisho: {strangers}"))));
    }
    assert_eq!(folder.ours(), Vec::<String>::new());
    mend(strangers);
    adopt(&[]).ok();
    // The owner goes on as before, and sees what happens; nothing of ours is his to read.
    bare(&folder, "user", &["disable", "tim"]).ok();
    assert!(folder.rows("hashed_password")[0].ends_with("......"));
    as_owner("update \"user\" set username = 'timothy'; delete from \"user\"");
    assert_eq!(as_owner("select has_table_privilege('sekisho_credentials', 'select')"), "f");
    bare(&folder, "adopt", &["--release=back", "--yes"]).ok();
    assert_eq!(folder.ours(), Vec::<String>::new());
}

#[test]
fn a_row_of_a_file_that_the_table_does_not_take_is_refused_alone() {
    let folder = with_tim(
        ", full_name varchar(10), constraint names check (username not like 'no-%'), \
         constraint schemes check (hashed_password not like '%argon2%')",
    );
    folder.does("create unique index lower_email on user (lower(email))");
    folder.adopt(&["test.db", "--in-place", "--app", "."]).ok();
    folder.does(
        "insert into user (email, username, hashed_password) values ('bob@example.com', 'bob', 'x'), \
         ('SUE@example.com', 'sue', 'x')",
    );
    let site = folder.serve();
    let argon2 = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPA4rEsF5h7TKyQwu9U1bMCHGi/4A";
    let rows = [
        json!({"username": "ann", "email": "ann@example.com"}),
        json!({"username": "no-one", "email": "no-one@example.com", "items": [70]}),
        json!({"username": "bob", "email": "other@example.com"}),
        json!({"username": "robert", "email": "bob@example.com"}),
        json!({"username": "susan", "email": "sue@example.com"}),
        json!({"username": "tom", "email": "tom@example.com", "full_name": "Thomas the Tank Engine"}),
        json!({"username": "kim", "email": "kim@example.com", "password_hash": argon2}),
        json!({"username": "eve", "email": "eve@example.com"}),
    ];
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    std::fs::write(folder.path().join("users.jsonl"), text).unwrap();
    let ran = site.cli(&["user", "import", "users.jsonl"]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (
            Some(1),
            "line 2: the application's own table does not take it: names (fields_invalid)\n\
             line 3: username: is in use (username_taken)\n\
             line 4: email: is in use (email_taken)\n\
             line 5: email: is in use (email_taken)\n\
             line 6: the application's own table does not take it: a text is longer than its column takes (fields_invalid)\n\
             line 7: the application's own table does not take it: schemes (fields_invalid)\n\
             imported 2 users (2 without a password); 6 refused\n"
        )
    );
    assert_eq!(folder.rows("username"), ["tim", "bob", "sue", "ann", "eve"]);
    for (name, status) in [("bob", 409), ("sue", 409), ("no-two", 503)] {
        assert_eq!(site.register(name, "a-long-enough-password").status, status, "{name}");
    }
    assert!(site.log().contains("the application's own table refuses a new user"), "{}", site.log());
}

#[test]
fn a_column_that_wants_a_value_is_asked_for() {
    let folder = with_tim(", role varchar");
    folder.does(
        "create table badge (user_id integer, kind text not null); \
         create function badges() returns trigger language plpgsql as \
         'begin insert into badge select new.id, new.role; return null; end'; \
         create trigger badges after insert on user for each row execute function badges()",
    );
    let ran = folder.adopt(&["test.db", "--in-place", "--app", "."]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (
            Some(1),
            "sekisho: trying it out failed at adding a user: not null: kind\n\
             sekisho: nothing was changed; --set kind=VALUE gives new users a value there\n"
        )
    );
    assert_eq!((folder.ours(), folder.copies().len()), (Vec::new(), 0));
    assert!(!folder.path().join("sekisho.toml").exists());
    folder.adopt(&["test.db", "--in-place", "--app", ".", "--set", "role=member"]).ok();
    assert_eq!(folder.serve().register("ann", "ann-likes-salad").status, 200);
    assert_eq!(folder.query("select kind from badge"), ["member"]);
}

#[test]
fn killed_at_any_moment_an_adoption_leaves_all_or_nothing() {
    let folder = with_tim("");
    folder.does(&format!(
        "insert into user (email, username, hashed_password) \
         select 'user' || n || '@example.com', 'user' || n, '{HASH}' from generate_series(2, 300) n"
    ));
    let before = folder.rows("id, email, username, hashed_password");
    let (mut killed, mut pause) = (0, Duration::from_millis(20));
    loop {
        let mut command = folder.adopting(&["test.db", "--in-place", "--app", "."]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(pause);
        let _ = child.kill();
        let status = child.wait().unwrap();
        assert_eq!(folder.rows("id, email, username, hashed_password"), before);
        let linked = match folder.ours().len() {
            0 => 0,
            _ => folder.query("select count(*) from sekisho_beside").remove(0).parse().unwrap(),
        };
        assert!(linked == 0 || linked == before.len(), "{linked} of {}", before.len());
        if status.signal().is_none() {
            assert_eq!(status.code(), Some(0), "it ended by itself after {killed} kills");
            break;
        }
        killed += 1;
        pause += pause / 2;
    }
    assert!(killed > 3, "only {killed} runs were cut short");
    folder.adopt(&["test.db", "--in-place", "--app", "."]).ok();
    let site = folder.serve();
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    assert_eq!(folder.rows("id").len(), before.len() + 1);
}
