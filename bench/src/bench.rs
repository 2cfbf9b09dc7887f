//! One run: where its files lie, how long its rounds are, and the servers it starts.

use std::{
    cell::OnceCell,
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustix::thread::{CpuSet, sched_setaffinity};
use sekisho_throwaway::Postgres;

use crate::{
    database::{Database, Kind, start_postgres},
    load::Window,
    meter::{Usage, undisturbed},
    process::{Server, free_address},
    requests::checks,
    stock::{SECRET_KEY, Stock},
};

/// How many users tokens and log-ins are drawn from.
pub(crate) const USERS: usize = 10_000;

/// The name of the root key's file in a data folder; on PostgreSQL the operator brings it.
const ROOT_KEY: &str = "sekisho.key";

/// How to measure.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Manner {
    /// A smoke run: few and short rounds, no bar is judged by it. Nothing is written.
    #[arg(long)]
    pub(crate) short: bool,
    /// Servers on the first core, generator on the second, instead of both on all. Nothing is written.
    #[arg(long)]
    pub(crate) pinned: bool,
    /// Measure a round once even if other programs use the machine meanwhile.
    #[arg(long)]
    pub(crate) busy: bool,
    /// How many rounds a ratio is the median of; 11 unless told otherwise, 3 in a smoke run.
    #[arg(long, value_name = "N")]
    pub(crate) rounds: Option<usize>,
}

/// What was asked for, and what has been prepared so far.
pub(crate) struct Bench {
    manner: Manner,
    binary: PathBuf,
    target: PathBuf,
    work: PathBuf,
    users: OnceCell<Stock>,
    postgres: OnceCell<Postgres>,
    postgres_users: OnceCell<Stock>,
}

impl Bench {
    /// Prepares an empty work folder under `target`.
    pub(crate) fn new(manner: Manner, binary: &Path, target: &Path) -> Result<Self> {
        let binary = binary.canonicalize().with_context(|| format!("finding {}", binary.display()))?;
        let work = target.join("bench-work");
        if work.exists() {
            fs::remove_dir_all(&work).with_context(|| format!("emptying {}", work.display()))?;
        }
        fs::create_dir_all(&work)?;
        Ok(Self {
            manner,
            binary,
            target: target.to_owned(),
            work,
            users: OnceCell::new(),
            postgres: OnceCell::new(),
            postgres_users: OnceCell::new(),
        })
    }

    /// Whether this is a smoke run.
    pub(crate) fn is_short(&self) -> bool {
        self.manner.short
    }

    /// The binary under test.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// The folder that things are built into.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A path in the work folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// A third of a second of warming up, then two of counting.
    pub(crate) fn window(&self) -> Window {
        let scale = if self.manner.short { 0.25 } else { 1.0 };
        Window {
            warm: Duration::from_millis(300).mul_f64(scale),
            measure: Duration::from_secs(2).mul_f64(scale),
        }
    }

    /// Twice that, and at least two seconds: a hash takes 15 ms, and a starved one longer.
    pub(crate) fn window_of_hashes(&self) -> Window {
        let usual = self.window();
        Window { warm: usual.warm, measure: usual.measure.max(Duration::from_secs(1)).mul_f64(2.0) }
    }

    /// Measures each of `sides` once a round, every round beginning with the next side, and again
    /// while strangers use the machine. `[round][side]`.
    ///
    /// # Errors
    /// Those of `measure`.
    pub(crate) fn interleaved<T>(
        &self,
        servers: &[&Server],
        sides: usize,
        mut measure: impl FnMut(usize) -> Result<T>,
    ) -> Result<Vec<Vec<(T, Usage)>>> {
        let Manner { short, busy, rounds, .. } = self.manner;
        let tries = if short || busy { 1 } else { 5 };
        let count = rounds.unwrap_or(if short { 3 } else { 11 });
        let mut pids: Vec<u32> = servers.iter().map(|server| server.pid()).collect();
        // Its sessions are its children, and counted with it.
        pids.extend(self.postgres.get().map(Postgres::pid));
        let mut rounds = Vec::new();
        for round in 0..count {
            let mut measured: Vec<Option<(T, Usage)>> = (0..sides).map(|_| None).collect();
            for step in 0..sides {
                let side = (round + step) % sides;
                measured[side] = Some(undisturbed(&pids, tries, || measure(side))?);
            }
            rounds.push(measured.into_iter().flatten().collect());
        }
        Ok(rounds)
    }

