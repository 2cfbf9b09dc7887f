//! Adopting an application's users in its own database, which it goes on reading: one transaction after a verified copy.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sekisho_core::adopt::Mapping;
use sekisho_core::beside::{self, Problem, Roles, SetValue, Standing, Table};
use sekisho_core::settings::DatabaseUrl;
use sekisho_core::{Timestamp, rfc3339};
use sekisho_store::{OpenOptions, Progress, Store, TrialFailure, Tx, resolved};

/// Why it did not happen; the application's database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum InPlaceError {
    /// The table can't be kept in step as it is: each line says what to add.
    #[error("{} things are in the way", .0.len())]
    Problems(Vec<Problem>),
    /// This role of PostgreSQL may not do what it would have to: each line is the statement by which an owner allows it.
    #[error("{} rights are missing", .0.len())]
    Rights(Vec<String>),
    /// The trial failed: the application's table did not take what it would have to take later.
    #[error("trying it out failed at {}: {}", .0.step, .0.reason)]
    Trial(TrialFailure),
    /// No database stands beside an application there.
    #[error("{0} was not adopted in place, or its trial is over")]
    NotBeside(String),
    /// Servers are at work in the database.
    #[error("{sessions} sessions of `sekisho serve` are open in {database}: stop it first")]
    InUse {
        /// The database.
        database: String,
        /// How many.
        sessions: u64,
    },
    /// The copy could not be written.
    #[error("{}: {error}", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The database.
    #[error("{0}")]
    Store(#[from] sekisho_store::Error),
}

/// An adoption that has begun: whoever else writes users waits until it is finished or dropped, which undoes it.
pub struct InPlace {
    url: DatabaseUrl,
    copy: Copy,
    store: Store,
    tx: Tx,
    standing: Standing,
    before: Option<(Standing, Vec<String>)>,
    /// How many rows were changed so far.
    mended: u64,
    now: Timestamp,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stands {
    /// The copy of the file or of the table as it was before; none where nothing was to be done.
    pub copy: Option<String>,
    /// How many of the application's rows are kept in step.
    pub linked: u64,
    /// How many users the application could not let in by itself, since it does not read their hashes.
    pub unreadable: u64,
    /// How many users are here whose row the application has deleted.
    pub gone: u64,
    /// Why the file has no write-ahead log yet though nobody is at work in it: the next start of the server tries again.
    pub no_log: Option<String>,
}

impl InPlace {
    /// Checks that the table can be kept in step, holds off whoever writes users, makes the verified copy, and makes our
    /// tables.
    ///
    /// The application reads on meanwhile; what it wants to write waits. Blocks while a file is copied.
    pub async fn begin(
        url: &DatabaseUrl,
        mapping: &Mapping,
        sets: &[SetValue],
        now: Timestamp,
        each: impl FnMut(Progress),
    ) -> Result<InPlace, InPlaceError> {
        let store = Store::open_in_place(url, OpenOptions::new(now).patient()).await?;
        let mut tx = store.begin().await?;
        // The application's table is read while it holds the locks and says nothing.
        tx.take_time().await?;
        let table = planned(&mut tx, mapping, sets).await?;
        tx.hold_users_beside(table.schema.as_deref(), &table.name).await?;
        if planned(&mut tx, mapping, sets).await? != table {
            return Err(InPlaceError::Store(sekisho_store::Error::Conflict));
        }
        let journal_mode = tx.journal_mode().await?;
        // The state that is held: nobody writes between the copy and the adoption.
        let copy = Copy::make(url, &mut tx, &table, now, each).await?;
        tx.make_schema(now).await?;
        let mut mended = 0;
        let before = match tx.standing().await? {
            Some(standing) => Some((standing, tx.made_beside().await?)),
            None => None,
        };
        tx.stand_aside().await?;
        // Only of the same table: of another, all rows would seem to be gone.
        if let Some((before, _)) = &before
            && (&before.table.schema, &before.table.name, &before.table.id)
                == (&table.schema, &table.name, &table.id)
        {
            mended += tx.note_rows_gone(&table).await?;
        }
        tx.rejoin(&table).await?;
        let journal_mode = before.as_ref().map_or(journal_mode, |(before, _)| before.journal_mode.clone());
        let standing = Standing { since: now.as_micros(), copy: copy.name(), journal_mode, table };
        Ok(InPlace { url: url.clone(), copy, store, tx, standing, before, mended, now })
    }

    /// From where the rows are to be read: the copy of a file, since reading the file itself would wait for this
    /// transaction's end; PostgreSQL itself, where nobody writes them now.
    pub fn source(&self) -> DatabaseUrl {
        match &self.copy {
            Copy::File(copy) => DatabaseUrl::Sqlite(copy.path.clone()),
            Copy::Table(_) => self.url.clone(),
        }
    }

