//! PostgreSQL addresses, as people write them.

use super::database_url::DatabaseUrl;
use super::postgres_url::{ChannelBinding, PostgresUrl, SessionAttrs, SslMode};

fn read(text: &str) -> PostgresUrl {
    match DatabaseUrl::parse(text) {
        Ok(DatabaseUrl::Postgres(url)) => *url,
        other => panic!("{text}: {other:?}"),
    }
}

fn refused(text: &str) -> String {
    DatabaseUrl::parse(text).unwrap_err().to_string()
}

fn servers(text: &str) -> String {
    read(text).servers()
}

#[test]
fn every_part_of_an_address() {
    let url = read("postgresql+psycopg2://a%40b:p%40s%2Fs%25@db.example.com:6432/na%20me");
    assert_eq!(url.user.as_deref(), Some("a@b"));
    assert_eq!(url.password.unwrap().expose(), "p@s/s%");
    assert_eq!((url.hosts[0].host.as_str(), url.hosts[0].port), ("db.example.com", 6432));
    assert_eq!(url.database.as_deref(), Some("na me"));
    // The last @ ends the password: no host holds one.
    assert_eq!(read("postgres://app:p@ss@db/x").password.unwrap().expose(), "p@ss");
    let bare = read("postgresql://");
    assert!(bare.user.is_none() && bare.password.is_none() && bare.database.is_none());
    assert!(read("postgresql://app:@db/x").password.is_none());
    assert_eq!(read("postgresql:///?user=u&password=p%2B+q&dbname=d").password.unwrap().expose(), "p++q");
}

#[test]
fn servers_as_sqlalchemy_libpq_and_asyncpg_list_them() {
    for (text, expected) in [
        ("postgresql:///x", "/var/run/postgresql:5432"),
        ("postgresql+psycopg2://u:p%40ss@/db?host=/run/pg", "/run/pg:5432"),
        ("postgresql://u@%2Frun%2Fpg:5433/db", "/run/pg:5433"),
        ("postgresql:///db?host=/run/pg&port=5433", "/run/pg:5433"),
        ("postgresql://u@%2Frun%2Fpg:6:5433/db", "/run/pg:6:5433"),
        ("postgresql://u@/db?host=a:5432&host=b", "a:5432, b:5432"),
        ("postgresql://u@host1:5432,host2:5433/db", "host1:5432, host2:5433"),
        ("postgresql://u@/db?host=a,b&port=5432,5433", "a:5432, b:5433"),
        ("postgresql://u@a,b/db?port=6000", "a:6000, b:6000"),
        ("postgresql://[::1]:5433,[fe80::1]/db", "[::1]:5433, [fe80::1]:5432"),
        ("postgresql:///db?host=::1,my_db", "[::1]:5432, my_db:5432"),
    ] {
        assert_eq!(servers(text), expected, "{text}");
        let shown = read(text).redacted();
        assert_eq!(servers(&shown), expected, "{shown}");
    }
}

#[test]
fn encrypted_unless_no_network_lies_between() {
    use SslMode::*;
    for (text, mode) in [
        ("postgresql://db/x", Require),
        ("postgresql://db/x?sslmode=prefer", Require),
        ("postgresql://db/x?sslmode=disable", Disable),
        ("postgresql+asyncpg://db/x?ssl=require", Require),
        ("postgresql+asyncpg://db/x?ssl=verify-full", VerifyFull),
        ("postgresql://localhost/x", Disable),
        ("postgresql://127.0.0.1,[::1]/x?sslmode=prefer", Disable),
        ("postgresql://localhost,db/x", Require),
        ("postgresql://localhost/x?sslmode=require", Require),
        ("postgresql:///x?host=/run/pg&sslmode=require", Disable),
        // As libpq: a root that is named is asked.
        ("postgresql://db/x?sslmode=require&sslrootcert=/ca.pem", VerifyCa),
        ("postgresql://localhost/x?sslrootcert=/ca.pem", VerifyFull),
        ("postgresql://db/x?sslrootcert=system", VerifyFull),
    ] {
        assert_eq!(read(text).ssl.mode, mode, "{text}");
    }
    let url = read("postgresql://db/x?sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem");
    assert_eq!(url.ssl.root_cert.unwrap().to_str(), Some("/ca.pem"));
    assert!(url.ssl.cert.is_some() && url.ssl.key.is_some());
    assert!(read("postgresql://db/x?sslrootcert=system").ssl.root_cert.is_none());
}

