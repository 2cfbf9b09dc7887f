//! Opening what a command works on: the configuration, the keys, the database.

use super::exit::Stop;
use super::own_files::OwnFiles;
use crate::app::{App, Parts};
use crate::config::key_ring::key_ring;
use crate::config::root_key::{self, RootKey};
use crate::config::{self, Flags};
use crate::database::restore;
use crate::failure::Failure;
use crate::system::{SystemClock, SystemDice};
use crate::telemetry::AuthTrace;
use sekisho_core::settings::{DatabaseUrl, Settings};
use sekisho_core::{Actor, Clock as _, Ctx, RequestId, dice, keys};
use sekisho_store::{Dialect, EchoHook, Look, NO_POSTGRESQL, OpenOptions, Store, resolved};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the right root key is, on one node and on several.
const FROM_BACKUP: &str = "put the right file back from your backup";
const FROM_A_NODE: &str = "copy the file of another node, or put it back from your backup";

/// How a command reaches the server's state: it opens the same database, whether a server runs on it or not.
pub(super) struct Open {
    flags: Flags,
    /// Whether a database is made where there is none.
    make: bool,
    /// Whether it is made beside an application's tables.
    among_others: bool,
}

impl Open {
    /// With what the command line says about the configuration.
    pub(super) fn new(flags: Flags) -> Open {
        Open { flags, make: false, among_others: false }
    }

    /// The same, for the one command that may be the first: it makes the database where there is none.
    pub(super) fn or_make(mut self) -> Open {
        self.make = true;
        self
    }

    /// The same, where an application's tables are in the same database of PostgreSQL and ours are to stand beside them.
    pub(super) fn among_others(mut self) -> Open {
        self.among_others = true;
        self
    }

    /// The files that a command must not write over.
    pub(super) fn own_files(&self) -> Result<OwnFiles, Stop> {
        Ok(OwnFiles::of(&config::load(&self.flags)?))
    }

    /// Whether there is a database of ours already.
    pub(super) fn has_database(&self) -> Result<bool, Stop> {
        let settings = config::load(&self.flags)?.settings;
        match &settings.storage.database_url {
            DatabaseUrl::Sqlite(path) => Ok(resolved(path).exists()),
            url => {
                let look = runtime()?.block_on(Look::at(url));
                Ok(look.map_err(|error| refused(&settings, &error))?.is_some())
            }
        }
    }

    /// Opens everything, runs the command on it, and closes it again.
    pub(super) fn block_on<T>(
        &self,
        command: impl AsyncFnOnce(Arc<App>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut settings = config::load(&self.flags)?.settings;
        let new = match self.make {
            true => database_file(&settings).is_some_and(|file| !file.exists()),
            false => !self.has_database()?,
        };
        if new && !self.make {
            let (at, or) = match database_file(&settings) {
                Some(file) => (file.display().to_string(), "; or say --data DIR"),
                None => (settings.storage.database_url.redacted(), ""),
            };
            return Err(Stop::usage(format!(
                "no database at {at}: `sekisho serve` or `sekisho user add` makes one{or}"
            )));
        }
        if new {
            // The root key, which makes its own directory, may lie elsewhere.
            root_key::make_directory(&settings.storage.data_dir)?;
        }
        // One command hashes one password.
        settings.hashing.threads = 1;
        runtime()?.block_on(async {
            if self.among_others {
                make_among_others(&settings).await?;
            }
            let root = root(&settings).await?;
            let app = app(settings, &root, AuthTrace::off(), None).await?;
            command(app).await
        })
    }
}

/// What is done at the command line, where no server's state is at hand.
pub(super) fn operator() -> Ctx {
    Ctx {
        request_id: RequestId::new(dice::array(&SystemDice)),
        peer: None,
        agent: None,
        actor: Actor::Operator,
        now: SystemClock.now(),
    }
}

/// What a command runs on: one thread.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Stop> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::unavailable(format!("cannot start: {error}")))
}

/// The SQLite file of these settings, for a command that works on nothing else.
pub(super) fn sqlite_path(settings: &Settings) -> Result<PathBuf, Stop> {
    database_file(settings).ok_or_else(|| Stop::usage(format!("storage.database_url: {NO_POSTGRESQL}")))
}

/// The SQLite file of these settings; where they name a symbolic link, the one that it leads to. None on PostgreSQL.
pub(super) fn database_file(settings: &Settings) -> Option<PathBuf> {
    match &settings.storage.database_url {
        DatabaseUrl::Sqlite(path) => Some(resolved(path)),
        DatabaseUrl::Postgres(_) => None,
    }
}

/// How the database of these settings is opened.
pub(super) fn options(settings: &Settings, echo: Option<EchoHook>) -> OpenOptions {
    OpenOptions {
        echo,
        lock_wait: settings.storage.lock_timeout,
        pool: settings.storage.pool,
        measure: settings.metrics.listen.is_some(),
        ..OpenOptions::new(SystemClock.now())
    }
}

