//! `postgresql://…` as SQLAlchemy, libpq and asyncpg spell it.
//!
//! An option that is not known is refused: what is passed over in silence may have been what protects the connection.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use super::postgres_options::{Options, decoded};
use super::postgres_url::{
    ChannelBinding, PORT, PostgresHost, PostgresSsl, PostgresUrl, PostgresUrlError, SessionAttrs, SslMode,
};
use crate::secret::{Secret, SecretString};
use PostgresUrlError::{Form, Host, Port, Twice, Value};

/// Where Debian, and with it most of Linux, keeps the server's socket.
const SOCKET: &str = "/var/run/postgresql";

/// Reads what stands behind `postgresql://`.
pub(super) fn parse(rest: &str) -> Result<PostgresUrl, PostgresUrlError> {
    if rest.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Form);
    }
    let (front, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = front.split_once('/').unwrap_or((front, ""));
    // No host holds an @, so that the last one ends the password, however many there are.
    let (who, servers) = authority.rsplit_once('@').unwrap_or(("", authority));
    // A / or a ? inside a password that was not written as it must be: what follows it is no database and no option.
    if !authority.contains('@') && rest.contains('@') {
        return Err(Form);
    }
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    let options = Options::read(query)?;
    if options.pgbouncer && options.options.is_some() {
        return Err(Value(
            "options",
            "left out where pgbouncer=true: `alter role … set …` does the same there",
        ));
    }
    let hosts = hosts(servers, options.hosts.as_deref(), options.ports.as_deref())?;
    let password = some(password)?.map(Secret::new);
    Ok(PostgresUrl {
        user: one("user", some(user)?, options.user)?,
        password: one::<SecretString>("password", password, options.password)?,
        database: one("database", some(database)?, options.database)?,
        ssl: ssl(&hosts, options.ssl_mode, options.root_cert, options.cert, options.key)?,
        hosts,
        target_session_attrs: options.attrs.unwrap_or(SessionAttrs::ReadWrite),
        channel_binding: options.binding.unwrap_or(ChannelBinding::Prefer),
        connect_timeout: options.connect_timeout,
        application_name: options.application_name,
        options: options.options,
        passfile: options.passfile,
        pgbouncer: options.pgbouncer,
    })
}

fn some(text: &str) -> Result<Option<String>, PostgresUrlError> {
    Ok(Some(decoded(text)?).filter(|text| !text.is_empty()))
}

fn one<T>(what: &'static str, front: Option<T>, option: Option<T>) -> Result<Option<T>, PostgresUrlError> {
    match (front, option) {
        (Some(_), Some(_)) => Err(Twice(what)),
        (front, option) => Ok(front.or(option)),
    }
}

/// `a,b:5433` in front, or `?host=a,b:5433`, with `?port=5432,5433` beside either.
fn hosts(
    front: &str,
    option: Option<&str>,
    ports: Option<&str>,
) -> Result<Vec<PostgresHost>, PostgresUrlError> {
    let list = match (front, option) {
        ("", None) => SOCKET.to_owned(),
        ("", Some(list)) => list.to_owned(),
        (_, Some(_)) => return Err(Twice("host")),
        (list, None) => decoded(list)?,
    };
    let mut found = Vec::new();
    for text in list.split(',') {
        let (host, port) = name_and_port(text)?;
        let port = port.map(number).transpose()?;
        found.push((if host.is_empty() { SOCKET } else { host }, port));
    }
    let ports = ports.map(|ports| ports.split(',').map(number).collect::<Result<Vec<_>, _>>()).transpose()?;
    if let Some(ports) = &ports {
        if found.iter().any(|(_, port)| port.is_some()) {
            return Err(Twice("port"));
        }
        if ports.len() != 1 && ports.len() != found.len() {
            return Err(Port);
        }
    }
    let hosts = found.iter().enumerate().map(|(at, (host, port))| {
        let listed = ports.as_ref().and_then(|ports| ports.get(at).or(ports.first())).copied();
        let host = checked(host)?.to_owned();
        Ok(PostgresHost { host, port: port.or(listed).unwrap_or(PORT) })
    });
    hosts.collect()
}

/// A host and the port behind it; an IPv6 address stands in brackets or has no port.
fn name_and_port(text: &str) -> Result<(&str, Option<&str>), PostgresUrlError> {
    if text.starts_with('/') {
        let numbered = text.rsplit_once(':').filter(|(_, port)| number(port).is_ok());
        return Ok(numbered.map_or((text, None), |(folder, port)| (folder, Some(port))));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    let (host, rest) = match text.strip_prefix('[') {
        Some(text) => {
            let (address, rest) = text.split_once(']').ok_or(Host)?;
            address.parse::<Ipv6Addr>().map_err(|_| Host)?;
            (address, rest)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    match rest {
        "" | ":" => Ok((host, None)),
        _ => Ok((host, Some(rest.strip_prefix(':').ok_or(Host)?))),
    }
}

fn number(text: &str) -> Result<u16, PostgresUrlError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse::<u16>().ok().filter(|port| digits && *port > 0).ok_or(Port)
}

/// A folder, an address, or a name as DNS and containers have it.
fn checked(host: &str) -> Result<&str, PostgresUrlError> {
    let name = |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
    let fine = host.starts_with('/') || host.parse::<Ipv6Addr>().is_ok() || (name(host) && host.len() <= 253);
    if fine { Ok(host) } else { Err(Host) }
}

/// What was not asked for is decided by where the servers are: encrypted, unless no network lies between.
fn ssl(
    hosts: &[PostgresHost],
    mode: Option<SslMode>,
    root_cert: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<PostgresSsl, PostgresUrlError> {
    if cert.is_some() != key.is_some() {
        return Err(Value("sslcert", "given together with sslkey"));
    }
    // As libpq has it: the certificates that the system trusts vouch for anybody, hence for one name only.
    let system = root_cert.as_deref() == Some(Path::new("system"));
    if system && !matches!(mode, None | Some(SslMode::VerifyFull)) {
        return Err(Value("sslmode", "verify-full where sslrootcert is system"));
    }
    let mode = match mode {
        _ if hosts.iter().all(PostgresHost::is_socket) => SslMode::Disable,
        // As libpq has it: whoever names a root wants it asked.
        Some(SslMode::Require) if root_cert.is_some() => SslMode::VerifyCa,
        Some(mode) => mode,
        None if root_cert.is_some() => SslMode::VerifyFull,
        None if cert.is_none() && hosts.iter().all(PostgresHost::is_local) => SslMode::Disable,
        None => SslMode::Require,
    };
    Ok(PostgresSsl { mode, root_cert: root_cert.filter(|_| !system), cert, key })
}
