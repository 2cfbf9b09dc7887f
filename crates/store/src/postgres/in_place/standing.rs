//! Standing beside an application: the links between its rows and our users, the view, the functions, the triggers.

use sekisho_core::beside::{Field, NOBODYS_HASH, Passwords, Table};

use super::functions::functions;
use super::links;
use super::sql::{define, literal, name, path, table as written, text, texts};
use super::{apart, trial, triggers, view};
use crate::beside::TrialFailure;
use crate::error::Error;
use crate::session::{Read, Tx};
use crate::user_changes;

/// Rows that the application has deleted, unseen by a trigger.
const GONE: &str = "update sekisho_beside b set row_id = null where b.row_id is not null \
     and not exists (select 1 from sekisho_beside_accounts o where o.row_id operator(pg_catalog.=) b.row_id)";
/// Users who came from a row and have no link yet, or whose row is there again. One who is told from others by name or
/// address may also have registered here, and been given the row's id.
const THERE: &str = "select a.user_id, o.row_id from ( \
     select user_id, external_id, true as adopted from sekisho_adopted where kind = 'user' \
     union all select id, external_id, false from sekisho_users where external_id is not null) a \
     join sekisho_users u on u.id = a.user_id \
     join sekisho_beside_accounts o on o.row_id::text = a.external_id \
     where u.released_at is null \
     and (a.adopted or o.username::text = u.username collate \"C\" or o.email::text = u.email collate \"C\") \
     and a.user_id not in (select user_id from sekisho_beside where row_id is not null) \
     and not exists (select 1 from sekisho_beside b where b.row_id operator(pg_catalog.=) o.row_id)";
/// Of users of one name in the application all but the first have got another here; a token carries that one.
const NAMES_FROM_HERE: &str = "update sekisho_beside_accounts o set username = u.username \
     from sekisho_beside b join sekisho_users u on u.id = b.user_id \
     where b.row_id operator(pg_catalog.=) o.row_id and u.released_at is null and u.username is not null \
     and o.username::text is distinct from u.username collate \"C\"";
/// Whoever came while the table was not kept in step.
const CATCH_UP: &str = "select sekisho_beside_new_row(u.id) from sekisho_users u \
     where u.released_at is null and not exists (select 1 from sekisho_beside b where b.user_id = u.id)";
/// What an index is over, if it is one of the application's table.
const INDEX: &str = "select substr(d.def, position(' USING ' in d.def)) from pg_catalog.pg_index i \
     join pg_catalog.pg_class c on c.oid = i.indexrelid, pg_get_indexdef(i.indexrelid) as d (def) \
     where c.relname = $1 and i.indrelid in (select p.refobjid from pg_catalog.pg_depend p \
     join pg_catalog.pg_rewrite w on w.oid = p.objid \
     where w.ev_class = to_regclass('sekisho_beside_accounts') and p.refclassid = 'pg_catalog.pg_class'::regclass)";
const MADE: &str = "select 'view ' || pg_get_viewdef(to_regclass('sekisho_beside_accounts')) \
     union all select 'default ' || a.attname::text || pg_get_expr(f.adbin, f.adrelid) from pg_catalog.pg_attribute a \
     join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum \
     where a.attrelid = to_regclass('sekisho_beside_accounts') \
     union all select 'function ' || p.proname::text || coalesce(array_to_string(p.proconfig, ','), '') || p.prosrc from pg_catalog.pg_proc p \
     where p.pronamespace = current_schema()::regnamespace and starts_with(p.proname::text, 'sekisho_beside') \
     union all select 'trigger ' || t.tgenabled::text || pg_get_triggerdef(t.oid) from pg_catalog.pg_trigger t \
     where starts_with(t.tgname::text, 'sekisho_beside') \
     union all select 'index ' || pg_get_indexdef(c.oid) from pg_catalog.pg_class c \
     where c.relkind = 'i' and starts_with(c.relname::text, 'sekisho_beside') order by 1";

/// Whose name or address it is: that of a row of the application.
pub(crate) async fn taken(
    read: &mut Read,
    username: &str,
    email: Option<&str>,
) -> Result<Option<user_changes::Field>, Error> {
    let sql = "select sekisho_beside_taken($1, $2)";
    Ok(text(read, sql, &[username.into(), email.into()]).await?.map(|field| match field.as_str() {
        "email" => user_changes::Field::Email,
        _ => user_changes::Field::Username,
    }))
}

/// What of a user a unique index of the application's table is about; of one over an expression its text tells.
pub(crate) async fn field_of(
    read: &mut Read,
    table: &Table,
    constraint: &str,
) -> Result<Option<user_changes::Field>, Error> {
    let Some(index) = text(read, INDEX, &[constraint.into()]).await? else { return Ok(None) };
    let has = |field: &Option<Field>| {
        field.as_ref().is_some_and(|field| {
            let words = index.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.into_iter().any(|word| word == field.column) || index.contains(&name(&field.column))
        })
    };
    Ok(Some(match (has(&table.username), has(&table.email)) {
        (false, true) => user_changes::Field::Email,
        _ => user_changes::Field::Username,
    }))
}

