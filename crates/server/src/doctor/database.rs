//! The database: there, ours, of this version, in order, and to be written.

use super::files::database_files;
use super::finding::{Finding, fail, ok, warn};
use super::postgres;
use super::running::Server;
use super::system::{name_of, users_of};
use crate::config::root_key;
use crate::telemetry::log::rfc3339;
use sekisho_core::credentials::Scheme;
use sekisho_core::settings::{DatabaseUrl, PostgresUrl, Settings};
use sekisho_core::{Clock, SchemeCost, Timestamp};
use sekisho_store::{Error, Look, OpenOptions, is_writable};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the lock for writing is waited for; no transaction of the server's takes that long.
const PATIENCE: Duration = Duration::from_secs(2);
/// A log beyond this does not shrink because somebody holds an old state of the database.
const LONG_LOG: u64 = 256 * 1024 * 1024;

/// What was found out about the database, and what other checks ask of it.
#[derive(Default)]
pub(super) struct Looked {
    pub(super) findings: Vec<Finding>,
    /// Of the root key that it was made with.
    pub(super) fingerprint: Option<String>,
    pub(super) last_event: Option<Timestamp>,
    /// What its password hashes cost to verify.
    pub(super) costs: Vec<SchemeCost>,
    /// Since when an application uses the same file, if one does.
    standing: Option<Timestamp>,
    /// The copy of the file from before that, for the way back.
    pub(super) copy: Option<PathBuf>,
}

impl Looked {
    /// Whether an application uses the same file.
    pub(super) fn beside(&self) -> bool {
        self.standing.is_some()
    }
}

/// `options` are how PostgreSQL is opened, `clock` is what its own is held against.
pub(super) async fn look(
    settings: &Settings,
    server: &Server,
    options: &OpenOptions,
    clock: &dyn Clock,
) -> Looked {
    let path = match &settings.storage.database_url {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(address) => return look_at_server(settings, address, options, clock).await,
    };
    if !path.exists() {
        let what = format!("none yet at {}; the first start makes it", path.display());
        let missing = if path.parent().is_none_or(|folder| folder.as_os_str().is_empty() || folder.exists())
            || path.starts_with(&settings.storage.data_dir)
        {
            ok("database", what)
        } else {
            fail(
                "database",
                format!("the folder of {} is not there", path.display()),
                "make it, or change DATABASE_URL",
            )
        };
        return Looked { findings: vec![missing], ..Looked::default() };
    }
    let mut looked = Looked::default();
    let at = path.display().to_string();
    let read = async {
        let mut look = Look::open(path)?;
        read(&mut look, &at, &mut looked).await?;
        log_is_kept(&mut look, &mut looked).await
    };
    if let Err(error) = read.await {
        looked.findings.push(refused(&at, &error));
        return looked;
    }
    looked.findings.extend(looked.standing.as_ref().map(|since| beside(settings, *since)));
    looked.findings.push(lock(path, server));
    looked.findings.extend(log(settings));
    looked
}

async fn look_at_server(
    settings: &Settings,
    address: &PostgresUrl,
    options: &OpenOptions,
    clock: &dyn Clock,
) -> Looked {
    let pool = &settings.storage.pool;
    let mut looked = Looked {
        findings: postgres::examine(address, pool, options.clone(), || clock.now()).await,
        ..Looked::default()
    };
    // What does not answer is not asked again.
    if looked.findings.len() == 1 {
        return looked;
    }
    let at = address.redacted();
    match Look::if_any(&settings.storage.database_url, options.clone()).await {
        Ok(None) => {
            let what = format!("no tables of ours yet in {at}; the first start makes them");
            looked.findings.push(ok("database", what));
        }
        Ok(Some(mut look)) => {
            if let Err(error) = read(&mut look, &at, &mut looked).await {
                looked.findings.push(refused_by_server(&at, &error));
            }
            looked.findings.extend(looked.standing.as_ref().map(|since| beside(settings, *since)));
        }
        Err(error) => looked.findings.push(refused_by_server(&at, &error)),
    }
    looked
}

async fn read(look: &mut Look, at: &str, looked: &mut Looked) -> Result<(), Error> {
    let schema = look.schema().await?;
    looked.fingerprint = look.meta(root_key::KEPT_AS).await?;
    looked.last_event = look.last_event_at().await?;
    let standing = look.standing().await?;
    looked.standing = standing.as_ref().map(|standing| Timestamp::from_micros(standing.since));
    looked.copy = standing.map(|standing| PathBuf::from(standing.copy));
    looked.costs = look.hash_mix().await?.into_iter().map(|(kind, _)| kind).collect();
    looked.findings.push(if schema.found < schema.known {
        let what =
            format!("{at}, schema version {}; the next start brings it to {}", schema.found, schema.known);
        warn("database", what, "`sekisho db backup FILE` before the new version starts")
    } else {
        look.serves().await?;
        let newer = match schema.found > schema.known {
            true => format!(", of a newer release; this one knows {} and may serve on it", schema.known),
            false => String::new(),
        };
        ok("database", format!("{at}, schema version {}{newer}", schema.found))
    });
    if let Some(since) = look.frozen_since().await? {
        let what = format!("every write is answered 503, since {}", rfc3339(since));
        looked.findings.push(warn(
            "frozen",
            what,
            "`sekisho db unfreeze` lets writes go on, if no move to another database does",
        ));
    }
    if look.is_unfinished().await? {
        return Err(Error::Unfinished);
    }
    for what in look.intruders().await? {
        let mend = "`sekisho db check` names them all; one that nobody here made goes with `drop trigger` or `drop view`, \
                    one of an adoption in place comes back when that is run again";
        looked.findings.push(warn("triggers", what, mend));
    }
    Ok(())
}

