//! How a server is to be started: profile, settings, environment, files.

use std::path::Path;
use std::process::Command;

use super::command::Ran;
use super::database::postgres;
use super::process::Process;
use super::scratch::Scratch;
use super::token::SECRET_KEY;

const BINARY: &str = env!("CARGO_BIN_EXE_sekisho");

/// Starts another copy of the binary, one that the test may replace while it runs.
pub(crate) fn start_copy(setup: &Setup, binary: &Path, folder: &Path) -> Process {
    Process::start(setup.serve_with(binary, folder))
}

/// The database that a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Db {
    Sqlite,
    Postgres,
}

impl Db {
    /// The one that this run is about: `SEKISHO_TEST_DATABASE`, which is `sqlite` where nothing is said.
    pub(crate) fn tested() -> Db {
        match std::env::var("SEKISHO_TEST_DATABASE").as_deref() {
            Err(_) | Ok("sqlite") => Db::Sqlite,
            Ok("postgres") => Db::Postgres,
            Ok(other) => panic!("SEKISHO_TEST_DATABASE is sqlite or postgres, not {other:?}"),
        }
    }
}

/// The profile that the server is told to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Development,
    Production,
}

/// Everything that is decided before the start; plain data, so that a test can start the same server again.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) profile: Profile,
    pub(crate) demo: bool,
    pub(crate) db: Db,
    env: Vec<(String, String)>,
    config: String,
    args: Vec<String>,
    under: Vec<String>,
}

impl Setup {
    /// Development, trace and log at their fullest, and the key that tests sign with.
    pub(crate) fn new() -> Setup {
        Setup {
            profile: Profile::Development,
            demo: false,
            db: Db::tested(),
            env: vec![("SECRET_KEY".into(), SECRET_KEY.into()), ("SEKISHO_LOG_LEVEL".into(), "trace".into())],
            config: String::new(),
            args: Vec::new(),
            under: Vec::new(),
        }
    }

    /// With the seeds' user and his item (`--demo`).
    pub(crate) fn demo(mut self) -> Setup {
        self.demo = true;
        self
    }

    /// On this database, whichever the run is about; such a test is listed in `once.txt`.
    pub(crate) fn on(mut self, db: Db) -> Setup {
        self.db = db;
        self
    }

    /// The production profile, with the settings that let the tests' own short passwords in.
    pub(crate) fn production(mut self) -> Setup {
        self.profile = Profile::Production;
        self
    }

    /// One environment variable; an earlier value of the same name is replaced.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Setup {
        self = self.without_env(name);
        self.env.push((name.into(), value.into()));
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Setup {
        self.env.retain(|(held, _)| held != name);
        self
    }

    /// Lines of `sekisho.toml`.
    pub(crate) fn config(mut self, text: &str) -> Setup {
        self.config.push_str(text);
        self.config.push('\n');
        self
    }

    /// One more argument of `serve`.
    pub(crate) fn arg(mut self, arg: &str) -> Setup {
        self.args.push(arg.into());
        self
    }

    /// Under another program, which runs the rest of its arguments in its own place.
    pub(crate) fn under(mut self, words: &[&str]) -> Setup {
        self.under = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Under a shell's `ulimit`.
    pub(crate) fn limit(self, ulimit: &str) -> Setup {
        self.under(&["sh", "-c", &format!("{ulimit} && exec \"$0\" \"$@\"")])
    }

    /// Runs `serve` on a fresh folder when it is expected to end by itself.
    pub(crate) fn refused(self) -> Ran {
        let scratch = Scratch::new();
        self.refused_in(scratch.path())
    }

    /// As `refused`, in a folder that the test has prepared.
    pub(crate) fn refused_in(self, folder: &Path) -> Ran {
        Ran::of(self.serve(folder), "")
    }

    /// `sekisho serve` in `folder`.
    pub(crate) fn serve(&self, folder: &Path) -> Command {
        self.serve_with(Path::new(BINARY), folder)
    }

    fn serve_with(&self, binary: &Path, folder: &Path) -> Command {
        let mut command = match self.under.split_first() {
            Some((program, words)) => {
                let mut command = Command::new(program);
                command.args(words).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        self.prepare(&mut command, folder, "serve");
        command.args(["--listen", "127.0.0.1:0"]);
        if self.demo {
            command.arg("--demo");
        }
        command.args(&self.args);
        command
    }

    /// `sekisho NAME` in `folder`, in an environment that holds nothing of ours but what the setup says.
    pub(crate) fn command(&self, folder: &Path, name: &str) -> Command {
        let mut command = Command::new(BINARY);
        self.prepare(&mut command, folder, name);
        command
    }

    fn prepare(&self, command: &mut Command, folder: &Path, name: &str) {
        self.write_config(folder);
        command.arg(name).arg("--data").arg(folder.join("data"));
        command.current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder).env("TZ", "Asia/Tokyo").env("RUST_BACKTRACE", "1");
        let profile = match self.profile {
            Profile::Development => "development",
            Profile::Production => "production",
        };
        command.env("SEKISHO_PROFILE", profile);
        if self.db == Db::Postgres && !self.env.iter().any(|(name, _)| name == "DATABASE_URL") {
            command.env("DATABASE_URL", postgres::url_of(folder));
            if !self.env.iter().any(|(name, _)| name == "SEKISHO_ROOT_KEY_FILE") {
                // Where SQLite has it unasked.
                command.env("SEKISHO_ROOT_KEY_FILE", folder.join("data").join("sekisho.key"));
            }
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
    }

    /// Starts the process alone; `Site::start` waits for it too.
    pub(crate) fn process(&self, folder: &Path) -> Process {
        Process::start(self.serve(folder))
    }

    fn write_config(&self, folder: &Path) {
        if !self.config.is_empty() {
            std::fs::write(folder.join("sekisho.toml"), &self.config).expect("a file can be written");
        }
    }
}
