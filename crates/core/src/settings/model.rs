//! The settings as the server reads them: typed, checked, plain data.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::database_url::DatabaseUrl;
use super::limits::{Audit, Hashing, Http, Jobs, Pool, Throttle};
use super::value::Value;
use crate::credentials::{HashParams, PasswordPolicy, Scheme};
use crate::jose::Algorithm;
use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// Every setting of the server, resolved from its layers and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The profile that came out: what it is and what follows from it.
    pub profile: Profile,
    /// Section `server`.
    pub server: Server,
    /// Section `storage`.
    pub storage: Storage,
    /// Section `tokens`.
    pub tokens: Tokens,
    /// Section `password`.
    pub password: Password,
    /// Section `registration`.
    pub registration: Registration,
    /// Section `accounts`.
    pub accounts: Accounts,
    /// Section `hashing`.
    pub hashing: Hashing,
    /// Section `http`.
    pub http: Http,
    /// Section `throttle`.
    pub throttle: Throttle,
    /// Section `log`.
    pub log: Log,
    /// Section `metrics`.
    pub metrics: Metrics,
    /// Section `audit`.
    pub audit: Audit,
    /// Section `jobs`.
    pub jobs: Jobs,
    /// What the operator should read at the start: one line each, without secrets.
    pub warnings: Vec<String>,
    /// The effective value of each key, in the registry's order: what `show` and `changes` read.
    pub(super) values: Vec<Option<Value>>,
}

/// How strict the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Loopback only: interactive docs, shorter passwords, the trace on a terminal.
    Development,
    /// Any other listener, a public https URL, or asked for.
    Production,
}

impl Profile {
    /// The name as the settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Development => "development",
            Profile::Production => "production",
        }
    }

    /// Whether this is the strict profile.
    pub fn is_production(self) -> bool {
        self == Profile::Production
    }

    /// The shortest new password in code points, where `password.min_length` does not say another.
    pub fn shortest_password(self) -> u16 {
        match self {
            Profile::Development => 6,
            Profile::Production => 15,
        }
    }
}

/// Section `server`: where it listens and what it shows.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The origin under which clients reach the server, `https://auth.example.com`; also the issuer of its tokens.
    pub public_url: Option<String>,
    /// The path prefix that a proxy strips, `/api/v1`; empty or beginning with `/`, never ending with one.
    pub root_path: String,
    /// Whether `/docs`, `/redoc` are served.
    pub docs: bool,
    /// How long a stop waits for answers in flight.
    pub shutdown: Duration,
    /// Whether an empty development database is given the demonstration user.
    pub demo: bool,
    /// Whether the server watches its files and its executable.
    pub reload: bool,
}

/// Section `storage`: where the data lies.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The directory of the database and the root key.
    pub data_dir: PathBuf,
    /// The database as configured, or `sekisho.db` in the data directory.
    pub database_url: DatabaseUrl,
    /// The file of the root key as configured; else `sekisho.key` in the data directory.
    pub root_key_file: Option<PathBuf>,
    /// The file that the database's address was read from, if one was.
    pub database_url_file: Option<PathBuf>,
    /// The file that the database's password was read from, if one was.
    pub database_password_file: Option<PathBuf>,
    /// How PostgreSQL is spoken to.
    pub pool: Pool,
    /// How long a write waits for a lock that another transaction holds, on either database.
    pub lock_timeout: Duration,
}

/// Section `tokens`: keys and lifetimes.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The key that signs, from the setting itself or its file; none: derived from the root key.
    pub secret_key: Option<SecretBytes>,
    /// Where the key was read from, if from a file.
    pub secret_key_file: Option<PathBuf>,
    /// Further keys that verify and never sign.
    pub secret_key_verify: Vec<SecretBytes>,
    /// When the further keys stop to count.
    pub secret_key_verify_until: Option<Timestamp>,
    /// The algorithm that signs, and the only one that verifies.
    pub algorithm: Algorithm,
    /// How long an access token lives, in minutes.
    pub access_token_expire_minutes: u32,
}

impl Tokens {
    /// How long an access token lives.
    pub fn access_token_lifetime(&self) -> Duration {
        Duration::from_secs(u64::from(self.access_token_expire_minutes) * 60)
    }
}

/// Section `password`: what a new password must be and how it is hashed.
#[derive(Clone, Debug)]
pub struct Password {
    /// The shortest new password, in code points.
    pub min_length: usize,
    /// The longest new password, in code points.
    pub max_length: usize,
    /// Whether the commonest passwords are refused.
    pub refuse_common: bool,
    /// The scheme of new hashes.
    pub scheme: Scheme,
    /// Argon2id's memory in KiB.
    pub argon2_memory_kib: u32,
    /// Argon2id's passes.
    pub argon2_iterations: u32,
    /// Argon2id's lanes.
    pub argon2_parallelism: u32,
    /// bcrypt's cost, a power of two.
    pub bcrypt_cost: u32,
    /// Whether a hash of another scheme or cost is rewritten at the next successful log-in.
    pub rehash: bool,
}

impl Password {
    /// The parameters of new hashes.
    pub fn hash_params(&self) -> HashParams {
        match self.scheme {
            Scheme::Bcrypt => HashParams::Bcrypt { cost: self.bcrypt_cost },
            _ => HashParams::Argon2id {
                m_kib: self.argon2_memory_kib,
                t: self.argon2_iterations,
                p: self.argon2_parallelism,
            },
        }
    }

    /// The rules for new passwords.
    pub fn policy(&self) -> PasswordPolicy {
        PasswordPolicy {
            min_length: self.min_length,
            max_length: self.max_length,
            refuse_common: self.refuse_common,
        }
    }
}

/// Section `registration`.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Who may register.
    pub mode: RegistrationMode,
}

/// Section `accounts`.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// What is kept beside a user and shown behind the four members.
    pub public_fields: Vec<String>,
}

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Anyone, by `POST /users/`.
    Open,
    /// Nobody; the command line adds users.
    Closed,
}

/// Section `log`.
#[derive(Clone, Debug)]
pub struct Log {
    /// The least important line that is written.
    pub level: LogLevel,
    /// For whom the lines are written.
    pub format: LogFormat,
    /// Whether each request makes a line.
    pub access: bool,
    /// Whether the steps of authentication are printed.
    pub trace_auth: Switch,
    /// Whether SQL statements are printed.
    pub echo: bool,
}

/// Section `metrics`: figures for whoever watches over the server.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Where they are served; none: they are not, and nothing is measured.
    pub listen: Option<SocketAddr>,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Failures of the server alone.
    Error,
    /// And what the operator should look at.
    Warn,
    /// And what happens.
    Info,
    /// And how.
    Debug,
    /// And every detail.
    Trace,
}

impl LogLevel {
    /// The name as the settings spell it.
    pub fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// For whom log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person on a terminal, else JSON.
    Auto,
    /// For a person.
    Human,
    /// JSON, one object a line.
    Json,
}

/// On, off, or as the situation suggests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// The server decides: see the setting.
    Auto,
    /// On.
    On,
    /// Off.
    Off,
}
