//! The server as a child process whose every line is kept.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long any single condition is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server, or one that has ended.
pub(crate) struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
    ended: Option<ExitStatus>,
}

impl Process {
    /// Starts `command`; what it prints is collected, both streams in one text.
    pub(crate) fn start(mut command: Command) -> Process {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary can be started");
        let log = Arc::new(Mutex::new(String::new()));
        let readers = vec![
            collect(child.stdout.take().expect("piped"), Arc::clone(&log)),
            collect(child.stderr.take().expect("piped"), Arc::clone(&log)),
        ];
        Process { child, log, readers, ended: None }
    }

    /// All that was printed so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no reader panics").clone()
    }

    /// Waits for the line that says where requests are answered; fails if the process ends before it.
    pub(crate) fn address(&mut self) -> SocketAddr {
        until("the server to listen", || {
            if let Some(address) = listening_on(&self.log()) {
                return Some(address);
            }
            if let Some(status) = self.try_wait() {
                panic!("the server ended with {status} before it listened:\n{}", self.log());
            }
            None
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a VmRSS line");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib * 1024
    }

    /// Processor time that all its threads have used.
    pub(crate) fn processor_time(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).expect("it runs");
        let nanoseconds = |path: std::path::PathBuf| {
            let text = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0)
        };
        Duration::from_nanos(tasks.flatten().map(|task| nanoseconds(task.path())).sum())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// The exit status, once it has ended.
    pub(crate) fn try_wait(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().expect("our own child");
        }
        self.ended
    }

    /// Waits for the end and for the last line.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = until("the server to end", || self.try_wait());
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        status
    }

    /// Asks it to stop as an operator does.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        if self.try_wait().is_none() {
            self.signal(Signal::TERM);
        }
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.try_wait().is_none() {
            self.signal(Signal::KILL);
            let _ = self.child.wait();
        }
    }
}

fn collect(stream: impl Read + Send + 'static, log: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(lines.read_until(b'\n', &mut line), Ok(1..)) {
            log.lock().expect("no reader panics").push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    })
}

/// The address of the last `listening on` line.
pub(crate) fn listening_on(log: &str) -> Option<SocketAddr> {
    let line = log.lines().rev().find_map(|line| line.trim().strip_prefix("listening on http://"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Asks again until `ready` answers; fails after half a minute, saying what it waited for.
pub(crate) fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = ready() {
            return value;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The Python that has `tests/python/requirements.txt` installed.
pub(crate) fn python() -> String {
    std::env::var("SEKISHO_TEST_PYTHON").expect("SEKISHO_TEST_PYTHON is not set: run `cargo xtask test`")
}
