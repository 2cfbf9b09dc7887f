//! Statements that are made at run time, of names that are the application's.

use sekisho_core::beside::Table;

pub(super) use crate::dialect::{identifier as name, table_name as place};
use crate::error::Error;
use crate::session::{Read, Tx};

/// A text within a statement, whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// The application's table as a statement has it.
pub(super) fn table(table: &Table) -> String {
    place(table.schema.as_deref(), &table.name)
}

/// The texts of a query's first column.
pub(super) async fn texts(
    read: &mut Read,
    sql: &'static str,
    params: &[crate::value::Param<'_>],
) -> Result<Vec<String>, Error> {
    read.rows(sql, params).await?.into_iter().map(|mut row| row.take(0)).collect()
}

/// The text that a query gives.
pub(super) async fn text(
    read: &mut Read,
    sql: &'static str,
    params: &[crate::value::Param<'_>],
) -> Result<Option<String>, Error> {
    read.row(sql, params).await?.map(|mut row| row.take(0)).transpose().map(Option::flatten)
}

/// Runs each of these.
pub(super) async fn define(tx: &mut Tx, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        tx.define(statement).await?;
    }
    Ok(())
}

/// The schema in which our tables are, and new ones are made.
pub(super) async fn own_schema(read: &mut Read) -> Result<String, Error> {
    let schema = text(read, "select current_schema()::text", &[]).await?;
    schema.ok_or_else(|| {
        Error::misuse(
            "no schema of this role's search_path exists: set one, as in ?options=-csearch_path%3Dpublic",
        )
    })
}

/// The schemas on which functions look names up: ours, the table's, and those of this role.
pub(super) async fn path(tx: &mut Tx, table: &Table) -> Result<Vec<String>, Error> {
    let mut path = vec![own_schema(tx).await?];
    path.extend(table.schema.clone());
    let all = "select s::text from pg_catalog.unnest(pg_catalog.current_schemas(false)) with ordinality as p (s, n) order by n";
    path.extend(texts(tx, all, &[]).await?);
    let mut once: Vec<String> = Vec::new();
    for schema in path {
        if !once.contains(&schema) {
            once.push(schema);
        }
    }
    Ok(once)
}
