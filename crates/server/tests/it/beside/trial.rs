//! The trial: Sekisho for log-in and users, the application for its own routes, both on one database; and back.

use serde_json::json;

use super::application::{APPLICATIONS_KEY, Folder, rows, setup};
use crate::harness::{Db, Mint, Ran, Request};

/// An adopted folder with the application's user tim, and another who is to be disabled.
fn adopted() -> Folder {
    let folder = Folder::new();
    let application = folder.application();
    application.register("tim", "tim-likes-bread");
    application.register("dora", "dora-likes-cakes");
    application.stop();
    folder.adopt_in_place();
    folder
}

#[test]
fn an_old_a_changed_and_a_new_user_use_both_and_go_back() {
    let folder = Folder::new();
    let application = folder.application();
    application.register("tim", "tim-likes-bread");
    application.register("eve", "eve-likes-fruit");
    let old_token = application.token("tim", "tim-likes-bread");
    // It runs on while its file is adopted.
    folder.adopt_in_place();
    let mut site = folder.serve();

    // Whoever had a token keeps it; old, changed and new users get ours, and the application's own route takes it.
    assert_eq!(site.me(&old_token).json()["username"], "tim");
    let ran = site.cli_with(&["user", "set-password", "eve", "--password-stdin"], "eve-likes-plums\n");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    let passwords = [("tim", "tim-likes-bread"), ("eve", "eve-likes-plums"), ("ann", "ann-likes-salad")];
    let ids = [1, 2, folder.next_id(3)];
    for ((number, id), (name, password)) in (1..).zip(ids).zip(passwords) {
        let token = site.token(name, password);
        let orders = application.order(&token, &format!("for {name}"));
        assert_eq!(orders, [json!({"id": number, "owner_id": id, "what": format!("for {name}")})]);
        assert_eq!(site.me(&token).json()["username"], name);
    }
    assert_eq!(site.login("eve", "eve-likes-fruit").status, 401);
    assert_eq!(
        folder.rows("id, username, email, disabled, role"),
        [
            "1|tim|tim@example.com|0|member".to_owned(),
            "2|eve|eve@example.com|0|member".to_owned(),
            format!("{}|ann|ann@example.com|0|member", ids[2])
        ]
    );

    // Sekisho is gone: the application lets all three in by itself.
    site.stop();
    for (name, password) in passwords {
        let token = application.token(name, password);
        let response = application.send(&Request::get("/users/me").bearer(&token));
        assert_eq!(response.json()["username"], name);
        assert_eq!(application.orders(&token).json()[0]["what"], format!("for {name}"));
    }
    assert_eq!(application.login("eve", "eve-likes-fruit").status, 401);
    application.stop();
}

#[test]
fn who_is_disabled_or_deleted_is_out_of_the_application_too() {
    let folder = adopted();
    let application = folder.application();
    let site = folder.serve();
    let (tim, dora) = (site.token("tim", "tim-likes-bread"), site.token("dora", "dora-likes-cakes"));
    assert_eq!(application.order(&tim, "bread").len(), 1);
    assert_eq!(application.order(&dora, "cake").len(), 1);

    assert_eq!(site.cli(&["user", "disable", "dora"]).code, Some(0));
    assert_eq!(application.orders(&dora).json(), json!({"detail": "Inactive user"}));
    assert_eq!(site.cli(&["user", "enable", "dora"]).code, Some(0));
    assert_eq!(application.orders(&dora).status, 200);

    assert_eq!(site.cli(&["user", "delete", "tim", "--yes"]).code, Some(0));
    assert_eq!(application.orders(&tim).status, 401);
    assert_eq!(application.login("tim", "tim-likes-bread").status, 401);
    let blank = folder.rows("id, username, email, full_name, disabled").remove(0);
    assert!(blank.starts_with("1|deleted-1-") && blank.ends_with("@deleted.example|1"), "{blank}");
    // The order points to somebody still.
    assert_eq!(folder.query("select count(*) from orders join user on user.id = orders.owner_id"), ["2"]);
    application.stop();
}

#[test]
fn a_name_or_an_address_of_the_application_is_taken() {
    let folder = adopted();
    let application = folder.application();
    let site = folder.serve();
    // The application goes on registering by itself, which nobody told it not to.
    application.register("bob", "bob-likes-bacon");
    let conflict = |username: &str, email: &str, detail: &str| {
        let response = site.register_as(username, email, "somebody-elses-1");
        assert_eq!((response.status, response.detail()), (409, json!(detail)));
    };
    let before = folder.rows("id, username, email, hashed_password");
    conflict("bob", "bobby@example.com", "Username already registered");
    conflict("bobby", "bob@example.com", "E-mail already registered");
    conflict("tim", "bobby@example.com", "Username already registered");
    assert_eq!(folder.rows("id, username, email, hashed_password"), before);
    // A token with his name, made here for nobody, opens nothing.
    let token = Mint::of("bob").key(APPLICATIONS_KEY.as_bytes()).signed();
    assert_eq!(site.me(&token).status, 401);
    application.stop();
}