#[test]
fn what_else_can_be_said() {
    let url = read(
        "postgresql://db/x?target_session_attrs=any&channel_binding=require&connect_timeout=7&application_name=auth\
         &options=-c+search_path%3Dauth&passfile=/run/pass&client_encoding=utf8&gssencmode=prefer",
    );
    assert_eq!(url.target_session_attrs, SessionAttrs::Any);
    assert_eq!(url.channel_binding, ChannelBinding::Require);
    assert_eq!(url.connect_timeout, Some(7));
    assert_eq!(url.application_name.as_deref(), Some("auth"));
    assert_eq!(url.options.as_deref(), Some("-c search_path=auth"));
    assert_eq!(url.passfile.unwrap().to_str(), Some("/run/pass"));
    assert!(read("postgresql://db/x?pgbouncer=true").pgbouncer);
    let plain = read("postgresql://db/x?connect_timeout=0&target_session_attrs=primary");
    assert_eq!(plain.target_session_attrs, SessionAttrs::ReadWrite);
    assert!(plain.connect_timeout.is_none() && !plain.pgbouncer);
    assert!(read("postgresql+asyncpg://db/x?prepared_statement_cache_size=0").pgbouncer);
}

#[test]
fn what_is_not_understood_is_named_without_its_value() {
    for (text, says) in [
        ("postgresql://db/x?sslmode=hunter2", "sslmode, which must be disable, require"),
        ("postgresql://db/x?target_session_attrs=standby", "target_session_attrs, which must be read-write"),
        ("postgresql://db/x?sslcert=/hunter2", "sslcert, which must be given together with sslkey"),
        ("postgresql://db/x?sslmode=require&sslrootcert=system", "verify-full where sslrootcert is system"),
        ("postgresql://db/x?sslpassword=hunter2", "not known here: sslpassword;"),
        ("postgresql://db/x?hunter2", "not known here: (not a name);"),
        ("postgresql://db/x?Hunter2=1", "not known here: (not a name);"),
        ("postgresql://db/x?keepalives_idle=3", "keepalives_idle, which does not belong there: set storage."),
        ("postgresql://db/x?connect_timeout=hunter2", "connect_timeout, which must be a number of seconds"),
        ("postgresql://db/x?options=hunter2&pgbouncer=true", "options, which must be left out"),
        ("postgresql://u:p@db/x?password=hunter2", "names the password twice"),
        ("postgresql://db/x?sslmode=require&ssl=require", "names the sslmode twice"),
        ("postgresql://a/x?host=b", "names the host twice"),
        ("postgresql://a:1/x?port=2", "names the port twice"),
        ("postgresql://a,b,c/x?port=1,2", "has a port that is none"),
        ("postgresql://db:hunter2/x", "has a port that is none"),
        ("postgresql://db:0/x", "has a port that is none"),
        ("postgresql://db:+5/x", "has a port that is none"),
        ("postgresql://d!b/x", "names a host that is none"),
        ("postgresql://[hunter2]/x", "names a host that is none"),
        ("postgresql:///x?host=hunter2/pg", "names a host that is none"),
        ("postgresql://u:p%zz@db/x", "%40 %3A %2F"),
        ("postgresql://u:p%00@db/x", "%40 %3A %2F"),
        // A password with what ends it: nothing of it is taken for anything else.
        ("postgresql://u:hun/ter2@db/x", "%40 %3A %2F"),
        ("postgresql://u:hun?ter2=1@db/x", "%40 %3A %2F"),
    ] {
        let error = refused(text);
        assert!(error.contains(says), "{text}: {error}");
        assert!(
            !error.to_ascii_lowercase().contains("hunter2") && !error.contains("ter2"),
            "{text}: {error}"
        );
    }
}

#[test]
fn what_is_shown_reads_the_same_and_hides_what_is_secret() {
    for (text, shown) in [
        ("postgresql+psycopg2://app:p@ss@db:5432/x", "postgresql://app:***@db:5432/x?sslmode=require"),
        ("postgres://app@localhost/x", "postgresql://app@localhost:5432/x?sslmode=disable"),
        ("postgresql:///x?host=/run/pg&password=hunter2", "postgresql://:***@/x?host=/run/pg"),
        (
            "postgresql://a%40b:hunter2@/x?host=/run/pg,db:6000",
            "postgresql://a%40b:***@/x?host=/run/pg:5432,db:6000&sslmode=require",
        ),
        (
            "postgresql://db/x?sslrootcert=/ca.pem&options=-csecret%3Dhunter2&pgbouncer=0&target_session_attrs=any",
            "postgresql://db:5432/x?sslmode=verify-full&sslrootcert=/ca.pem&target_session_attrs=any&options=***",
        ),
    ] {
        let url = read(text);
        assert_eq!(url.redacted(), shown);
        assert_eq!(read(shown).redacted(), shown);
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
