//! The seeds' application: its sources in a folder of the test's, and its process.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection as Sqlite;
use serde_json::{Value, json};

use crate::harness::{Connection, Process, Ran, Request, Response, Scratch, Setup, Site, python, until};

/// What the application's `auth.py` signs with.
pub(super) const APPLICATIONS_KEY: &str = "4f9c1be2a7d05e6833c1f0a94be7d2658e01c3fb97a6d4420b8fe35c7719ad60";

/// A folder with the application's sources; its file `test.db` is there once it has run.
pub(super) struct Folder {
    scratch: Scratch,
}

impl Folder {
    pub(super) fn new() -> Folder {
        let scratch = Scratch::new();
        let sources: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "tests", "python", "application"].iter().collect();
        for name in ["main.py", "auth.py", "database.py", "models.py"] {
            std::fs::copy(sources.join(name), scratch.path().join(name))
                .expect("a source of the application");
        }
        Folder { scratch }
    }

    pub(super) fn path(&self) -> &Path {
        self.scratch.path()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path().join("test.db")
    }

    /// Starts the application and waits until it answers.
    pub(super) fn application(&self) -> Application {
        let mut command = Command::new(python());
        command.args(["-m", "uvicorn", "main:app", "--host", "127.0.0.1", "--port", "0"]);
        command.current_dir(self.path()).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut process = Process::start(command);
        let address = until("the application to listen", || {
            if let Some(status) = process.try_wait() {
                panic!("the application ended with {status}:\n{}", process.log());
            }
            let log = process.log();
            let (_, rest) = log.split_once("running on http://")?;
            rest.split_whitespace().next()?.parse().ok()
        });
        Application { process, address }
    }

    /// `sekisho adopt test.db` with these arguments, in the folder, as its operator would.
    pub(super) fn adopt(&self, args: &[&str]) -> Ran {
        Ran::of(self.adopting(args), "")
    }

    pub(super) fn adopting(&self, args: &[&str]) -> Command {
        let mut command = setup().command(self.path(), "adopt");
        command.args(args).env_remove("SEKISHO_PROFILE");
        command
    }

    /// Adopts in place, as the documentation has it.
    pub(super) fn adopt_in_place(&self) -> Ran {
        self.adopt(&["test.db", "--in-place", "--app", ".", "--set", "role=member"]).ok()
    }

    /// Serves what was adopted here.
    pub(super) fn serve(&self) -> Site {
        setup().start_in(self.share())
    }

    /// The same folder for somebody who starts a server in it.
    pub(super) fn share(&self) -> Scratch {
        self.scratch.share()
    }

    /// The application's rows as it would read them, each as one text.
    pub(super) fn rows(&self, columns: &str) -> Vec<String> {
        rows(&self.file(), columns)
    }

    /// The names of everything in the file's schema that is Sekisho's.
    pub(super) fn ours(&self) -> Vec<String> {
        let connection = Sqlite::open(self.file()).expect("the application's file");
        let sql = "select name from sqlite_schema where name like 'sekisho%' order by name";
        let mut statement = connection.prepare(sql).expect(sql);
        statement.query_map([], |row| row.get(0)).expect(sql).map(|name| name.expect(sql)).collect()
    }

    /// The copies that lie beside the file.
    pub(super) fn copies(&self) -> Vec<PathBuf> {
        let folder = std::fs::read_dir(self.path()).expect("the folder");
        let paths = folder.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.to_string_lossy().contains(".before-sekisho-")).collect()
    }
}

/// The server reads the key and all else from the `sekisho.toml` that the adoption wrote.
pub(super) fn setup() -> Setup {
    Setup::new().without_env("SECRET_KEY")
}

/// The rows of the users' table in a file.
pub(super) fn rows(file: &Path, columns: &str) -> Vec<String> {
    let sql = format!("select concat_ws('|', {columns}) from user order by id");
    let connection = Sqlite::open(file).expect("the application's file");
    let mut statement = connection.prepare(&sql).expect("the users' table");
    statement.query_map([], |row| row.get(0)).expect("rows").map(|row| row.expect("a row")).collect()
}

/// A running FastAPI process.
pub(super) struct Application {
    process: Process,
    pub(super) address: SocketAddr,
}

impl Application {
    pub(super) fn send(&self, request: &Request) -> Response {
        send(self.address, request)
    }

    pub(super) fn register(&self, username: &str, password: &str) {
        let email = format!("{username}@example.com");
        let user = json!({"username": username, "email": email, "hashed_password": ""});
        let body = json!({"user": user, "password": password});
        let response = self.send(&Request::post("/users/").json(&body));
        assert_eq!(response.status, 200, "{}", response.text());
    }

    pub(super) fn login(&self, username: &str, password: &str) -> Response {
        self.send(&Request::post("/token").form(&[("username", username), ("password", password)]))
    }

    pub(super) fn token(&self, username: &str, password: &str) -> String {
        let response = self.login(username, password);
        assert_eq!(response.status, 200, "{}", response.text());
        response.json()["access_token"].as_str().expect("a token").to_owned()
    }

    /// The application's own protected route: adds an order and reads all of one's own.
    pub(super) fn order(&self, token: &str, what: &str) -> Vec<Value> {
        let added = self.send(&Request::post("/orders").bearer(token).json(&json!({"what": what})));
        assert_eq!(added.status, 200, "{}", added.text());
        let response = self.orders(token);
        assert_eq!(response.status, 200, "{}", response.text());
        response.json().as_array().expect("a list").clone()
    }

    pub(super) fn orders(&self, token: &str) -> Response {
        self.send(&Request::get("/orders").bearer(token))
    }

    pub(super) fn stop(mut self) {
        self.process.stop();
    }
}

/// One request to whoever listens there.
pub(super) fn send(address: SocketAddr, request: &Request) -> Response {
    let exchanged = Connection::open(address).and_then(|mut connection| connection.exchange(request));
    exchanged.unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.target))
}

/// A port that nobody has at this moment.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
