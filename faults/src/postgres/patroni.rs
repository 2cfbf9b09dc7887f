//! A laboratory for failover: two machines with Patroni and PostgreSQL, and one with etcd, on addresses of the loopback
//! interface in a network of our own.

use super::machine::Machine;
use super::trial::Oracle;
use crate::client;
use crate::scratch::Scratch;
use crate::server::signal;
use rustix::process::Signal;
use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where the machines are.
const ADDRESSES: [&str; 2] = ["127.77.0.1", "127.77.0.2"];
const ETCD: &str = "127.77.0.9";
/// How long a machine may take to come up, or to join again.
const PATIENCE: Duration = Duration::from_secs(120);
/// Who was away for so long stays away.
const DEAF: Duration = Duration::from_secs(2);
/// How long somebody who is asked for his role may take.
const ANSWER: Duration = Duration::from_secs(2);

/// How the standby follows.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Replication {
    Synchronous,
    /// What the primary acknowledges its standby may never see: for the control.
    Asynchronous,
}

/// The machines, which may be gone.
pub(crate) struct Lab {
    scratch: Scratch,
    replication: Replication,
    nodes: [Option<Machine>; 2],
    etcd: Option<Machine>,
}

impl Lab {
    /// Starts all machines and waits until the standby follows.
    pub(crate) fn start(replication: Replication) -> Result<Lab, String> {
        let scratch = Scratch::new("patroni")?;
        let mut lab = Lab { scratch, replication, nodes: [None, None], etcd: None };
        for name in ["etcd", "node0", "node1"] {
            let folder = lab.folder(name);
            std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            let given = Command::new("chown").arg("nobody:nogroup").arg(&folder).status();
            if !given.is_ok_and(|status| status.success()) {
                return Err(
                    "PostgreSQL refuses to run as root, and nobody else may be had: run this as root".into(),
                );
            }
        }
        lab.start_etcd()?;
        for node in 0..ADDRESSES.len() {
            lab.start_node(node)?;
            // The first one that asks becomes the primary.
            lab.until_any_primary()?;
        }
        lab.until_whole()?;
        lab.ask_in("postgres", "create database sekisho")?;
        Ok(lab)
    }

    /// The address of the database for those who want to write.
    pub(crate) fn url(&self) -> String {
        let [first, second] = ADDRESSES;
        format!("postgresql://postgres@{first}:5432,{second}:5432/sekisho?target_session_attrs=read-write")
    }

    /// The machine that is the primary, by its own account; the first of several.
    pub(crate) fn primary(&self) -> Option<usize> {
        let ask = |node: &usize| self.nodes[*node].is_some() && self.says(*node, "GET /primary");
        (0..ADDRESSES.len()).find(ask)
    }

    /// Waits until this machine is the primary.
    pub(crate) fn until_primary(&self, node: usize) -> Result<(), String> {
        self.until("another primary", |lab| lab.says(node, "GET /primary"))
    }

    /// Waits until one of them is the primary.
    pub(crate) fn until_any_primary(&self) -> Result<(), String> {
        self.until("a primary", |lab| lab.primary().is_some())
    }

    /// Waits until there is a primary and somebody follows it as he should.
    pub(crate) fn until_whole(&self) -> Result<(), String> {
        let role = match self.replication {
            Replication::Synchronous => "GET /sync",
            Replication::Asynchronous => "GET /replica",
        };
        self.until("a standby", |lab| {
            lab.primary().is_some_and(|primary| lab.says(1 - primary, role)) && lab.streams()
        })
    }

    /// Starts a machine that was killed, or is new.
    pub(crate) fn start_node(&mut self, node: usize) -> Result<(), String> {
        let folder = self.folder(&format!("node{node}"));
        let file = folder.join("patroni.yml");
        std::fs::write(&file, self.settings(node)).map_err(|error| format!("{}: {error}", file.display()))?;
        self.nodes[node] = Some(Machine::start(&["patroni", "patroni.yml"], &folder)?);
        Ok(())
    }

    /// The machine, which must run.
    pub(crate) fn node(&self, node: usize) -> Result<&Machine, String> {
        self.nodes[node].as_ref().ok_or_else(|| format!("machine {node} is gone"))
    }

