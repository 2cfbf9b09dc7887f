//! What only PostgreSQL can be asked about a database, for a check of it.

use std::sync::Arc;

use super::{Server, freeze};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::migrate;
use crate::session::Read;
use crate::tables::{self, TABLES};
use crate::value::{Kind, Row};

/// Our tables and indexes in the schema where they are made.
const RELATIONS: &str = "select c.relname::text, c.relkind::text from pg_catalog.pg_class c \
     where c.relnamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = current_schema()) \
     and starts_with(c.relname, 'sekisho_') and c.relkind in ('r', 'i') order by c.relname";
const HAS_AMCHECK: &str = "select 1 from pg_catalog.pg_extension where extname = 'amcheck'";
/// Every key of the table is in the index `$1`, and in order.
const CHECK_INDEX: &str = "select bt_index_check(to_regclass(quote_ident($1)), true)::text";
/// What is wrong in the pages of the table `$1`.
const CHECK_TABLE: &str = "select msg from verify_heapam(to_regclass(quote_ident($1))) limit $2";
const CHECKSUM_FAILURES: &str = "select coalesce(checksum_failures, 0) from pg_catalog.pg_stat_database where datname = current_database()";
/// References whose rows nobody has looked at, or whose triggers are off.
const UNWATCHED: &str = "select c.conrelid::regclass::text || ' refers to ' || c.confrelid::regclass::text || \
     case when c.convalidated then ': its triggers are disabled' else ': never validated' end \
     from pg_catalog.pg_constraint c where c.contype = 'f' and c.connamespace = \
     (select n.oid from pg_catalog.pg_namespace n where n.nspname = current_schema()) \
     and starts_with(c.conrelid::regclass::text, 'sekisho_') and (not c.convalidated or exists \
     (select 1 from pg_catalog.pg_trigger t where t.tgconstraint = c.oid and t.tgenabled = 'D')) order by 1 limit $1";
/// The columns of our tables.
const COLUMNS: &str = "select table_name::text, column_name::text, data_type::text, is_nullable::text \
     from information_schema.columns where table_schema = current_schema() and starts_with(table_name, 'sekisho_')";
/// Our indexes: whether each is unique, and whether it is whole.
const INDEXES: &str = "select c.relname::text, i.indisunique, i.indisvalid and i.indisready from pg_catalog.pg_index i \
     join pg_catalog.pg_class c on c.oid = i.indexrelid where c.relnamespace = \
     (select n.oid from pg_catalog.pg_namespace n where n.nspname = current_schema()) \
     and starts_with(c.relname, 'sekisho_')";
/// What acts on our tables by itself: table, what it is, its name, and of a trigger the function's text and whether it is on.
const ACTING: &str = "select c.relname::text, 'trigger', t.tgname::text, p.prosrc, t.tgenabled <> 'D' \
     from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid \
     join pg_catalog.pg_proc p on p.oid = t.tgfoid where not t.tgisinternal and c.relnamespace = \
     (select n.oid from pg_catalog.pg_namespace n where n.nspname = current_schema()) \
     and starts_with(c.relname, 'sekisho_') \
     union all select tablename::text, 'rule', rulename::text, '', true from pg_catalog.pg_rules \
     where schemaname = current_schema() and starts_with(tablename, 'sekisho_') order by 1, 3";

/// What is damaged, `most` lines of it, and what could not be looked at.
pub(crate) async fn integrity(
    server: Arc<Server>,
    most: u32,
) -> Result<(Vec<String>, Option<String>), Error> {
    let mut read = Read::postgres(server);
    let mut damage = Vec::new();
    if let Some(mut row) = read.row(CHECKSUM_FAILURES, &[]).await? {
        let failures: i64 = row.take(0)?;
        if failures > 0 {
            damage.push(format!("PostgreSQL has met {failures} pages whose checksum is wrong"));
        }
    }
    if read.row(HAS_AMCHECK, &[]).await?.is_none() {
        let unseen = "the pages of tables and indexes: `create extension amcheck` as a superuser lets them be looked at";
        return Ok((damage, Some(unseen.to_owned())));
    }
    let mut relations = Vec::new();
    for mut row in read.rows(RELATIONS, &[]).await? {
        relations.push((row.take::<String>(0)?, row.take::<String>(1)?));
    }
    for (name, kind) in relations {
        let found = match kind.as_str() {
            "i" => read.row(CHECK_INDEX, &[name.as_str().into()]).await.map(|_| Vec::new()),
            _ => read.rows(CHECK_TABLE, &[name.as_str().into(), i64::from(most).into()]).await,
        };
        match found {
            Ok(rows) => {
                for mut row in rows {
                    damage.push(format!("{name}: {}", row.take::<String>(0)?));
                }
            }
            Err(Error::Corrupt { reason }) => damage.push(format!("{name}: {reason}")),
            // Not every role may, and version 13 looks at indexes alone.
            Err(Error::Misuse { reason }) => return Ok((damage, Some(format!("{name}: {reason}")))),
            Err(error) => return Err(error),
        }
        if damage.len() >= most as usize {
            break;
        }
    }
    Ok((damage, None))
}

