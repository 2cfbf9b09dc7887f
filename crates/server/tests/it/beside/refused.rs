//! Users whom the application's own table does not take.

use rusqlite::Connection as Sqlite;
use serde_json::json;

use super::application::Folder;
use crate::harness::Db;

const TABLE: &str = "create table user (id integer not null primary key, email varchar not null unique, \
     username varchar not null check (username not like 'no-%'), \
     hashed_password varchar not null check (hashed_password not like '%argon2%'), full_name varchar); create unique index lower_email on user (lower(email)); \
     create table badge (user_id integer, kind text not null); \
     create trigger badges after insert on user when new.username like 'bare-%' begin \
     insert into badge select new.id, null; end; \
     insert into user (id, email, username, hashed_password) values (1, 'tim@gmail.com', 'tim', \
     '$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa')";

/// A hash that the application's table does not take.
const ARGON2: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPA4rEsF5h7TKyQwu9U1bMCHGi/4A";

/// Beside an application that has made two users by itself since.
fn folder() -> Folder {
    let folder = Folder::on(Db::Sqlite);
    let application = Sqlite::open(folder.file()).unwrap();
    application.execute_batch(TABLE).unwrap();
    folder.adopt(&["test.db", "--in-place", "--app", "."]).ok();
    application
        .execute_batch(
            "insert into user values (8, 'bob@example.com', 'bob', 'x', null), \
             (9, 'SUE@example.com', 'sue', 'x', null)",
        )
        .unwrap();
    folder
}

#[test]
fn a_row_of_a_file_that_the_table_does_not_take_is_refused_alone() {
    let folder = folder();
    let site = folder.serve();
    let rows = [
        json!({"username": "ann", "email": "ann@example.com"}),
        json!({"username": "no-one", "email": "no-one@example.com", "items": [70]}),
        json!({"username": "bob", "email": "other@example.com"}),
        json!({"username": "robert", "email": "bob@example.com"}),
        json!({"username": "susan", "email": "sue@example.com"}),
        json!({"username": "bare-tom", "email": "tom@example.com"}),
        json!({"username": "kim", "email": "kim@example.com", "password_hash": ARGON2}),
        json!({"username": "eve", "email": "eve@example.com"}),
    ];
    let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
    std::fs::write(folder.path().join("users.jsonl"), text).unwrap();
    let seen = "\
line 3: username: is in use (username_taken)
line 4: email: is in use (email_taken)
";
    let dry = site.cli(&["user", "import", "users.jsonl", "--dry-run"]);
    let would = "would import 6 users (5 without a password); 2 refused\n";
    assert_eq!((dry.code, dry.stdout), (Some(1), format!("{seen}{would}")));
    let refused = format!(
        "line 2: the application's own table does not take it: CHECK constraint failed: username not like 'no-%' \
         (fields_invalid)\n{seen}line 5: email: is in use (email_taken)\n\
         line 6: the application's own table does not take it: NOT NULL constraint failed: badge.kind (fields_invalid)\n\
         line 7: the application's own table does not take it: CHECK constraint failed: hashed_password not like '%argon2%' \
         (fields_invalid)\n"
    );
    let ran = site.cli(&["user", "import", "users.jsonl"]);
    let imported = "imported 2 users (2 without a password); 6 refused\n";
    assert_eq!((ran.code, ran.stdout), (Some(1), format!("{refused}{imported}")));
    let again = site.cli(&["user", "import", "users.jsonl"]);
    let imported = "imported 0 users; 2 here already; 6 refused\n";
    assert_eq!((again.code, again.stdout), (Some(1), format!("{refused}{imported}")));
    assert_eq!(folder.rows("username"), ["tim", "bob", "sue", "ann", "eve"]);
    let database = Sqlite::open(folder.file()).unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count("select count(*) from sekisho_users"), 3, "tim, ann and eve");
    assert_eq!(count("select count(*) from sekisho_items"), 0);
    assert_eq!(count("select count(*) from sekisho_events where kind = 'user_imported'"), 2);
}

#[test]
fn only_what_is_unique_there_is_the_clients_to_change() {
    let folder = folder();
    let site = folder.serve();
    // A name or an address that somebody has there.
    for (name, status, error) in [
        ("bob", 409, "Username already registered"),
        ("sue", 409, "Username already registered"),
        ("no-one", 503, "Storage unavailable, try again"),
        ("bare-tom", 503, "Storage unavailable, try again"),
    ] {
        let answer = site.register(name, "a-long-enough-password");
        assert_eq!((answer.status, &answer.json()["detail"]), (status, &json!(error)), "{name}");
    }
    assert!(site.log().contains("the application's own table refuses a new user"), "{}", site.log());
    assert_eq!(site.register("ann", "ann-likes-salad").status, 200);
    assert_eq!(folder.rows("username"), ["tim", "bob", "sue", "ann"]);
}
