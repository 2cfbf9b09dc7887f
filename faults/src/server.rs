//! A server process: started, waited for until it listens, ended by kill or by SIGTERM.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The longest a start may take before it counts as hanging; a start that takes over 5 s is a finding.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to start: the server, or the stand-in with a fault built in.
pub(crate) struct Program {
    path: PathBuf,
    args: Vec<String>,
}

impl Program {
    pub(crate) fn server(path: &Path) -> Program {
        Program { path: path.to_owned(), args: vec!["serve".into(), "--listen".into(), "127.0.0.1:0".into()] }
    }

    /// This very program as `stand-in MODE`.
    pub(crate) fn stand_in(mode: &str) -> Result<Program, String> {
        let path = std::env::current_exe().map_err(|error| format!("current_exe: {error}"))?;
        Ok(Program { path, args: vec!["stand-in".into(), mode.into()] })
    }

    /// Starts it on `data` with an environment of its own; its log is appended to `data`/../server.log.
    pub(crate) fn spawn(&self, data: &Path) -> Result<Child, String> {
        let home = data.parent().unwrap_or(data);
        let said = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let log = File::options().create(true).append(true).open(home.join("server.log")).map_err(said)?;
        let mut command = Command::new(&self.path);
        command.args(&self.args).arg("--data").arg(data).current_dir(home);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().map_err(said)
    }

    /// Starts it and waits for its line `listening on http://…`.
    pub(crate) fn start(&self, data: &Path) -> Result<Server, String> {
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
        match told.recv_timeout(PATIENCE) {
            Ok(address) => Ok(Server { child, address, start: before.elapsed() }),
            Err(_) => {
                let _ = child.kill();
                let log = data.parent().unwrap_or(data).join("server.log");
                Err(format!("the server did not start; its log: {}", log.display()))
            }
        }
    }
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`
    pub(crate) address: String,
    /// From exec to the line that says it listens.
    pub(crate) start: Duration,
}

impl Server {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, at once.
    pub(crate) fn kill(mut self) -> Result<(), String> {
        kill(&mut self.child)
    }
}

/// SIGKILL to a process that may not have come up yet.
pub(crate) fn kill(child: &mut Child) -> Result<(), String> {
    child.kill().and_then(|()| child.wait()).map(drop).map_err(|error| format!("kill: {error}"))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill(&mut self.child);
    }
}

/// A folder that a run works in, removed when the run went well.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Scratch, String> {
        let path = std::env::temp_dir().join(format!("sekisho-faults-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Scratch(path))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn remove(self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
