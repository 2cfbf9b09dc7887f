//! A PostgreSQL of one's own for tests and measurements.
//!
//! The server lives in a temporary folder, listens on a free port of 127.0.0.1 and on a socket in that folder, runs as an
//! ordinary user, and disappears with the process that started it, even one that was killed. Nothing on the machine is
//! touched besides. Everybody is trusted and `sekisho` is the superuser; syncs are off, since nobody needs these data
//! tomorrow: who measures or pulls plugs says otherwise through [`Postgres::start_with`].

mod programs;
mod watchdog;

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

pub use programs::binaries;
use programs::{Ordinary, output};
use watchdog::Watchdog;

/// Settings that make a server quick to start and light beside others; each can be overridden.
const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("autovacuum", "off"),
    ("max_connections", "400"),
    ("shared_buffers", "64MB"),
    // In the folder, so that a killed server leaves nothing in /dev/shm.
    ("dynamic_shared_memory_type", "mmap"),
    ("jit", "off"),
    ("timezone", "UTC"),
];

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// One PostgreSQL server, gone with the value.
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    user: Ordinary,
    bin: PathBuf,
    /// `None` while it is stopped.
    server: Mutex<Option<Child>>,
    /// Declared last: it removes the folder.
    _watchdog: Watchdog,
}

