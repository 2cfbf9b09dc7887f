//! What PostgreSQL's catalogue tells of a database before and while our schema is made.

use crate::error::Error;
use crate::session::{Read, Tx};

/// The number of the lock under which the schema is made; any two programs of ours take the same.
const LOCK: i64 = 0x5e_6b15_4005;

/// Takes every right from everybody else to what this transaction has made: `alter default privileges` may have given them
/// some, and rights that were given on purpose stand on what was made before.
const OURS_ALONE: &str = "do $sekisho$ declare made record; begin \
     for made in \
     select pg_catalog.format('table %s'::text, c.oid::regclass) as what, a.grantee \
     from pg_catalog.pg_class c, aclexplode(c.relacl) a \
     where starts_with(c.relname::text, 'sekisho_'::text) and c.relkind = any ('{r,v,S}'::\"char\"[]) \
     and a.grantee <> c.relowner and c.relowner = current_user::regrole::oid \
     and c.xmin::text = ((pg_current_xact_id()::text)::bigint % '4294967296'::bigint)::text \
     union select pg_catalog.format('function %s'::text, p.oid::regprocedure), a.grantee \
     from pg_catalog.pg_proc p, aclexplode(p.proacl) a \
     where starts_with(p.proname::text, 'sekisho_'::text) \
     and a.grantee <> p.proowner and a.grantee <> '0'::oid and p.proowner = current_user::regrole::oid \
     and p.xmin::text = ((pg_current_xact_id()::text)::bigint % '4294967296'::bigint)::text \
     loop execute pg_catalog.format('revoke all on %s from %s'::text, made.what, \
     case when made.grantee = '0'::oid then 'public'::text else made.grantee::regrole::text end); \
     end loop; end $sekisho$";

/// How many of somebody else's tables are named.
const NAMED: usize = 5;

impl Read {
    /// Refuses a database that would take text for something other than Unicode.
    pub(crate) async fn insist_on_utf8(&mut self) -> Result<(), Error> {
        let row = self.row("select current_setting('server_encoding')", &[]).await?;
        let encoding: String = row.map(|mut row| row.take(0)).transpose()?.unwrap_or_default();
        if encoding == "UTF8" {
            return Ok(());
        }
        Err(Error::misuse(format!("the database has the encoding {encoding}; it must be UTF8")))
    }

    /// Whether the list of migrations is there, in the schema where ours are made.
    pub(crate) async fn has_list(&mut self) -> Result<bool, Error> {
        let found = "select 1 from pg_catalog.pg_tables \
                     where schemaname = current_schema() and tablename = 'sekisho_migrations'";
        Ok(self.row(found, &[]).await?.is_some())
    }

    /// Refuses a schema that holds somebody else's tables and none of ours.
    pub(crate) async fn refuse_foreign(&mut self) -> Result<(), Error> {
        let theirs = "select tablename from pg_catalog.pg_tables \
                      where schemaname = current_schema() and not starts_with(tablename, 'sekisho_') \
                      order by tablename";
        let rows = self.rows(theirs, &[]).await?;
        let names = rows.into_iter().map(|mut row| row.take(0)).collect::<Result<Vec<String>, Error>>()?;
        match names.is_empty() {
            true => Ok(()),
            false => Err(Error::Foreign { tables: names[..names.len().min(NAMED)].join(", ") }),
        }
    }
}

impl Tx {
    /// Takes every right from everybody else to the tables, views and functions that this transaction has made.
    pub(crate) async fn keep_to_ourselves(&mut self) -> Result<(), Error> {
        self.define(OURS_ALONE).await
    }

    /// Waits until nobody else makes the schema, and holds the others until the end of the transaction.
    pub(crate) async fn alone_at_the_schema(&mut self) -> Result<(), Error> {
        self.define("set local lock_timeout = 0").await?;
        self.define(&format!("select pg_advisory_xact_lock({LOCK})")).await?;
        // A table that somebody reads for hours is not waited for: whoever came meanwhile would wait behind us.
        self.define("set local lock_timeout to default").await
    }
}
