//! From merged values to typed settings.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::instant::parse_instant;
use super::layer::printable;
use super::limits::{Allowance, Audit, Cors, Hashing, Http, Jobs, Throttle};
use super::merge::Merged;
use super::model::{
    Accounts, Log, LogFormat, LogLevel, Metrics, Password, Profile, Registration, RegistrationMode, Server,
    Settings, Switch, Tokens,
};
use super::net::{IpNet, is_loopback, parse_host, parse_listen, parse_origin};
use super::secret_files::SecretFiles;
use super::storage;
use super::value::Raw;
use crate::accounts::check_public_field;
use crate::credentials::Scheme;
use crate::jose::Algorithm;

/// The address to fall back on while an error is collected.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

/// Builds the settings; what is wrong is noted in `merged`, and the settings are then not used.
pub(super) fn build(merged: &mut Merged, files: &SecretFiles) -> Settings {
    let listen = listen(merged);
    let public_url = merged.parsed("server.public_url", parse_origin);
    let profile = profile(merged, listen, public_url.as_deref());
    Settings {
        profile,
        server: server(merged, profile, listen, public_url),
        storage: storage::storage(merged, files),
        tokens: tokens(merged, files),
        password: password(merged, profile),
        registration: Registration {
            mode: match merged.text("registration.mode").as_str() {
                "closed" => RegistrationMode::Closed,
                _ => RegistrationMode::Open,
            },
        },
        accounts: accounts(merged),
        hashing: Hashing {
            threads: merged.number("hashing.threads"),
            queue: merged.number("hashing.queue"),
            niceness: merged.number("hashing.niceness"),
        },
        http: http(merged),
        throttle: throttle(merged),
        log: log(merged),
        metrics: Metrics { listen: merged.parsed("metrics.listen", parse_listen) },
        audit: Audit { keep: days(merged.number("audit.keep_days")) },
        jobs: Jobs { check: merged.seconds("jobs.check_seconds") },
        warnings: Vec::new(),
        values: Vec::new(),
    }
}

/// `server.listen`, with `server.host` and `server.port` in its place where they are set at least as strongly.
fn listen(merged: &mut Merged) -> SocketAddr {
    let mut addr = merged.parsed("server.listen", parse_listen).unwrap_or(NOWHERE);
    let strength = merged.strength("server.listen");
    let host = merged.parsed("server.host", parse_host);
    let port: u16 = merged.number("server.port");
    for key in ["server.host", "server.port"] {
        if !merged.is_set(key) || merged.strength(key) < strength {
            continue;
        }
        if merged.strength(key) == strength {
            merged.wrong(key, "says the same as server.listen: set one of them");
            continue;
        }
        match (key, host) {
            ("server.host", Some(host)) => addr.set_ip(host),
            ("server.port", _) => addr.set_port(port),
            _ => continue,
        }
        merged.decide("server.listen", Raw::Text(addr.to_string()), "");
        merged.take_origin("server.listen", key);
    }
    addr
}

fn profile(merged: &mut Merged, listen: SocketAddr, public_url: Option<&str>) -> Profile {
    let why = if !is_loopback(listen) {
        Some("the listener is not a loopback address")
    } else if public_url.is_some_and(|url| url.starts_with("https://")) {
        Some("server.public_url is an https address")
    } else {
        None
    };
    match (merged.text("server.profile").as_str(), why) {
        ("production", _) => Profile::Production,
        ("development", None) => Profile::Development,
        ("development", Some(why)) => {
            merged.wrong("server.profile", format!("can't be development: {why}"));
            Profile::Development
        }
        (_, why) => {
            let (profile, why) = match why {
                Some(why) => (Profile::Production, why),
                None => (Profile::Development, "loopback only"),
            };
            merged.decide("server.profile", Raw::Text(profile.name().to_owned()), why);
            profile
        }
    }
}

fn server(merged: &mut Merged, profile: Profile, listen: SocketAddr, public_url: Option<String>) -> Server {
    let docs = match merged.text("server.docs").as_str() {
        "true" => true,
        "false" => false,
        _ => {
            let docs = !profile.is_production();
            merged.decide("server.docs", Raw::Bool(docs), profile.name());
            docs
        }
    };
    Server {
        listen,
        public_url,
        root_path: merged.parsed("server.root_path", root_path).unwrap_or_default(),
        docs,
        shutdown: merged.seconds("server.shutdown_seconds"),
        demo: merged.bool("server.demo"),
        reload: merged.bool("server.reload"),
    }
}

fn root_path(text: &str) -> Result<String, String> {
    let path = text.trim_end_matches('/');
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~".contains(&b));
    let segments_are_names = path.split('/').skip(1).all(|s| !matches!(s, "" | "." | ".."));
    if path.is_empty() {
        Ok(String::new())
    } else if path.starts_with('/') && plain && segments_are_names {
        Ok(path.to_owned())
    } else {
        Err("must look like /api/v1".to_owned())
    }
}

