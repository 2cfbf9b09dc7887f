//! Somebody else's file is read as it is, and looks the same afterwards.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use sekisho_core::adopt::{Cell, ColumnShape, TableShape};
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, Foreign};

use crate::world::Folder;

const SEEDS: &str = "create table user (id integer not null, email varchar not null, username varchar not null, \
     hashed_password varchar not null, disabled boolean default 0, primary key (id)); \
     create unique index ix_user_email on user (email); \
     insert into user values (2, 'b@x.org', 'b', '$2b$b', 1), (1, 'a@x.org', 'a', '$2b$a', 0);";

fn made(path: &Path, sql: &str) -> Connection {
    let theirs = Connection::open(path).unwrap();
    theirs.execute_batch(sql).unwrap();
    theirs
}

fn open(path: &Path) -> Result<Foreign, Error> {
    Foreign::open(&DatabaseUrl::Sqlite(path.to_owned()))
}

fn rows(foreign: &Foreign, table: &TableShape) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    foreign
        .rows(table, |row| {
            rows.push(row);
            true
        })
        .unwrap();
    rows
}

fn beside(folder: &Folder) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder.as_path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn tables_are_described_as_they_were_made() {
    let folder = Folder::new();
    let path = folder.path("app.db");
    drop(made(&path, &format!("{SEEDS} create view v as select 1; create virtual table f using fts5(a);")));
    let foreign = open(&path).unwrap();
    let tables = foreign.tables().unwrap();
    assert_eq!(tables.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["user"]);
    let column = |name: &str, declared: &str| ColumnShape {
        name: name.to_owned(),
        declared: declared.to_owned(),
        not_null: true,
        ..ColumnShape::default()
    };
    assert_eq!(
        tables[0].columns,
        [
            ColumnShape { primary_key: true, unique: true, ..column("id", "INTEGER") },
            ColumnShape { unique: true, ..column("email", "varchar") },
            column("username", "varchar"),
            column("hashed_password", "varchar"),
            ColumnShape { not_null: false, default: Some("0".to_owned()), ..column("disabled", "boolean") },
        ]
    );
}

#[test]
fn rows_come_in_the_order_in_which_the_first_is_found() {
    let folder = Folder::new();
    let path = folder.path("app.db");
    let odd = "create table \"od\"\"d\" (rowid text primary key, v blob); \
               insert into \"od\"\"d\" values ('z', x'ff00'), ('a', cast(x'ff' as text)), (null, 1.5); \
               create table w (a text, b int, primary key (b, a)) without rowid; \
               insert into w values ('y', 1), ('x', 1), ('z', 0);";
    drop(made(&path, &format!("{SEEDS}{odd}")));
    let foreign = open(&path).unwrap();
    let tables = foreign.tables().unwrap();
    let [text, id] = [|text: &str| Cell::Text(text.to_owned()), |_: &str| Cell::Null];
    assert_eq!(rows(&foreign, &tables[1])[0][..3], [Cell::Integer(1), text("a@x.org"), text("a")]);
    assert_eq!(
        rows(&foreign, &tables[0]),
        [
            vec![text("z"), Cell::Bytes(vec![0xff, 0])],
            vec![text("a"), Cell::Bytes(vec![0xff])],
            vec![id(""), Cell::Real(1.5)],
        ]
    );
    assert_eq!(rows(&foreign, &tables[2]).concat()[0], text("z"));
    assert_eq!(foreign.count(&tables[1]).unwrap(), 2);
    let mut first = 0;
    foreign
        .rows(&tables[1], |_| {
            first += 1;
            false
        })
        .unwrap();
    assert_eq!(first, 1);
}

#[test]
fn a_file_at_rest_keeps_no_trace_in_either_journal_mode() {
    for mode in ["delete", "wal"] {
        let folder = Folder::new();
        let path = folder.path("app.db");
        drop(made(&path, &format!("pragma journal_mode = {mode}; {SEEDS}")));
        let (bytes, names) = (std::fs::read(&path).unwrap(), beside(&folder));
        let foreign = open(&path).unwrap();
        assert_eq!(rows(&foreign, &foreign.tables().unwrap()[0]).len(), 2);
        assert_eq!(beside(&folder), names, "{mode}, while it is read");
        assert!(!foreign.overtaken());
        drop(foreign);
        assert_eq!((std::fs::read(&path).unwrap(), beside(&folder)), (bytes, names), "{mode}");
    }
}

#[test]
fn an_application_goes_on_and_what_it_writes_later_is_not_seen() {
    let folder = Folder::new();
    let path = folder.path("app.db");
    let theirs = made(&path, &format!("pragma journal_mode = wal; {SEEDS}"));
    let foreign = open(&path).unwrap();
    theirs.execute_batch("insert into user values (3, 'c@x.org', 'c', '', 0)").unwrap();
    assert_eq!(rows(&foreign, &foreign.tables().unwrap()[0]).len(), 2);
    drop(foreign);
    assert_eq!(rows(&open(&path).unwrap(), &open(&path).unwrap().tables().unwrap()[0]).len(), 3);
    // Without a log it can still read, and write as soon as this is done.
    let path = folder.path("old.db");
    let theirs = made(&path, SEEDS);
    theirs.busy_timeout(Duration::ZERO).unwrap();
    let foreign = open(&path).unwrap();
    assert!(theirs.execute_batch("delete from user").is_err());
    assert_eq!(rows(&foreign, &foreign.tables().unwrap()[0]).len(), 2);
    drop(foreign);
    theirs.execute_batch("delete from user").unwrap();
}

#[test]
fn somebody_who_opens_a_file_at_rest_meanwhile_is_noticed() {
    let folder = Folder::new();
    let path = folder.path("app.db");
    drop(made(&path, &format!("pragma journal_mode = wal; {SEEDS}")));
    let foreign = open(&path).unwrap();
    let theirs = made(&path, "insert into user values (3, 'c@x.org', 'c', '', 0)");
    assert!(foreign.overtaken());
    drop(theirs);
}

#[test]
fn what_is_no_database_says_so() {
    let folder = Folder::new();
    std::fs::write(folder.path("text"), "SELECT 1").unwrap();
    assert!(matches!(open(&folder.path("text")), Err(Error::Corrupt { .. })));
    std::fs::write(folder.path("cut"), b"SQLite format 3\0").unwrap();
    assert!(matches!(open(&folder.path("cut")), Err(Error::Corrupt { .. })));
    assert!(matches!(open(&folder.path("none")), Err(Error::Unavailable { .. })));
    assert!(matches!(open(folder.as_path()), Err(Error::Misuse { .. })));
}

#[test]
fn by_a_link_the_log_of_the_file_it_leads_to_is_read() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    let (path, link) = (folder.path("app.db"), elsewhere.path("app.db"));
    let theirs = made(&path, &format!("pragma journal_mode = wal; {SEEDS}"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let foreign = open(&link).unwrap();
    assert_eq!(rows(&foreign, &foreign.tables().unwrap()[0]).len(), 2);
    drop(theirs);
}
