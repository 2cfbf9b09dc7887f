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
use sekisho_store::{EchoHook, NO_POSTGRESQL, OpenOptions, Store, resolved};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a command reaches the server's state: it opens the same file, whether a server runs on it or not.
pub(super) struct Open {
    flags: Flags,
    /// Whether a database is made where there is none.
    make: bool,
}

impl Open {
    /// With what the command line says about the configuration.
    pub(super) fn new(flags: Flags) -> Open {
        Open { flags, make: false }
    }

    /// The same, for the one command that may be the first: it makes the database where there is none.
    pub(super) fn or_make(mut self) -> Open {
        self.make = true;
        self
    }

    /// The files that a command must not write over.
    pub(super) fn own_files(&self) -> Result<OwnFiles, Stop> {
        Ok(OwnFiles::of(&config::load(&self.flags)?))
    }

    /// Whether there is a database already.
    pub(super) fn has_database(&self) -> Result<bool, Stop> {
        Ok(sqlite_path(&config::load(&self.flags)?.settings)?.exists())
    }

    /// Opens everything, runs the command on it, and closes it again.
    pub(super) fn block_on<T>(
        &self,
        command: impl AsyncFnOnce(Arc<App>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut settings = config::load(&self.flags)?.settings;
        let database = sqlite_path(&settings)?;
        if !self.make && !database.exists() {
            return Err(Stop::usage(format!(
                "no database at {}: `sekisho serve` or `sekisho user add` makes one; or say --data DIR",
                database.display()
            )));
        }
        if !database.exists() {
            // The root key, which makes its own directory, may lie elsewhere.
            root_key::make_directory(&settings.storage.data_dir)?;
        }
        // One command hashes one password.
        settings.hashing.threads = 1;
        runtime()?.block_on(async {
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

/// The SQLite file of these settings; where they name a symbolic link, the one that it leads to.
pub(super) fn sqlite_path(settings: &Settings) -> Result<PathBuf, Stop> {
    match &settings.storage.database_url {
        DatabaseUrl::Sqlite(path) => Ok(resolved(path)),
        DatabaseUrl::Postgres(_) => Err(Stop::usage(format!("storage.database_url: {NO_POSTGRESQL}"))),
    }
}

/// The root key: read, or made where there is neither a key nor a database that was made with one.
pub(super) async fn root(settings: &Settings) -> Result<RootKey, Stop> {
    if let Some(root) = root_key::read(settings)? {
        return Ok(root);
    }
    let database = sqlite_path(settings)?;
    if database.exists() {
        let store = store(settings, None).await?;
        if fingerprint(&store).await.map_err(Failure::from)?.is_some() {
            return Err(Stop::usage(format!(
                "the root key {} is missing, and the database {} was made with it: put the file back from your backup",
                root_key::path(settings).display(),
                database.display()
            )));
        }
    }
    Ok(root_key::make(settings, &SystemDice)?)
}

async fn store(settings: &Settings, echo: Option<EchoHook>) -> Result<Store, Stop> {
    let url = &settings.storage.database_url;
    whole(&sqlite_path(settings)?)?;
    let mut options = OpenOptions::new(SystemClock.now());
    options.echo = echo;
    options.measure = settings.metrics.listen.is_some();
    Store::open(url, options).await.map_err(|error| {
        let mut stop = Stop::unavailable(format!("{}: {error}", url.redacted()));
        if let (sekisho_store::Error::Foreign { .. }, DatabaseUrl::Sqlite(path)) = (&error, url) {
            stop.lines.extend(ways_to_adopt(path));
        }
        stop
    })
}

/// Stops where a restore was ended in the middle.
pub(super) fn whole(database: &Path) -> Result<(), Stop> {
    restore::cut_short(database).map_or(Ok(()), |line| Err(Stop::usage(line)))
}

/// What to type where the database is an application's.
fn ways_to_adopt(path: &Path) -> [String; 3] {
    let path = path.display();
    [
        format!(
            "`sekisho adopt {path} --app DIR --in-place` puts Sekisho's tables into this file, beside the application's"
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
    sqlite_path(&settings)?;
    let store = store(&settings, echo).await?;
    belongs_to(&store, root).await?;
    let keys = key_ring(&settings, root)?;
    Ok(App::new(Parts {
        settings,
        keys,
        dummy_key: root.derive(keys::DUMMY),
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
    Err(Stop::usage(format!(
        "{} is not the root key of this database (fingerprint {own}, not {kept}): put the right file back from your backup",
        root.path.display()
    )))
}

/// What the database holds; of two processes that start on a new one, the second finds the first one's.
async fn kept_fingerprint(store: &Store, own: &str) -> Result<String, sekisho_store::Error> {
    if let Some(kept) = fingerprint(store).await? {
        return Ok(kept);
    }
    let mut tx = store.begin().await?;
    if let Some(kept) = tx.meta(root_key::KEPT_AS).await? {
        return Ok(kept);
    }
    tx.set_meta(root_key::KEPT_AS, own).await?;
    tx.commit().await?;
    Ok(own.to_owned())
}

async fn fingerprint(store: &Store) -> Result<Option<String>, sekisho_store::Error> {
    store.read().await?.meta(root_key::KEPT_AS).await
}
