//! Somebody else's PostgreSQL is read as it is, to the values that the same application keeps in a SQLite file.

use sekisho_core::adopt::{Cell, ColumnShape, TableShape};
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, Foreign};
use sekisho_throwaway::Postgres;

/// A database with this in it.
fn made(sql: &str) -> String {
    let url = Postgres::shared().create_database();
    Postgres::shared().psql(&url, sql);
    url
}

fn open(url: &str) -> Result<Foreign, Error> {
    Foreign::open(&DatabaseUrl::parse(url).unwrap())
}

fn rows(foreign: &Foreign, table: &TableShape) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    let took = foreign.rows(table, |row| {
        rows.push(row);
        true
    });
    took.unwrap();
    rows
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// Each table with the second column of its rows.
fn second(url: &str) -> Vec<Cell> {
    let foreign = open(url).unwrap();
    let table = &foreign.tables().unwrap()[0];
    rows(&foreign, table).into_iter().map(|row| row[1].clone()).collect()
}

#[test]
fn tables_are_described_as_they_were_made() {
    let url = made(
        "create domain email as varchar(200) check (value like '%@%');
         create domain address as email not null;
         create table \"user\" (id serial primary key, email address unique, username varchar(50) not null,
             disabled boolean default false, no integer generated always as identity, gone int, roles text[]);
         alter table \"user\" drop column gone;
         create unique index on \"user\" (username) where not disabled;
         create schema shop; create table shop.users (b int, a int, primary key (a, b));
         create view v as select 1; create table sekisho_users (id int);
         create table parts (at date, n int) partition by range (at);
         create table part partition of parts for values from ('2024-01-01') to ('2025-01-01')",
    );
    let tables = open(&url).unwrap().tables().unwrap();
    assert_eq!(tables.iter().map(TableShape::called).collect::<Vec<_>>(), ["parts", "user", "shop.users"]);
    let column = |name: &str, declared: &str| ColumnShape {
        name: name.to_owned(),
        declared: declared.to_owned(),
        ..ColumnShape::default()
    };
    let drawn = |default: &str| Some(default.to_owned());
    assert_eq!(
        tables[1].columns,
        [
            ColumnShape {
                not_null: true,
                default: drawn("nextval('user_id_seq'::regclass)"),
                primary_key: true,
                unique: true,
                ..column("id", "integer")
            },
            ColumnShape { unique: true, ..column("email", "character varying(200)") },
            ColumnShape { not_null: true, ..column("username", "character varying(50)") },
            ColumnShape { default: drawn("false"), ..column("disabled", "boolean") },
            ColumnShape {
                not_null: true,
                default: drawn("generated as identity"),
                ..column("no", "integer")
            },
            column("roles", "text[]"),
        ]
    );
    assert!(tables[2].columns.iter().all(|column| column.primary_key && !column.unique));
}

