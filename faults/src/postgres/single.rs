//! A PostgreSQL of our own, as the trials see it.

use super::trial::Oracle;
use crate::processes;
use rustix::process::Signal;
use sekisho_throwaway::Postgres;
use std::time::Duration;

/// What a server must have of a real one: an acknowledged commit is on its disk.
const DURABLE: [(&str, &str); 3] =
    [("fsync", "on"), ("full_page_writes", "on"), ("synchronous_commit", "on")];

/// A server with one database in it.
pub(crate) struct Single {
    pub(crate) server: Postgres,
    name: String,
}

impl Single {
    /// Starts one with these settings on top.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Single {
        let settings: Vec<_> = DURABLE.iter().chain(settings).copied().collect();
        let server = Postgres::start_with(&settings);
        let url = server.create_database();
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        Single { server, name }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The address of the same database behind another port.
    pub(crate) fn url_at(&self, port: u16) -> String {
        format!("postgresql://sekisho@127.0.0.1:{port}/{}", self.name)
    }

    /// Whether the server is there and takes connections, if need be after a few seconds of recovery.
    pub(crate) fn takes_connections(&self) -> bool {
        let address = format!("--host={}", self.server.folder().display());
        let port = format!("--port={}", self.server.port());
        (0..25).any(|attempt| {
            if attempt > 0 {
                std::thread::park_timeout(Duration::from_millis(200));
            }
            let mut ask = self.server.program("pg_isready");
            ask.args(["--quiet", &address, &port]).status().is_ok_and(|status| status.success())
        })
    }

    /// SIGKILL to all of its processes at once, as a machine dies.
    pub(crate) fn kill(&self) -> Result<(), String> {
        processes::signal_all(self.server.pid(), Signal::KILL)?;
        self.server.kill();
        Ok(())
    }

    /// SIGSTOP to all of its processes.
    pub(crate) fn freeze(&self) -> Result<(), String> {
        processes::freeze(self.server.pid())
    }

    /// SIGCONT to all of its processes.
    pub(crate) fn thaw(&self) -> Result<(), String> {
        processes::thaw(self.server.pid())
    }
}

impl Oracle for Single {
    fn ask(&self, sql: &str) -> Result<String, String> {
        Ok(self.server.psql(&self.server.socket_url(&self.name), sql))
    }
}