    /// The 10,000 users that most rows draw from; made once a run.
    pub(crate) fn users(&self) -> Result<&Stock> {
        self.users_on(Kind::Sqlite)
    }

    /// The same, on this kind of database.
    pub(crate) fn users_on(&self, kind: Kind) -> Result<&Stock> {
        let kept = if kind == Kind::Sqlite { &self.users } else { &self.postgres_users };
        if let Some(stock) = kept.get() {
            return Ok(stock);
        }
        let stock = self.stock(kind, USERS)?;
        Ok(kept.get_or_init(|| stock))
    }

    /// The run's own PostgreSQL server, started when it is first needed.
    pub(crate) fn postgres(&self) -> &Postgres {
        self.postgres.get_or_init(start_postgres)
    }

    /// A database of `count` users, and tokens of [`USERS`] of them.
    pub(crate) fn stock(&self, kind: Kind, count: usize) -> Result<Stock> {
        let dir = self.file(&format!("users-{count}-{}", kind.name()));
        fs::create_dir_all(&dir)?;
        let database = match kind {
            Kind::Sqlite => Database::file_in(&dir),
            Kind::Postgres => Database::Postgres(self.postgres().create_database()),
        };
        // The server itself makes its schema, and its keys where it may.
        if kind == Kind::Postgres {
            let key = dir.join(ROOT_KEY);
            fs::write(&key, [7; 32])?;
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        }
        drop(self.serve(&dir, &database, "/livez", &[])?);
        let stock = Stock::fill(&dir, database, count, USERS)?;
        if let Database::Postgres(url) = &stock.database {
            self.postgres().psql(url, "vacuum (freeze, analyze)");
            self.postgres().psql(url, "checkpoint");
        }
        Ok(stock)
    }

    /// The server under test on a stock's database, ready for its tokens.
    pub(crate) fn sekisho(&self, stock: &Stock) -> Result<Server> {
        self.serve(&stock.dir, &stock.database, "/users/me", &stock.tokens[..1])
    }

    fn serve(&self, dir: &Path, database: &Database, path: &str, tokens: &[String]) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("SEKISHO_PROFILE", "production")
            .env("SEKISHO_REGISTRATION_MODE", "open")
            .env("SECRET_KEY", SECRET_KEY)
            .env("DATABASE_URL", database.url())
            .current_dir(dir)
            .arg("serve")
            .args(["--listen", &address.to_string()])
            .arg("--data")
            .arg(dir);
        if database.kind() == Kind::Postgres {
            command.env("SEKISHO_ROOT_KEY_FILE", dir.join(ROOT_KEY));
        }
        let request = tokens.first().map_or_else(
            || format!("GET {path} HTTP/1.1\r\nhost: {address}\r\n\r\n").into_bytes(),
            |_| checks(address, tokens).get(0).to_vec(),
        );
        self.start(&mut command, address, &request, "sekisho.log")
    }

    /// Starts a server on its cores: all of them, or the first one when pinned.
    pub(crate) fn start(
        &self,
        command: &mut Command,
        address: SocketAddr,
        request: &[u8],
        log: &str,
    ) -> Result<Server> {
        self.pin(0)?;
        let server = Server::start(command, address, request, &self.file(log));
        self.pin(1)?;
        server
    }

    /// When pinned: the server, which inherits this, on core 0, the generator on core 1.
    fn pin(&self, core: usize) -> Result<()> {
        if self.manner.pinned {
            let cores = fs::read_to_string("/proc/cpuinfo")?.matches("processor\t").count();
            ensure!(cores >= 2, "pinning needs two cores");
            let mut set = CpuSet::new();
            set.set(core);
            sched_setaffinity(None, &set)?;
        }
        Ok(())
    }
}
