//! `sekisho adopt`: an application's users log in here as they did there, and nothing of theirs is changed or shown.

mod application;
mod crossed;
mod elsewhere;
mod names;
mod postgres;
mod strange;
mod theirs;
mod transaction;
mod users;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use self::theirs::Theirs;
use crate::harness::{Db, Ran, Scratch, Setup, Site};

/// Known to the application alone, and good enough for production.
const APP_KEY: &str = "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184";
/// The hash of `tim1234` as the documents print it.
const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
/// The seeds' table with the two columns of the recorded exchanges.
const USER: &str = "create table user (id integer not null, email varchar not null, username varchar not null, \
     hashed_password varchar not null, full_name varchar, disabled boolean, phone varchar, primary key (id));";

/// What is kept beside the users of a site, by their names.
fn kept_beside(site: &Site) -> BTreeMap<String, Value> {
    site.cli(&["user", "export", "--output", "kept.jsonl"]).ok();
    let text = std::fs::read_to_string(site.folder().join("kept.jsonl")).unwrap();
    let users = text.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
    users.map(|user| (user["username"].as_str().unwrap().to_owned(), user["extra"].clone())).collect()
}

/// An application in a folder, and beside it the place where Sekisho is to stand; both on the database that the run is
/// about, unless a test says otherwise.
struct Application {
    scratch: Scratch,
    setup: Setup,
    theirs: Theirs,
}

impl Application {
    /// With the seeds' files, a key of its own, and this in its database.
    fn new(sql: &str) -> Application {
        Application::on(Db::tested(), sql)
    }

    /// The same, the application's users on this database.
    fn on(db: Db, sql: &str) -> Application {
        let scratch = Scratch::new();
        let app = scratch.path().join("app");
        std::fs::create_dir(&app).unwrap();
        let theirs = Theirs::new(db, &app);
        let application = Application { scratch, setup: Setup::new().without_env("SECRET_KEY"), theirs };
        application.write("database.py", &format!("DATABASE_URL = \"{}\"\n", application.theirs.url()));
        let auth = format!(
            "import os\n\nSECRET_KEY = \"{APP_KEY}\"\nALGORITHM = \"HS256\"\nACCESS_TOKEN_EXPIRE_MINUTES = 30\n"
        );
        application.write("auth.py", &auth);
        if !sql.is_empty() {
            application.sql(sql);
        }
        application
    }

    /// With the seeds' table and these rows: id, name, address.
    fn with_users(users: &[(i64, &str, &str)]) -> Application {
        Application::with_users_on(Db::tested(), users)
    }

    fn with_users_on(db: Db, users: &[(i64, &str, &str)]) -> Application {
        let mut sql = USER.to_owned();
        let mut users = users.to_vec();
        if db == Db::Postgres {
            // Where SQLite finds the lowest id first, PostgreSQL finds the row that was written first.
            users.sort_unstable();
        }
        for (id, name, email) in users {
            let row = format!("({id}, '{name}', '{email}', '{HASH}', false)");
            sql +=
                &format!("insert into user (id, username, email, hashed_password, disabled) values {row};");
        }
        Application::on(db, &sql)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join("app").join(name)
    }

    fn sql(&self, sql: &str) {
        self.theirs.execute(sql);
    }

    /// `sekisho adopt app/test.db ARGS`, or the address of the application's database; without a word about the profile.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.setup.command(self.scratch.path(), "adopt");
        command.env_remove("SEKISHO_PROFILE").arg(self.theirs.named()).args(args);
        command
    }

    fn adopt(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(self.command(args), "");
        for shown in [&ran.stdout, &ran.stderr] {
            assert!(!shown.contains(APP_KEY) && !shown.contains("2Ss8aodwv5mZjR1Ofee86"), "{shown}");
        }
        ran
    }

    /// Every file below the folder with its content, and what the application's database holds.
    fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let (mut files, mut folders) = (Vec::new(), vec![self.scratch.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.clone(), std::fs::read(path).unwrap()));
                }
            }
        }
        files.sort();
        files.push((PathBuf::from("the application's database"), self.theirs.content()));
        files
    }

    /// Serves on what was adopted, with the written configuration.
    fn serve(self) -> Site {
        self.setup.production().start_in(self.scratch)
    }
}
