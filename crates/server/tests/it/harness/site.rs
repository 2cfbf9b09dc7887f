//! A running server with its folder: what tests talk to.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::command::Ran;
use super::database::{Database, postgres};
use super::http::{Connection, Request, Response};
use super::oracle::{check_no_secret, check_response};
use super::process::{Process, listening_on, until};
use super::scratch::Scratch;
use super::setup::{Db, Profile, Setup};
use super::token::SECRET_KEY;

/// Shorter ones would be found by chance.
const SHORTEST_SECRET: usize = 9;

/// One server. Dropped at the end of a test that passed so far, it is stopped and its remains are examined.
pub(crate) struct Site {
    setup: Setup,
    process: Process,
    address: SocketAddr,
    scratch: Scratch,
    secrets: Mutex<Vec<String>>,
    /// What belongs into the database and nowhere else.
    unlogged: Mutex<Vec<String>>,
    /// Logs of earlier runs on the same folder.
    earlier: String,
}

/// A server in the development profile with the seeds' user tim and his item.
pub(crate) fn start() -> Site {
    Setup::new().demo().start()
}

impl Setup {
    /// Starts the server on a fresh folder and waits until it answers.
    pub(crate) fn start(self) -> Site {
        self.start_in(Scratch::new())
    }

    /// Starts that many nodes on one PostgreSQL, each with a data directory of its own, one after the other: they share
    /// the database, the root key and this setup, and nothing else.
    pub(crate) fn start_nodes(self, nodes: usize) -> Vec<Site> {
        let first = self.on(Db::Postgres).start();
        let mut all = vec![first];
        for _ in 1..nodes {
            let next = all[0].beside();
            all.push(next);
        }
        all
    }

    /// Starts that many nodes at the same moment on one PostgreSQL, whose database is empty.
    pub(crate) fn start_at_once(self, nodes: usize) -> Vec<Site> {
        let setup = self.on(Db::Postgres);
        let folders: Vec<Scratch> = (0..nodes).map(|_| Scratch::new()).collect();
        for folder in &folders {
            postgres::share(folders[0].path(), folder.path());
            let data = folder.path().join("data");
            std::fs::create_dir(&data).expect("a folder");
            let key = data.join("sekisho.key");
            std::fs::write(&key, [7; 32]).expect("a root key");
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::set_permissions(&key, private).expect("the key's own rights");
        }
        std::thread::scope(|scope| {
            let start = |folder| {
                let setup = setup.clone();
                scope.spawn(move || setup.start_in(folder))
            };
            let starting: Vec<_> = folders.into_iter().map(start).collect();
            starting.into_iter().map(|start| start.join().expect("a node that starts")).collect()
        })
    }

    /// As `start`, in a folder that the test has prepared.
    pub(crate) fn start_in(self, scratch: Scratch) -> Site {
        let mut process = self.process(scratch.path());
        let address = process.address();
        let secrets = Mutex::new(vec![SECRET_KEY.to_owned()]);
        Site {
            setup: self,
            process,
            address,
            scratch,
            secrets,
            unlogged: Mutex::default(),
            earlier: String::new(),
        }
    }
}

impl Site {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.scratch.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    pub(crate) fn database(&self) -> Database {
        Database::in_folder(self.setup.db, self.scratch.path())
    }

    /// Another node on the same database, with the same root key and the same setup.
    pub(crate) fn beside(&self) -> Site {
        assert_eq!(self.setup.db, Db::Postgres, "SQLite serves one node");
        let scratch = Scratch::new();
        postgres::share(self.folder(), scratch.path());
        std::fs::create_dir(scratch.path().join("data")).expect("a folder");
        let key = |folder: &Path| folder.join("data").join("sekisho.key");
        std::fs::copy(key(self.folder()), key(scratch.path())).expect("the first node's root key");
        let mut setup = self.setup.clone();
        setup.demo = false;
        setup.start_in(scratch)
    }

    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    pub(crate) fn resident(&self) -> u64 {
        self.process.resident()
    }

    /// The processor time that the server spends while `requests` runs: unlike the clock on the wall it does not tell
    /// what else the machine was doing.
    pub(crate) fn work(&self, requests: impl FnOnce()) -> Duration {
        let before = self.process.processor_time();
        requests();
        self.process.processor_time() - before
    }

    // Requests

    /// Sends on a connection of its own and checks the answer against what holds for every answer.
    pub(crate) fn send(&self, request: &Request) -> Response {
        match self.try_send(request) {
            Ok(response) => response,
            Err(error) => panic!("{} {}: {error}\n{}", request.method, request.target, self.process.log()),
        }
    }

