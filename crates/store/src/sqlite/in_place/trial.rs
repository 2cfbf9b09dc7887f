//! A user who is made, changed and deleted and never was: whether the application's table takes what the triggers write.

use sekisho_core::beside::Table;

use super::sql::{literal, name, text};
use crate::beside::{Shown, Step, TrialFailure, lives};
use crate::dialect::for_sqlite;
use crate::error::Error;
use crate::sqlite::Conn;

/// Goes through a user's whole life twice within a savepoint and rolls it back; the first step that failed, if any.
pub(super) fn attempt(conn: &Conn, table: &Table) -> Result<Option<TrialFailure>, Error> {
    conn.control("savepoint trial")?;
    let failed = walk(conn, table);
    // A constraint leaves the savepoint as it is; anything worse has ended the transaction, and this says so.
    conn.control("rollback to trial")?;
    conn.control("release trial")?;
    failed
}

fn walk(conn: &Conn, table: &Table) -> Result<Option<TrialFailure>, Error> {
    let row = conn.row(text("select lower(hex(randomblob(16)))"), &[])?;
    let drawn: String = row.ok_or_else(|| Error::corrupt("nothing was drawn"))?.take(0)?;
    for step in lives(table, &drawn) {
        for (sql, said) in &step.run {
            if let Err(error) = conn.execute(for_sqlite(sql), &step.params(said)) {
                return step.refused(error).map(Some);
            }
        }
        if conn.row(text(&shows(table, &step)), &[step.user.into()])?.is_none() {
            return Ok(Some(step.not_shown(table)));
        }
    }
    Ok(None)
}

/// A query that has a row if the application's row of user `?1` shows what it must.
fn shows(table: &Table, step: &Step) -> String {
    let column =
        |field: &Option<sekisho_core::beside::Field>| field.as_ref().map(|field| field.column.clone());
    let checks = step.expected.iter().filter_map(|shown| {
        let (column, value) = match shown {
            Shown::Username(value) => (column(&table.username)?, literal(value)),
            Shown::Email(value) => (column(&table.email)?, literal(value)),
            Shown::FullName(value) => (column(&table.full_name)?, literal(value)),
            Shown::Hash(value) => (table.hash.clone(), literal(value)),
            Shown::Disabled(yes) => {
                let flag = table.disabled.as_ref()?;
                (flag.column.clone(), u8::from(*yes != flag.inverted).to_string())
            }
        };
        Some(format!(" and o.{} = {value}", name(&column)))
    });
    format!(
        "select 1 from {} o join sekisho_beside b on b.row_id = o.{} where b.user_id = ?1{}",
        name(&table.name),
        name(&table.id),
        checks.collect::<String>()
    )
}
