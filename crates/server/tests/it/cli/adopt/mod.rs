//! `sekisho adopt`: an application's users log in here as they did there, and nothing of theirs is changed or shown.

mod application;
mod elsewhere;
mod names;
mod strange;
mod transaction;
mod users;

use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;

use crate::harness::{Ran, Scratch, Setup};

/// Known to the application alone, and good enough for production.
const APP_KEY: &str = "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184";
/// The hash of `tim1234` as the documents print it.
const HASH: &str = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
/// The seeds' table with the two columns of the recorded exchanges.
const USER: &str = "create table user (id integer not null, email varchar not null, username varchar not null, \
     hashed_password varchar not null, full_name varchar, disabled boolean, phone varchar, primary key (id));";

/// An application in a folder, and beside it the place where Sekisho is to stand.
struct Application {
    scratch: Scratch,
    setup: Setup,
}

impl Application {
    /// With the seeds' files, a key of its own, and this in its database.
    fn new(sql: &str) -> Application {
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.path().join("app")).unwrap();
        let application = Application { scratch, setup: Setup::new().without_env("SECRET_KEY") };
        application.write("database.py", "DATABASE_URL = \"sqlite:///./test.db\"\n");
        let auth = format!(
            "import os\n\nSECRET_KEY = \"{APP_KEY}\"\nALGORITHM = \"HS256\"\nACCESS_TOKEN_EXPIRE_MINUTES = 30\n"
        );
        application.write("auth.py", &auth);
        application.sql(sql);
        application
    }

    /// With the seeds' table and these rows: id, name, address.
    fn with_users(users: &[(i64, &str, &str)]) -> Application {
        let application = Application::new(USER);
        for (id, name, email) in users {
            let insert = "insert into user (id, username, email, hashed_password, disabled) values (?1, ?2, ?3, ?4, 0)";
            application.database().execute(insert, (id, name, email, HASH)).unwrap();
        }
        application
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join("app").join(name)
    }

    fn database(&self) -> Connection {
        Connection::open(self.path("test.db")).unwrap()
    }

    fn sql(&self, sql: &str) {
        self.database().execute_batch(sql).unwrap();
    }

    /// `sekisho adopt app/test.db ARGS`, without a word about the profile.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.setup.command(self.scratch.path(), "adopt");
        command.env_remove("SEKISHO_PROFILE").arg("app/test.db").args(args);
        command
    }

    fn adopt(&self, args: &[&str]) -> Ran {
        let ran = Ran::of(self.command(args), "");
        for shown in [&ran.stdout, &ran.stderr] {
            assert!(!shown.contains(APP_KEY) && !shown.contains("2Ss8aodwv5mZjR1Ofee86"), "{shown}");
        }
        ran
    }

    /// Every file below the folder with its content.
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
        files
    }

    /// Serves on what was adopted, with the written configuration.
    fn serve(self) -> crate::harness::Site {
        self.setup.production().start_in(self.scratch)
    }
}