#[test]
fn both_write_at_once_and_the_database_stays_whole() {
    let folder = adopted();
    let application = folder.application();
    let site = folder.serve();
    let token = site.token("tim", "tim-likes-bread");
    std::thread::scope(|scope| {
        let ordering = scope.spawn(|| {
            (0..40).map(|number| application.order(&token, &number.to_string()).len()).collect::<Vec<_>>()
        });
        for number in 0..6 {
            assert_eq!(site.register(&format!("user{number}"), "users-like-soup").status, 200);
        }
        assert_eq!(ordering.join().unwrap(), (1..=40).collect::<Vec<_>>());
    });
    assert_eq!(folder.rows("id").len(), 8);
    let ran = site.cli(&["db", "check"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
    application.stop();
}

#[test]
fn a_back_up_is_of_the_whole_file_and_its_triggers_are_known() {
    let folder = adopted();
    let site = folder.serve();
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    site.cli(&["db", "backup", "backup.db"]).ok();
    assert_eq!(rows(&folder.path().join("backup.db"), "id").len(), 3);
    site.cli(&["db", "check", "backup.db"]).ok();
    let written = rusqlite::Connection::open(folder.path().join("backup.db")).unwrap();
    for (sql, what) in [
        ("drop trigger sekisho_beside_disabled", "sekisho_beside_disabled is missing"),
        (
            "create trigger sekisho_beside_disabled after update of disabled_at on sekisho_users begin \
             update sekisho_users set disabled_at = null; end",
            "sekisho_beside_disabled is not as the record of the application's table makes it",
        ),
    ] {
        written.execute_batch(sql).unwrap();
        let ran = site.cli(&["db", "check", "backup.db"]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stdout.contains(what), "{}", ran.stdout);
    }
}

#[test]
fn a_long_password_is_refused_while_the_way_back_is_open() {
    let folder = adopted();
    let site = folder.serve();
    assert_eq!(site.register("ann", &"a".repeat(73)).status, 422);
    assert_eq!(site.register("ann", &"ab-".repeat(24)).status, 200);
    let hash = folder.rows("hashed_password").remove(2);
    assert!(hash.starts_with("$2b$12$"), "{hash}");
}

#[test]
fn a_new_user_has_the_applications_number() {
    let folder = adopted();
    let site = setup().env("SEKISHO_ACCOUNTS_PUBLIC_FIELDS", "id,role").start_in(folder.share());
    let response = site.register("ann", "ann-likes-salad");
    let id = folder.next_id(3);
    assert_eq!((response.status, &response.json()["id"]), (200, &json!(id)), "{}", response.text());
    let tim = site.me(&site.token("tim", "tim-likes-bread")).json();
    assert_eq!((&tim["id"], &tim["role"]), (&json!(1), &json!("member")));
}

#[test]
fn a_start_that_would_close_the_way_back_says_so() {
    let folder = adopted();
    let rewriting = setup().env("SEKISHO_PASSWORD_REHASH", "true").start_in(folder.share());
    rewriting.wait_for_log("password.rehash is true, while the application's table user is kept in step");
    drop(rewriting);
    assert!(!folder.serve().settled_log().contains("is kept in step"));
}

#[test]
fn adopting_again_changes_nothing_and_takes_what_is_new() {
    let folder = adopted();
    let all = "id, username, email, full_name, disabled, hashed_password, role";
    let before = (folder.rows(all), folder.ours(), folder.copies());
    assert_eq!(before.2.len(), 1);
    let users = |ran: &Ran| ran.stdout.clone();
    let again = folder.adopt(&["test.db", "--in-place", "--app", ".", "--set", "role=member"]).ok();
    assert_eq!((folder.rows(all), folder.ours(), folder.copies()), before, "{}", users(&again));

    let application = folder.application();
    application.register("zoe", "zoe-likes-pears");
    application.stop();
    folder.adopt_in_place();
    let site = folder.serve();
    let token = site.token("zoe", "zoe-likes-pears");
    assert_eq!(site.me(&token).json()["username"], "zoe");
}

#[test]
fn the_file_keeps_its_mode_and_the_copy_has_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    folder.application().stop();
    std::fs::set_permissions(folder.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
    folder.adopt_in_place();
    for path in [folder.file(), folder.copies().remove(0)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640, "{}", path.display());
    }
    let config = std::fs::read_to_string(folder.path().join("sekisho.toml")).unwrap();
    for line in ["scheme = \"bcrypt\"", "rehash = false", "profile = \"production\""] {
        assert!(config.lines().any(|written| written == line), "{line} in\n{config}");
    }
}

#[test]
fn serve_on_a_file_that_was_not_adopted_names_the_commands() {
    let folder = Folder::new();
    folder.application().stop();
    let setup = match Db::tested() {
        Db::Sqlite => setup().env("DATABASE_URL", "sqlite:///./test.db"),
        Db::Postgres => setup(),
    };
    let ran = setup.refused_in(folder.path());
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("sekisho adopt"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--in-place"), "{}", ran.stderr);
    assert_eq!(folder.ours(), Vec::<String>::new());
}