async fn log_is_kept(look: &mut Look, looked: &mut Looked) -> Result<(), Error> {
    if !look.keeps_log().await? {
        looked.findings.push(warn(
            "journal_mode",
            "the file is not in WAL mode: another program has changed that",
            "start the server, which sets it; if it does not last, the file system has no shared memory (NFS, SMB): \
             keep the database on a local disk",
        ));
    }
    Ok(())
}

/// An application that verifies the hashes itself must be able to read every one that is written meanwhile.
fn beside(settings: &Settings, since: Timestamp) -> Finding {
    let since = rfc3339(since);
    let password = &settings.password;
    if password.scheme == Scheme::Bcrypt && !password.rehash {
        return ok("beside", format!("an application uses the same database, since {since}"));
    }
    fail(
        "beside",
        format!(
            "an application uses the same database since {since}, and the hashes written now are none that it reads"
        ),
        "set password.scheme = \"bcrypt\" and password.rehash = false, or end the trial with `sekisho adopt --release`",
    )
}

/// What is wrong with PostgreSQL's database, and what mends it where that is not what mends a file.
fn refused_by_server(at: &str, error: &Error) -> Finding {
    let mend = match error {
        Error::Corrupt { .. } | Error::SchemaDiffers { .. } | Error::Misuse { .. } => {
            "`sekisho db check` says what is damaged; docs/backup.md says how a backup of PostgreSQL comes back"
        }
        Error::Foreign { .. } | Error::SchemaNewer { .. } | Error::Unfinished => return refused(at, error),
        Error::Busy { .. } => "find out who holds it: pg_locks and pg_stat_activity say so",
        _ => "see to PostgreSQL and the address: does it answer, and may this role use the schema?",
    };
    fail("database", format!("{at}: {error}"), mend)
}

fn refused(at: &str, error: &Error) -> Finding {
    let mend = match error {
        Error::Foreign { .. } => "`sekisho adopt` takes its users over; or name another file in DATABASE_URL",
        Error::SchemaNewer { .. } => {
            "start the newer version, or restore a backup from before it (docs/backup.md)"
        }
        Error::Corrupt { .. } | Error::SchemaDiffers { .. } | Error::Misuse { .. } => {
            "`sekisho db check` says what is damaged; `sekisho db restore FILE` puts a backup in its place"
        }
        Error::Unfinished => {
            "run the same `sekisho db copy` again, which begins it anew; or name another database"
        }
        Error::Busy { .. } => "find out who holds it: `fuser` on the file",
        _ => "see to the file and its folder: are they there, and may the server's user read and write them?",
    };
    fail("database", format!("{at}: {error}"), mend)
}

/// Tried only while somebody has the file open: nobody else can hold its lock, and where a crash left a log, trying
/// would bring that into the file.
fn lock(path: &Path, server: &Server) -> Finding {
    let users = users_of(path);
    if users.is_empty() && *server == Server::Stopped {
        return ok("lock", "nobody has the database open");
    }
    let users: Vec<_> = users.iter().map(|pid| format!("{} (process {pid})", name_of(*pid))).collect();
    let by = if users.is_empty() { "another process".to_owned() } else { users.join(", ") };
    match is_writable(path, PATIENCE) {
        Ok(true) => ok("lock", format!("open by {by}, and can be written")),
        Ok(false) => fail(
            "lock",
            format!("the lock for writing is held for {} s and longer; open by {by}", PATIENCE.as_secs()),
            "end the transaction that holds it, or its process: until then every write is answered 503",
        ),
        Err(error) => {
            let mend = "see to the file's owner and mode, and whether its disk is read-only or full";
            fail("lock", error.to_string(), mend)
        }
    }
}

/// A log that grew and stays so.
fn log(settings: &Settings) -> Option<Finding> {
    let files = database_files(settings);
    let log = files.iter().find(|path| path.as_os_str().as_encoded_bytes().ends_with(b"-wal"))?;
    let length = std::fs::metadata(log).ok()?.len();
    (length > LONG_LOG).then(|| {
        warn(
            "log",
            format!(
                "{} has {} MiB: some program holds an old state of the database",
                log.display(),
                length / 1_048_576
            ),
            "end long reads of the file (`fuser` names the processes); the log shrinks by itself then",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;
    use sekisho_core::settings::{SecretFiles, layer_from_toml, resolve};

    #[test]
    fn beside_an_application_only_hashes_that_it_reads_are_written() {
        for (toml, state) in [
            ("", State::Fail),
            ("password.scheme = \"bcrypt\"", State::Fail),
            ("password.scheme = \"bcrypt\"\npassword.rehash = false", State::Ok),
        ] {
            let (settings, _) =
                resolve(&[layer_from_toml(toml, "sekisho.toml").unwrap()], &SecretFiles::default()).unwrap();
            assert_eq!(beside(&settings, Timestamp::from_seconds(0)).state, state, "{toml}");
        }
    }
}
