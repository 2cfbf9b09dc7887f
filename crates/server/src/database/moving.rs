//! Moving a whole database into another one, and back.

use std::path::Path;

use sekisho_core::Timestamp;
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{
    CopyError, Error, Look, OpenOptions, Source, Step, TableCopied, Target, TargetState, copy_rows, resolved,
    target_state,
};

use super::Problem;
use super::place::with_end;
use crate::config::root_key;

/// What is to be copied, and where to.
pub struct Plan<'a> {
    /// The database that is read.
    pub from: &'a DatabaseUrl,
    /// The database that is written, and must be empty.
    pub to: &'a DatabaseUrl,
    /// Time-outs and connections.
    pub options: OpenOptions,
    /// Tables of a library user's own may stay behind.
    pub leave_own_tables: bool,
}

/// A plan that was looked at and can be carried out.
pub struct Planned<'a> {
    plan: Plan<'a>,
    source: Source,
    /// Since when the source is frozen, if it is.
    pub frozen_since: Option<Timestamp>,
    /// How many rows of each table are copied.
    pub counts: Vec<(&'static str, u64)>,
    /// The sets of a library user's own tables that stay behind.
    pub left: Vec<String>,
    /// What the target is now.
    pub target: TargetState,
    /// Of the root key that belongs to the database.
    pub fingerprint: Option<String>,
}

/// Looks at both databases and changes neither.
pub async fn plan(plan: Plan<'_>) -> Result<Planned<'_>, Problem> {
    let (from, to) = (plan.from, plan.to);
    if place(from) == place(to) {
        return Err(Problem::Usage("source and target are the same database".to_owned()));
    }
    let of_source = |error: Error| at(from, &error);
    let mut source = Source::open(from, plan.options.clone()).await.map_err(of_source)?;
    if source.stands_beside().await.map_err(of_source)? {
        return Err(Problem::Refused(format!(
            "{}: an application uses the same database, and its table of users is kept in step: end that first, with `sekisho \
             adopt --release`",
            from.redacted()
        )));
    }
    let left = source.other_owners().await.map_err(of_source)?;
    if !left.is_empty() && !plan.leave_own_tables {
        return Err(Problem::Refused(format!(
            "{}: it has tables of your own as well ({}), which are not copied: copy them yourself after this, and say \
             --leave-own-tables",
            from.redacted(),
            left.join(", ")
        )));
    }
    let target = target_state(to, plan.options.clone()).await.map_err(|error| at(to, &error))?;
    let fingerprint = source.meta(root_key::KEPT_AS).await.map_err(of_source)?;
    if let (TargetState::Holds(table), Some(ours)) = (&target, &fingerprint) {
        let look = Look::if_any(to, plan.options.clone()).await;
        if let Some(mut look) = look.map_err(|error| at(to, &error))?
            && look.meta(root_key::KEPT_AS).await.map_err(|error| at(to, &error))?.as_ref() == Some(ours)
        {
            return Err(Problem::Refused(format!(
                "{}: it is not empty: there are rows in {table}, of a database with the same root key, such as an earlier copy of \
                 this one that was finished. To copy anew, stop the servers on it, and drop and create the database (or its \
                 schema; of SQLite, move the file away)",
                to.redacted()
            )));
        }
    }
    refuse(to, &target)?;
    free_place(to)?;
    Ok(Planned {
        frozen_since: source.frozen_since().await.map_err(of_source)?,
        counts: source.counts().await.map_err(of_source)?,
        fingerprint,
        left,
        target,
        source,
        plan,
    })
}

impl Planned<'_> {
    /// Rows in all.
    pub fn rows(&self) -> u64 {
        self.counts.iter().map(|(_, rows)| rows).sum()
    }

    /// Copies, reads back, and opens the target for use: what each table holds on both sides.
    ///
    /// Ended before that, the target says of itself that it is unfinished, and another run begins anew.
    pub async fn carry_out(mut self, each: impl FnMut(Step)) -> Result<Vec<TableCopied>, Problem> {
        let Plan { from, to, options, .. } = self.plan;
        let now = options.now;
        let target = Target::claim(to, options, now).await.map_err(|error| at(to, &error))?;
        let target = match target {
            Ok(target) => target,
            Err(state) => {
                refuse(to, &state)?;
                return Err(Problem::Unavailable(format!("{}: it has changed meanwhile", to.redacted())));
            }
        };
        let unfinished = |line: String| format!("{line}; the copy is unfinished: run it again");
        let copied = copy_rows(&mut self.source, &target, each).await.map_err(|error| match error {
            CopyError::Source(error) => at(from, &error).map(unfinished),
            CopyError::Target(error) => at(to, &error).map(unfinished),
            differs @ CopyError::Differs { .. } => Problem::Refused(unfinished(differs.to_string())),
        })?;
        if self.source.overtaken() {
            let line = format!("{}: somebody has opened it meanwhile", from.redacted());
            return Err(Problem::Unavailable(unfinished(line)));
        }
        target.finish(&mut self.source).await.map_err(|error| at(to, &error).map(unfinished))?;
        Ok(copied)
    }
}

/// The same place for every spelling of a file's path.
fn place(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => {
            let path = resolved(path);
            path.canonicalize().unwrap_or(path).display().to_string()
        }
        DatabaseUrl::Postgres(_) => url.redacted(),
    }
}

/// A new file has a folder, and no log of another one lies beside it: that may hold the last commits of a database that was
/// moved away without it, and SQLite would throw it away.
fn free_place(to: &DatabaseUrl) -> Result<(), Problem> {
    let DatabaseUrl::Sqlite(path) = to else { return Ok(()) };
    let path = resolved(path);
    let length = |path: &Path| path.metadata().map_or(0, |meta| meta.len());
    if length(&path) > 0 {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        return Err(Problem::Refused(format!("{}: there is no folder {}", to.redacted(), folder.display())));
    }
    let log = with_end(&path, "-wal");
    if length(&log) > 0 {
        return Err(Problem::Refused(format!(
            "{} is part of a database that was here before and may hold its last changes: move it to where that database is now",
            log.display()
        )));
    }
    Ok(())
}

/// Only what is empty, or what an earlier copy left, is written into.
fn refuse(to: &DatabaseUrl, state: &TargetState) -> Result<(), Problem> {
    let why = match state {
        TargetState::New | TargetState::Empty | TargetState::Unfinished => return Ok(()),
        TargetState::Holds(table) => {
            format!("it is not empty: there are rows in {table}. Name a database of its own")
        }
        TargetState::Started => {
            "a server was started on it and may be running: name a database on which none was".to_owned()
        }
        TargetState::OtherSchema { found, known } => {
            format!("its schema is version {found}, and this program makes version {known}")
        }
    };
    Err(Problem::Refused(format!("{}: {why}", to.redacted())))
}

/// What the store says of a database.
pub(crate) fn at(url: &DatabaseUrl, error: &Error) -> Problem {
    let line = format!("{}: {error}", url.redacted());
    match error {
        Error::Corrupt { .. }
        | Error::Foreign { .. }
        | Error::SchemaNewer { .. }
        | Error::SchemaDiffers { .. }
        | Error::Misuse { .. } => Problem::Refused(line),
        _ => Problem::Unavailable(line),
    }
}

impl Problem {
    fn map(self, change: impl FnOnce(String) -> String) -> Problem {
        match self {
            Problem::Refused(line) => Problem::Refused(change(line)),
            Problem::Usage(line) => Problem::Usage(change(line)),
            Problem::Unavailable(line) => Problem::Unavailable(change(line)),
        }
    }
}