/// References that the database does not watch over.
pub(crate) async fn foreign_keys(read: &mut Read, most: u32) -> Result<Vec<String>, Error> {
    let rows = read.rows(UNWATCHED, &[i64::from(most).into()]).await?;
    rows.into_iter().map(|mut row| row.take(0)).collect()
}

/// Our tables, columns and indexes that are missing or other than a fresh database has them.
pub(crate) async fn schema_differences(read: &mut Read) -> Result<Vec<String>, Error> {
    let taken = |mut row: Row| Ok((row.take(0)?, row.take(1)?, row.take(2)?, row.take(3)?));
    let rows = read.rows(COLUMNS, &[]).await?;
    let columns =
        rows.into_iter().map(taken).collect::<Result<Vec<(String, String, String, String)>, Error>>()?;
    let mut found = Vec::new();
    for table in &TABLES {
        if !columns.iter().any(|(name, ..)| name == table.name) {
            found.push(format!("{} is missing", table.name));
            continue;
        }
        for column in table.columns {
            let there = columns.iter().find(|(of, name, ..)| of == table.name && name == column.name);
            let at = format!("{}.{}", table.name, column.name);
            match there {
                None => found.push(format!("{at} is missing")),
                Some((.., kind, nullable))
                    if kind != type_of(column.kind) || (nullable == "YES") != column.nullable =>
                {
                    found.push(format!("{at} is not as this version makes it"));
                }
                Some(_) => {}
            }
        }
    }
    let mut indexes = Vec::new();
    for mut row in read.rows(INDEXES, &[]).await? {
        indexes.push((row.take::<String>(0)?, row.take::<i64>(1)? != 0, row.take::<i64>(2)? != 0));
    }
    for (name, unique) in made_indexes() {
        match indexes.iter().find(|(there, ..)| *there == name) {
            None => found.push(format!("{name} is missing")),
            Some((_, _, false)) => found.push(format!("{name} is not whole: `reindex index {name}`")),
            Some((_, is_unique, _)) if *is_unique != unique => {
                found.push(format!("{name} is not as this version makes it"));
            }
            Some(_) => {}
        }
    }
    Ok(found)
}

/// Triggers and rules on our tables that this program did not make, and those of a freeze that are missing, off, or on
/// without one.
pub(crate) async fn intruders(read: &mut Read) -> Result<Vec<String>, Error> {
    let frozen = match read.frozen_since().await {
        Ok(since) => since.is_some(),
        Err(error) => return Err(error),
    };
    let beside = read.standing().await?;
    let mut held = Vec::new();
    let mut found = Vec::new();
    for mut row in read.rows(ACTING, &[]).await? {
        let (table, kind, name): (String, String, String) = (row.take(0)?, row.take(1)?, row.take(2)?);
        let (body, on): (String, bool) = (row.take(3)?, row.take::<i64>(4)? != 0);
        let holds = kind == "trigger" && name == freeze::NAME && body.trim() == freeze::BODY;
        if holds && on && frozen {
            held.push(table);
        } else if holds && !on {
            // Of an earlier freeze.
        } else if !(beside.is_some() && name.starts_with("sekisho_beside")) {
            found.push(format!("{kind} {name} on {table} is not of this program"));
        }
    }
    if frozen {
        let missing = tables::held().filter(|table| !held.iter().any(|held| held == table));
        found
            .extend(missing.map(|table| format!("the trigger that holds back writes to {table} is missing")));
    }
    if let Some(standing) = beside {
        found.extend(super::in_place::differences(read, &standing.table).await?);
    }
    Ok(found)
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Id => "uuid",
        Kind::Int => "bigint",
        Kind::Text => "text",
        Kind::Bytes => "bytea",
    }
}

/// Every index that the migrations make, and whether it is unique; those of primary keys bear the table's name.
fn made_indexes() -> Vec<(String, bool)> {
    let statements = migrate::schema(Dialect::Postgres);
    let made = statements.iter().filter_map(|statement| {
        let mut words =
            statement.lines().filter(|line| !line.starts_with("--")).flat_map(str::split_whitespace);
        match (words.next()?, words.next()?, words.next()?) {
            ("create", "unique", "index") => Some((words.next()?.to_owned(), true)),
            ("create", "index", name) => Some((name.to_owned(), false)),
            _ => None,
        }
    });
    made.chain(TABLES.iter().map(|table| (format!("{}_pkey", table.name), true))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_indexes_are_those_of_the_migrations() {
        let made = made_indexes();
        let has = |name: &str, unique| made.contains(&(name.to_owned(), unique));
        assert!(has("sekisho_users_by_email_key", true) && has("sekisho_items_by_owner", false));
        assert!(has("sekisho_users_by_external_id", true) && has("sekisho_events_pkey", true));
    }
}
