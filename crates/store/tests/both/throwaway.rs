//! A PostgreSQL of one's own: in a temporary folder, on a socket in it, as an ordinary user, gone with the value.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls};

use crate::world::Folder;

pub(crate) struct Postgres {
    server: Child,
    folder: Folder,
}

impl Postgres {
    /// Panics with the line that helps if PostgreSQL is not installed.
    pub(crate) fn start() -> Self {
        let bin = binaries();
        let folder = Folder::new();
        let data = folder.path("data");
        let root = output(Command::new("id").arg("-u")).trim() == "0";
        if root {
            // PostgreSQL refuses to run as root.
            output(Command::new("chown").arg("nobody").arg(folder.as_path()));
        }
        output(
            as_nobody(root, &bin.join("initdb"))
                .current_dir(folder.as_path())
                .args([
                    "--no-sync",
                    "--auth=trust",
                    "--username=sekisho",
                    "--encoding=UTF8",
                    "--locale=C",
                    "-D",
                ])
                .arg(&data),
        );
        let server = as_nobody(root, &bin.join("postgres"))
            .current_dir(folder.as_path())
            .args(["-F", "-c", "listen_addresses=", "-c", "max_connections=20", "-k"])
            .arg(folder.as_path())
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { server, folder }
    }

    /// A connection, as soon as the server takes one.
    pub(crate) async fn connect(&self) -> Client {
        let mut config = Config::new();
        config.host_path(self.folder.as_path()).user("sekisho").dbname("postgres");
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match config.connect(NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    return client;
                }
                Err(error) if Instant::now() > deadline => panic!("PostgreSQL does not answer: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGQUIT: at once, and the server's own children with it.
        let _ = Command::new("kill").args(["-QUIT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}

/// Where the newest installed server's programs are.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> =
        debian.chain(std::env::split_paths(&path)).filter(|bin| bin.join("initdb").exists()).collect();
    found.sort();
    found.pop().expect("PostgreSQL is not installed; this helps: apt-get install postgresql")
}

/// The program, as `nobody` if we are root.
fn as_nobody(root: bool, program: &Path) -> Command {
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(program);
    command
}

/// What the command prints; panics with its errors if it fails.
fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
