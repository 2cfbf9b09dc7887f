//! A machine that can die as a whole: a process in a namespace of its own, where nothing outlives it.

use crate::processes;
use crate::server::signal;
use rustix::process::Signal;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a machine may take to begin.
const PATIENCE: Duration = Duration::from_secs(5);

/// A machine that runs.
pub(crate) struct Machine {
    /// `unshare`, whose one child is the first process of the machine.
    outside: Child,
}

impl Machine {
    /// Starts a program as an ordinary user at home in `folder`; its log is appended to `folder`/log.
    pub(crate) fn start(words: &[&str], folder: &Path) -> Result<Machine, String> {
        let said = |error: std::io::Error| format!("{}: {error}", folder.display());
        let log = File::options().create(true).append(true).open(folder.join("log")).map_err(said)?;
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        command.args(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).args(words);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder).env("LC_ALL", "C.UTF-8").current_dir(folder);
        command.stdin(Stdio::null()).stdout(log.try_clone().map_err(said)?).stderr(log);
        let mut outside = command.spawn().map_err(|error| format!("unshare: {error}"))?;
        let deadline = Instant::now() + PATIENCE;
        while processes::family(outside.id()).len() < 2 {
            if Instant::now() > deadline || !matches!(outside.try_wait(), Ok(None)) {
                return Err(format!("{words:?} did not start: see {}/log", folder.display()));
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
        Ok(Machine { outside })
    }

    /// SIGKILL to its first process, with which all others end at once.
    pub(crate) fn kill(mut self) -> Result<(), String> {
        self.end()
    }

    /// SIGSTOP to all of its processes.
    pub(crate) fn freeze(&self) -> Result<(), String> {
        processes::freeze(self.first()?)
    }

    /// SIGCONT to all of its processes.
    pub(crate) fn thaw(&self) -> Result<(), String> {
        processes::thaw(self.first()?)
    }

    /// One of its processes, by what its title contains.
    pub(crate) fn process(&self, title: &str) -> Result<u32, String> {
        let mut family = processes::family(self.first()?).into_iter();
        let found = family.find(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(title)
        });
        found.ok_or_else(|| format!("no process {title:?}"))
    }

    fn first(&self) -> Result<u32, String> {
        let family = processes::family(self.outside.id());
        family.get(1).copied().ok_or_else(|| "a machine that is gone".to_owned())
    }

    fn end(&mut self) -> Result<(), String> {
        signal(self.first()?, Signal::KILL)?;
        self.outside.wait().map(drop).map_err(|error| format!("wait: {error}"))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if matches!(self.outside.try_wait(), Ok(None)) {
            let _ = self.end();
        }
    }
}