#[test]
fn each_type_is_read_to_what_a_file_of_sqlite_would_hold() {
    let url = made(
        "create extension citext; create type mood as enum ('sad', 'happy'); create type pair as (a int, b text);
         create domain flag as boolean;
         create table t (id int primary key, c citext, m mood, f flag, small smallint, large bigint, r real, d double precision,
             n numeric(10,2), whole numeric, exact numeric, ch char(5), b bytea, j json, jb jsonb, u uuid, ts timestamp,
             tz timestamptz, day date, clock time, span interval, ip inet, roles varchar(10)[], p pair, far timestamp,
             no_zone timestamp, x xml);
         insert into t values (1, 'Tim', 'happy', true, -3, 9223372036854775807, 0.1, 1.5,
             12.50, 17, 0.30000000000000004001, 'ab', '\\xff00', '{\"a\": 1}', '{\"b\":[1,2]}',
             'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '2024-03-14 13:37:28', '2024-03-14 13:37:28.5+09', '2024-03-14', '13:37',
             '1 day 2 hours', '10.0.0.1', '{a,\"b c\"}', row(1, 'x'), 'infinity', '2024-03-14 13:37:28.244486', '<a/>');
         insert into t (id) values (2)",
    );
    let foreign = open(&url).unwrap();
    let table = &foreign.tables().unwrap()[0];
    let rows = rows(&foreign, table);
    assert_eq!(
        rows[0],
        [
            Cell::Integer(1),
            text("Tim"),
            text("happy"),
            Cell::Integer(1),
            Cell::Integer(-3),
            Cell::Integer(i64::MAX),
            Cell::Real(0.1),
            Cell::Real(1.5),
            Cell::Real(12.5),
            Cell::Integer(17),
            text("0.30000000000000004001"),
            text("ab"),
            Cell::Bytes(vec![0xff, 0]),
            text("{\"a\": 1}"),
            text("{\"b\": [1, 2]}"),
            text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            text("2024-03-14 13:37:28.000000"),
            text("2024-03-14 04:37:28.500000+00:00"),
            text("2024-03-14"),
            text("13:37:00.000000"),
            text("1 day 02:00:00"),
            text("10.0.0.1"),
            text("[\"a\",\"b c\"]"),
            text("(1,x)"),
            text("infinity"),
            text("2024-03-14 13:37:28.244486"),
            text("<a/>"),
        ]
    );
    assert!(rows[1][1..].iter().all(|cell| *cell == Cell::Null), "{:?}", rows[1]);
}

#[test]
fn a_value_too_long_is_not_read_whatever_type_it_has() {
    let url = made(
        "create table t (id int primary key, a text, b bytea, c jsonb, d text[], e varchar(20));
         insert into t values (1, 'x', '\\x01', '1', '{y}', 'z'), (2, repeat('x', 600000), repeat('x', 600000)::bytea,
             to_jsonb(repeat('x', 600000)), array[repeat('x', 600000)], 'z'), (3, repeat('x', 524288), null, null, null, null)",
    );
    let foreign = open(&url).unwrap();
    let found = rows(&foreign, &foreign.tables().unwrap()[0]);
    assert_eq!(found[0][1..], [text("x"), Cell::Bytes(vec![1]), text("1"), text("[\"y\"]"), text("z")]);
    assert_eq!(found[1][1..], [Cell::TooLong, Cell::TooLong, Cell::TooLong, Cell::TooLong, text("z")]);
    assert_eq!(found[2][1], text(&"x".repeat(Cell::LONGEST)));
}

#[test]
fn rows_come_by_their_key_and_are_found_as_the_application_finds_them() {
    let url = made(
        "create table \"od\"\"d\" (b int, a text, \"user\" text, primary key (a, b));
         insert into \"od\"\"d\" values (2, 'y', 'tim'), (1, 'y', 'tim'), (3, 'x', 'ann');
         update \"od\"\"d\" set \"user\" = 'tim' where b = 2",
    );
    let foreign = open(&url).unwrap();
    let table = &foreign.tables().unwrap()[0];
    let numbers = |rows: Vec<Vec<Cell>>| rows.into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    assert_eq!(numbers(rows(&foreign, table)), [Cell::Integer(3), Cell::Integer(1), Cell::Integer(2)]);
    let mut found = Vec::new();
    let took = foreign.rows_as_found(table, &[2, 0], |row| {
        found.push(row);
        true
    });
    took.unwrap();
    assert_eq!(
        found[0],
        [Cell::Integer(1), Cell::Null, text("tim")],
        "the one that was not updated lies first"
    );
    assert_eq!(numbers(found), [Cell::Integer(1), Cell::Integer(3), Cell::Integer(2)]);
    let first = "select b from \"od\"\"d\" where \"user\" = 'tim' limit 1";
    assert_eq!(Postgres::shared().psql(&url, first), "1", "as the application does");
    assert_eq!((foreign.count(table).unwrap(), foreign.finds_by_key()), (3, false));
    let mut first = 0;
    let took = foreign.rows(table, |_| {
        first += 1;
        false
    });
    took.unwrap();
    assert_eq!((first, rows(&foreign, table).len()), (1, 3), "and it can be read again");
}