    /// Kills the receiver of a standby until it stays away: at first PostgreSQL starts another one at once, and then after
    /// an interval, which is made long.
    pub(crate) fn deafen(&self, node: usize) -> Result<(), String> {
        let machine = self.node(node)?;
        self.ask_at(node, "postgres", "alter system set wal_retrieve_retry_interval = '1h'")?;
        self.ask_at(node, "postgres", "select pg_reload_conf()")?;
        let mut last = Instant::now();
        while last.elapsed() < DEAF {
            if let Ok(receiver) = machine.process("walreceiver") {
                signal(receiver, Signal::TERM)?;
                last = Instant::now();
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        Ok(())
    }

    /// A machine dies.
    pub(crate) fn kill_node(&mut self, node: usize) -> Result<(), String> {
        self.nodes[node].take().map_or(Ok(()), Machine::kill)
    }

    /// The machine with etcd dies.
    pub(crate) fn kill_etcd(&mut self) -> Result<(), String> {
        self.etcd.take().map_or(Ok(()), Machine::kill)
    }

    /// Starts etcd on what it has written.
    pub(crate) fn start_etcd(&mut self) -> Result<(), String> {
        let (client, peer) = (format!("http://{ETCD}:2379"), format!("http://{ETCD}:2380"));
        let members = format!("e={peer}");
        let words = [
            &["etcd", "--name", "e", "--data-dir", "data"][..],
            &["--listen-client-urls", &client, "--advertise-client-urls", &client],
            &["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer],
            &["--initial-cluster", &members],
        ];
        self.etcd = Some(Machine::start(&words.concat(), &self.folder("etcd"))?);
        Ok(())
    }

    /// The logs stay for a look if something was found.
    pub(crate) fn remove_unless(mut self, findings: &[String]) {
        self.nodes = [None, None];
        self.etcd = None;
        self.scratch.remove_unless(findings);
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    fn says(&self, node: usize, role: &str) -> bool {
        client::status(&format!("{}:8008", ADDRESSES[node]), role, ANSWER) == Some(200)
    }

    /// Whether the primary sends its log to somebody.
    fn streams(&self) -> bool {
        let sent = "select count(*) from pg_stat_replication where state = 'streaming'";
        self.ask_in("postgres", sent).is_ok_and(|count| count == "1")
    }

    fn until(&self, what: &str, come: impl Fn(&Lab) -> bool) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        while !come(self) {
            if Instant::now() > deadline {
                let folder = self.folder("");
                return Err(format!("no sign of {what} for {PATIENCE:?}: see {}", folder.display()));
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        Ok(())
    }

    fn ask_in(&self, database: &str, sql: &str) -> Result<String, String> {
        self.ask_at(self.primary().ok_or("there is no primary to ask")?, database, sql)
    }

    fn ask_at(&self, node: usize, database: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]);
        psql.args([ADDRESSES[node], "-d", database, "-c", sql]);
        let output = psql.output().map_err(|error| format!("psql: {error}"))?;
        if !output.status.success() {
            return Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    fn settings(&self, node: usize) -> String {
        let own = ADDRESSES[node];
        let folder = self.folder(&format!("node{node}"));
        let folder = folder.display();
        let synchronous = self.replication == Replication::Synchronous;
        format!(
            "scope: sekisho
name: node{node}
restapi: {{listen: '{own}:8008', connect_address: '{own}:8008'}}
etcd3: {{hosts: ['{ETCD}:2379']}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 5
    retry_timeout: 5
    maximum_lag_on_failover: 104857600
    synchronous_mode: {synchronous}
    postgresql:
      use_pg_rewind: true
      parameters: {{wal_log_hints: 'on'}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, no-sync]
  pg_hba: ['local all all trust', 'host all all 127.0.0.0/8 trust', 'host replication all 127.0.0.0/8 trust']
postgresql:
  listen: '{own}:5432'
  connect_address: '{own}:5432'
  bin_dir: '{bin}'
  data_dir: '{folder}/data'
  pgpass: '{folder}/pgpass'
  use_unix_socket: true
  authentication:
    superuser: {{username: postgres}}
    replication: {{username: replicator}}
  parameters: {{unix_socket_directories: '{folder}', dynamic_shared_memory_type: mmap, shared_buffers: 64MB}}
",
            bin = sekisho_throwaway::binaries().display()
        )
    }
}

impl Oracle for RefCell<Lab> {
    fn ask(&self, sql: &str) -> Result<String, String> {
        self.borrow().ask_in("sekisho", sql)
    }
}
