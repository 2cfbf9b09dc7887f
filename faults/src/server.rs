//! A server process: started, waited for until it listens, ended by kill or by SIGTERM.

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The longest a start may take before it counts as hanging; a start that takes over 5 s is a finding.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where a server's log lies, in the folder above its data.
pub(crate) const LOG: &str = "server.log";

/// What to start: the server, or the stand-in with a fault built in.
#[derive(Clone)]
pub(crate) struct Program {
    /// What runs it, if anything does: `strace …`, `sh -c 'ulimit …'`.
    before: Vec<String>,
    path: PathBuf,
    args: Vec<String>,
    /// Its environment beside `PATH`.
    variables: Vec<(String, String)>,
}

/// What became of a start.
pub(crate) enum Start {
    Up(Server),
    Stopped(Stopped),
    /// Neither a line that it listens nor an end; it was killed.
    Hangs,
}

/// A server that ended by itself.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it wrote to its log in this run.
    pub(crate) said: String,
}

impl Program {
    pub(crate) fn server(path: &Path) -> Program {
        let args = vec!["serve".into(), "--listen".into(), "127.0.0.1:0".into()];
        Program { before: Vec::new(), path: path.to_owned(), args, variables: Vec::new() }
    }

    /// This very program as `stand-in MODE`.
    pub(crate) fn stand_in(mode: &str) -> Result<Program, String> {
        let path = std::env::current_exe().map_err(|error| format!("current_exe: {error}"))?;
        let args = vec!["stand-in".into(), mode.into()];
        Ok(Program { before: Vec::new(), path, args, variables: Vec::new() })
    }

    /// Whether it knows log-ins and not only registrations.
    pub(crate) fn is_whole(&self) -> bool {
        self.args.first().is_none_or(|first| first != "stand-in")
    }

    /// The same, run by another program.
    pub(crate) fn below<T: Into<String>>(&self, before: impl IntoIterator<Item = T>) -> Program {
        Program { before: before.into_iter().map(Into::into).collect(), ..self.clone() }
    }

    /// The same with a variable in its environment.
    pub(crate) fn with(&self, name: &str, value: &str) -> Program {
        let mut program = self.clone();
        program.variables.push((name.to_owned(), value.to_owned()));
        program
    }

    /// The same at this address, which a stand-in does not care about.
    pub(crate) fn listening(&self, address: &str) -> Program {
        let mut program = self.clone();
        if let (true, Some(last)) = (self.is_whole(), program.args.last_mut()) {
            address.clone_into(last);
        }
        program
    }

    /// The same under a limit, as `ulimit` writes it: `-n 64`.
    pub(crate) fn limited(&self, limit: &str) -> Program {
        self.below(["sh", "-c", &format!("ulimit {limit} && exec \"$@\""), "sh"])
    }

    /// Another command of the same program on `data`, run to its end.
    pub(crate) fn command(&self, args: &[&str], data: &Path) -> Result<std::process::Output, String> {
        let mut command = Command::new(&self.path);
        command.args(args).arg("--data").arg(data);
        self.at_home(&mut command, data);
        command.output().map_err(|error| format!("{}: {error}", self.path.display()))
    }

    fn at_home(&self, command: &mut Command, data: &Path) {
        command.current_dir(data.parent().unwrap_or(data));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// Starts it on `data` with an environment of its own; its log is appended to `data`/../server.log.
    pub(crate) fn spawn(&self, data: &Path) -> Result<Child, String> {
        let home = data.parent().unwrap_or(data);
        let said = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let log = File::options().create(true).append(true).open(home.join(LOG)).map_err(said)?;
        let mut words = self.before.iter().map(PathBuf::from).chain([self.path.clone()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(&self.args).arg("--data").arg(data);
        self.at_home(&mut command, data);
        command.stdout(Stdio::piped()).stderr(log).spawn().map_err(said)
    }

    /// Starts it and waits for its line `listening on http://…`, or for its end.
    pub(crate) fn attempt(&self, data: &Path) -> Result<Start, String> {
        let log = data.parent().unwrap_or(data).join(LOG);
        let logged = std::fs::metadata(&log).map_or(0, |log| log.len() as usize);
        let before = Instant::now();
        let mut child = self.spawn(data)?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            // Reads to the end, so that the server never waits for a full pipe.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("listening on http://") {
                    let _ = tell.send(address.trim().to_owned());
                }
            }
        });
        let traced = self.before.first().is_some_and(|first| first == "strace");
        match told.recv_timeout(PATIENCE) {
            Ok(address) => {
                let traced = if traced { child_of(child.id()) } else { None };
                Ok(Start::Up(Server { child, traced, address, start: before.elapsed() }))
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().map_err(|error| format!("wait: {error}"))?;
                let text = std::fs::read(&log).map_err(|error| format!("{}: {error}", log.display()))?;
                let said = String::from_utf8_lossy(text.get(logged..).unwrap_or_default()).into_owned();
                Ok(Start::Stopped(Stopped { code: status.code(), said }))
            }
            Err(RecvTimeoutError::Timeout) => {
                let traced = if traced { child_of(child.id()) } else { None };
                end(&mut child, traced)?;
                Ok(Start::Hangs)
            }
        }
    }

    /// Starts it; an error unless it listens.
    pub(crate) fn start(&self, data: &Path) -> Result<Server, String> {
        match self.attempt(data)? {
            Start::Up(server) => Ok(server),
            Start::Stopped(stopped) => Err(format!("the server did not start: {stopped:?}")),
            Start::Hangs => Err(format!("the server did not start in {PATIENCE:?}")),
        }
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Its process, where the child is strace.
    traced: Option<u32>,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    /// From exec to the line that says it listens.
    pub(crate) start: Duration,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.traced.unwrap_or(self.child.id())
    }

    /// Whether the process is still there.
    pub(crate) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// SIGKILL, at once.
    pub(crate) fn kill(mut self) -> Result<(), String> {
        end(&mut self.child, self.traced)
    }

    /// SIGTERM, and waits for the end.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        signal(self.pid(), Signal::TERM)?;
        self.child.wait().map(drop).map_err(|error| format!("wait: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.lives() {
            let _ = end(&mut self.child, self.traced);
        }
    }
}

/// SIGKILL to a process that may not have come up yet.
pub(crate) fn kill(child: &mut Child) -> Result<(), String> {
    end(child, None)
}

/// strace ends by itself, with the last line written, once the traced process is gone.
fn end(child: &mut Child, traced: Option<u32>) -> Result<(), String> {
    if let Some(traced) = traced {
        signal(traced, Signal::KILL)?;
    } else {
        child.kill().map_err(|error| format!("kill: {error}"))?;
    }
    child.wait().map(drop).map_err(|error| format!("wait: {error}"))
}

/// Sends a signal to a process that we started, if it is still there.
pub(crate) fn signal(pid: u32, signal: Signal) -> Result<(), String> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or("no process")?;
    match kill_process(pid, signal) {
        // It has ended by itself; that is for the oracle to judge.
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(format!("kill {pid:?}: {error}")),
    }
}

/// The process that this one started, from /proc.
fn child_of(parent: u32) -> Option<u32> {
    std::fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name in parentheses may hold anything; state and parent follow it.
        let parent_field = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()?;
        (parent_field == parent).then_some(pid)
    })
}
