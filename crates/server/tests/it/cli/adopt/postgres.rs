//! What only an application on PostgreSQL has: keys and types of its own, schemas, rights, passwords in addresses, and tables
//! that may stand beside Sekisho's.

use sekisho_throwaway::Postgres;
use serde_json::json;

use super::theirs::Theirs;
use super::users::make_users;
use super::{APP_KEY, Application, HASH, USER, kept_beside};
use crate::harness::{Db, Mint, Ran, Setup};

fn application(sql: &str) -> Application {
    Application::on(Db::Postgres, sql)
}

/// The address of the application's database, as its owner has it.
fn owners(application: &Application) -> String {
    match &application.theirs {
        Theirs::Postgres(url) => url.clone(),
        Theirs::Sqlite(_) => unreachable!("it is on PostgreSQL"),
    }
}

#[test]
fn keys_of_every_kind_become_external_ids_and_find_their_items() {
    const ID: &str = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
    for (key, id, item) in [
        ("id serial primary key", "7", "user_id integer"),
        ("id bigserial primary key", "9223372036854775807", "user_id bigint"),
        ("id bigint generated always as identity primary key", "7", "user_id bigint"),
        ("id uuid primary key default gen_random_uuid()", ID, "user_id uuid"),
        ("id varchar(36) primary key", ID, "user_id text"),
        ("id numeric primary key", "17", "user_id numeric"),
    ] {
        let application = application(&format!(
            "create table users ({key}, username text, email text, hashed_password text, is_active boolean);
             insert into users overriding system value values ('{id}', 'tim', 'tim@gmail.com', '{HASH}', true);
             create table items (id serial primary key, {item}); insert into items (user_id) values ('{id}')"
        ));
        let told = application.adopt(&["--app", "app", "--json"]).ok().json();
        assert_eq!(
            (&told["users"]["adopted"], &told["items"]["adopted"]),
            (&1.into(), &1.into()),
            "{key}: {told}"
        );
        let mut show = application.setup.command(application.scratch.path(), "user");
        show.args(["show", "tim", "--json"]);
        assert_eq!(Ran::of(show, "").ok().json()["external_id"], id, "{key}");
        // It is known again by it.
        let again = application.adopt(&["--json"]).ok().json();
        assert_eq!(
            (&again["users"]["unchanged"], &again["items"]["unchanged"]),
            (&1.into(), &1.into()),
            "{key}"
        );
    }
}

#[test]
fn a_user_of_every_type_of_column_is_read_as_the_application_means_it() {
    let application = application(&format!(
        "create extension citext; create type state as enum ('in', 'out'); create domain yes as boolean;
         create table user (id serial primary key, username citext unique, email varchar(200), hashed_password char(60),
             full_name varchar(50), disabled yes default false, mood state, joined timestamptz, roles text[], settings jsonb);
         insert into user (username, email, hashed_password, full_name, mood, joined, roles, settings)
             values ('Tim', 'tim@gmail.com', '{HASH}', 'Tim Ruscica', 'in', '2024-03-14 13:37:28+09', array['admin','dev'],
                 '{{\"theme\": \"dark\"}}');
         insert into user (username, hashed_password, disabled) values ('dora', '{HASH}', true)"
    ));
    let told = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!((&told["users"]["adopted"], &told["users"]["disabled"]), (&2.into(), &1.into()), "{told}");
    let site = application.serve();
    let tim =
        json!({"username": "Tim", "email": "tim@gmail.com", "full_name": "Tim Ruscica", "disabled": false});
    assert_eq!(site.me(&site.token("tim", "tim1234")).json(), tim);
    assert_eq!(site.login("dora", "tim1234").status, 401);
    let kept = json!({"id": 1, "joined": "2024-03-14 04:37:28.000000+00:00", "mood": "in", "roles": ["admin", "dev"],
        "settings": {"theme": "dark"}});
    assert_eq!(kept_beside(&site)["Tim"], kept);
}

#[test]
fn users_that_sqlmodel_made_log_in_with_the_passwords_that_they_had() {
    let application = application("");
    make_users(&application, &json!([{"username": "tim", "email": "tim@gmail.com", "password": "tim1234"}]));
    let told = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!(
        (&told["users"]["adopted"], &told["kept_beside"]),
        (&1.into(), &json!(["id", "role"])),
        "{told}"
    );
    let site = application.serve();
    assert_eq!(site.login("tim", "tim1234").status, 200);
    assert_eq!(site.me(&Mint::of("tim").key(APP_KEY.as_bytes()).signed()).status, 200);
}

