//! The table that says which row of the application is which user; it outlives what a deletion here blanks. Without an id
//! it says that the application has deleted the row, so that none is made anew.

use sekisho_core::beside::Table;

use super::functions::link_type;
use crate::error::Error;
use crate::session::Tx;

/// The table of links, of the type that the application's ids have.
pub(super) async fn make(tx: &mut Tx, table: &Table) -> Result<(), Error> {
    let kind = link_type(table);
    tx.define(&format!(
        "create table if not exists sekisho_beside (user_id uuid not null primary key \
         references sekisho_users (id), row_id {kind} unique)"
    ))
    .await?;
    let other = "select 1 from pg_catalog.pg_attribute a where a.attrelid = to_regclass('sekisho_beside') \
                 and a.attname = 'row_id' and format_type(a.atttypid, null) <> $1";
    if tx.row(other, &[kind.into()]).await?.is_some() {
        tx.define("drop view if exists sekisho_beside_accounts").await?;
        tx.define(&format!(
            "alter table sekisho_beside alter column row_id type {kind} using row_id::text::{kind}"
        ))
        .await?;
    }
    Ok(())
}
