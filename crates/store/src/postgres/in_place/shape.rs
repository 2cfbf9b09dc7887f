//! The application's table as the catalogue has it.

use sekisho_core::beside::Column;

use super::sql::{place, text};
use crate::error::Error;
use crate::session::Tx;
use crate::value::Row;

/// Of identity columns and of those with a default the database draws the value; generated ones take none.
const COLUMNS: &str = "select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
     a.atthasdef or a.attidentity <> '', \
     coalesce((select a.attnum = any (i.indkey) from pg_catalog.pg_index i \
               where i.indrelid = a.attrelid and i.indisprimary), false) \
     from pg_catalog.pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped \
     and a.attgenerated = '' order by a.attnum";
const SCHEMA: &str = "select n.nspname::text from pg_catalog.pg_class c \
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1)";

/// The columns into which a row can be written.
pub(crate) async fn columns_of(tx: &mut Tx, schema: Option<&str>, table: &str) -> Result<Vec<Column>, Error> {
    let rows = tx.rows(COLUMNS, &[place(schema, table).as_str().into()]).await?;
    let column = |mut row: Row| {
        Ok(Column {
            name: row.take(0)?,
            declared: row.take(1)?,
            not_null: row.take::<i64>(2)? != 0,
            has_default: row.take::<i64>(3)? != 0,
            primary_key: row.take::<i64>(4)? != 0,
            typed: true,
        })
    };
    rows.into_iter().map(column).collect()
}

/// The schema in which a table is that may be reached without naming it.
pub(crate) async fn schema_of(tx: &mut Tx, schema: Option<&str>, table: &str) -> Result<String, Error> {
    let found = text(tx, SCHEMA, &[place(schema, table).as_str().into()]).await?;
    found.ok_or_else(|| Error::misuse(format!("there is no table {table}")))
}
