//! The settings that concern the front door, in the form in which it reads them.

use std::time::Duration;

use sekisho_core::settings::{IpNet, Settings};

use super::cors::Cors;

/// The rules for one request.
pub(super) struct Policy {
    /// In development a request that came through a proxy, or under another host's name, is refused.
    pub(super) development: bool,
    /// The largest request body, in bytes.
    pub(super) body_limit: usize,
    /// How long a request body may take.
    pub(super) body_timeout: Duration,
    /// How long an answer may take.
    pub(super) request_timeout: Duration,
    /// Whose forwarding headers count.
    pub(super) trusted_proxies: Vec<IpNet>,
    /// `None`: no page of another origin may read anything.
    pub(super) cors: Option<Cors>,
    /// Whether each request makes a line in the log.
    pub(super) access_log: bool,
    /// The limits of a connection.
    pub(super) connection: Limits,
    /// How long a stop waits for answers in flight.
    pub(super) shutdown: Duration,
}

/// What a connection may do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Open connections at once.
    pub(super) connections: usize,
    /// The largest header block, in bytes.
    pub(super) header_bytes: usize,
    /// From the first byte of a request (or the opening of the connection) to the end of its header block.
    pub(super) header: Duration,
    /// Between two requests.
    pub(super) idle: Duration,
    /// In which a client must take at least 16 KiB of an answer that is longer.
    pub(super) write: Duration,
}

impl From<&Settings> for Policy {
    fn from(settings: &Settings) -> Policy {
        let http = &settings.http;
        Policy {
            development: !settings.profile.is_production(),
            body_limit: http.body_limit,
            body_timeout: http.body_timeout,
            request_timeout: http.request_timeout,
            trusted_proxies: http.trusted_proxies.clone(),
            cors: Cors::of(&http.cors),
            access_log: settings.log.access,
            connection: Limits {
                connections: http.max_connections,
                header_bytes: http.max_header_bytes,
                header: http.header_timeout,
                idle: http.idle_timeout,
                write: http.write_timeout,
            },
            shutdown: settings.server.shutdown,
        }
    }
}
