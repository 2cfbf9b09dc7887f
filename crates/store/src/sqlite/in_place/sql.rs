//! Statements that are made at run time, of names that are the application's.

use crate::dialect::Text;
pub(super) use crate::dialect::identifier as name;
use crate::error::Error;
use crate::sqlite::Conn;

/// What the names of all that is made here begin with.
const PREFIX: &str = "sekisho_beside";

/// A text within a statement: triggers take no parameters.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Takes away what makes this database stand beside the application, but for the links.
pub(super) fn drop_triggers(conn: &Conn) -> Result<(), Error> {
    for kind in ["trigger", "view"] {
        for found in ours(conn, kind)? {
            run(conn, &format!("drop {kind} {}", name(&found)))?;
        }
    }
    Ok(())
}

/// What of this kind we have made for standing beside.
pub(super) fn ours(conn: &Conn, kind: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "select name from sqlite_schema where type = {} and substr(name, 1, {}) = {}",
        literal(kind),
        PREFIX.len(),
        literal(PREFIX)
    );
    conn.rows(text(&sql), &[])?.into_iter().map(|mut row| row.take(0)).collect()
}

/// The texts of all that was made for standing beside.
pub(super) fn made(conn: &Conn) -> Result<Vec<String>, Error> {
    let sql = format!(
        "select sql from sqlite_schema where sql is not null and substr(name, 1, {}) = {} order by type, name",
        PREFIX.len(),
        literal(PREFIX)
    );
    conn.rows(text(&sql), &[])?.into_iter().map(|mut row| row.take(0)).collect()
}

/// Whether the schema has something of this kind and name.
pub(super) fn exists(conn: &Conn, kind: &str, name: &str) -> Result<bool, Error> {
    let sql = "select 1 from sqlite_schema where type = ?1 and name = ?2";
    conn.row(text(sql), &[kind.into(), name.into()]).map(|row| row.is_some())
}

/// The number that a query gives.
pub(super) fn count(conn: &Conn, sql: &str) -> Result<u64, Error> {
    let row = conn.row(text(sql), &[])?;
    Ok(row.ok_or_else(|| Error::corrupt("no answer to a count"))?.take::<i64>(0)?.unsigned_abs())
}

/// Runs a statement made at run time; the number of rows it changed.
pub(super) fn run(conn: &Conn, sql: &str) -> Result<u64, Error> {
    conn.execute(text(sql), &[])
}

/// A text that is already SQLite's.
pub(super) fn text(sql: &str) -> Text<'_> {
    Text { house: sql, sqlite: sql }
}
