//! The PostgreSQL server: reached, new enough, to be written, encrypted, durable, with room, and with the right time.

use super::finding::{Finding, fail, ok, warn};
use sekisho_core::Timestamp;
use sekisho_core::settings::{Pool, PostgresUrl, SslMode};
use sekisho_store::{Error, OpenOptions, ServerFacts};
use std::time::Duration;

/// The oldest version that is served.
const OLDEST: i64 = 130_000;
/// By what the clocks may differ: jobs and time-outs go by the server's, tokens by this machine's.
const SLACK: i64 = 2_000_000;

/// Asks the server; what it says, and how far that is from what it should.
pub(super) async fn examine(
    address: &PostgresUrl,
    pool: &Pool,
    options: OpenOptions,
    now: impl Fn() -> Timestamp,
) -> Vec<Finding> {
    let before = now();
    let facts = match ServerFacts::of(address, options).await {
        Ok(facts) => facts,
        Err(error) => return vec![unreached(address, &error)],
    };
    let waited = Duration::from_micros(now().as_micros().abs_diff(before.as_micros()));
    vec![
        version(&facts),
        writes(&facts),
        line(address, &facts),
        durability(&facts),
        standbys(&facts),
        room(pool, &facts),
        clock(&facts, before, waited),
    ]
}

fn unreached(address: &PostgresUrl, error: &Error) -> Finding {
    let mend = match error {
        Error::Misuse { .. } => "change storage.database_url or DATABASE_URL (docs/postgresql.md)",
        _ => {
            "is the server there, does it listen on this address, do its pg_hba.conf and the firewall let this machine in, \
             are user, password and database right? `psql` with the same address says the same"
        }
    };
    fail("postgresql", format!("{}: {error}", address.redacted()), mend)
}

fn version(facts: &ServerFacts) -> Finding {
    let ServerFacts { version, role, database, .. } = facts;
    let Some(schema) = &facts.schema else {
        return fail(
            "postgresql",
            format!("{version}: the search path of {role} leads to no schema in {database}"),
            format!("create schema sekisho authorization {role}; or `alter role {role} set search_path = …`"),
        );
    };
    if facts.version_number < OLDEST {
        return fail("postgresql", format!("{version} is older than 13"), "upgrade the server");
    }
    let said = format!("{version}, database {database}, schema {schema}, role {role}");
    match facts.may_create {
        true => ok("postgresql", said),
        false => warn(
            "postgresql",
            format!("{said}, which may make no table there: the first start and each newer version do"),
            format!("grant create on schema {schema} to {role}"),
        ),
    }
}

fn writes(facts: &ServerFacts) -> Finding {
    let mend = "name the primary in DATABASE_URL, or all servers (host1:5432,host2:5432): the one that takes writes is found";
    if facts.is_standby {
        return fail("read_write", "the first server that answers is a standby, which takes no writes", mend);
    }
    if facts.is_read_only {
        let what = "sessions begin read-only (default_transaction_read_only)";
        return fail("read_write", what, "take that setting away from the role, the database or the server");
    }
    ok("read_write", "the server takes writes")
}

fn line(address: &PostgresUrl, facts: &ServerFacts) -> Finding {
    let away = address.hosts.iter().any(|host| !host.is_local());
    let mode = address.ssl.mode;
    let said = format!("sslmode={}", mode.name());
    match mode {
        _ if !away => ok("line", "no network lies between"),
        SslMode::Disable => warn(
            "line",
            format!("{said}: whoever is on the way reads the password hashes, and can change them"),
            "sslmode=verify-full with sslrootcert, or a network of your own from end to end",
        ),
        SslMode::Require => warn(
            "line",
            format!("{said}: encrypted, and nobody asks with whom"),
            "sslmode=verify-full with sslrootcert=FILE of the server's authority, or sslrootcert=system",
        ),
        // What stands between (a pooler) may have a line of its own.
        SslMode::VerifyCa | SslMode::VerifyFull => match facts.is_encrypted {
            true => ok("line", said),
            false => warn(
                "line",
                format!("{said}, and the server itself is spoken to in the open: a pooler stands between"),
                "let the pooler encrypt its connections too (PgBouncer: server_tls_sslmode)",
            ),
        },
    }
}

fn durability(facts: &ServerFacts) -> Finding {
    let commit = &facts.synchronous_commit;
    if !facts.fsync {
        let what = "fsync is off: a power cut loses what was acknowledged, or damages everything";
        return fail("durability", what, "set fsync = on in postgresql.conf and restart the server");
    }
    if commit == "off" {
        return fail(
            "durability",
            "synchronous_commit is off for this role: a crash loses what was acknowledged. Sekisho's own sessions set it \
             on; other clients of the same role do not",
            format!(
                "alter role {} reset synchronous_commit; or set it on where it was turned off",
                facts.role
            ),
        );
    }
    let named = !facts.synchronous_standby_names.is_empty();
    if named && matches!(commit.as_str(), "local" | "remote_write") {
        return warn(
            "durability",
            format!("synchronous_commit is {commit}: a failover may lose what was acknowledged last"),
            "set it on, or remote_apply",
        );
    }
    if !facts.full_page_writes {
        return warn(
            "durability",
            "full_page_writes is off: a power cut may leave a page half written",
            "set full_page_writes = on, unless the file system writes whole pages or none",
        );
    }
    ok("durability", format!("fsync is on, synchronous_commit is {commit}"))
}