impl Postgres {
    /// The server that all tests of this process share, started on first use; each takes its own database.
    pub fn shared() -> &'static Postgres {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Postgres::start)
    }

    /// A server of one's own; panics with the line that helps if PostgreSQL is not installed.
    pub fn start() -> Postgres {
        Postgres::start_with(&[])
    }

    /// A server of one's own with these settings of `postgresql.conf` on top of the usual ones.
    pub fn start_with(settings: &[(&str, &str)]) -> Postgres {
        let new = Postgres::in_new_folder(settings);
        let mut initdb = new.program("initdb");
        initdb.args(["--no-sync", "--auth=trust", "--username=sekisho", "--encoding=UTF8", "--locale=C"]);
        output(initdb.arg("-D").arg(new.data()));
        new.launch();
        new
    }

    /// A standby of this server that streams from it and only reads, with these settings on top of the usual ones.
    pub fn standby(&self, settings: &[(&str, &str)]) -> Postgres {
        let new = Postgres::in_new_folder(settings);
        let mut copy = new.program("pg_basebackup");
        copy.args(["--host=127.0.0.1", "--username=sekisho", "--checkpoint=fast", "--no-sync"]);
        copy.args(["--write-recovery-conf", &format!("--port={}", self.port)]);
        output(copy.arg("-D").arg(new.data()));
        new.launch();
        new
    }

    fn in_new_folder(settings: &[(&str, &str)]) -> Postgres {
        let user = Ordinary::user();
        let folder = new_folder();
        user.give(&folder);
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Postgres {
            port: free_port(),
            settings: SETTINGS.iter().chain(settings).map(own).collect(),
            user,
            bin: binaries(),
            server: Mutex::new(None),
            _watchdog: Watchdog::over(&folder),
            folder,
        }
    }

    /// The address of a database on this server, over TCP.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://sekisho@127.0.0.1:{}/{database}", self.port)
    }

    /// The address of a database on this server, over its socket.
    pub fn socket_url(&self, database: &str) -> String {
        format!("postgresql://sekisho@/{database}?host={}&port={}", self.folder.display(), self.port)
    }

    /// The port on 127.0.0.1, the same over every restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Makes an empty database under a fresh name and hands over its address.
    pub fn create_database(&self) -> String {
        self.create("sekisho", "template0")
    }

    /// Makes an empty database that belongs to a role, and hands over its address for that role.
    pub fn create_database_of(&self, owner: &str) -> String {
        self.create(owner, "template0")
    }

    /// Makes a database with what `template` holds, to which nobody may be connected, and hands over its address.
    pub fn create_database_like(&self, template: &str) -> String {
        self.create("sekisho", template)
    }

    /// Drops a database by its address, whoever is connected to it.
    pub fn drop_database(&self, url: &str) {
        let name = url.rsplit('/').next().unwrap_or_default();
        self.psql(&self.url("postgres"), &format!("drop database {name} with (force)"));
    }

    fn create(&self, owner: &str, template: &str) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        // Twice as quick as the usual way where there are no syncs; versions before 15 know no other.
        let version = self.psql(&self.url("postgres"), "show server_version_num");
        let copied = if version.as_str() < "150000" { "" } else { "strategy file_copy" };
        let sql = format!("create database {name} owner {owner} template {template} {copied}");
        self.psql(&self.url("postgres"), &sql);
        format!("postgresql://{owner}@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs SQL by the program `psql`; rows come back a line each, columns separated by `|`. Panics if it is refused.
    pub fn psql(&self, database_url: &str, sql: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, database_url]);
        output(psql.env("PGOPTIONS", "-c client_min_messages=warning")).trim_end().to_owned()
    }

    /// One of PostgreSQL's programs, of the same version and as the same user as the server.
    pub fn program(&self, name: &str) -> Command {
        let mut command = self.user.command(&self.bin.join(name));
        // Not ours, which that user may not be allowed to enter.
        command.current_dir(&self.folder);
        command
    }

    /// The process that all others of the server descend from; panics while it is stopped.
    pub fn pid(&self) -> u32 {
        self.server.lock().expect("not poisoned").as_ref().expect("a server that runs").id()
    }

    /// The server's folder: its socket, the file `log`, and `data`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What the server has logged, over every start.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes a file into the data directory, of mode 0600 and readable for the server, and hands over its path;
    /// `pg_hba.conf` and a certificate's key come to their place so. [`Postgres::reload`] makes the server look.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.data().join(name);
        std::fs::write(&path, content).expect("a file in the data directory");
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("our own file");
        self.user.give(&path);
        path
    }

    /// Makes the server read its configuration again.
    pub fn reload(&self) {
        self.psql(&self.url("postgres"), "select pg_reload_conf()");
    }

    /// Sends a signal to the process that all others descend from, by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        output(Command::new("kill").arg(format!("-{name}")).arg(self.pid().to_string()));
    }

    /// Ends all connections and stops in order; nothing if it is stopped.
    pub fn stop(&self) {
        self.end("INT");
    }

    /// Kills the server where it stands; its sessions end with it. Nothing if it is stopped.
    pub fn kill(&self) {
        self.end("KILL");
    }

    /// Starts again on the same port and data, after a stop or kill, or stops it first.
    pub fn restart(&self) {
        self.stop();
        self.launch();
    }

    fn end(&self, signal: &str) {
        let Some(mut server) = self.server.lock().expect("not poisoned").take() else { return };
        let pid = server.id().to_string();
        let _ = Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        let deadline = Instant::now() + PATIENCE;
        while server.try_wait().expect("our own child").is_none() {
            if Instant::now() > deadline {
                let _ = server.kill();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts the server and waits until it takes connections.
    fn launch(&self) {
        let deadline = Instant::now() + PATIENCE;
        // After a kill, sessions that are about to end hold the data for a moment longer.
        while !self.launched() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn launched(&self) -> bool {
        let log = self.folder.join("log");
        let log = std::fs::File::options().create(true).append(true).open(log).expect("a file in our folder");
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(&self.folder);
        postgres.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        for (name, value) in &self.settings {
            postgres.args(["-c", &format!("{name}={value}")]);
        }
        let same = log.try_clone().expect("a second descriptor");
        postgres.stdin(Stdio::null()).stdout(log).stderr(same);
        // The lock file of a killed server speaks of that server.
        let stale = self.status_line();
        let mut server = postgres.spawn().unwrap_or_else(|error| panic!("{postgres:?}: {error}"));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = server.try_wait().expect("our own child").is_some();
            if ended || Instant::now() > deadline {
                let _ = server.kill();
                let _ = server.wait();
                return false;
            }
            let status = self.status_line();
            if status != stale && status.is_some_and(|(pid, ready)| pid == server.id() && ready) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        *self.server.lock().expect("not poisoned") = Some(server);
        true
    }

    /// The process that `postmaster.pid` names, and whether its eighth line says that it takes connections.
    fn status_line(&self) -> Option<(u32, bool)> {
        let text = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid = text.lines().next()?.trim().parse().ok()?;
        let status = text.lines().nth(7).map(str::trim);
        Some((pid, matches!(status, Some("ready" | "standby"))))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, whatever its sessions do.
        self.end("QUIT");
    }
}

/// A folder that did not exist.
fn new_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sekisho-postgres-{}-{n}", std::process::id()));
        match std::fs::create_dir(&folder) {
            Ok(()) => return folder,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => panic!("{}: {error}", folder.display()),
        }
    }
}

/// A port that nobody listens on, outside the range from which the kernel takes ports for outgoing connections: it must
/// still be free when the server comes back after a stop.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(31);
    for _ in 0..10_000 {
        let n = start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 15_000 + u16::try_from(n % 15_000).expect("below 15,000");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between 15000 and 30000");
}
