//! The one list of settings: names, kinds, which are secret, which change in place. Defaults stand in `config.default.toml`.

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name, `section.key`.
    pub key: &'static str,
    /// Environment names beside the derived `SEKISHO_SECTION_KEY`.
    pub env: &'static [&'static str],
    /// What a value of it looks like.
    pub kind: Kind,
    /// Whether its value is never shown.
    pub secret: bool,
    /// Whether a running server takes a changed value without a restart.
    pub live: bool,
    /// What it does, in one line.
    pub help: &'static str,
}

impl Setting {
    /// The environment name that is derived from the key: `SEKISHO_HTTP_BODY_LIMIT_BYTES`.
    pub fn derived_env(&self) -> String {
        format!("SEKISHO_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }

    /// The part before the dot.
    pub fn section(&self) -> &'static str {
        self.key.split('.').next().unwrap_or_default()
    }
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number between two bounds, both included.
    Integer(i64, i64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text; what it must look like is checked where it is read.
    Text,
    /// Several texts; in the environment separated by commas.
    List,
}

const YES_NO_AUTO: Kind = Kind::Choice(&["auto", "true", "false"]);
const ON_OFF_AUTO: Kind = Kind::Choice(&["auto", "on", "off"]);
/// A day: no time-out is longer.
const SECONDS: Kind = Kind::Integer(1, 86_400);
/// Nobody waits longer than this for an answer.
const TIMEOUT: Kind = Kind::Integer(1, 600);
const COUNT: Kind = Kind::Integer(1, 1_000_000);

const fn setting(key: &'static str, env: &'static [&'static str], kind: Kind, help: &'static str) -> Setting {
    Setting { key, env, kind, secret: false, live: false, help }
}

const fn live(key: &'static str, env: &'static [&'static str], kind: Kind, help: &'static str) -> Setting {
    Setting { key, env, kind, secret: false, live: true, help }
}

const fn secret(key: &'static str, env: &'static [&'static str], kind: Kind, help: &'static str) -> Setting {
    Setting { key, env, kind, secret: true, live: true, help }
}

/// Every setting, in the order of `config.default.toml`.
pub static SETTINGS: &[Setting] = &[
    setting(
        "server.profile",
        &["SEKISHO_PROFILE"],
        Kind::Choice(&["auto", "development", "production"]),
        "how strict the server is",
    ),
    setting("server.listen", &["SEKISHO_LISTEN"], Kind::Text, "the address to listen on"),
    setting("server.host", &["SEKISHO_HOST"], Kind::Text, "the address alone, as uvicorn's --host"),
    setting(
        "server.port",
        &["SEKISHO_PORT"],
        Kind::Integer(0, 65_535),
        "the port alone, as uvicorn's --port",
    ),
    setting(
        "server.public_url",
        &["SEKISHO_PUBLIC_URL"],
        Kind::Text,
        "the origin under which clients reach the server",
    ),
    setting("server.root_path", &["SEKISHO_ROOT_PATH"], Kind::Text, "the path prefix that a proxy strips"),
    setting("server.docs", &["SEKISHO_DOCS"], YES_NO_AUTO, "whether /docs and /redoc are served"),
    setting("server.shutdown_seconds", &[], SECONDS, "how long a stop waits for answers in flight"),
    setting(
        "server.demo",
        &["SEKISHO_DEMO"],
        Kind::Bool,
        "make the demonstration user in an empty development database",
    ),
    setting("server.reload", &["SEKISHO_RELOAD"], Kind::Bool, "watch the configuration and the executable"),
    setting(
        "storage.data_dir",
        &["SEKISHO_DATA"],
        Kind::Text,
        "the directory of the database and the root key",
    ),
    Setting {
        live: false,
        ..secret(
            "storage.database_url",
            &["DATABASE_URL"],
            Kind::Text,
            "the database, as SQLAlchemy spells it",
        )
    },
    Setting {
        live: false,
        ..secret("storage.database_password", &["DATABASE_PASSWORD"], Kind::Text, "the database's password")
    },
    setting(
        "storage.database_url_file",
        &["DATABASE_URL_FILE"],
        Kind::Text,
        "the file that holds the database's address",
    ),
    setting(
        "storage.database_password_file",
        &["DATABASE_PASSWORD_FILE"],
        Kind::Text,
        "the file that holds the database's password",
    ),
    setting("storage.root_key_file", &["SEKISHO_ROOT_KEY_FILE"], Kind::Text, "the file of the root key"),
    setting(
        "storage.connections",
        &[],
        Kind::Integer(1, 1_000),
        "connections to PostgreSQL for transactions",
    ),
    setting("storage.readers", &[], Kind::Integer(1, 64), "connections to PostgreSQL that reads share"),
    setting("storage.connect_timeout_seconds", &[], TIMEOUT, "how long a connection may take"),
    setting("storage.acquire_timeout_seconds", &[], TIMEOUT, "how long a transaction waits for a connection"),
    setting("storage.statement_timeout_seconds", &[], SECONDS, "how long a statement may take"),
    setting("storage.lock_timeout_seconds", &[], TIMEOUT, "how long a write waits for another's lock"),
    setting(
        "storage.keepalive_seconds",
        &[],
        Kind::Integer(1, 3_600),
        "when a silent connection is asked for",
    ),
    secret("tokens.secret_key", &["SECRET_KEY"], Kind::Text, "the key that signs access tokens"),
    live(
        "tokens.secret_key_file",
        &["SECRET_KEY_FILE"],
        Kind::Text,
        "the file that holds the key that signs",
    ),
    secret(
        "tokens.secret_key_verify",
        &["SECRET_KEY_VERIFY"],
        Kind::List,
        "further keys that verify and never sign",
    ),
    live(
        "tokens.secret_key_verify_until",
        &["SECRET_KEY_VERIFY_UNTIL"],
        Kind::Text,
        "when the further keys stop to count",
    ),
    live(
        "tokens.algorithm",
        &["ALGORITHM"],
        Kind::Choice(&["HS256", "HS384", "HS512"]),
        "the algorithm that signs access tokens",
    ),
    live(
        "tokens.access_token_expire_minutes",
        &["ACCESS_TOKEN_EXPIRE_MINUTES"],
        Kind::Integer(1, 525_600),
        "how long an access token lives",
    ),
    live("password.min_length", &[], Kind::Integer(1, 1024), "the shortest new password, in code points"),
    live("password.max_length", &[], Kind::Integer(64, 1024), "the longest new password, in code points"),
    live("password.refuse_common", &[], Kind::Bool, "refuse the commonest passwords"),
    live("password.scheme", &[], Kind::Choice(&["argon2id", "bcrypt"]), "the scheme of new hashes"),
    live("password.argon2_memory_kib", &[], Kind::Integer(7_168, 262_144), "Argon2id's memory"),
    live("password.argon2_iterations", &[], Kind::Integer(1, 16), "Argon2id's passes"),
    live("password.argon2_parallelism", &[], Kind::Integer(1, 8), "Argon2id's lanes"),
    live("password.bcrypt_cost", &[], Kind::Integer(10, 16), "bcrypt's cost"),
    live("password.rehash", &[], Kind::Bool, "rewrite an outdated hash at the next log-in"),
    live("registration.mode", &[], Kind::Choice(&["open", "closed"]), "who may register"),
    live("accounts.public_fields", &[], Kind::List, "what is shown of a user besides the four members"),
    setting("hashing.threads", &[], Kind::Integer(0, 256), "hashing threads; 0 means one a core"),
    setting("hashing.queue", &[], Kind::Integer(1, 65_536), "how many hashes may wait"),
    setting("hashing.niceness", &[], Kind::Integer(0, 19), "how far hashing stands back"),
    live("http.body_limit_bytes", &[], Kind::Integer(1_024, 1 << 30), "the largest request body"),
    setting("http.max_header_bytes", &[], Kind::Integer(8_192, 1 << 20), "the largest header block"),
    setting("http.max_connections", &[], COUNT, "open connections at once"),
    setting("http.header_timeout_seconds", &[], SECONDS, "how long the header block may take"),
    live("http.body_timeout_seconds", &[], SECONDS, "how long the body may take"),
    live("http.request_timeout_seconds", &[], SECONDS, "how long an answer may take"),
    setting("http.write_timeout_seconds", &[], SECONDS, "how long a write may stand still"),
    setting("http.idle_timeout_seconds", &[], SECONDS, "how long a connection may be idle"),
    live("http.trusted_proxies", &[], Kind::List, "whose forwarding headers count"),
    live("http.cors_allowed_origins", &[], Kind::List, "which origins may read the answers"),
    live("http.cors_allow_credentials", &[], Kind::Bool, "whether those origins may send cookies"),
    live("http.cors_allowed_headers", &[], Kind::List, "which request headers those origins may set"),
    live("http.cors_max_age_seconds", &[], Kind::Integer(0, 86_400), "how long a preflight answer is kept"),
    live("throttle.enabled", &[], Kind::Bool, "count failed log-ins"),
    live(
        "throttle.per_account_and_address_burst",
        &[],
        COUNT,
        "failures of one account from one address at once",
    ),
    live(
        "throttle.per_account_and_address_refill_seconds",
        &[],
        SECONDS,
        "the time that forgets one of them",
    ),
    live("throttle.per_address_burst", &[], COUNT, "failures from one address at once"),
    live("throttle.per_address_refill_seconds", &[], SECONDS, "the time that forgets one of them"),
    live("throttle.per_account_burst", &[], COUNT, "failures of one account at once"),
    live("throttle.per_account_refill_seconds", &[], SECONDS, "the time that forgets one of them"),
    live(
        "log.level",
        &["SEKISHO_LOG"],
        Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
        "the least important line that is written",
    ),
    setting("log.format", &[], Kind::Choice(&["auto", "human", "json"]), "for whom the lines are written"),
    live("log.access", &[], Kind::Bool, "one line a request"),
    setting("log.trace_auth", &["SEKISHO_TRACE_AUTH"], ON_OFF_AUTO, "print the steps of authentication"),
    setting("log.echo", &["SEKISHO_ECHO"], Kind::Bool, "print each SQL statement"),
    setting("metrics.listen", &[], Kind::Text, "the address on which /metrics is served, and nothing else"),
    live(
        "audit.keep_days",
        &[],
        Kind::Integer(0, 36_500),
        "after how many days an event is deleted; 0: never",
    ),
    live("jobs.check_seconds", &[], SECONDS, "how often a server looks whether a job is due"),
];

/// Finds a setting by its key.
pub fn find(key: &str) -> Option<(usize, &'static Setting)> {
    SETTINGS.iter().enumerate().find(|(_, s)| s.key == key)
}

/// Finds a setting by a name of the environment.
pub(super) fn find_env(name: &str) -> Option<(usize, &'static Setting)> {
    let key = name.strip_prefix("SEKISHO_");
    SETTINGS.iter().enumerate().find(|(_, s)| {
        s.env.contains(&name)
            || key.is_some_and(|k| {
                k.len() == s.key.len()
                    && k.bytes().zip(s.key.bytes()).all(|(a, b)| match b {
                        b'.' => a == b'_',
                        b => a == b.to_ascii_uppercase(),
                    })
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_well_formed() {
        let mut names = std::collections::BTreeSet::new();
        for s in SETTINGS {
            let (section, key) = s.key.split_once('.').unwrap();
            for part in [section, key] {
                assert!(part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
            }
            assert!(names.insert(s.derived_env()), "{}", s.key);
            assert_eq!(find_env(&s.derived_env()).unwrap().1.key, s.key);
            for name in s.env {
                assert!(names.insert((*name).to_owned()), "{name}");
                assert_eq!(find_env(name).unwrap().1.key, s.key);
            }
        }
        assert!(find_env("SEKISHO_CONFIG").is_none() && find_env("PATH").is_none());
    }
}
