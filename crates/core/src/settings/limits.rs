//! The settings that bound what clients can use up, and what is kept: hashing, connections, failed log-ins, events.

use std::time::Duration;

use super::net::IpNet;

/// Section `hashing`: the lane of password hashes.
#[derive(Clone, Debug)]
pub struct Hashing {
    /// Threads; 0 means one a core.
    pub threads: usize,
    /// How many hashes may wait.
    pub queue: usize,
    /// How far the threads stand back, 0 to 19.
    pub niceness: u8,
}

/// Connections to PostgreSQL, and how long it is waited for; SQLite needs none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Connections of this process that transactions take, one each.
    pub connections: usize,
    /// Further ones that all reads share.
    pub readers: usize,
    /// How long a connection to one server may take, where the address does not say.
    pub connect_timeout: Duration,
    /// How long a transaction waits for a connection.
    pub acquire_timeout: Duration,
    /// How long a statement may take; a second later the connection is given up. Longer than the wait for a lock, or that
    /// wait is never told from slowness.
    pub statement_timeout: Duration,
    /// After how long a silent connection is asked whether the server is still there.
    pub keepalive: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            connections: 12,
            readers: 4,
            connect_timeout: Duration::from_secs(3),
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(7),
            keepalive: Duration::from_secs(15),
        }
    }
}

/// Section `http`: limits, proxies, CORS.
#[derive(Clone, Debug)]
pub struct Http {
    /// The largest request body, in bytes.
    pub body_limit: usize,
    /// The largest header block, in bytes.
    pub max_header_bytes: usize,
    /// Open connections at once.
    pub max_connections: usize,
    /// How long the header block may take.
    pub header_timeout: Duration,
    /// How long the body may take.
    pub body_timeout: Duration,
    /// How long an answer may take.
    pub request_timeout: Duration,
    /// How long a write to the client may stand still.
    pub write_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// Whose forwarding headers count.
    pub trusted_proxies: Vec<IpNet>,
    /// Which pages of other origins may read the answers.
    pub cors: Cors,
}

/// The `http.cors_…` settings; CORS is off while no origin is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Exact origins, `https://app.example.com`; or `*` alone.
    pub allowed_origins: Vec<String>,
    /// Whether cookies and the like are allowed; never together with `*`.
    pub allow_credentials: bool,
    /// Request headers that a page may set, in lower case.
    pub allowed_headers: Vec<String>,
    /// How long a browser may keep the answer to a preflight.
    pub max_age: Duration,
}

/// Section `throttle`: how many failed log-ins are allowed.
#[derive(Clone, Debug)]
pub struct Throttle {
    /// Whether failed log-ins are counted at all.
    pub enabled: bool,
    /// By account and address together.
    pub per_account_and_address: Allowance,
    /// By address, whatever the account.
    pub per_address: Allowance,
    /// By account, whatever the address.
    pub per_account: Allowance,
}

/// A number of failures at once, and how fast they are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Failures allowed at once.
    pub burst: u32,
    /// The time after which one failure is forgotten.
    pub refill: Duration,
}

/// Section `audit`: how long events are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// After how long an event is deleted; `None`: never.
    pub keep: Option<Duration>,
}

/// Section `jobs`: what the servers do by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// How often a server looks whether a job is due.
    pub check: Duration,
}
