//! Several nodes of the server on one database.

use super::traffic::Door;
use super::watch::Watch;
use crate::client;
use crate::scratch::Scratch;
use crate::server::{Program, Server};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};

/// A node, which runs or was killed.
struct Node {
    program: Program,
    data: PathBuf,
    address: String,
    server: Option<Server>,
    pid: Arc<AtomicU32>,
}

/// The nodes, which share a root key and a database.
pub(crate) struct Site {
    scratch: Scratch,
    nodes: Vec<Node>,
    whole: bool,
}

impl Site {
    /// Starts so many nodes at the same address of a database.
    pub(crate) fn start(program: &Program, url: &str, count: usize) -> Result<Site, String> {
        let scratch = Scratch::new("nodes")?;
        let key = scratch.path("root.key");
        let made = std::fs::File::options().write(true).create_new(true).mode(0o600).open(&key);
        made.and_then(|mut file| file.write_all(&[0x5e; 32]))
            .map_err(|error| format!("root.key: {error}"))?;
        let program = program.with("DATABASE_URL", url).with("SEKISHO_ROOT_KEY_FILE", &key.to_string_lossy());
        let mut site = Site { whole: program.is_whole(), scratch, nodes: Vec::new() };
        for node in 0..count {
            let data = site.scratch.path(&format!("node{node}/data"));
            std::fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
            let port = free_port()?;
            let program = program.listening(&format!("127.0.0.1:{port}"));
            let pid = Arc::default();
            site.nodes.push(Node { program, data, address: String::new(), server: None, pid });
            site.start_node(node)?;
        }
        Ok(site)
    }

    /// Starts a node that was killed, at the address that it had.
    pub(crate) fn start_node(&mut self, node: usize) -> Result<(), String> {
        let node = &mut self.nodes[node];
        let server = node.program.start(&node.data)?;
        node.address = server.address.clone();
        node.pid.store(server.pid(), Ordering::Relaxed);
        node.server = Some(server);
        Ok(())
    }

    /// SIGKILL to a node.
    pub(crate) fn kill_node(&mut self, node: usize) -> Result<(), String> {
        self.nodes[node].server.take().map_or(Ok(()), Server::kill)
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Whether these are servers, and no stand-ins.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// Looks at the nodes from now on.
    pub(crate) fn watch(&self) -> Watch {
        let nodes = self.nodes.iter().map(|node| (node.address.clone(), Arc::clone(&node.pid)));
        Watch::start(if self.whole { nodes.collect() } else { Vec::new() })
    }

    /// Where clients go, each node with the token of a user of its own.
    pub(crate) fn doors(&self) -> Result<Vec<Door>, String> {
        let door = |node: &Node| {
            let address = node.address.clone();
            if !self.whole {
                return Ok(Door { address, token: None });
            }
            let name = format!("reader{}", address.replace(['.', ':'], ""));
            let told = client::register(&address, &name).and_then(|_| client::log_in(&address, &name));
            match told {
                Ok((200, answer)) => {
                    let token = client::token(&answer).map_err(|error| error.to_string())?;
                    Ok(Door { address, token: Some(token) })
                }
                told => Err(format!("nobody could log in on a site that is well: {told:?}")),
            }
        };
        self.nodes.iter().map(door).collect()
    }

    /// Users who can't log in and read themselves on each node.
    pub(crate) fn strangers(&self, users: &[String]) -> Vec<String> {
        let nodes = self.nodes.iter().filter(|_| self.whole);
        let each = nodes.flat_map(|node| users.iter().map(move |user| (&node.address, user)));
        each.filter_map(|(address, user)| match client::log_in_and_read(address, user) {
            Ok((200, _)) => None,
            answer => Some(format!("{user} can't log in afterwards: {answer:?}")),
        })
        .collect()
    }

    /// What `sekisho db check` has to say, if it is not content.
    pub(crate) fn check(&self) -> Result<Option<String>, String> {
        let Some(node) = self.nodes.first().filter(|_| self.whole) else { return Ok(None) };
        let output = node.program.command(&["db", "check"], &node.data)?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Ok((!output.status.success())
            .then(|| format!("db check: {} {}", said(&output.stdout), said(&output.stderr))))
    }

    /// Nodes that ended by themselves, and panics in their logs.
    pub(crate) fn unwell(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        for (number, node) in self.nodes.iter_mut().enumerate() {
            if node.server.as_mut().is_some_and(|server| !server.lives()) {
                found.push(format!("node {number} is gone"));
            }
            let log = node.data.with_file_name(crate::server::LOG);
            let log = std::fs::read(log).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            found.extend(
                log.lines()
                    .find(|line| line.contains("panicked"))
                    .map(|line| format!("node {number}: {line}")),
            );
        }
        found
    }

    /// Ends the nodes; their folder stays for a look if something was found.
    pub(crate) fn remove_unless(mut self, findings: &[String]) {
        self.nodes.clear();
        self.scratch.remove_unless(findings);
    }
}

/// A port that nobody listens on, outside the range from which the kernel takes those of outgoing connections.
fn free_port() -> Result<u16, String> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 2_000).unwrap_or_default();
    let ports = std::iter::repeat_with(|| 30_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 2_700);
    ports
        .take(2_700)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .ok_or_else(|| "no free port between 30000 and 32700".to_owned())
}
