//! The servers under test: started, waited for, weighed and stopped.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::load::open_blocking;

/// A running server; stopped when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From before the spawn to its first answer.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts `command`, its output going to `log`, and waits until `request` has an answer 200.
    pub(crate) fn start(
        command: &mut Command,
        address: SocketAddr,
        request: &[u8],
        log: &Path,
    ) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let before = Instant::now();
        let child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let mut server = Self { child, address, ready_after: Duration::ZERO };
        loop {
            if let Some(answer) = ask(address, request) {
                server.ready_after = before.elapsed();
                if !answer.starts_with(b"HTTP/1.1 200") {
                    bail!("{command:?} answers {}", String::from_utf8_lossy(&answer));
                }
                return Ok(server);
            }
            if server.child.try_wait()?.is_some() || before.elapsed() > Duration::from_secs(60) {
                let said = fs::read_to_string(log).unwrap_or_default();
                bail!("{command:?} does not answer; it said: {said}");
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory it holds now, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        status_kib(self.pid(), "VmRSS:")
    }

    /// The most memory it ever held, in KiB.
    pub(crate) fn peak_kib(&self) -> Result<u64> {
        status_kib(self.pid(), "VmHWM:")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = Pid::from_child(&self.child);
        let _gone = kill_process(pid, Signal::TERM);
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(15) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// One request on a connection of its own; `None` while nobody listens. What comes back is the first
/// read that holds a whole head.
pub(crate) fn ask(address: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = open_blocking(address, 0).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
        answer.extend_from_slice(&part[..count]);
        if memchr::memmem::find(&answer, b"\r\n\r\n").is_some() {
            return Some(answer);
        }
    }
}

fn status_kib(pid: u32, field: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next()).and_then(|text| text.parse().ok());
    number.with_context(|| format!("/proc/{pid}/status has no {field}"))
}
