//! The end of standing beside an application: its passwords withheld, its table left alone, or ours taken away.

use std::path::Path;
use std::sync::Arc;

use sekisho_core::beside::{NOBODYS_HASH, Table};

use super::sql::{drop_triggers, literal, name, ours, run, text};
use super::standing::hashes_from_here;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::{Conn, Role};

/// Takes the hashes of all who are linked out of the application's table.
pub(crate) fn withhold(conn: &Conn, table: &Table) -> Result<u64, Error> {
    run(
        conn,
        &format!(
            "update {} set {} = {} where {} in (select row_id from sekisho_beside where row_id is not null)",
            name(&table.name),
            name(&table.hash),
            literal(NOBODYS_HASH),
            name(&table.id)
        ),
    )
}

/// Puts those hashes back; to how many rows.
pub(crate) fn give_back(conn: &Conn, table: &Table) -> Result<u64, Error> {
    hashes_from_here(table).map_or(Ok(0), |given_back| run(conn, &given_back))
}

/// Takes everything away that was made for standing beside.
pub(crate) fn leave(conn: &Conn) -> Result<(), Error> {
    drop_triggers(conn)?;
    for found in ours(conn, "index")? {
        run(conn, &format!("drop index {}", name(&found)))?;
    }
    run(conn, "drop table if exists sekisho_beside").map(drop)
}

/// Takes every table of ours out of the application's file; its own rows stay as they are.
pub(crate) fn take_away(conn: &Conn) -> Result<(), Error> {
    let tables = tables(conn)?;
    let referring = "select m.name from sqlite_schema m join pragma_foreign_key_list(m.name) f \
                     where m.type = 'table' and substr(m.name, 1, 8) <> 'sekisho_' \
                     and substr(f.\"table\", 1, 8) = 'sekisho_'";
    if let Some(mut row) = conn.row(text(referring), &[])? {
        let table: String = row.take(0)?;
        return Err(Error::misuse(format!("table {table} refers to users of Sekisho's: drop it first")));
    }
    // Those that refer before those that are referred to.
    let (last, first): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| table == "sekisho_users");
    first
        .iter()
        .chain(&last)
        .try_for_each(|table| run(conn, &format!("drop table {}", name(table))).map(drop))
}

fn tables(conn: &Conn) -> Result<Vec<String>, Error> {
    let all = "select name from sqlite_schema where type = 'table' and substr(name, 1, 8) = 'sekisho_' order by name";
    conn.rows(text(all), &[])?.into_iter().map(|mut row| row.take(0)).collect()
}

/// Gives a file the journal mode that it had before; `false` if somebody else has it open, and then it keeps the log.
pub fn leave_wal(path: &Path, mode: &str) -> Result<bool, Error> {
    if mode == "wal" {
        return Ok(true);
    }
    let conn = Conn::open(path, Role::Guest, &Arc::new(Observer::default()))?;
    // One of the words that SQLite itself has given as the mode; anything else is the usual one.
    let mode = ["delete", "truncate", "persist"].into_iter().find(|known| *known == mode).unwrap_or("delete");
    match conn.row(text(&format!("pragma journal_mode = {mode}")), &[]) {
        Ok(row) => Ok(row.map(|mut row| row.take::<String>(0)).transpose()?.as_deref() == Some(mode)),
        Err(error) if error.is_busy() => Ok(false),
        Err(error) => Err(error),
    }
}