/// Keeps the functions from writing until the end of the transaction, or until it stands beside.
pub(crate) async fn stand_aside(tx: &mut Tx) -> Result<(), Error> {
    aside(tx, true).await
}

/// Everything of [`Tx::stand_beside`] but the record of it.
pub(crate) async fn stand_beside(tx: &mut Tx, table: &Table) -> Result<Result<u64, TrialFailure>, Error> {
    aside(tx, true).await?;
    links::make(tx, table).await?;
    if let Err(error) = view::make(tx, table).await {
        return refused("setting a value", error);
    }
    triggers::clear(tx, table).await?;
    let path = path(tx, table).await?;
    define(tx, &functions(table, &path)).await?;
    tx.keep_to_ourselves().await?;
    triggers::make(tx, table).await?;
    let mut changed = tx.at_length(GONE).await?;
    changed += tx
        .at_length(&format!(
            "delete from sekisho_beside where row_id is null and user_id in (select user_id from ({THERE}) there)"
        ))
        .await?;
    changed += tx
        .at_length(&format!("insert into sekisho_beside (user_id, row_id) {THERE} on conflict do nothing"))
        .await?;
    changed += tx.at_length(&without_id(table)).await?;
    if table.username.is_some() {
        changed += match tx.at_length(NAMES_FROM_HERE).await {
            Ok(renamed) => renamed,
            Err(error) => return refused("giving two users of one name two names", error),
        };
    }
    for (field, index) in [(&table.username, "username"), (&table.email, "email")] {
        if let Some(field) = field {
            index_unless_there(tx, table, field, index).await?;
        }
    }
    match apart::carry_over(tx, table).await {
        Ok(carried) => changed += carried,
        Err(error) => return refused("carrying over what happened meanwhile", error),
    }
    changed += give_hashes(tx, table).await?;
    let made = tx.at_length(CATCH_UP).await;
    if let Err(error) = made {
        return refused("adding a user who came meanwhile", error);
    }
    aside(tx, false).await?;
    Ok(trial::attempt(tx, table).await?.map_or(Ok(changed), Err))
}

/// The texts of all that was made for standing beside.
pub(crate) async fn made_beside(tx: &mut Tx) -> Result<Vec<String>, Error> {
    texts(tx, MADE, &[]).await
}

/// Notes rows that are gone; the view shows the table from then on.
pub(crate) async fn note_rows_gone(tx: &mut Tx, table: &Table) -> Result<u64, Error> {
    links::make(tx, table).await?;
    view::make(tx, table).await?;
    tx.at_length(GONE).await
}

/// Gives hashes back that an earlier end of a trial has taken out of the application's table.
pub(super) async fn give_hashes(tx: &mut Tx, table: &Table) -> Result<u64, Error> {
    if table.passwords == Passwords::Withheld {
        return Ok(0);
    }
    let enabled = if table.disabled.is_some() { "" } else { " and u.disabled_at is null" };
    tx.at_length(&format!(
        "update sekisho_beside_accounts o set hash = c.data from sekisho_beside b \
         join sekisho_users u on u.id = b.user_id \
         join sekisho_credentials c on c.user_id = b.user_id and c.kind = 'password' \
         where b.row_id operator(pg_catalog.=) o.row_id and o.hash::text = {}{enabled}",
        literal(NOBODYS_HASH)
    ))
    .await
}

async fn aside(tx: &mut Tx, on: bool) -> Result<(), Error> {
    let word = if on { "on" } else { "off" };
    tx.define(&format!("select set_config('sekisho.aside', '{word}', true)")).await
}

/// A user without a row does not show its id any more, which may be another's.
fn without_id(table: &Table) -> String {
    let id = literal(&table.id);
    format!(
        "update sekisho_users u set extra = (u.extra::jsonb - {id}::text)::text where u.extra is not null \
         and jsonb_exists(u.extra::jsonb, {id}::text) \
         and u.id in (select b.user_id from sekisho_beside b where b.row_id is null)"
    )
}

/// Names are looked up with each registration. An index is its table's owner's to make.
async fn index_unless_there(tx: &mut Tx, table: &Table, field: &Field, what: &str) -> Result<(), Error> {
    let needed = "select 1 from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid \
                  where c.oid = to_regclass($1) and a.attname = $2 and pg_has_role(c.relowner, 'USAGE') \
                  and not exists (select 1 from pg_catalog.pg_index i where i.indrelid = c.oid \
                  and i.indkey[0] = a.attnum and i.indpred is null and i.indisvalid)";
    let theirs = written(table);
    if tx.row(needed, &[theirs.as_str().into(), field.column.as_str().into()]).await?.is_none() {
        return Ok(());
    }
    let column = name(&field.column);
    tx.define(&format!("create index sekisho_beside_{what} on {theirs} ({column})")).await
}

/// What the application's own table says no to is no failure of the database.
fn refused(step: &'static str, error: Error) -> Result<Result<u64, TrialFailure>, Error> {
    match error {
        Error::Taken { what: reason } | Error::Constraint { what: reason } | Error::Misuse { reason } => {
            Ok(Err(TrialFailure { step, reason }))
        }
        error => Err(error),
    }
}
