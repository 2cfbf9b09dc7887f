//! How many connections there are, and how long anybody waits.

use std::time::Duration;

/// How many connections to PostgreSQL there are, and how long anybody waits; SQLite needs none of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pooling {
    /// Connections that transactions take, one each.
    pub connections: usize,
    /// Connections that all reads share.
    pub readers: usize,
    /// How long one host may take to give a connection.
    pub connect_timeout: Duration,
    /// How long a caller waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the server may take over a statement; a second later the connection is given up. Longer than the wait
    /// for a lock, or that wait is never told from slowness.
    pub statement_timeout: Duration,
    /// How long a connection may be silent before it is asked whether it is there.
    pub keepalive: Duration,
}

impl Default for Pooling {
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