#[test]
fn the_application_goes_on_and_what_it_writes_later_is_not_seen() {
    let url = made(
        "create table t (id int primary key, n text); insert into t select i, 'n' from generate_series(1, 3000) i",
    );
    let server = Postgres::shared();
    let foreign = open(&url).unwrap();
    server.psql(&url, "delete from t where id > 10; insert into t values (0, 'new'); update t set n = 'm'");
    let table = &foreign.tables().unwrap()[0];
    let rows = rows(&foreign, table);
    assert_eq!((rows.len(), &rows[0]), (3000, &vec![Cell::Integer(1), text("n")]));
    drop(foreign);
    assert_eq!(second(&url).len(), 11);
    assert!(!server.log().contains("unexpected EOF"), "it parts in order");
}

#[test]
fn the_right_to_select_is_enough_and_its_absence_is_said() {
    let url = made(
        "create table t (id int primary key, n text); insert into t values (1, 'n'); create table secret (id int);
         create role reader_of_t login; grant select on t to reader_of_t; alter role reader_of_t set statement_timeout = 1;
         alter role reader_of_t set default_transaction_read_only = on",
    );
    let url = url.replace("sekisho@", "reader_of_t@");
    let foreign = open(&url).unwrap();
    let tables = foreign.tables().unwrap();
    assert_eq!(rows(&foreign, &tables[1]), [[Cell::Integer(1), text("n")]]);
    let refused = foreign.rows(&tables[0], |_| true).unwrap_err();
    assert!(
        matches!(&refused, Error::Misuse { reason } if reason.contains("permission denied for table secret"))
    );
}

#[test]
fn rows_that_a_policy_hides_are_an_error() {
    let url = made(
        "create table t (id int primary key, n text); insert into t values (1, 'n'); create role reader_of_some login;
         grant select on t to reader_of_some; alter table t enable row level security",
    );
    let foreign = open(&url.replace("sekisho@", "reader_of_some@")).unwrap();
    let refused = foreign.rows(&foreign.tables().unwrap()[0], |_| true).unwrap_err();
    assert!(
        matches!(&refused, Error::Misuse { reason } if reason.contains("row-level security")),
        "{refused}"
    );
}

#[test]
fn other_encodings_are_read_as_what_they_say() {
    let server = Postgres::shared();
    let make = |name: &str| {
        server.psql(
            &server.url("postgres"),
            &format!("create database in_{name} template template0 encoding '{name}'"),
        );
        server.url(&format!("in_{name}"))
    };
    let latin = make("latin1");
    server.psql(
        &latin,
        "create table t (id int, n text); insert into t values (1, convert_from('\\xfc', 'latin1'))",
    );
    assert_eq!(second(&latin), [text("ü")]);
    // Any bytes are text there.
    let ascii = make("sql_ascii");
    server.psql(&ascii, "create table t (id int, n text); insert into t values (1, E'\\xfc'), (2, 'tim')");
    assert_eq!(second(&ascii), [Cell::Bytes(vec![0xfc]), text("tim")]);
}

#[test]
fn what_can_not_be_read_says_so() {
    let server = Postgres::shared();
    let gone = open(&server.url("nowhere")).unwrap_err();
    assert!(gone.to_string().contains("database \"nowhere\" does not exist"), "{gone}");
    assert!(matches!(open("postgresql://sekisho@127.0.0.1:1/x"), Err(Error::Unavailable { .. })));
}

/// A runtime that is at work on the thread is no hindrance.
#[tokio::test]
async fn it_can_be_read_from_anywhere() {
    let url = made("create table t (id int, n text); insert into t values (1, 'n')");
    assert_eq!(second(&url), [text("n")]);
}
