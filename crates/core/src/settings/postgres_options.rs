//! What stands behind the `?` of a PostgreSQL address.

use std::path::PathBuf;

use super::postgres_url::{ChannelBinding, PostgresUrlError, SessionAttrs, SslMode};
use crate::secret::{Secret, SecretString};
use PostgresUrlError::{Elsewhere, Form, Twice, Unknown, Value};

/// The options as they were given, each at most once.
#[derive(Default)]
pub(super) struct Options {
    pub(super) user: Option<String>,
    pub(super) password: Option<SecretString>,
    pub(super) database: Option<String>,
    /// As libpq and SQLAlchemy have them, parted by commas: `a`, `a:5432`, `/run/postgresql`.
    pub(super) hosts: Option<String>,
    pub(super) ports: Option<String>,
    /// None: not given, or left to the circumstances (`prefer`, `allow`).
    pub(super) ssl_mode: Option<SslMode>,
    pub(super) root_cert: Option<PathBuf>,
    pub(super) cert: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
    pub(super) attrs: Option<SessionAttrs>,
    pub(super) binding: Option<ChannelBinding>,
    pub(super) connect_timeout: Option<u64>,
    pub(super) application_name: Option<String>,
    pub(super) options: Option<String>,
    pub(super) passfile: Option<PathBuf>,
    pub(super) pgbouncer: bool,
}

impl Options {
    /// Reads `name=value&name=value`.
    pub(super) fn read(query: &str) -> Result<Options, PostgresUrlError> {
        let mut read = Options::default();
        let mut seen: Vec<&'static str> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or_else(|| unknown(""))?;
            let known = NAMES.iter().copied().find(|(known, _)| *known == name);
            let (name, what) = known.ok_or_else(|| unknown(name))?;
            // SQLAlchemy repeats `host` for each server.
            let repeated =
                seen.contains(&what) && !matches!(what, "host" | "keepalive" | "statement_cache_size");
            if repeated {
                return Err(Twice(what));
            }
            seen.push(what);
            // A plus is a space as SQLAlchemy reads it, and a plus as libpq does; only here can it be told which.
            let value = match what {
                "options" => value.replace('+', "%20"),
                _ => value.to_owned(),
            };
            read.take(name, what, decoded(&value)?)?;
        }
        Ok(read)
    }

    fn take(
        &mut self,
        name: &'static str,
        what: &'static str,
        value: String,
    ) -> Result<(), PostgresUrlError> {
        if value.is_empty() {
            return Ok(());
        }
        match what {
            "user" => self.user = Some(value),
            "password" => self.password = Some(Secret::new(value)),
            "database" => self.database = Some(value),
            "host" => {
                self.hosts = Some(match self.hosts.take() {
                    Some(hosts) => format!("{hosts},{value}"),
                    None => value,
                });
            }
            "port" => self.ports = Some(value),
            "sslmode" => self.ssl_mode = ssl_mode(name, &value)?,
            "sslrootcert" => self.root_cert = Some(PathBuf::from(value)),
            "sslcert" => self.cert = Some(PathBuf::from(value)),
            "sslkey" => self.key = Some(PathBuf::from(value)),
            "target_session_attrs" => self.attrs = Some(attrs(&value)?),
            "channel_binding" => self.binding = Some(binding(&value)?),
            "connect_timeout" => self.connect_timeout = seconds(name, &value)?,
            "application_name" => self.application_name = Some(value),
            "options" => self.options = Some(value),
            "passfile" => self.passfile = Some(PathBuf::from(value)),
            "pgbouncer" => self.pgbouncer = is_true(name, &value)?,
            // How asyncpg is told that a pooler stands between.
            "statement_cache_size" if value == "0" => self.pgbouncer = true,
            "statement_cache_size" => return Err(Value(name, "0 (there is a PgBouncer) or left out")),
            "client_encoding" if !matches!(value.to_ascii_lowercase().as_str(), "utf8" | "utf-8") => {
                return Err(Value(name, "utf8"));
            }
            "gssencmode" if !matches!(value.as_str(), "disable" | "prefer") => {
                return Err(Value(name, "disable"));
            }
            "keepalive" => return Err(Elsewhere(name, "set storage.keepalive_seconds")),
            "statement_timeout" => return Err(Elsewhere(name, "set storage.statement_timeout_seconds")),
            "pool" => return Err(Elsewhere(name, "set storage.connections")),
            _ => {}
        }
        Ok(())
    }
}