fn standbys(facts: &ServerFacts) -> Finding {
    let names = &facts.synchronous_standby_names;
    match (facts.standbys, names.is_empty()) {
        (0, true) => ok("replication", "no standby that this role sees: backups are what there is"),
        (0, false) => warn(
            "replication",
            format!("commits wait for {names}, and no standby is connected"),
            "start a standby: until then every write waits",
        ),
        (standbys, true) => warn(
            "replication",
            format!(
                "{standbys} standbys, and no commit waits for one: a failover loses what was acknowledged last"
            ),
            "set synchronous_standby_names (Patroni: synchronous_mode: true), if that must not be",
        ),
        (standbys, false) => ok("replication", format!("{standbys} standbys; commits wait for {names}")),
    }
}

fn room(pool: &Pool, facts: &ServerFacts) -> Finding {
    let own = i64::try_from(pool.connections + pool.readers).unwrap_or(i64::MAX);
    let most = match facts.most_of_role {
        limit if limit >= 0 => limit.min(facts.most_connections),
        _ => facts.most_connections,
    };
    let said = format!(
        "this node takes up to {own}, the server gives {most}, {} are taken now, room for {} such nodes",
        facts.connections,
        most / own.max(1)
    );
    let mend =
        "lower storage.connections, raise max_connections, or put PgBouncer between (docs/postgresql.md)";
    if own > most {
        return fail("connections", said, mend);
    }
    // Those of this command and of a server that runs are among them.
    if facts.connections > most / 10 * 9 {
        return warn("connections", said, mend);
    }
    ok("connections", said)
}

/// Its clock was read at some time within `waited` after `before`.
fn clock(facts: &ServerFacts, before: Timestamp, waited: Duration) -> Finding {
    let waited = i64::try_from(waited.as_micros()).unwrap_or(i64::MAX);
    let after = facts.now - before.as_micros();
    let off = if after < 0 { after } else { (after - waited).max(0) };
    if off.abs() <= SLACK {
        return ok("database_clock", "the server's clock is this machine's");
    }
    let (seconds, word) = (off.abs() / 1_000_000, if off < 0 { "behind" } else { "ahead of" });
    warn(
        "database_clock",
        format!("the server's clock is {seconds} s {word} this machine's"),
        "set both and keep them set (`timedatectl set-ntp true`)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    fn facts() -> ServerFacts {
        ServerFacts {
            version: "15.18".into(),
            version_number: 150_018,
            role: "sekisho".into(),
            database: "sekisho".into(),
            schema: Some("public".into()),
            may_create: true,
            is_standby: false,
            is_read_only: false,
            is_encrypted: true,
            now: 1_000_000_000,
            most_connections: 97,
            connections: 20,
            most_of_role: -1,
            synchronous_commit: "on".into(),
            synchronous_standby_names: String::new(),
            standbys: 0,
            fsync: true,
            full_page_writes: true,
        }
    }

    #[test]
    fn versions_and_rights() {
        assert_eq!(version(&facts()).state, State::Ok);
        assert_eq!(version(&ServerFacts { version_number: 120_022, ..facts() }).state, State::Fail);
        assert_eq!(version(&ServerFacts { schema: None, ..facts() }).state, State::Fail);
        assert_eq!(version(&ServerFacts { may_create: false, ..facts() }).state, State::Warn);
        assert_eq!(writes(&facts()).state, State::Ok);
        assert_eq!(writes(&ServerFacts { is_standby: true, ..facts() }).state, State::Fail);
        assert_eq!(writes(&ServerFacts { is_read_only: true, ..facts() }).state, State::Fail);
    }

    #[test]
    fn what_was_acknowledged_lasts() {
        let with = |commit: &str, names: &str| ServerFacts {
            synchronous_commit: commit.into(),
            synchronous_standby_names: names.into(),
            ..facts()
        };
        for (facts, state) in [
            (facts(), State::Ok),
            (with("local", ""), State::Ok),
            (with("remote_apply", "*"), State::Ok),
            (with("local", "*"), State::Warn),
            (with("off", ""), State::Fail),
            (ServerFacts { fsync: false, ..facts() }, State::Fail),
            (ServerFacts { full_page_writes: false, ..facts() }, State::Warn),
        ] {
            assert_eq!(durability(&facts).state, state, "{facts:?}");
        }
        for (number, names, state) in
            [(0, "", State::Ok), (0, "*", State::Warn), (2, "", State::Warn), (1, "*", State::Ok)]
        {
            assert_eq!(standbys(&ServerFacts { standbys: number, ..with("on", names) }).state, state);
        }
    }

    #[test]
    fn connections_are_counted_for_all_nodes() {
        let pool = Pool {
            connections: 12,
            readers: 4,
            connect_timeout: Duration::ZERO,
            acquire_timeout: Duration::ZERO,
            statement_timeout: Duration::ZERO,
            keepalive: Duration::ZERO,
        };
        let found = room(&pool, &facts());
        assert_eq!(found.state, State::Ok);
        assert!(found.message.ends_with("room for 6 such nodes"), "{}", found.message);
        assert_eq!(room(&pool, &ServerFacts { most_of_role: 10, ..facts() }).state, State::Fail);
        assert_eq!(room(&pool, &ServerFacts { connections: 95, ..facts() }).state, State::Warn);
    }

    #[test]
    fn clocks_differ_by_what_the_way_does_not_explain() {
        let off = |before: i64, waited: u64| {
            clock(&facts(), Timestamp::from_micros(before), Duration::from_micros(waited))
        };
        assert_eq!(off(1_000_000_000, 0).state, State::Ok);
        assert_eq!(off(995_000_000, 4_000_000).state, State::Ok);
        assert!(off(995_000_000, 0).message.contains("5 s ahead of"));
        assert!(off(1_060_000_000, 9_000_000).message.contains("60 s behind"));
    }
}