/// The root key: read, or made where there is neither a key nor a database that was made with one.
pub(super) async fn root(settings: &Settings) -> Result<RootKey, Stop> {
    if let Some(root) = root_key::read(settings)? {
        return Ok(root);
    }
    let file = database_file(settings);
    // Opening a file that is not there would make it, and the key comes first.
    if file.as_ref().is_none_or(|file| file.exists()) {
        let store = store(settings, None).await?;
        if fingerprint(&store).await.map_err(Failure::from)?.is_some() {
            let (database, mend) = match &file {
                Some(file) => (file.display().to_string(), FROM_BACKUP),
                None => (settings.storage.database_url.redacted(), FROM_A_NODE),
            };
            return Err(Stop::usage(format!(
                "the root key {} is missing, and the database {database} was made with it: {mend}",
                root_key::path(settings).display()
            )));
        }
        store.close().await;
    }
    Ok(root_key::make(settings, &SystemDice)?)
}

/// Makes our tables beside an application's; whoever opens the database later finds them there.
async fn make_among_others(settings: &Settings) -> Result<(), Stop> {
    // That no root key is named must show before.
    root_key::read(settings)?;
    let options = OpenOptions { among_others: true, ..options(settings, None) };
    let opened = Store::open(&settings.storage.database_url, options).await;
    opened.map_err(|error| refused(settings, &error))?.close().await;
    Ok(())
}

async fn store(settings: &Settings, echo: Option<EchoHook>) -> Result<Store, Stop> {
    if let Some(file) = database_file(settings) {
        whole(&file)?;
    }
    let opened = Store::open(&settings.storage.database_url, options(settings, echo)).await;
    opened.map_err(|error| refused(settings, &error))
}

/// Why the database was not opened, and what can be done about that.
fn refused(settings: &Settings, error: &sekisho_store::Error) -> Stop {
    let url = &settings.storage.database_url;
    let line = format!("{}: {error}", url.redacted());
    let mut stop = match (url, error) {
        // Only another address mends it: there is no use in starting again with the same.
        (DatabaseUrl::Postgres(_), sekisho_store::Error::Misuse { .. }) => Stop::usage(line),
        _ => Stop::unavailable(line),
    };
    if let sekisho_store::Error::Foreign { .. } = error {
        let (what, its) = match url {
            DatabaseUrl::Sqlite(path) => (path.display().to_string(), "this file"),
            DatabaseUrl::Postgres(address) => (address.redacted(), "this database"),
        };
        stop.lines.extend(ways_to_adopt(&what, its));
    }
    stop
}

/// Stops where a restore was ended in the middle.
pub(super) fn whole(database: &Path) -> Result<(), Stop> {
    restore::cut_short(database).map_or(Ok(()), |line| Err(Stop::usage(line)))
}

/// What to type where the database is an application's.
fn ways_to_adopt(path: &str, its: &str) -> [String; 3] {
    [
        format!(
            "`sekisho adopt {path} --app DIR --in-place` puts Sekisho's tables into {its}, beside the application's"
        ),
        format!(
            "`sekisho adopt {path} --app DIR`, with a DATABASE_URL of Sekisho's own or none, copies users and items"
        ),
        "DIR is the application's folder; with --dry-run either says what it would do".to_owned(),
    ]
}

/// Opens the database and puts the server's state together.
pub(super) async fn app(
    settings: Settings,
    root: &RootKey,
    trace: AuthTrace,
    echo: Option<EchoHook>,
) -> Result<Arc<App>, Stop> {
    let store = store(&settings, echo).await?;
    belongs_to(&store, root).await?;
    let keys = key_ring(&settings, root)?;
    Ok(App::new(Parts {
        settings,
        keys,
        dummy_key: root.derive(keys::DUMMY),
        limits_key: root.derive(keys::LIMITS),
        store,
        clock: Arc::new(SystemClock),
        dice: Arc::new(SystemDice),
        trace,
    }))
}

/// Stops where the database was made with another root key; a new database is told which one is its own.
async fn belongs_to(store: &Store, root: &RootKey) -> Result<(), Stop> {
    let own = root.fingerprint();
    let kept = kept_fingerprint(store, &own).await.map_err(Failure::from)?;
    if kept == own {
        return Ok(());
    }
    let mend = match store.dialect() {
        Dialect::Sqlite => FROM_BACKUP,
        Dialect::Postgres => FROM_A_NODE,
    };
    Err(Stop::usage(format!(
        "{} is not the root key of this database (fingerprint {own}, not {kept}): {mend}",
        root.path.display()
    )))
}

/// What the database holds; of two processes that start on a new one, on whatever nodes, the second finds the first one's.
async fn kept_fingerprint(store: &Store, own: &str) -> Result<String, sekisho_store::Error> {
    if let Some(kept) = fingerprint(store).await? {
        return Ok(kept);
    }
    let mut tx = store.begin().await?;
    let kept = tx.agree_on_meta(root_key::KEPT_AS, own).await?;
    tx.commit().await?;
    Ok(kept)
}

async fn fingerprint(store: &Store) -> Result<Option<String>, sekisho_store::Error> {
    store.read().await?.meta(root_key::KEPT_AS).await
}
