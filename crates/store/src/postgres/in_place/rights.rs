//! What must be allowed, held and kept before the application's table is touched.

use sekisho_core::beside::{IdKind, Table};

use super::sql::{literal, name, own_schema, path, place, table as written, text, texts};
use crate::error::Error;
use crate::session::Tx;

/// How long a writer is waited for.
const PATIENCE: &str = "set local lock_timeout = '5s'";
/// The sequence that draws a row's id; none where an identity column draws it, which asks for no right.
const SEQUENCE: &str = "select s.oid::regclass::text from pg_catalog.pg_attribute a \
     join pg_catalog.pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum \
     join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = f.oid \
     and d.refclassid = 'pg_catalog.pg_class'::regclass \
     join pg_catalog.pg_class s on s.oid = d.refobjid \
     where a.attrelid = to_regclass($1) and a.attname = $2 and a.attidentity = '' \
     and case s.relkind when 'S' then not has_sequence_privilege(s.oid, 'USAGE, UPDATE') else false end limit 1";

/// How each other role loses the right to make things in a schema on the functions' path, and what it has made there.
///
/// What fits the types of the application's own triggers better than PostgreSQL's own operators and functions would be called
/// with our rights. Trusted are superusers, the schema's owner, the table's owner (who may put a trigger on it anyway) and
/// this role. The types are written out: here, too, nothing of a stranger's may fit better.
const STRANGERS: &str = "with stranger as (select r.oid, n.oid as schema from pg_catalog.pg_roles r, pg_catalog.pg_namespace n \
     where n.nspname = $1 and r.rolcanlogin and not r.rolsuper and r.rolname <> current_user \
     and not pg_has_role(r.oid, n.nspowner, 'MEMBER'::text) \
     and r.oid <> (select c.relowner from pg_catalog.pg_class c where c.oid = to_regclass($2))) \
     select pg_catalog.format('revoke create on schema %I from %s;'::text, n.nspname, \
     case when a.grantee = '0'::oid then 'public'::text else a.grantee::regrole::text end) \
     from pg_catalog.pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n'::\"char\", n.nspowner))) a \
     where n.nspname = $1 and a.privilege_type = 'CREATE' and (a.grantee = '0'::oid or exists (select 1 from stranger s \
     where s.schema = n.oid and a.grantee <> n.nspowner and pg_has_role(s.oid, a.grantee, 'MEMBER'::text))) \
     union select pg_catalog.format('drop operator %s;'::text, o.oid::regoperator) from pg_catalog.pg_operator o \
     join stranger s on s.schema = o.oprnamespace and s.oid = o.oprowner \
     union select pg_catalog.format('drop function %s;'::text, p.oid::regprocedure) from pg_catalog.pg_proc p \
     join stranger s on s.schema = p.pronamespace and s.oid = p.proowner where p.prokind = 'f' order by 1 desc";

/// Keeps the writers of users waiting, those of Sekisho and the application's own, until the end of the transaction.
///
/// Ours first, as a registration takes them, so that none is met half way; and only one adoption is at work.
pub(crate) async fn hold(tx: &mut Tx, schema: Option<&str>, table: &str) -> Result<(), Error> {
    tx.alone_at_the_schema().await?;
    tx.define(PATIENCE).await?;
    // A policy that hides rows is an error then, not fewer users.
    tx.define("set local row_security = off").await?;
    let ours = "select 1 where to_regclass('sekisho_users') is not null";
    if tx.row(ours, &[]).await?.is_some() {
        tx.define("lock table sekisho_users, sekisho_credentials in share row exclusive mode").await?;
    }
    tx.define(&format!("lock table {} in share row exclusive mode", place(schema, table))).await
}

/// What this role may not do and would have to, and what others may and must not, each as the statement by which an owner
/// mends it.
pub(crate) async fn rights_missing(tx: &mut Tx, table: &Table) -> Result<Vec<String>, Error> {
    let mut missing = Vec::new();
    let own = own_schema(tx).await?;
    let role = name(&text(tx, "select current_user::text", &[]).await?.unwrap_or_default());
    let may = "select 1 where has_schema_privilege($1, 'USAGE') and has_schema_privilege($1, 'CREATE')";
    if tx.row(may, &[own.as_str().into()]).await?.is_none() {
        missing.push(format!("grant usage, create on schema {} to {role};", name(&own)));
    }
    let theirs = written(table);
    let may = "select 1 where has_table_privilege(to_regclass($1), 'SELECT') \
               and has_table_privilege(to_regclass($1), 'INSERT') and has_table_privilege(to_regclass($1), 'UPDATE') \
               and has_table_privilege(to_regclass($1), 'TRIGGER')";
    if tx.row(may, &[theirs.as_str().into()]).await?.is_none() {
        missing.push(format!("grant select, insert, update, trigger on table {theirs} to {role};"));
    }
    if table.id_kind == IdKind::Number {
        let params = [theirs.as_str().into(), table.id.as_str().into()];
        if let Some(sequence) = text(tx, SEQUENCE, &params).await? {
            missing.push(format!("grant usage on sequence {sequence} to {role};"));
        }
    }
    for schema in path(tx, table).await? {
        missing.extend(texts(tx, STRANGERS, &[schema.as_str().into(), theirs.as_str().into()]).await?);
    }
    Ok(missing)
}

/// Copies the table within its database; nobody but this role may read the copy, which holds hashes.
pub(crate) async fn copy_table(tx: &mut Tx, table: &Table, end: &str) -> Result<String, Error> {
    let copy = format!("sekisho_before_{end}");
    let (own, theirs) = (own_schema(tx).await?, written(table));
    let made = place(Some(&own), &copy);
    tx.define(&format!("create table {made} as table {theirs}")).await?;
    tx.keep_to_ourselves().await?;
    // Whoever writes is held off, so that both are the same; what counts them says so or fails.
    tx.define(&format!(
        "do $sekisho$ begin if (select count(*) from {made}) <> (select count(*) from {theirs}) then \
         raise exception 'the copy has other rows than the table'; end if; end $sekisho$"
    ))
    .await?;
    tx.define(&format!(
        "comment on table {made} is {}",
        literal("The users' table as it was before sekisho adopt. It holds hashes: drop it when it is needed no longer.")
    ))
    .await?;
    Ok(if own == "public" { copy } else { format!("{own}.{copy}") })
}