    /// As `send`, for a server that may be gone.
    pub(crate) fn try_send(&self, request: &Request) -> io::Result<Response> {
        let response = Connection::open(self.address)?.exchange(request)?;
        check_response(&response);
        Ok(response)
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).expect("the server takes connections")
    }

    /// Sends bytes as they are, then hands over all that comes back until the server closes, as it must.
    pub(crate) fn raw(&self, bytes: &[u8]) -> String {
        let mut connection = self.connect();
        // A server that refuses early closes while we still write.
        let _ = connection.send(bytes);
        String::from_utf8_lossy(&connection.rest()).into_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send(&Request::get(path))
    }

    /// `GET path` with a bearer token.
    pub(crate) fn get_as(&self, token: &str, path: &str) -> Response {
        self.send(&Request::get(path).bearer(token))
    }

    /// `GET /users/me` with a bearer token.
    pub(crate) fn me(&self, token: &str) -> Response {
        self.get_as(token, "/users/me")
    }

    /// `POST /token` with these two fields.
    pub(crate) fn login(&self, username: &str, password: &str) -> Response {
        self.secret(password);
        self.send(&Request::post("/token").form(&[("username", username), ("password", password)]))
    }

    /// Logs in and hands over the token; fails the test if it is refused.
    pub(crate) fn token(&self, username: &str, password: &str) -> String {
        let response = self.login(username, password);
        assert_eq!(response.status, 200, "{}", response.text());
        let token = response.json()["access_token"].as_str().expect("a token").to_owned();
        // The signature is what makes it one; header and payload are no secret.
        self.secret(token.rsplit('.').next().expect("three parts"));
        token
    }

    /// `POST /users/` for `NAME@example.com`.
    pub(crate) fn register(&self, username: &str, password: &str) -> Response {
        self.register_as(username, &format!("{username}@example.com"), password)
    }

    pub(crate) fn register_as(&self, username: &str, email: &str, password: &str) -> Response {
        self.secret(password);
        let body = json!({"user": {"username": username, "email": email}, "password": password});
        self.send(&Request::post("/users/").json(&body))
    }

    // The command line

    /// Runs `sekisho ARGS` on the same data, `stdin` as its input.
    pub(crate) fn cli_with(&self, args: &[&str], stdin: &str) -> Ran {
        let (name, rest) = args.split_first().expect("a command");
        let mut command = self.setup.command(self.scratch.path(), name);
        command.args(rest);
        let ran = Ran::of(command, stdin);
        if *name != "token" {
            let secrets = self.secrets.lock().expect("not poisoned");
            check_no_secret(&format!("the output of {args:?}"), ran.stdout.as_bytes(), &secrets);
            check_no_secret(&format!("the errors of {args:?}"), ran.stderr.as_bytes(), &secrets);
            let unlogged = self.unlogged.lock().expect("not poisoned");
            check_no_secret(&format!("the output of {args:?}"), ran.stdout.as_bytes(), &unlogged);
        }
        ran
    }

    pub(crate) fn cli(&self, args: &[&str]) -> Ran {
        self.cli_with(args, "")
    }

    // What is looked at afterwards

    /// From now on this text must stand in no log, no output and not in the database.
    pub(crate) fn secret(&self, text: &str) {
        if text.len() >= SHORTEST_SECRET {
            self.secrets.lock().expect("not poisoned").push(text.to_owned());
        }
    }

    /// From now on this text must stand in no log and no output; in the database it has its place.
    pub(crate) fn unlogged(&self, text: &str) {
        self.unlogged.lock().expect("not poisoned").push(text.to_owned());
    }

    /// All that the server printed, over every start.
    pub(crate) fn log(&self) -> String {
        format!("{}{}", self.earlier, self.process.log())
    }

    /// Waits until the log holds `text`.
    pub(crate) fn wait_for_log(&self, text: &str) {
        until(&format!("{text:?} in the log"), || self.log().contains(text).then_some(()));
    }

    /// The log after a request of its own has come to its end: whatever happened before is in it.
    pub(crate) fn settled_log(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let marker = format!("settled-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        // Refused, and therefore logged.
        self.send(&Request::get("/users/me").header("x-request-id", &marker));
        self.wait_for_log(&marker);
        self.log()
    }

    /// Runs `attack` and fails if it changed a user, a credential or an item.
    pub(crate) fn unchanged<T>(&self, attack: impl FnOnce() -> T) -> T {
        let before = self.database().snapshot();
        let result = attack();
        assert_eq!(self.database().snapshot(), before, "a refused request left something behind");
        result
    }

    /// The server answers a stranger's `/livez` within a second.
    pub(crate) fn alive(&self) {
        let start = Instant::now();
        assert_eq!(self.get("/livez").status, 200);
        assert!(start.elapsed() < Duration::from_secs(1), "/livez took {:?}", start.elapsed());
    }

    // Ends and new beginnings

    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.process.stop()
    }

    /// Stops, lets `change` alter how it is started, and starts again on the same folder.
    pub(crate) fn restart(&mut self, change: impl FnOnce(Setup) -> Setup) {
        self.stop();
        self.start_again(change);
    }

    /// Starts on the same folder after `stop`, or after a crash.
    pub(crate) fn start_again(&mut self, change: impl FnOnce(Setup) -> Setup) {
        self.earlier.push_str(&self.process.log());
        let mut setup = change(self.setup.clone());
        // The demonstration user is made in an empty database alone.
        setup.demo &= self.setup.profile == Profile::Development && !self.database().exists();
        self.process = setup.process(self.scratch.path());
        self.setup = setup;
        self.address = self.process.address();
    }

    /// After a restart that the server made by itself: takes its new address from the log.
    pub(crate) fn moved(&mut self) {
        self.address = listening_on(&self.process.log()).expect("a listening line");
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
            return;
        }
        let running = self.process.try_wait().is_none();
        let status = self.process.stop();
        if running {
            assert_eq!(status.code(), Some(0), "it did not end well:\n{}", self.log());
        }
        let log = self.log();
        assert!(!log.contains("panicked at"), "a panic:\n{log}");
        let secrets = self.secrets.lock().expect("not poisoned");
        check_no_secret("the log", log.as_bytes(), &secrets);
        check_no_secret("the log", log.as_bytes(), &self.unlogged.lock().expect("not poisoned"));
        let database = self.database();
        if database.exists() {
            database.check();
            check_no_secret("the database", &database.bytes(), &secrets);
        }
    }
}