/// Every name that is known, and what it means.
static NAMES: &[(&str, &str)] = &[
    ("user", "user"),
    ("password", "password"),
    ("dbname", "database"),
    ("database", "database"),
    ("host", "host"),
    ("port", "port"),
    ("sslmode", "sslmode"),
    ("ssl", "sslmode"),
    ("sslrootcert", "sslrootcert"),
    ("sslcert", "sslcert"),
    ("sslkey", "sslkey"),
    ("target_session_attrs", "target_session_attrs"),
    ("channel_binding", "channel_binding"),
    ("connect_timeout", "connect_timeout"),
    ("application_name", "application_name"),
    ("options", "options"),
    ("passfile", "passfile"),
    ("pgbouncer", "pgbouncer"),
    ("prepared_statement_cache_size", "statement_cache_size"),
    ("statement_cache_size", "statement_cache_size"),
    ("client_encoding", "client_encoding"),
    ("gssencmode", "gssencmode"),
    ("keepalives", "keepalive"),
    ("keepalives_idle", "keepalive"),
    ("keepalives_interval", "keepalive"),
    ("keepalives_count", "keepalive"),
    ("tcp_user_timeout", "keepalive"),
    ("statement_timeout", "statement_timeout"),
    ("command_timeout", "statement_timeout"),
    ("pool_size", "pool"),
    ("connection_limit", "pool"),
];

/// What is not known is named only where it looks like a name: behind a stray `?` there may be half a password.
fn unknown(name: &str) -> PostgresUrlError {
    let like_a_name = !name.is_empty()
        && name.len() <= 40
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    match like_a_name {
        true => Unknown(name.to_owned()),
        false => Unknown("(not a name)".to_owned()),
    }
}

fn ssl_mode(name: &'static str, value: &str) -> Result<Option<SslMode>, PostgresUrlError> {
    Ok(match value {
        "disable" => Some(SslMode::Disable),
        "allow" | "prefer" => None,
        "require" => Some(SslMode::Require),
        "verify-ca" => Some(SslMode::VerifyCa),
        "verify-full" => Some(SslMode::VerifyFull),
        _ => return Err(Value(name, "disable, require, verify-ca or verify-full")),
    })
}

fn attrs(value: &str) -> Result<SessionAttrs, PostgresUrlError> {
    match value {
        "any" => Ok(SessionAttrs::Any),
        "read-write" | "primary" => Ok(SessionAttrs::ReadWrite),
        _ => Err(Value("target_session_attrs", "read-write or any")),
    }
}

fn binding(value: &str) -> Result<ChannelBinding, PostgresUrlError> {
    match value {
        "disable" => Ok(ChannelBinding::Disable),
        "prefer" => Ok(ChannelBinding::Prefer),
        "require" => Ok(ChannelBinding::Require),
        _ => Err(Value("channel_binding", "disable, prefer or require")),
    }
}

/// As libpq has it: 0 is as good as not given.
fn seconds(name: &'static str, value: &str) -> Result<Option<u64>, PostgresUrlError> {
    match value.parse::<u64>() {
        Ok(seconds) if seconds <= 86_400 => Ok(Some(seconds).filter(|seconds| *seconds > 0)),
        _ => Err(Value(name, "a number of seconds, at most 86400")),
    }
}

fn is_true(name: &'static str, value: &str) -> Result<bool, PostgresUrlError> {
    match value {
        "true" | "1" | "on" | "yes" => Ok(true),
        "false" | "0" | "off" | "no" => Ok(false),
        _ => Err(Value(name, "true or false")),
    }
}

/// RFC 3986, 2.1: percent-encoding undone. U+0000 is in no name, no password and no path.
pub(super) fn decoded(text: &str) -> Result<String, PostgresUrlError> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return Err(Form) };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(Form) };
        out.push(high * 16 + low);
        rest = tail;
    }
    let text = String::from_utf8(out).map_err(|_| Form)?;
    if text.contains('\0') { Err(Form) } else { Ok(text) }
}
