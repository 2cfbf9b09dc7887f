//! What a PostgreSQL server tells of itself, for whoever looks after it.

use std::sync::Arc;

use sekisho_core::settings::{PostgresUrl, SessionAttrs};

use crate::echo::Observer;
use crate::error::Error;
use crate::session::Read;
use crate::store::OpenOptions;
use crate::value::Row;

use super::Server;

/// A PostgreSQL server, the database on it, and the connection to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFacts {
    /// As a person reads it: `15.18 (Debian 15.18-0+deb12u1)`.
    pub version: String,
    /// As it is compared: 150018.
    pub version_number: i64,
    /// The role that we are.
    pub role: String,
    /// The database.
    pub database: String,
    /// The schema where our tables are; none where the search path leads nowhere.
    pub schema: Option<String>,
    /// Whether the role may make tables there, which migrations do.
    pub may_create: bool,
    /// Whether it follows another server and takes no writes.
    pub is_standby: bool,
    /// Whether a session is read-only from its beginning.
    pub is_read_only: bool,
    /// Whether this connection is encrypted, as the server sees it.
    pub is_encrypted: bool,
    /// Its clock, in microseconds since 1970.
    pub now: i64,
    /// How many connections it takes, those left out that it keeps for superusers.
    pub most_connections: i64,
    /// How many of them are taken, by whomever.
    pub connections: i64,
    /// How many the role may have; below 0: no limit of its own.
    pub most_of_role: i64,
    /// `synchronous_commit` as the server, the database and the role have it; our own sessions do not go below `on`.
    pub synchronous_commit: String,
    /// Who must confirm a commit besides the server itself; empty: nobody.
    pub synchronous_standby_names: String,
    /// How many servers follow this one.
    pub standbys: i64,
    /// `fsync`, without which nothing is certain.
    pub fsync: bool,
    /// `full_page_writes`, without which a power cut may damage a page.
    pub full_page_writes: bool,
}

const FACTS: &str = "select current_setting('server_version'), current_setting('server_version_num')::bigint, \
     current_user::text, current_database()::text, current_schema()::text, \
     coalesce(has_schema_privilege(current_schema(), 'create'), false)::int::bigint, \
     pg_is_in_recovery()::int::bigint, (current_setting('default_transaction_read_only') = 'on')::int::bigint, \
     coalesce((select ssl::int::bigint from pg_stat_ssl where pid = pg_backend_pid()), 0), \
     (extract(epoch from clock_timestamp())::numeric * 1000000::numeric)::bigint, \
     current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint, \
     (select count(*) from pg_stat_activity where backend_type = 'client backend'), \
     (select rolconnlimit::bigint from pg_roles where rolname = current_user), \
     (select reset_val from pg_settings where name = 'synchronous_commit'), \
     current_setting('synchronous_standby_names'), \
     (select count(*) from pg_stat_replication), \
     (current_setting('fsync') = 'on')::int::bigint, (current_setting('full_page_writes') = 'on')::int::bigint";

impl ServerFacts {
    /// Asks the first server of this address that answers, a standby as well; nothing is changed and nothing made.
    pub async fn of(address: &PostgresUrl, options: OpenOptions) -> Result<ServerFacts, Error> {
        let address = PostgresUrl { target_session_attrs: SessionAttrs::Any, ..address.clone() };
        let observer = Arc::new(Observer::new(options.echo));
        let server = Server::new(&address, &options.pool, options.lock_wait, &observer)?;
        let row = Read::postgres_snapshot(server.snapshot().await?).row(FACTS, &[]).await?;
        let mut row = row.ok_or_else(|| Error::unavailable("PostgreSQL tells nothing of itself"))?;
        let is = |row: &mut Row, at| row.take::<i64>(at).map(|found| found != 0);
        Ok(ServerFacts {
            version: row.take(0)?,
            version_number: row.take(1)?,
            role: row.take(2)?,
            database: row.take(3)?,
            schema: row.take(4)?,
            may_create: is(&mut row, 5)?,
            is_standby: is(&mut row, 6)?,
            is_read_only: is(&mut row, 7)?,
            is_encrypted: is(&mut row, 8)?,
            now: row.take(9)?,
            most_connections: row.take(10)?,
            connections: row.take(11)?,
            most_of_role: row.take::<Option<i64>>(12)?.unwrap_or(-1),
            synchronous_commit: row.take(13)?,
            synchronous_standby_names: row.take(14)?,
            standbys: row.take(15)?,
            fsync: is(&mut row, 16)?,
            full_page_writes: is(&mut row, 17)?,
        })
    }
}
