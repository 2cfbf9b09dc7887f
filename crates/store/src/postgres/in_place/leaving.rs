//! The end of standing beside an application: its passwords withheld, its table left alone, or ours taken away.

use sekisho_core::beside::{NOBODYS_HASH, Table};

use super::sql::{define, literal, name, texts};
use super::standing;
use crate::error::Error;
use crate::session::Tx;

const INDEXES: &str = "select format('drop index %I.%I', n.nspname, c.relname) from pg_catalog.pg_class c \
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace \
     join pg_catalog.pg_index i on i.indexrelid = c.oid \
     where c.relname in ('sekisho_beside_username', 'sekisho_beside_email') and pg_has_role(c.relowner, 'USAGE') \
     and i.indrelid in (select r.oid from pg_catalog.pg_class r join pg_catalog.pg_depend d on d.refobjid = r.oid \
     join pg_catalog.pg_rewrite w on w.oid = d.objid \
     where w.ev_class = to_regclass('sekisho_beside_accounts'))";
/// With the triggers that call them: who does not own the application's table may take none of its triggers away otherwise.
const FUNCTIONS: &str = "select format('drop function if exists %s cascade', p.oid::regprocedure) from pg_catalog.pg_proc p \
     where p.pronamespace = current_schema()::regnamespace and starts_with(p.proname::text, $1)";
/// Copies of the application's table are the operator's.
const TABLES: &str = "select tablename::text from pg_catalog.pg_tables where schemaname = current_schema() \
     and starts_with(tablename::text, 'sekisho_') and not starts_with(tablename::text, 'sekisho_before_') \
     order by tablename";
const REFERRING: &str = "select r.conrelid::regclass::text from pg_catalog.pg_constraint r \
     join pg_catalog.pg_class t on t.oid = r.confrelid join pg_catalog.pg_class o on o.oid = r.conrelid \
     where r.contype = 'f' and t.relnamespace = current_schema()::regnamespace \
     and starts_with(t.relname::text, 'sekisho_') \
     and not (o.relnamespace = t.relnamespace and starts_with(o.relname::text, 'sekisho_')) order by 1 limit 1";

/// Takes the hashes of all who are linked out of the application's table.
pub(crate) async fn withhold(tx: &mut Tx) -> Result<u64, Error> {
    tx.at_length(&format!(
        "update sekisho_beside_accounts o set hash = {} from sekisho_beside b where b.row_id operator(pg_catalog.=) o.row_id",
        literal(NOBODYS_HASH)
    ))
    .await
}

/// Puts those hashes back; to how many rows.
pub(crate) async fn give_back(tx: &mut Tx, table: &Table) -> Result<u64, Error> {
    standing::give_hashes(tx, table).await
}

/// Takes everything away that was made for standing beside.
pub(crate) async fn leave(tx: &mut Tx) -> Result<(), Error> {
    let indexes = texts(tx, INDEXES, &[]).await?;
    define(tx, &indexes).await?;
    tx.define("drop view if exists sekisho_beside_accounts").await?;
    let functions = texts(tx, FUNCTIONS, &["sekisho_beside".into()]).await?;
    define(tx, &functions).await?;
    tx.define("drop table if exists sekisho_beside").await
}

/// Takes every table of ours out of the application's database; its own rows stay as they are.
pub(crate) async fn take_away(tx: &mut Tx) -> Result<(), Error> {
    if let Some(table) = texts(tx, REFERRING, &[]).await?.pop() {
        return Err(Error::misuse(format!("table {table} refers to users of Sekisho's: drop it first")));
    }
    let tables: Vec<String> = texts(tx, TABLES, &[]).await?.iter().map(|table| name(table)).collect();
    tx.define(&format!("drop table {}", tables.join(", "))).await?;
    let functions = texts(tx, FUNCTIONS, &["sekisho_".into()]).await?;
    define(tx, &functions).await
}
