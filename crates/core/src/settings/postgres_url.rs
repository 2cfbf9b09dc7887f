//! Where a PostgreSQL server is and how it is spoken to: what a database address says, read and checked.

use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;

use crate::secret::SecretString;

/// PostgreSQL's port where none is named.
pub(super) const PORT: u16 = 5432;

/// A PostgreSQL address, in parts.
#[derive(Clone)]
pub struct PostgresUrl {
    /// Who logs in; none: the name that this process runs under.
    pub user: Option<String>,
    /// His password, from the address or from where the settings say that it lies.
    pub password: Option<SecretString>,
    /// The servers, in the order in which they are tried; at least one.
    pub hosts: Vec<PostgresHost>,
    /// The database; none: the one that is called as the user.
    pub database: Option<String>,
    /// Whether the connection is encrypted, and whom it trusts.
    pub ssl: PostgresSsl,
    /// Which of the servers will do.
    pub target_session_attrs: SessionAttrs,
    /// Whether the password's exchange is tied to the encrypted connection (RFC 5929, `tls-server-end-point`).
    pub channel_binding: ChannelBinding,
    /// How long a connection to one server may take, in seconds; none: what the settings say.
    pub connect_timeout: Option<u64>,
    /// What the server's own lists call this client; none: `sekisho`.
    pub application_name: Option<String>,
    /// What the server is told at the start of a connection: `-c search_path=auth`.
    pub options: Option<String>,
    /// The file of passwords as libpq has it; none: where libpq looks.
    pub passfile: Option<PathBuf>,
    /// Whether a pooler stands between that lends a connection for one transaction (PgBouncer's `pool_mode = transaction`).
    pub pgbouncer: bool,
}

/// One server of a PostgreSQL address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresHost {
    /// A name, an IP address without brackets, or the absolute folder of a socket.
    pub host: String,
    /// The port; for a socket a part of its file's name.
    pub port: u16,
}

impl PostgresHost {
    /// Whether it is the folder of a Unix socket, over which nothing is encrypted.
    pub fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    /// Whether no network lies between: a socket, `localhost`, a loopback address.
    pub fn is_local(&self) -> bool {
        self.is_socket()
            || self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for PostgresHost {
    /// `db:5432`, `[::1]:5432`, `/run/postgresql:5432`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') && !self.is_socket() {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How a connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresSsl {
    /// How much is asked of the server.
    pub mode: SslMode,
    /// The certificates that may vouch for the server, PEM; none: those that the system trusts.
    pub root_cert: Option<PathBuf>,
    /// This client's certificate, PEM, always together with its key.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
}

/// How much is asked of the server before it is spoken to; there is no opportunistic mode, which protects from nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Nothing is encrypted.
    Disable,
    /// Encrypted, with whomever it is.
    Require,
    /// Encrypted, with a certificate from somebody trusted.
    VerifyCa,
    /// Encrypted, with a certificate from somebody trusted for this very name.
    VerifyFull,
}

impl SslMode {
    /// The name as libpq spells it.
    pub fn name(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }
}

/// Which servers will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionAttrs {
    /// Any that answers.
    Any,
    /// One that can be written.
    ReadWrite,
}

/// Whether the exchange of the password is tied to the encrypted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where the server offers it.
    Prefer,
    /// Always; a server that does not offer it is refused.
    Require,
}

/// Why a PostgreSQL address was not understood; never repeats a value, which may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostgresUrlError {
    /// Its parts can't be told apart.
    #[error(
        "is not of the form postgresql://user:password@host:5432/name; inside the user and the password, \
         @ : / ? # % are written %40 %3A %2F %3F %23 %25"
    )]
    Form,
    /// A host that is none.
    #[error(
        "names a host that is none: write a name, an address, an IPv6 address in brackets, or ?host= and the absolute \
         folder of a socket"
    )]
    Host,
    /// A port that is none, or not one for all hosts or one for each.
    #[error("has a port that is none: write one for all hosts or one for each, from 1 to 65535")]
    Port,
    /// An option with a value that it can't have: its name, and what it must be.
    #[error("has the option {0}, which must be {1}")]
    Value(&'static str, &'static str),
    /// Two parts that say the same.
    #[error("names the {0} twice")]
    Twice(&'static str),
    /// An option whose place is elsewhere.
    #[error("has the option {0}, which does not belong there: {1}")]
    Elsewhere(&'static str, &'static str),
    /// An option that nobody here knows: the name alone, where it looks like one.
    #[error("has an option that is not known here: {0}; docs/postgresql.md lists those that are")]
    Unknown(String),
}

impl PostgresUrl {
    /// The address as it may be shown and read again: a password and what the server is told are replaced, keys and
    /// their places left out.
    pub fn redacted(&self) -> String {
        let mut text = "postgresql://".to_owned();
        if self.user.is_some() || self.password.is_some() {
            text.push_str(&encoded(self.user.as_deref().unwrap_or_default(), ""));
            text.push_str(if self.password.is_some() { ":***@" } else { "@" });
        }
        let sockets = self.hosts.iter().any(PostgresHost::is_socket);
        if !sockets {
            text.push_str(&joined(&self.hosts, ToString::to_string));
        }
        if let Some(database) = &self.database {
            text.push('/');
            text.push_str(&encoded(database, ""));
        }
        let mut mark = '?';
        let mut option = |name: &str, value: &str| {
            // Writing to a String does not fail.
            let _ = write!(text, "{mark}{name}={}", encoded(value, "/,:*"));
            mark = '&';
        };
        if sockets {
            // A folder whose name ends like a port is told from one with a port by another behind it.
            let plain = self.hosts.iter().all(|host| host.port == PORT && !host.host.contains(':'));
            let shown = |host: &PostgresHost| if plain { host.host.clone() } else { host.to_string() };
            option("host", &joined(&self.hosts, shown));
        }
        if !self.hosts.iter().all(PostgresHost::is_socket) {
            option("sslmode", self.ssl.mode.name());
        }
        if let Some(root) = self.ssl.root_cert.as_ref().and_then(|path| path.to_str()) {
            option("sslrootcert", root);
        }
        if self.target_session_attrs == SessionAttrs::Any {
            option("target_session_attrs", "any");
        }
        if self.options.is_some() {
            option("options", "***");
        }
        if self.pgbouncer {
            option("pgbouncer", "true");
        }
        text
    }

    /// The servers for a person: `db1:5432, db2:5432`.
    pub fn servers(&self) -> String {
        self.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({})", self.redacted())
    }
}

fn joined(hosts: &[PostgresHost], part: impl Fn(&PostgresHost) -> String) -> String {
    hosts.iter().map(part).collect::<Vec<_>>().join(",")
}

/// RFC 3986, 2.1: everything but the unreserved characters, and those of `but`, in percent-encoding.
fn encoded(text: &str, but: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || but.as_bytes().contains(&byte);
        match plain {
            true => out.push(char::from(byte)),
            false => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}
