//! Earlier releases go on serving on the present schema: every statement that they run is run on it.
//!
//! `served/schema_N.txt` holds the statements of the last release whose schema had N migrations; it is written once, when
//! that release is made, by this test with SEKISHO_TEST_FREEZE=1, and never changed. A migration that breaks one of them must
//! say so in `OLDEST_SERVED` of `migrate.rs`, and then those programs refuse the database instead of failing on it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use rusqlite::types::Value;
use sekisho_store::{Dialect, Kind, schema, schema_served, statements};
use sekisho_throwaway::Postgres;
use tokio_postgres::NoTls;
use tokio_postgres::types::ToSql;

/// One statement of an earlier release.
struct Old {
    name: String,
    kinds: Vec<Kind>,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/both/served")
}

/// The releases that must be served, by the number of their migrations.
fn releases() -> Vec<(i64, Vec<Old>)> {
    let served = schema_served();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let version: i64 = name.strip_prefix("schema_").expect("schema_N.txt").parse().unwrap();
        if served.contains(&version) {
            found.push((version, std::fs::read_to_string(&path).unwrap().lines().map(parse).collect()));
        }
    }
    found
}

/// `area NAME (Kind, Kind): text`.
fn parse(line: &str) -> Old {
    let (head, text) = line.split_once("): ").expect(line);
    let (name, kinds) = head.split_once(" (").expect(line);
    let kind = |word: &str| match word {
        "Id" => Kind::Id,
        "Int" => Kind::Int,
        "Text" => Kind::Text,
        "Bytes" => Kind::Bytes,
        other => panic!("{other} in {line}"),
    };
    let kinds = kinds.split(", ").filter(|word| !word.is_empty()).map(kind).collect();
    Old { name: name.to_owned(), kinds, text: text.to_owned() }
}

#[test]
fn the_last_release_is_served() {
    if std::env::var_os("SEKISHO_TEST_FREEZE").is_some() {
        let mut lines = String::new();
        for statement in statements() {
            let kinds: Vec<String> = statement.params().iter().map(|kind| format!("{kind:?}")).collect();
            let (area, name, kinds) = (statement.area(), statement.name(), kinds.join(", "));
            writeln!(lines, "{area} {name} ({kinds}): {}", statement.text()).unwrap();
        }
        let path = folder().join(format!("schema_{}.txt", schema_served().end()));
        assert!(!path.exists(), "{} is frozen already", path.display());
        std::fs::write(path, lines).unwrap();
    }
    assert!(!releases().is_empty(), "no earlier release is kept in {}", folder().display());
}

/// Ids and texts of which each is new, so that what is inserted meets nothing but the schema.
fn id(number: usize) -> [u8; 16] {
    let mut id = [0x51; 16];
    id[8..].copy_from_slice(&(number as u64).to_be_bytes());
    id
}

#[test]
fn what_an_earlier_release_runs_goes_on_working_on_sqlite() {
    for (version, statements) in releases() {
        let database = rusqlite::Connection::open_in_memory().unwrap();
        for statement in schema(Dialect::Sqlite) {
            database.execute_batch(&statement).unwrap();
        }
        for (number, Old { name, kinds, text }) in statements.iter().enumerate() {
            let value = |(at, kind): (usize, &Kind)| match kind {
                Kind::Id => Value::Blob(id(number).to_vec()),
                Kind::Int => Value::Integer((number + at) as i64),
                Kind::Text => Value::Text(format!("text {number} {at}")),
                Kind::Bytes => Value::Blob(vec![number as u8]),
            };
            let values: Vec<Value> = kinds.iter().enumerate().map(value).collect();
            let mut prepared = database
                .prepare(&house_to_sqlite(text))
                .unwrap_or_else(|error| panic!("schema {version}, {name}: {error}"));
            let mut rows = prepared.query(rusqlite::params_from_iter(values)).unwrap();
            let ran = loop {
                match rows.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            // Users of before are not there, and that alone may be said.
            if let Err(error) = ran {
                assert!(error.to_string().contains("FOREIGN KEY"), "schema {version}, {name}: {error}");
            }
        }
    }
}

fn house_to_sqlite(text: &str) -> String {
    text.replace('$', "?")
}

#[tokio::test]
async fn what_an_earlier_release_runs_goes_on_working_on_postgresql() {
    let url = Postgres::shared().create_database();
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    for statement in schema(Dialect::Postgres) {
        client.batch_execute(&statement).await.unwrap();
    }
    for (version, statements) in releases() {
        for (number, Old { name, kinds, text }) in statements.iter().enumerate() {
            let prepared = client
                .prepare(text)
                .await
                .unwrap_or_else(|error| panic!("schema {version}, {name}: {error:?}"));
            let value = |(at, kind): (usize, &Kind)| -> Box<dyn ToSql + Sync + Send> {
                match kind {
                    Kind::Id => Box::new(Id(id(number))),
                    Kind::Int => Box::new((number + at) as i64),
                    Kind::Text => Box::new(format!("text {number} {at}")),
                    Kind::Bytes => Box::new(vec![number as u8]),
                }
            };
            let values: Vec<_> = kinds.iter().enumerate().map(value).collect();
            let values: Vec<&(dyn ToSql + Sync)> =
                values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
            if let Err(error) = client.query(&prepared, &values).await {
                let code = error.code().map(|code| code.code().to_owned());
                assert_eq!(code.as_deref(), Some("23503"), "schema {version}, {name}: {error:?}");
            }
        }
    }
}

/// A `uuid` as its bytes.
#[derive(Debug)]
struct Id([u8; 16]);

impl ToSql for Id {
    fn to_sql(
        &self,
        _: &tokio_postgres::types::Type,
        out: &mut tokio_postgres::types::private::BytesMut,
    ) -> Result<tokio_postgres::types::IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(tokio_postgres::types::IsNull::No)
    }

    fn accepts(kind: &tokio_postgres::types::Type) -> bool {
        *kind == tokio_postgres::types::Type::UUID
    }

    tokio_postgres::types::to_sql_checked!();
}
