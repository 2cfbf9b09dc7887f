//! What only SQLite can be asked about a file, for a check of it. None of this has a counterpart on a server.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rusqlite::Connection;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::migrate;
use crate::session::Read;
use crate::sqlite::{freeze, in_place, translate};
use crate::tables;

/// What `integrity_check` says, unless that is "ok"; it may meet damage that it can't go on from.
pub(crate) async fn integrity(read: &mut Read, most: u32) -> Result<Vec<String>, Error> {
    let rows = match read.rows("pragma integrity_check(1000)", &[]).await {
        Err(Error::Corrupt { reason }) => return Ok(vec![reason]),
        rows => rows?,
    };
    let mut found = Vec::new();
    for mut row in rows {
        let line: String = row.take(0)?;
        // One answer may hold many lines.
        found.extend(line.lines().filter(|line| *line != "ok").map(str::to_owned));
    }
    found.truncate(most as usize);
    Ok(found)
}

/// The rows that `foreign_key_check` finds: `table, row number`.
pub(crate) async fn foreign_keys(read: &mut Read, most: u32) -> Result<Vec<String>, Error> {
    let broken = "select \"table\", \"rowid\", parent from pragma_foreign_key_check limit $1";
    let rows = read.rows(broken, &[i64::from(most).into()]).await?;
    let name = |mut row: crate::value::Row| {
        let (table, number, parent): (String, Option<i64>, String) =
            (row.take(0)?, row.take(1)?, row.take(2)?);
        let row = number.map(|number| format!(" row {number}")).unwrap_or_default();
        Ok(format!("{table}{row} refers to {parent}"))
    };
    rows.into_iter().map(name).collect()
}

/// Whether the file keeps a write-ahead log. Of a file that nobody has open its header tells, since a connection that
/// leaves no trace takes no notice of logs (the database file format, 1.3.3).
pub(crate) async fn keeps_log(read: &mut Read, at_rest: Option<&Path>) -> Result<bool, Error> {
    if let Some(path) = at_rest {
        let mut header = [0; 20];
        let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
        return read.map(|()| header[18] == 2 && header[19] == 2).map_err(Error::unavailable);
    }
    let row = read.row("pragma journal_mode", &[]).await?;
    Ok(row.ok_or_else(|| Error::corrupt("no journal mode"))?.take::<String>(0)? == "wal")
}

/// Our objects that are missing or other than a fresh database has them.
pub(crate) async fn schema_differences(read: &mut Read) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for (name, made) in fresh().map_err(translate)? {
        let there =
            read.row("select sql from sqlite_schema where name = $1", &[name.as_str().into()]).await?;
        match there.map(|mut row| row.take::<Option<String>>(0)).transpose()? {
            None => found.push(format!("{name} is missing")),
            Some(sql) if sql != made => found.push(format!("{name} is not as this version makes it")),
            Some(_) => {}
        }
    }
    Ok(found)
}

/// Triggers and views that this program did not make and that would act behind its back: those that name a table of ours,
/// and of the ones that keep an application's table in step or hold writes back, those that are not as the record of that
/// makes them.
///
/// A trigger of a back-up would otherwise undo what is done to a user, in the same transaction.
pub(crate) async fn intruders(read: &mut Read) -> Result<Vec<String>, Error> {
    let mut made = match read.standing().await? {
        Some(standing) => in_place::made_for(&standing.table, in_memory().map_err(translate)?)?,
        None => Vec::new(),
    };
    match read.frozen_since().await {
        Ok(Some(_)) => made.extend(made_frozen().map_err(translate)?),
        // Without the table that says so it is not frozen, and that is another finding.
        Ok(None) | Err(Error::Misuse { .. }) => {}
        Err(error) => return Err(error),
    }
    let all = "select type, name, coalesce(sql, '') from sqlite_schema where type in ('trigger', 'view') order by name";
    let rows = read.rows(all, &[]).await?;
    let taken = |mut row: crate::value::Row| Ok((row.take(0)?, row.take(1)?, row.take(2)?));
    let there = rows.into_iter().map(taken).collect::<Result<Vec<(String, String, String)>, Error>>()?;
    let missing = made.iter().filter(|(name, _)| !there.iter().any(|(_, other, _)| other == name));
    let mut found: Vec<_> = missing.map(|(name, _)| format!("{name} is missing")).collect();
    for (kind, name, sql) in &there {
        let ours = made.iter().find(|(other, _)| other == name);
        // An identifier can't be spelled without its letters, but in either case of them.
        let acts = |text: &str| text.to_ascii_lowercase().contains("sekisho_");
        match ours {
            Some((_, made)) if made == sql => {}
            Some(_) => {
                found.push(format!("{kind} {name} is not as the record of the application's table makes it"))
            }
            // A view of an application's own that reads ours is nobody's business here.
            None if acts(if kind == "view" { name } else { sql }) => {
                found.push(format!("{kind} {name} is not of this program, and acts on its tables"));
            }
            None => {}
        }
    }
    Ok(found)
}

/// A fresh database.
fn in_memory() -> rusqlite::Result<Connection> {
    let conn = Connection::open_in_memory()?;
    for statement in migrate::schema(Dialect::Sqlite) {
        conn.execute_batch(&statement)?;
    }
    Ok(conn)
}

/// The triggers that hold writes back, as a database keeps them.
fn made_frozen() -> rusqlite::Result<Vec<(String, String)>> {
    let conn = in_memory()?;
    for (_, statement) in freeze::made(tables::held()) {
        conn.execute_batch(&statement)?;
    }
    let all = "select name, sql from sqlite_schema where type = 'trigger' order by name";
    conn.prepare(all)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Every table and index of a fresh database, with what made it.
fn fresh() -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let conn = in_memory()?;
    let all =
        "select name, sql from sqlite_schema where substr(name, 1, 8) = 'sekisho_' order by rootpage, name";
    conn.prepare(all)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TABLES;
    use crate::value::Kind;

    /// A table or a column that is not in the list would not be copied.
    #[test]
    fn the_list_of_tables_is_that_of_the_schema() {
        let conn = in_memory().unwrap();
        let mut names: Vec<String> = texts(
            &conn,
            "select name from sqlite_schema where type = 'table' and substr(name, 1, 8) = 'sekisho_' \
             and name <> 'sekisho_migrations' order by name",
        );
        let mut listed: Vec<_> = TABLES.iter().map(|table| table.name.to_owned()).collect();
        names.sort();
        listed.sort();
        assert_eq!(listed, names);
        for table in &TABLES {
            let columns = format!(
                "select name || ' ' || type || ' ' || \"notnull\" || ' ' || pk from pragma_table_info('{}') \
                 order by pk = 0, pk, cid",
                table.name
            );
            let listed: Vec<_> = table
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| {
                    let kind = match column.kind {
                        Kind::Id | Kind::Bytes => "BLOB",
                        Kind::Int => "INTEGER",
                        Kind::Text => "TEXT",
                    };
                    // The number that the database draws is declared as its key alone.
                    let not_null = !(column.nullable || table.drawn && at == 0);
                    let key = if at < table.key { at + 1 } else { 0 };
                    format!("{} {kind} {} {key}", column.name, u8::from(not_null))
                })
                .collect();
            let there: Vec<_> = texts(&conn, &columns)
                .into_iter()
                .map(|line| {
                    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
                    words[1] = words[1].to_uppercase();
                    words.join(" ")
                })
                .collect();
            assert_eq!(listed, there, "{}", table.name);
        }
    }

    fn texts(conn: &Connection, sql: &str) -> Vec<String> {
        conn.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}