    /// The transaction into which the users are to be written.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// Links users and rows, makes the triggers, tries them out, and makes all of it durable.
    ///
    /// Where it stood already, nothing `came` and nothing had to be mended, nothing is written and no copy stays.
    pub async fn finish(self, came: bool) -> Result<Stands, InPlaceError> {
        let InPlace { url, copy, store, mut tx, standing, before, mended, now } = self;
        let mended = mended + tx.stand_beside(&standing).await?.map_err(InPlaceError::Trial)?;
        let (linked, unreadable, gone) =
            (tx.links().await?, tx.unreadable_beside().await?, tx.rows_gone().await?);
        let made = tx.made_beside().await?;
        let stood = before.is_some_and(|(before, was)| was == made && before.table == standing.table);
        if stood && !came && mended == 0 {
            return Ok(Stands { copy: None, linked, unreadable, gone, no_log: None });
        }
        tx.commit().await?;
        let copy = copy.keep();
        store.close().await;
        let no_log = match url {
            DatabaseUrl::Postgres(_) => None,
            // From now on both write: a log lets readers go on meanwhile. Where the application is just at work, the first
            // start of the server does it; whatever else goes wrong, the users have come.
            DatabaseUrl::Sqlite(_) => match Store::open(&url, OpenOptions::new(now)).await {
                Ok(store) => {
                    store.close().await;
                    None
                }
                Err(sekisho_store::Error::Busy { .. }) => None,
                Err(error) => Some(error.to_string()),
            },
        };
        Ok(Stands { copy: Some(copy), linked, unreadable, gone, no_log })
    }
}

/// Whether the table can be kept in step, without doing anything: what a dry run says.
pub async fn check(
    url: &DatabaseUrl,
    mapping: &Mapping,
    sets: &[SetValue],
    now: Timestamp,
) -> Result<(), InPlaceError> {
    let store = Store::open_in_place(url, OpenOptions::new(now).patient()).await?;
    planned(&mut store.begin().await?, mapping, sets).await.map(drop)
}

/// What is written into the application's table and how, or what is in the way.
async fn planned(tx: &mut Tx, mapping: &Mapping, sets: &[SetValue]) -> Result<Table, InPlaceError> {
    let (schema, name) = (mapping.table.schema.as_deref(), mapping.table.name.as_str());
    let columns = tx.columns_of(schema, name).await?;
    let planned = beside::plan(name, &columns, &roles(mapping)?, sets).map_err(InPlaceError::Problems)?;
    let table = Table { schema: tx.schema_of(schema, name).await?, ..planned };
    match tx.rights_missing(&table).await? {
        missing if missing.is_empty() => Ok(table),
        missing => Err(InPlaceError::Rights(missing)),
    }
}

/// Which column stands for what, as the mapping found it.
fn roles(mapping: &Mapping) -> Result<Roles<'_>, InPlaceError> {
    let column = |at: usize| mapping.table.columns.get(at).map(|column| column.name.as_str());
    let named = |at: Option<usize>| at.and_then(column);
    let hash = named(mapping.password).ok_or(InPlaceError::Problems(vec![Problem::NoHash]))?;
    Ok(Roles {
        id: named(Some(mapping.id)).unwrap_or_default(),
        username: named(mapping.username),
        email: named(mapping.email),
        full_name: named(mapping.full_name),
        hash,
        disabled: named(mapping.disabled)
            .map(|column| (column, false))
            .or_else(|| named(mapping.active).map(|column| (column, true))),
    })
}

/// What is kept of the time before.
pub(super) enum Copy {
    /// A copy of the whole file, beside it.
    File(FileCopy),
    /// A copy of the application's table, beside it; undone with the transaction.
    Table(String),
}

impl Copy {
    /// Makes a copy as part of what a transaction does, under a name with the time: of the file as it is at this moment, on
    /// PostgreSQL of the table.
    pub(super) async fn make(
        url: &DatabaseUrl,
        tx: &mut Tx,
        table: &Table,
        now: Timestamp,
        each: impl FnMut(Progress),
    ) -> Result<Copy, InPlaceError> {
        let time: String =
            rfc3339::write(now).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
        match url {
            DatabaseUrl::Sqlite(path) => FileCopy::make(&resolved(path), &time, each).map(Copy::File),
            DatabaseUrl::Postgres(_) => {
                let end = time.to_ascii_lowercase().replace('.', "_");
                Ok(Copy::Table(tx.copy_table(table, &end).await?))
            }
        }
    }

    /// What a person calls it: a path, or a table.
    pub(super) fn name(&self) -> String {
        match self {
            Copy::File(copy) => copy.path.display().to_string(),
            Copy::Table(name) => name.clone(),
        }
    }

    /// What a person calls it, for good.
    pub(super) fn keep(mut self) -> String {
        if let Copy::File(copy) = &mut self {
            copy.kept = true;
        }
        self.name()
    }
}

/// A verified copy beside a file; dropped before it is kept it is removed.
pub(super) struct FileCopy {
    path: PathBuf,
    kept: bool,
}

impl FileCopy {
    /// Copies what the file holds at this moment to `NAME.before-sekisho-TIME`, with the file's own mode.
    fn make(file: &Path, time: &str, each: impl FnMut(Progress)) -> Result<FileCopy, InPlaceError> {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".before-sekisho-{time}"));
        let path = PathBuf::from(name);
        sekisho_store::copy(file, &path, each)?;
        let copy = FileCopy { path, kept: false };
        let cannot = |error| InPlaceError::Copy { path: copy.path.clone(), error };
        let mode = fs::metadata(file).map_err(cannot)?.permissions().mode() & 0o777;
        fs::set_permissions(&copy.path, fs::Permissions::from_mode(mode)).map_err(cannot)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot)?;
        Ok(copy)
    }
}

impl Drop for FileCopy {
    fn drop(&mut self) {
        if !self.kept {
            // It holds what the file still holds.
            let _ = fs::remove_file(&self.path);
        }
    }
}
