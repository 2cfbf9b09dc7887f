//! The seeds' application: its sources in a folder of the test's, its database, and its process.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection as Sqlite;
use sekisho_throwaway::Postgres;
use serde_json::{Value, json};

use crate::harness::{
    Connection, Db, Process, Ran, Request, Response, Scratch, Setup, Site, python, server_of, until,
};

/// What the application's `auth.py` signs with.
pub(super) const APPLICATIONS_KEY: &str = "4f9c1be2a7d05e6833c1f0a94be7d2658e01c3fb97a6d4420b8fe35c7719ad60";

/// A folder with the application's sources. Its database is the file `test.db`, there once it has run, or the one that
/// stands for the folder on PostgreSQL.
pub(super) struct Folder {
    scratch: Scratch,
    db: Db,
}

impl Folder {
    pub(super) fn new() -> Folder {
        Folder::on(Db::tested())
    }

    pub(super) fn on(db: Db) -> Folder {
        let scratch = Scratch::new();
        let sources: PathBuf =
            [env!("CARGO_MANIFEST_DIR"), "tests", "python", "application"].iter().collect();
        for name in ["main.py", "auth.py", "database.py", "models.py"] {
            std::fs::copy(sources.join(name), scratch.path().join(name))
                .expect("a source of the application");
        }
        let folder = Folder { scratch, db };
        if db == Db::Postgres {
            let source = folder.path().join("database.py");
            let text = std::fs::read_to_string(&source).expect("database.py");
            let url = folder.named().replace("postgresql://", "postgresql+psycopg://");
            std::fs::write(source, text.replace("sqlite:///./test.db", &url)).expect("database.py");
        }
        folder
    }

    pub(super) fn path(&self) -> &Path {
        self.scratch.path()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path().join("test.db")
    }

    /// The database as it is typed behind `sekisho adopt`.
    pub(super) fn named(&self) -> String {
        match self.db {
            Db::Sqlite => "test.db".to_owned(),
            Db::Postgres => server_of(self.path()),
        }
    }

    /// What the application does, or a migration of its; written as SQLite reads it.
    pub(super) fn does(&self, sql: &str) {
        match self.db {
            Db::Sqlite => Sqlite::open(self.file())
                .and_then(|file| file.execute_batch(sql))
                .unwrap_or_else(|error| panic!("{sql}: {error}")),
            Db::Postgres => {
                Postgres::shared().psql(&self.named(), &for_postgres(sql));
                // Rows were given numbers that no sequence had drawn.
                let drawn = "select setval(pg_get_serial_sequence(t.name, 'id'), t.last) from ( \
                             select '\"user\"' as name, (select max(id) from \"user\") as last) t \
                             where t.last > (select coalesce(last_value, 0) from pg_sequences \
                             where sequencename = 'user_id_seq')";
                Postgres::shared().psql(
                    &self.named(),
                    &format!("do $$ begin if to_regclass('user_id_seq') is not null then perform 1 from ({drawn}) d; end if; end $$"),
                );
            }
        }
    }

    /// The rows of a query, each as one text; what is true is 1.
    pub(super) fn query(&self, sql: &str) -> Vec<String> {
        match self.db {
            Db::Sqlite => {
                let connection = Sqlite::open(self.file()).expect("the application's file");
                let mut statement = connection.prepare(sql).expect(sql);
                let text = |row: &rusqlite::Row<'_>| {
                    Ok(match row.get::<_, rusqlite::types::Value>(0)? {
                        rusqlite::types::Value::Integer(number) => number.to_string(),
                        _ => row.get(0)?,
                    })
                };
                statement.query_map([], text).expect(sql).map(|row| row.expect(sql)).collect()
            }
            Db::Postgres => {
                let text = Postgres::shared().psql(&self.named(), &for_postgres(sql));
                let plain = |cell: &str| match cell {
                    "t" => "1".to_owned(),
                    "f" => "0".to_owned(),
                    other => other.to_owned(),
                };
                text.lines().map(|row| row.split('|').map(plain).collect::<Vec<_>>().join("|")).collect()
            }
        }
    }

    /// The number of the application's next row if it is the `nth` of the table: after the trial of one adoption, which
    /// takes two numbers of a sequence.
    pub(super) fn next_id(&self, nth: i64) -> i64 {
        match self.db {
            Db::Sqlite => nth,
            Db::Postgres => nth + 2,
        }
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

    /// `sekisho adopt test.db`, or what stands for that, with these arguments, in the folder, as its operator would.
    pub(super) fn adopt(&self, args: &[&str]) -> Ran {
        Ran::of(self.adopting(args), "")
    }

    pub(super) fn adopting(&self, args: &[&str]) -> Command {
        let mut command = setup().on(self.db).command(self.path(), "adopt");
        let args = args.iter().map(|arg| if *arg == "test.db" { self.named() } else { (*arg).to_owned() });
        command.args(args).env_remove("SEKISHO_PROFILE");
        command
    }

    /// Adopts in place, as the documentation has it.
    pub(super) fn adopt_in_place(&self) -> Ran {
        self.adopt(&["test.db", "--in-place", "--app", ".", "--set", "role=member"]).ok()
    }

    /// Serves what was adopted here.
    pub(super) fn serve(&self) -> Site {
        setup().on(self.db).start_in(self.share())
    }

    /// The same folder for somebody who starts a server in it.
    pub(super) fn share(&self) -> Scratch {
        self.scratch.share()
    }

    /// The application's rows as it would read them, each as one text.
    pub(super) fn rows(&self, columns: &str) -> Vec<String> {
        self.query(&format!("select concat_ws('|', {columns}) from user order by id"))
    }

    /// The names of everything in the database's schema that is Sekisho's, copies for the way back aside.
    pub(super) fn ours(&self) -> Vec<String> {
        self.query(match self.db {
            Db::Sqlite => "select name from sqlite_schema where name like 'sekisho%' order by name",
            Db::Postgres => {
                "select name from (select relname::text as name from pg_class union all \
                 select proname::text from pg_proc union all select tgname::text from pg_trigger) n \
                 where name like 'sekisho%' and name not like 'sekisho_before_%' order by name"
            }
        })
    }

    /// The copies that lie beside the file, or the table.
    pub(super) fn copies(&self) -> Vec<PathBuf> {
        if self.db == Db::Postgres {
            let copies = "select tablename from pg_tables where tablename like 'sekisho_before_%' order by 1";
            return self.query(copies).into_iter().map(PathBuf::from).collect();
        }
        let folder = std::fs::read_dir(self.path()).expect("the folder");
        let paths = folder.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.to_string_lossy().contains(".before-sekisho-")).collect()
    }
}

/// `user` is a word of PostgreSQL's own and must be quoted as a name, and a number is drawn by a sequence.
fn for_postgres(sql: &str) -> String {
    let outside_of_quotes = |(at, part): (usize, &str)| match at % 2 {
        0 => {
            let part = part.replace("id integer not null primary key", "id serial not null primary key");
            let is_of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
            let mut told = String::new();
            let mut rest = part.as_str();
            while let Some(first) = rest.chars().next() {
                let end = rest.find(|c| is_of_a_word(c) != is_of_a_word(first)).unwrap_or(rest.len());
                told.push_str(if &rest[..end] == "user" { "\"user\"" } else { &rest[..end] });
                rest = &rest[end..];
            }
            told
        }
        _ => part.to_owned(),
    };
    sql.split('\'').enumerate().map(outside_of_quotes).collect::<Vec<_>>().join("'")
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