fn tokens(merged: &mut Merged, files: &SecretFiles) -> Tokens {
    let (key, file_key) = ("tokens.secret_key", "tokens.secret_key_file");
    let written = merged.secret(key).map(storage::to_bytes);
    let secret_key = storage::bytes(merged, files, written, key, file_key);
    let verify = merged.secret_list("tokens.secret_key_verify");
    Tokens {
        secret_key,
        secret_key_file: Some(merged.text(file_key)).filter(|path| !path.is_empty()).map(PathBuf::from),
        secret_key_verify: verify.into_iter().map(storage::to_bytes).collect(),
        secret_key_verify_until: merged.parsed("tokens.secret_key_verify_until", parse_instant),
        algorithm: match merged.text("tokens.algorithm").as_str() {
            "HS384" => Algorithm::HS384,
            "HS512" => Algorithm::HS512,
            _ => Algorithm::HS256,
        },
        access_token_expire_minutes: merged.number("tokens.access_token_expire_minutes"),
    }
}

fn password(merged: &mut Merged, profile: Profile) -> Password {
    if !merged.is_set("password.min_length") {
        let shortest = Raw::Integer(profile.shortest_password().into());
        merged.decide("password.min_length", shortest, profile.name());
    }
    Password {
        min_length: merged.number("password.min_length"),
        max_length: merged.number("password.max_length"),
        refuse_common: merged.bool("password.refuse_common"),
        scheme: match merged.text("password.scheme").as_str() {
            "bcrypt" => Scheme::Bcrypt,
            _ => Scheme::Argon2id,
        },
        argon2_memory_kib: merged.number("password.argon2_memory_kib"),
        argon2_iterations: merged.number("password.argon2_iterations"),
        argon2_parallelism: merged.number("password.argon2_parallelism"),
        bcrypt_cost: merged.number("password.bcrypt_cost"),
        rehash: merged.bool("password.rehash"),
    }
}

fn accounts(merged: &mut Merged) -> Accounts {
    let public_fields = merged.list("accounts.public_fields");
    for name in &public_fields {
        if let Err(why) = check_public_field(name) {
            merged.wrong("accounts.public_fields", format!("has an entry that {why}: {}", printable(name)));
        }
    }
    Accounts { public_fields }
}

fn http(merged: &mut Merged) -> Http {
    let mut trusted_proxies = Vec::new();
    for text in merged.list("http.trusted_proxies") {
        match text.parse::<IpNet>() {
            Ok(net) => trusted_proxies.push(net),
            Err(why) => merged.wrong("http.trusted_proxies", format!("has an entry that {why}")),
        }
    }
    Http {
        body_limit: merged.number("http.body_limit_bytes"),
        max_header_bytes: merged.number("http.max_header_bytes"),
        max_connections: merged.number("http.max_connections"),
        header_timeout: merged.seconds("http.header_timeout_seconds"),
        body_timeout: merged.seconds("http.body_timeout_seconds"),
        request_timeout: merged.seconds("http.request_timeout_seconds"),
        write_timeout: merged.seconds("http.write_timeout_seconds"),
        idle_timeout: merged.seconds("http.idle_timeout_seconds"),
        trusted_proxies,
        cors: cors(merged),
    }
}

fn cors(merged: &mut Merged) -> Cors {
    let mut allowed_origins = Vec::new();
    for text in merged.list("http.cors_allowed_origins") {
        match text.as_str() {
            "*" => allowed_origins.push(text),
            _ => match parse_origin(&text) {
                Ok(origin) => allowed_origins.push(origin),
                Err(why) => merged.wrong("http.cors_allowed_origins", format!("has an entry that {why}")),
            },
        }
    }
    let allowed_headers = merged.list("http.cors_allowed_headers");
    if !allowed_headers.iter().all(|h| is_header_name(h)) {
        merged.wrong("http.cors_allowed_headers", "has an entry that is not the name of a header");
    }
    Cors {
        allowed_origins,
        allow_credentials: merged.bool("http.cors_allow_credentials"),
        allowed_headers: allowed_headers.iter().map(|h| h.to_ascii_lowercase()).collect(),
        max_age: merged.seconds("http.cors_max_age_seconds"),
    }
}

/// So many days; 0 is none.
fn days(number: u32) -> Option<Duration> {
    (number > 0).then(|| Duration::from_secs(u64::from(number) * 24 * 3600))
}

/// RFC 9110, 5.1: a header's name is a token.
fn is_header_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)) && text != "*"
}

fn throttle(merged: &Merged) -> Throttle {
    let allowance = |name: &str| Allowance {
        burst: merged.number(&format!("throttle.{name}_burst")),
        refill: merged.seconds(&format!("throttle.{name}_refill_seconds")),
    };
    Throttle {
        enabled: merged.bool("throttle.enabled"),
        per_account_and_address: allowance("per_account_and_address"),
        per_address: allowance("per_address"),
        per_account: allowance("per_account"),
    }
}

fn log(merged: &Merged) -> Log {
    Log {
        level: match merged.text("log.level").as_str() {
            "error" => LogLevel::Error,
            "warn" => LogLevel::Warn,
            "debug" => LogLevel::Debug,
            "trace" => LogLevel::Trace,
            _ => LogLevel::Info,
        },
        format: match merged.text("log.format").as_str() {
            "human" => LogFormat::Human,
            "json" => LogFormat::Json,
            _ => LogFormat::Auto,
        },
        access: merged.bool("log.access"),
        trace_auth: match merged.text("log.trace_auth").as_str() {
            "on" => Switch::On,
            "off" => Switch::Off,
            _ => Switch::Auto,
        },
        echo: merged.bool("log.echo"),
    }
}
