//! Detached for a migration of the application's table, and adopted again.

use serde_json::json;

use super::application::Folder;

const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
const COLUMNS: &str = "id integer not null primary key, email varchar not null unique, username varchar not null, \
     hashed_password varchar not null";
const NAMES: [&str; 5] = ["alice", "bob", "carl", "dora", "eve"];

/// Each with a salt of their own.
fn hash(name: &str) -> String {
    HASH.replacen("2Ss", &name[..3], 1)
}

/// An adopted folder with five users in a table of these columns besides the usual ones; dora is disabled.
fn adopted(more: &str, values: &str) -> Folder {
    let folder = Folder::new();
    folder.does(&format!("create table user ({COLUMNS}{more})"));
    for (id, name) in (1..).zip(NAMES) {
        let hash = hash(name);
        let row = format!("insert into user values ({id}, '{name}@example.com', '{name}', '{hash}'{values})");
        folder.does(&row);
    }
    adopt(&folder);
    folder.serve().cli(&["user", "disable", "dora"]);
    folder
}

fn adopt(folder: &Folder) -> serde_json::Value {
    folder.adopt(&["test.db", "--in-place", "--app", ".", "--json"]).ok().json()
}

/// Detaches, changes users in Sekisho, lets the application do this, and adopts again.
fn apart(folder: &Folder, sql: &str) -> serde_json::Value {
    folder.adopt(&["test.db", "--release=detach", "--yes"]).ok();
    let site = folder.serve();
    for args in
        [&["user", "disable", "carl"][..], &["user", "delete", "bob", "--yes"], &["user", "enable", "dora"]]
    {
        assert_eq!(site.cli(args).code, Some(0), "{args:?}");
    }
    let set = ["user", "set-password", "alice", "--password-stdin"];
    assert_eq!(site.cli_with(&set, "alice-likes-apples\n").code, Some(0));
    drop(site);
    folder.does(sql);
    adopt(folder)
}

#[test]
fn what_happened_in_sekisho_meanwhile_is_carried_over() {
    let folder =
        adopted(", full_name varchar, disabled boolean not null default false", ", 'Full Name', false");
    // As Alembic's batch mode does; eve's address and password are changed by the application alone.
    let said = apart(
        &folder,
        "create table other as select * from user; drop table user; create table user (id integer not null \
         primary key, email varchar not null unique, username varchar not null, hashed_password varchar not null, \
         full_name varchar, disabled boolean not null default false, role varchar default 'member'); \
         insert into user select *, 'member' from other; drop table other; \
         update user set email = 'eva@example.com', hashed_password = 'changed' where id = 5",
    );
    assert_eq!((&said["users"]["adopted"], &said["users"]["unchanged"]), (&json!(0), &json!(5)));
    assert_eq!(said["in_place"]["linked"], json!(5));
    let rows = folder.rows("id, username, email, full_name, disabled, role");
    assert_eq!(rows[0], "1|alice|alice@example.com|Full Name|0|member");
    assert!(
        rows[1].starts_with("2|deleted-2-") && rows[1].ends_with("@deleted.example|1|member"),
        "{}",
        rows[1]
    );
    assert_eq!(
        rows[2..],
        [
            "3|carl|carl@example.com|Full Name|1|member",
            "4|dora|dora@example.com|Full Name|0|member",
            "5|eve|eva@example.com|Full Name|0|member"
        ]
    );
    let hashes = folder.rows("hashed_password");
    assert!(hashes[0] != hash("alice") && hashes[0].starts_with("$2b$12$"), "{}", hashes[0]);
    assert!(hashes[1].ends_with("......"));
    assert_eq!(hashes[2..], [hash("carl"), hash("dora"), "changed".to_owned()]);
    // In step again, and nothing is left to carry.
    assert!(!folder.ours().contains(&"sekisho_apart".to_owned()));
    assert_eq!(adopt(&folder)["in_place"]["copy"], json!(null));
    assert_eq!(folder.rows("hashed_password"), hashes);
}

#[test]
fn a_table_without_disabled_users_loses_their_hashes_and_gets_them_back() {
    let folder = adopted("", "");
    apart(&folder, "");
    let hashes = folder.rows("hashed_password");
    assert!(hashes[1].ends_with("......") && hashes[2].ends_with("......"), "{hashes:?}");
    assert_eq!(hashes[3..], [hash("dora"), hash("eve")]);
}

#[test]
fn a_row_that_is_anothers_meanwhile_is_left_alone() {
    let folder = adopted("", "");
    let anothers = "update user set username = 'bill', email = 'bill@example.com', hashed_password = 'his' \
                    where id = 2; delete from user where id = 3";
    let said = apart(&folder, anothers);
    // Nor is carl, whose row the application has deleted, made anew.
    assert_eq!(said["in_place"]["gone"], json!(1));
    assert_eq!(folder.rows("id, username")[..3], ["1|alice", "2|bill", "4|dora"]);
    assert_eq!(folder.rows("hashed_password")[1], "his");
}
