//! Rows that the application deletes, whose numbers SQLite gives to others; and what adopting again takes.

use rusqlite::Connection as Sqlite;
use serde_json::json;

use super::application::Folder;
use crate::harness::Db;

const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
/// As SQLModel makes them: keys without `autoincrement`.
const TABLE: &str = "create table user (id integer not null primary key, email varchar not null unique, \
     username varchar not null, hashed_password varchar not null); \
     create table item (id integer not null primary key, title varchar not null, owner_id integer \
     references user (id))";
const ALL: &str = "id, username, email, hashed_password";

fn row(id: u32, name: &str) -> String {
    format!("{id}|{name}|{name}@example.com|{}", hash(name))
}

fn insert(id: u32, name: &str) -> String {
    format!("insert into user values ({id}, '{name}@example.com', '{name}', '{}')", hash(name))
}

/// Each with a salt of their own.
fn hash(name: &str) -> String {
    HASH.replacen("2Ss", &name[..3], 1)
}

struct World {
    folder: Folder,
}

impl World {
    /// An adopted folder with these users.
    fn new(names: &[&str]) -> World {
        let folder = Folder::new();
        folder.does(TABLE);
        for (id, name) in (1..).zip(names) {
            folder.does(&insert(id, name));
        }
        let world = World { folder };
        world.adopt();
        world
    }

    fn adopt(&self) -> serde_json::Value {
        self.folder.adopt(&["test.db", "--in-place", "--app", ".", "--json"]).ok().json()
    }

    fn does(&self, sql: &str) {
        self.folder.does(sql);
    }

    fn items(&self) -> String {
        self.folder.query("select count(*) from sekisho_items").remove(0)
    }
}

#[test]
fn who_registers_gets_the_number_of_a_deleted_row() {
    let world = World::new(&["tim", "mallory"]);
    let site = world.folder.serve();
    world.does("delete from user where username = 'mallory'");
    let answer = site.register("ann", "ann-likes-salad");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(world.folder.rows(ALL)[1].starts_with("2|ann|"));
}

#[test]
fn what_happens_to_a_user_without_a_row_reaches_nobody_elses() {
    let world = World::new(&["tim", "mallory"]);
    let site = world.folder.serve();
    world.does(&format!("delete from user where username = 'mallory'; {}", insert(2, "alice")));
    let set = ["user", "set-password", "mallory", "--password-stdin"];
    assert_eq!(site.cli_with(&set, "mallory-likes-malice\n").code, Some(0));
    assert_eq!(site.cli(&["user", "disable", "mallory"]).code, Some(0));
    assert_eq!(world.folder.rows(ALL), [row(1, "tim"), row(2, "alice")]);

    // Adopted again, alice is a user of her own, and mallory gets no new row.
    let said = world.adopt();
    assert_eq!((&said["users"]["adopted"], &said["users"]["unchanged"]), (&json!(1), &json!(1)));
    let seen = &said["users"]["rows"][0];
    assert_eq!((&seen["username"], &seen["notes"][0]["code"]), (&json!("alice"), &json!("id_reused")));
    assert_eq!((&said["in_place"]["linked"], &said["in_place"]["gone"]), (&json!(2), &json!(1)));
    assert_eq!(site.cli(&["user", "delete", "mallory", "--yes"]).code, Some(0));
    assert_eq!(world.folder.rows(ALL), [row(1, "tim"), row(2, "alice")]);
    assert_eq!(site.cli(&["user", "disable", "alice"]).code, Some(0));
    assert!(world.folder.rows("hashed_password")[1].ends_with("......"));
}

#[test]
fn while_the_triggers_are_away_a_number_alone_makes_nobody_the_same() {
    let world = World::new(&["tim", "mallory"]);
    world.folder.adopt(&["test.db", "--release=detach", "--yes"]).ok();
    world.does(&format!("delete from user where username = 'mallory'; {}", insert(2, "alice")));
    world.does("update user set username = 'timothy', email = 'timothy@example.com' where id = 1");
    let said = world.adopt();
    assert_eq!((&said["users"]["adopted"], &said["users"]["unchanged"]), (&json!(1), &json!(1)));
    // The hash told who is tim; his name is the one that he has here.
    assert_eq!(world.folder.rows("id, username"), ["1|tim", "2|alice"]);
}

#[test]
fn items_of_users_who_came_before_come_with_the_next_adoption() {
    let world = World::new(&["tim"]);
    assert_eq!(world.adopt()["in_place"]["copy"], json!(null));
    world.does("insert into item values (7, 'a book', 1)");
    let said = world.adopt();
    assert_eq!((&said["items"]["adopted"], world.items()), (&json!(1), "1".to_owned()));
    let said = world.adopt();
    assert_eq!((&said["items"]["adopted"], &said["items"]["unchanged"]), (&json!(0), &json!(1)));
    assert_eq!(said["in_place"]["copy"], json!(null));
}

#[test]
fn what_adopting_again_mends_in_the_table_stays() {
    let world = World::new(&["tim"]);
    world.does("update user set username = 'timothy'");
    world.adopt();
    assert_eq!(world.folder.rows(ALL), [row(1, "tim")]);
    world.does(match Db::tested() {
        Db::Sqlite => "drop trigger sekisho_beside_row_gone",
        Db::Postgres => "drop trigger sekisho_beside_row_gone on user",
    });
    world.adopt();
    assert!(world.folder.ours().contains(&"sekisho_beside_row_gone".to_owned()));
}

#[test]
fn back_gives_the_hashes_back_that_an_earlier_end_took() {
    let world = World::new(&["tim"]);
    world.folder.adopt(&["test.db", "--release", "--yes"]).ok();
    assert!(world.folder.rows("hashed_password")[0].ends_with("......"));
    let said = world.folder.adopt(&["test.db", "--release=back", "--yes", "--json"]).ok().json();
    assert_eq!(said["unreadable"], json!(0));
    assert_eq!((world.folder.rows(ALL), world.folder.ours()), (vec![row(1, "tim")], Vec::new()));
}

#[test]
fn users_who_have_come_are_said_to_have_come_though_no_log_can_be_begun() {
    let folder = Folder::new();
    Sqlite::open(folder.file()).unwrap().execute_batch(&format!("{TABLE}; {}", insert(1, "tim"))).unwrap();
    std::fs::create_dir(folder.path().join("test.db-shm")).unwrap();
    let said = folder.adopt(&["test.db", "--in-place", "--app", ".", "--json"]).ok().json();
    assert_eq!(said["users"]["adopted"], json!(1));
    assert!(said["in_place"]["no_log"].is_string(), "{}", said["in_place"]);
    assert!(folder.path().join("sekisho.toml").exists());
}
