//! What an application's files may hold besides: secrets, large values, links that lead elsewhere or nowhere.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{APP_KEY, Application, HASH};
use crate::harness::{Db, Ran, Setup};

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn secrets_stay_where_they_are_unless_asked_for_and_no_file_without_hashes_holds_them() {
    let application = Application::with_users(&[(1, "tim", "tim@gmail.com")]);
    application.sql(
        "alter table user add password varchar; alter table user add api_key varchar;
         alter table user add totp_secret varchar; alter table user add reset_token varchar;
         alter table user add passport varchar;
         update user set password = 'canary-1', api_key = 'canary-2', totp_secret = 'canary-3',
             reset_token = 'canary-4', passport = 'C01X', phone = '030'",
    );
    for (said, why) in [
        ("full_name=hashed_password", "column hashed_password can't be both password and full_name"),
        ("full_name=password", "column password is named like a secret, and full_name is shown"),
    ] {
        let refused = application.adopt(&["--map", said]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    let told = application.adopt(&["--app", "app", "--map", "extra=passport"]).ok().stdout;
    let left = "left behind  password, api_key, totp_secret, reset_token: named like a secret";
    assert!(told.contains(left) && told.contains("kept beside  id, phone, passport\n"), "{told}");

    let site = application.serve();
    site.cli(&["user", "export", "--output", "all.jsonl", "--with-hashes"]).ok();
    let all = std::fs::read_to_string(site.folder().join("all.jsonl")).unwrap();
    assert!(!all.contains("canary") && all.contains("\"passport\":\"C01X\""), "{all}");
    site.cli(&["user", "export", "--output", "open.jsonl"]).ok();
    let open = std::fs::read_to_string(site.folder().join("open.jsonl")).unwrap();
    assert!(open.contains("\"phone\":\"030\"") && !open.contains("C01X") && !open.contains("$2b$"), "{open}");
}

#[test]
fn side_by_side_begins_with_one_key_or_not_at_all() {
    let application = Application::with_users_on(Db::Sqlite, &[(1, "tim", "tim@gmail.com")]);
    application.write("auth.py", "ALGORITHM = \"HS256\"\n");
    application.write("large.py", &"# x\n".repeat(300_000));
    application.write("open.py", "x = ((1)\nSECRET_KEY = \"hidden\"\n");
    symlink("circle.py", application.path("circle.py")).unwrap();
    symlink(application.path(""), application.path("again")).unwrap();
    pipe(&application.path("pipe.py"));
    let before = application.theirs.content();
    for args in [&["--in-place", "--app", "app"][..], &["--in-place", "--app", "app", "--dry-run"]] {
        let refused = application.adopt(args);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        for part in [
            "no literal SECRET_KEY was found",
            "--new-key",
            "again (a link to a folder)",
            "circle.py (a link that leads to no file)",
            "large.py (longer than 1 MiB)",
            "the end of open.py (a bracket is never closed)",
            "pipe.py (no file)",
        ] {
            assert!(refused.stderr.contains(part), "{part}: {}", refused.stderr);
        }
        assert!(!application.scratch.path().join("data").exists(), "nothing is done");
        assert_eq!(application.theirs.content(), before);
    }
    let refused = application.adopt(&["--in-place"]);
    assert!(refused.stderr.contains("name its folder with --app"), "{}", refused.stderr);
    let told = application.adopt(&["--app", "app", "--dry-run"]).ok().stdout;
    assert!(told.contains("note         no literal SECRET_KEY was found"), "{told}");
    assert!(told.contains("note         passed over, so not read: pipe.py (no file)\n"), "{told}");

    // As a volume of Kubernetes has it: a link to a file behind a link to a folder.
    std::fs::create_dir(application.path("..version")).unwrap();
    application.write("..version/.env", &format!("SECRET_KEY={APP_KEY}\n"));
    symlink("..version", application.path("..data")).unwrap();
    symlink("..data/.env", application.path(".env")).unwrap();
    let told = application.adopt(&["--in-place", "--app", "app"]).ok().stdout;
    assert!(told.contains(".env:1  SECRET_KEY: found\n"), "{told}");
    let key = application.scratch.path().join("data/secret_key");
    assert_eq!(std::fs::read_to_string(key).unwrap(), APP_KEY);
}

#[test]
fn a_new_key_for_both_needs_no_former_one() {
    let application = Application::with_users_on(Db::Sqlite, &[(1, "tim", "tim@gmail.com")]);
    let told = application.adopt(&["--in-place", "--new-key"]).ok().stdout;
    let key = application.scratch.path().join("data/secret_key");
    assert!(told.contains(&format!("it must read {} from now on", key.display())), "{told}");
    assert_eq!(std::fs::read_to_string(key).unwrap().trim().len(), 64);
}

#[test]
fn values_that_no_export_holds_are_named_and_left_out_and_all_else_goes_on_to_the_next_server() {
    let application = Application::with_users(&[(1, "tim", "tim@gmail.com"), (2, "ann", "ann@x.org")]);
    let theirs = &application.theirs;
    application.sql(&format!(
        "alter table user add avatar blob;
         insert into user (id, username, email, hashed_password) values (3, '', '', '');
         update user set avatar = {} where id = 1;
         update user set avatar = {}, full_name = 'Ann' where id = 2;
         update user set username = {}, email = 'bob@x.org', full_name = {}, phone = '030' where id = 3;
         update user set hashed_password = '{HASH}'",
        theirs.zeroes(600_000),
        theirs.zeroes(100_000_000),
        theirs.long(50_000_000),
        theirs.long(5_000),
    ));
    let told = application.adopt(&["--app", "app"]).ok().stdout;
    for line in [
        "  row 1, tim: its avatar is longer than an export can hold, and was left out\n",
        "  row 2, ann: its avatar is longer than an export can hold, and was left out\n",
        "  row 3, without a name (now bob@x.org): its name is too long or holds what no name can",
        "  row 3, without a name (now bob@x.org): its username is longer than an export can hold, and was left out\n",
        "  row 3, without a name (now bob@x.org): its full_name is longer than an export can hold, and was left out\n",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(told.len() < 4000, "{} bytes", told.len());
    let site = application.serve();
    site.cli(&["user", "export", "--output", "users.jsonl", "--with-hashes"]).ok();
    let next = Setup::new().start();
    std::fs::copy(site.folder().join("users.jsonl"), next.folder().join("users.jsonl")).unwrap();
    assert_eq!(next.cli(&["user", "import", "users.jsonl"]).ok().stdout, "imported 3 users\n");
    assert_eq!(next.login("ann", "tim1234").status, 200);
    assert_eq!(next.login("bob@x.org", "tim1234").status, 200);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    let application = Application::with_users_on(Db::Sqlite, &[]);
    std::fs::remove_file(application.path("test.db")).unwrap();
    pipe(&application.path("test.db"));
    for args in [&[][..], &["--app", "app"], &["--in-place", "--app", "app"]] {
        let refused = application.adopt(args);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.ends_with("app/test.db is not a file\n"), "{}", refused.stderr);
    }
}

#[test]
fn a_configuration_that_could_not_be_written_stops_it_before_anything_is() {
    for (db, args) in [(Db::tested(), &["--app", "app"][..]), (Db::Sqlite, &["--app", "app", "--in-place"])] {
        let application = Application::with_users_on(db, &[(1, "tim", "tim@gmail.com")]);
        symlink("nowhere", application.scratch.path().join("sekisho.toml")).unwrap();
        let before = application.theirs.content();
        let refused = application.adopt(args);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("is a link that leads nowhere: remove it"), "{}", refused.stderr);
        assert!(!refused.stderr.contains("--force"), "{}", refused.stderr);
        assert!(!application.scratch.path().join("data").exists(), "nothing is done");
        assert_eq!(application.theirs.content(), before);
    }
}

#[test]
fn a_name_like_an_id_is_found_by_it_unless_it_is_somebodys_id() {
    const ID: &str = "0199f0a2-6c1e-7a30-8d4b-3f6f1f5f2c11";
    let application = Application::with_users(&[(1, ID, "eve@x.org"), (2, "tim", "tim@gmail.com")]);
    application.adopt(&["--app", "app"]).ok();
    let site = application.serve();
    let shown = |name: &str| -> serde_json::Value { site.cli(&["user", "show", name, "--json"]).ok().json() };
    assert_eq!((&shown(ID)["email"], &shown(ID)["external_id"]), (&"eve@x.org".into(), &"1".into()));
    let tim = shown("tim")["id"].as_str().unwrap().to_owned();
    assert_eq!(shown(&tim)["username"], "tim");
    // Where both are there the id decides, so that nobody can name themselves what another is called by; no file
    // brings such a name.
    for name in [tim.clone(), tim.to_uppercase()] {
        std::fs::write(site.folder().join("eve.csv"), format!("username\n{name}\n")).unwrap();
        let ran: Ran = site.cli(&["user", "import", "eve.csv"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(
            ran.stdout.contains("looks like an id") || ran.stderr.contains("looks like an id"),
            "{ran:?}"
        );
        let added = site.cli_with(&["user", "add", &name, "--password-stdin"], "seven grey herons wade");
        assert_ne!(added.code, Some(0), "{added:?}");
    }
}

#[test]
fn side_by_side_too_a_long_name_is_no_name_and_large_values_stay_where_they_are() {
    let application =
        Application::with_users_on(Db::Sqlite, &[(1, "tim", "tim@gmail.com"), (2, "", "bob@x.org")]);
    application.sql("update user set username = cast(zeroblob(2000000) as text), phone = printf('%.600000c', 'x') where id = 2");
    let told = application.adopt(&["--in-place", "--app", "app"]).ok().stdout;
    assert!(told.contains("row 2, without a name (now bob@x.org): its name is too long"), "{told}");
    let kept = "select cast(length(phone) as text) from user where id = 2";
    assert_eq!(application.theirs.text(kept), "600000");
}
