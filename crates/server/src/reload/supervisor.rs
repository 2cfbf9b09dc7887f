//! `--reload`: a process that watches the configuration and the executable, and keeps a server running beside them.
//!
//! What can change in place is left to the server (SIGHUP); for anything else the server is stopped, which answers what is in
//! flight, and started again. Signals are passed on, and the server goes when its supervisor does. There is no hand-over of
//! sockets: the new server retries its port for a moment.

use super::watch::Watched;
use crate::config::{self, Flags, Loaded};
use crate::system::Terminal;
use crate::telemetry::Sink;
use rustix::process::{Pid, Signal, kill_process};
use sekisho_core::settings::{self, Settings};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const TICK: Duration = Duration::from_millis(500);

/// Starts the server and looks after it until a signal ends both.
///
/// # Errors
///
/// When the executable cannot be found or started. The result is the server's own exit code.
pub async fn supervise(flags: &Flags, loaded: Loaded, say: Sink) -> std::io::Result<i32> {
    let executable = executable()?;
    let mut watched = Watched::new(executable.clone());
    let mut files: Vec<Watched> = loaded.files.into_iter().map(Watched::new).collect();
    let mut server = Server { executable, child: None, say };
    let mut settings = loaded.settings;
    let mut end = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let mut child_ended = signal(SignalKind::child())?;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);

    server.say("watching the configuration and the executable");
    server.start()?;
    let terminal = Terminal::of_this_process();
    let mut stopping = false;
    let mut restarted = false;
    loop {
        tokio::select! {
            _ = end.recv() => { stopping = true; server.signal(Signal::TERM); }
            _ = interrupt.recv() => { stopping = true; server.signal(Signal::INT); }
            _ = hangup.recv() => {
                stopping |= terminal.is_gone();
                server.signal(Signal::HUP);
            }
            _ = child_ended.recv() => {}
            _ = tick.tick(), if !stopping => {
                if watched.changed(false) {
                    server.say("the executable changed: restarting");
                    restarted = true;
                    server.restart().await?;
                }
                let changed: Vec<_> = files.iter_mut().filter_map(|f| f.changed(true).then(|| f.path().display().to_string())).collect();
                if !changed.is_empty() {
                    restarted = true;
                    take(flags, &mut settings, &mut files, &mut server, &changed.join(", ")).await?;
                }
            }
        }
        if let Some(status) = server.ended()? {
            let code = status.code().unwrap_or(1);
            // Nothing was changed yet: what it said when it ended is the answer to this very command line.
            if stopping || !restarted {
                return Ok(code);
            }
            server.say(&format!("the server ended with exit code {code}; waiting for a change"));
        } else if stopping && server.child.is_none() {
            return Ok(0);
        }
    }
}

/// Takes changed files: nothing while they are faulty, in place where that is enough, else by a restart.
async fn take(
    flags: &Flags,
    settings: &mut Settings,
    files: &mut Vec<Watched>,
    server: &mut Server,
    names: &str,
) -> std::io::Result<()> {
    let new = match config::load(flags) {
        Ok(loaded) => {
            watch(files, loaded.files);
            loaded.settings
        }
        Err(error) => {
            // What is missing now may come.
            watch(files, error.files);
            for line in error.lines {
                server.say(&format!("{names} changed, the running configuration stays: {line}"));
            }
            return Ok(());
        }
    };
    let changes = settings::changes(settings, &new);
    let fixed: Vec<_> = changes.iter().filter(|change| !change.live).collect();
    let same_profile = settings.profile == new.profile;
    *settings = new;
    if server.child.is_none() {
        server.say(&format!("{names} changed: starting"));
        return server.start();
    }
    if fixed.is_empty() && same_profile {
        // The server reads it again itself and says what changed.
        server.signal(Signal::HUP);
        return Ok(());
    }
    for change in fixed {
        server.say(&format!("{names} changed: {} {} -> {}", change.key, change.old, change.new));
    }
    server.say("restarting");
    server.restart().await
}

/// Watches these files from now on; of those that were watched before, what is known of them stays.
fn watch(files: &mut Vec<Watched>, now: Vec<PathBuf>) {
    files.retain(|file| now.iter().any(|path| path == file.path()));
    for path in now {
        if !files.iter().any(|file| file.path() == path) {
            files.push(Watched::new(path));
        }
    }
}

struct Server {
    executable: PathBuf,
    child: Option<Child>,
    say: Sink,
}

impl Server {
    /// One line for the operator.
    fn say(&self, line: &str) {
        (self.say)(&format!("sekisho: {line}\n"));
    }

    /// The same command line, marked as supervised, in a process group of its own: Ctrl-C reaches the server once, through us.
    fn start(&mut self) -> std::io::Result<()> {
        let mut args: Vec<OsString> = std::env::args_os().skip(1).collect();
        if !args.iter().any(|arg| arg == "serve") {
            args.insert(0, "serve".into());
        }
        let child = Command::new(&self.executable)
            .args(args)
            .arg(format!("--supervised={}", std::process::id()))
            .process_group(0)
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.as_ref().and_then(|child| Pid::from_raw(child.id() as i32)) {
            let _ = kill_process(pid, signal);
        }
    }

    /// How the server ended, once, if it has.
    fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        let status = child.try_wait()?;
        if status.is_some() {
            self.child = None;
        }
        Ok(status)
    }

    async fn restart(&mut self) -> std::io::Result<()> {
        self.signal(Signal::TERM);
        while self.child.is_some() && self.ended()?.is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.start()
    }
}

/// The path of this executable as it was started; after a rebuild the system calls the running one "deleted".
fn executable() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}