#[test]
fn of_equal_names_the_one_that_the_application_finds_keeps_the_name_and_its_tokens() {
    let application = Application::with_users_on(
        Db::Postgres,
        &[(2, "tim", "two@x.org"), (5, "tim", "five@x.org"), (9, "ann", "nine@x.org")],
    );
    // A row that is updated lies behind the others from then on.
    application.sql("update user set phone = '1' where id = 2");
    assert_eq!(
        application.theirs.text("select email from user where username = 'tim' limit 1"),
        "five@x.org"
    );
    let told = application.adopt(&["--app", "app"]).ok().stdout;
    assert!(told.contains("  row 2, tim (now tim-2): its name is taken by an earlier user"), "{told}");
    let site = application.serve();
    let me = site.me(&Mint::of("tim").key(APP_KEY.as_bytes()).signed());
    assert_eq!(me.json()["email"], "five@x.org");
    assert_eq!(site.me(&site.token("two@x.org", "tim1234")).json()["username"], "tim-2");
    // They are listed in the order of their ids there all the same.
    let listed = site.cli(&["user", "list", "--json"]).ok().stdout;
    let at = |email: &str| listed.find(email).unwrap();
    assert!(at("two@x.org") < at("five@x.org") && at("five@x.org") < at("nine@x.org"), "{listed}");
}

#[test]
fn tables_in_other_schemas_are_named_with_them() {
    let application = application(&format!(
        "create schema shop; create table shop.user (id int primary key, email text, hashed_password text);
         insert into shop.user values (1, 'tim@gmail.com', '{HASH}');
         create table shop.item (id int primary key, owner_id int); insert into shop.item values (3, 1)"
    ));
    let asked = application.adopt(&["--app", "app"]);
    assert_eq!(
        (asked.code, asked.stderr.as_str()),
        (Some(2), "sekisho: no table user or users: say --map users=TABLE (shop.item, shop.user)\n")
    );
    let said = ["--app", "app", "--map", "users=shop.user", "--map", "items=shop.item"];
    let told = application.adopt(&said).ok().stdout;
    assert!(told.contains("table shop.user: id, email, password = hashed_password\n"), "{told}");
    assert!(told.contains("items        adopted 1; unchanged 0\n"), "{told}");
}

#[test]
fn a_missing_right_or_server_is_one_clear_line_without_the_password() {
    let application = application(&format!("{USER} create role nobody_of_applications login"));
    let url = owners(&application);
    let run = |url: &str| {
        let mut command = application.setup.command(application.scratch.path(), "adopt");
        command.args([url, "--app", "app"]);
        Ran::of(command, "")
    };
    let refused = run(&url.replace("sekisho@", "nobody_of_applications:canary-7@"));
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("permission denied for table user"), "{refused:?}");
    let absent = run("postgresql://app:canary-7@127.0.0.1:1/app");
    assert_eq!((absent.code, absent.stderr.lines().count()), (Some(3), 1), "{absent:?}");
    let wrong = run("postgresql://app:canary-7@127.0.0.1:1/app?sslmode=canary-7");
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    for ran in [refused, absent, wrong] {
        assert!(!ran.stderr.contains("canary-7") && !ran.stdout.contains("canary-7"), "{ran:?}");
    }
    application.write("database.py", "DATABASE_URL = f\"postgresql://{USER}@db/app\"\n");
    let mut unnamed = application.setup.command(application.scratch.path(), "adopt");
    unnamed.args(["--app", "app"]);
    let unnamed = Ran::of(unnamed, "");
    assert_eq!(
        unnamed.stderr,
        "sekisho: app names no database in DATABASE_URL: name its file or its address\n"
    );
    assert!(!application.scratch.path().join("data").exists(), "nothing is done");
}

/// Whoever has one database for everything names it twice.
#[test]
fn sekishos_tables_may_stand_beside_the_applications() {
    let mut application = Application::with_users_on(Db::Postgres, &[(1, "tim", "tim@gmail.com")]);
    let url = owners(&application);
    let key = application.scratch.path().join("data/sekisho.key");
    let setup = Setup::new().without_env("SECRET_KEY").env("DATABASE_URL", &url);
    application.setup = setup.env("SEKISHO_ROOT_KEY_FILE", key.to_str().unwrap());
    let start = application
        .setup
        .clone()
        .production()
        .env("SECRET_KEY", APP_KEY)
        .refused_in(application.scratch.path());
    assert!(start.stderr.contains("this database belongs to another application (tables user)"), "{start:?}");

    let before = application.theirs.content();
    application.adopt(&["--app", "app", "--dry-run"]).ok();
    assert_eq!(application.theirs.content(), before);
    let told = application.adopt(&["--app", "app"]).ok().stdout;
    assert!(
        told.contains("note         Sekisho's tables stand beside the application's, in one database"),
        "{told}"
    );
    assert_eq!(application.theirs.text("select count(*) from sekisho_users"), "1");
    let again = application.adopt(&["--app", "app", "--json"]).ok().json();
    assert_eq!(again["users"]["unchanged"], 1);
    let users = application.theirs.text("select string_agg(u::text, '|') from user u");
    let server = Postgres::shared();
    assert_eq!(users, server.psql(&url, &format!("select '(1,tim@gmail.com,tim,{HASH},,f,)'")));
    // From now on it is a database of ours as any other.
    let mut list = application.setup.command(application.scratch.path(), "user");
    list.args(["list", "--json"]);
    assert_eq!(Ran::of(list, "").ok().json()["username"], "tim");
}
