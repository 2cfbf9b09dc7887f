//! Putting a backup in the place of the database, which stays beside it under a dated name.
//!
//! The backup is copied to beside the place and verified there. Then two names change, the key's (only where it is
//! another one) and the database's; each change is whole or not at all. Killed between the two, the server refuses to
//! start, since key and database do not belong together, and the same command completes it.
//!
//! A database that can't be closed, since it is damaged, may have a log. That must neither meet the new database nor be
//! missing from the former one while that has the name: meanwhile a note beside them keeps everybody from starting.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sekisho_core::settings::DatabaseUrl;
use sekisho_core::{Dice, SecretBytes, Timestamp};
use sekisho_store::{Counts, Error, Look, Progress, copy, settle};
use zeroize::Zeroizing;

use super::Problem;
use super::backup::verified;
use super::check::check;
use super::keys::{self, Keys};
use super::place::{self, with_end};
use crate::config::{root_key, secret_file, secret_text};

/// What is to be restored, and where to. The caller holds the lock of the database, so that no server starts meanwhile.
pub struct Plan<'a> {
    /// The backup.
    pub from: &'a Path,
    /// The place of the database.
    pub database: &'a Path,
    /// The place of the root key.
    pub root_key: &'a Path,
    /// SECRET_KEY as this configuration has it.
    pub secret: Option<&'a SecretBytes>,
    /// Where a SECRET_KEY of the backup is put that this configuration has not; beside it, under a dated name, where another
    /// one is there.
    pub secret_file: &'a Path,
    /// Whether a backup is taken that the check finds something wrong in.
    pub force: bool,
    /// The time that dates what is replaced.
    pub now: Timestamp,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the database holds now.
    pub counts: Counts,
    /// Where the former database is, if there was one.
    pub former: Option<PathBuf>,
    /// Where the former root key is, if another one took its place.
    pub former_key: Option<PathBuf>,
    /// Whether the root key came out of the backup.
    pub root_key: bool,
    /// Where the backup's SECRET_KEY is now, if this configuration has another or none.
    pub secret_file: Option<PathBuf>,
}

/// Restores; until the last step nothing that is in use has changed.
pub async fn restore(
    plan: &Plan<'_>,
    dice: &dyn Dice,
    each: impl FnMut(Progress),
) -> Result<Restored, Problem> {
    let from = Look::open(plan.from).map_err(|error| Problem::of(plan.from, &error))?;
    drop(from);
    let settled = nobody_has_it_open(plan.database)?;
    let draft = place::draft(plan.database, dice);
    copy(plan.from, &draft, each).map_err(|error| Problem::of_copy(plan.from, plan.database, &error))?;
    let restored = swap(plan, &draft, settled, dice).await;
    if restored.is_err() {
        let _ = fs::remove_file(&draft);
    }
    restored
}

async fn swap(plan: &Plan<'_>, draft: &Path, settled: bool, dice: &dyn Dice) -> Result<Restored, Problem> {
    let (counts, fingerprint) = verified(draft).await?;
    if !plan.force {
        sound(plan.from, draft).await?;
    }
    let keys = keys::beside(plan.from)?;
    let date = dated(plan.now);
    let own = root_key::read_file(plan.root_key).map_err(|error| Problem::Usage(error.to_string()))?;
    belongs(plan, keys.as_ref(), own.as_ref().map(root_key::RootKey::fingerprint), fingerprint)?;

    let secret_file = match keys.as_ref().and_then(|keys| keys.secret.as_ref()) {
        Some(secret) if plan.secret.is_none_or(|own| own.expose() != secret.expose()) => {
            Some(keep_secret(plan.secret_file, secret, &date, dice)?)
        }
        _ => None,
    };
    let mut former_key = None;
    let mut moved_key = false;
    if let Some(Keys { root, .. }) = &keys
        && own.as_ref().map(root_key::RootKey::fingerprint).as_deref() != Some(root.fingerprint().as_str())
    {
        let bytes = Zeroizing::new(fs::read(&root.path).map_err(|error| Problem::io(&root.path, &error))?);
        former_key = put_file(plan.root_key, &bytes, &date, dice)?;
        moved_key = true;
    }
    let former = with_end(plan.database, &date);
    let replaced = put_database(plan.database, draft, &former, settled);
    let there_was = replaced.map_err(|error| Problem::io(plan.database, &error))?;
    Ok(Restored { counts, former: there_was.then_some(former), former_key, root_key: moved_key, secret_file })
}

/// Refuses a backup that a check finds something wrong in, such as a trigger that would undo what is done to users.
async fn sound(from: &Path, draft: &Path) -> Result<(), Problem> {
    let url = DatabaseUrl::Sqlite(draft.to_owned());
    // A file needs none.
    let options = sekisho_store::OpenOptions::new(Timestamp::from_micros(0));
    let report = check(&url, options, |_| ()).await.map_err(|error| Problem::of(from, &error))?;
    let Some(first) = report.findings.iter().find(|finding| !finding.rule.is_note()) else { return Ok(()) };
    let row = first.row.as_ref().map(|row| format!(" {row}")).unwrap_or_default();
    Err(Problem::Refused(format!(
        "{0} is {1} ({2}{row}: {3}): `sekisho db check {0}` says all; --force restores it as it is",
        from.display(),
        report.verdict(),
        first.rule.name(),
        first.what
    )))
}

/// Whether the log is in the file; refuses where another program has the database open, or it is an application's.
fn nobody_has_it_open(database: &Path) -> Result<bool, Problem> {
    if !database.exists() {
        return Ok(false);
    }
    match Look::open(database) {
        Ok(look) => drop(look),
        // What is damaged or another version's is replaced, and not touched before.
        Err(Error::Corrupt { .. } | Error::SchemaNewer { .. } | Error::SchemaDiffers { .. }) => {
            return Ok(false);
        }
        // Another application's, or in the middle of a write.
        Err(error) => return Err(Problem::of(database, &error)),
    }
    match settle(database) {
        Ok(true) => Ok(true),
        Ok(false) => Err(Problem::Unavailable(format!(
            "another program has {} open: stop it first",
            database.display()
        ))),
        Err(Error::Corrupt { .. }) => Ok(false),
        Err(error) => Err(Problem::of(database, &error)),
    }
}

/// Refuses a database whose root key would not be there: the server could not start on it.
fn belongs(
    plan: &Plan<'_>,
    keys: Option<&Keys>,
    own: Option<String>,
    wanted: Option<String>,
) -> Result<(), Problem> {
    let Some(wanted) = wanted else { return Ok(()) };
    let at = plan.root_key.display();
    match (keys.map(|keys| keys.root.fingerprint()), own) {
        (Some(brought), _) if brought == wanted => Ok(()),
        (Some(brought), _) => Err(Problem::Refused(format!(
            "{} is not the root key of this backup (fingerprint {brought}, not {wanted}): put the right one there, \
             or take the folder away and put the key at {at}",
            keys::folder_of(plan.from).join(root_key::FILE).display()
        ))),
        (None, Some(own)) if own == wanted => Ok(()),
        (None, Some(own)) => Err(Problem::Refused(format!(
            "{at} is not the root key of this backup (fingerprint {own}, not {wanted}): the server would not start; \
             put the key that belongs to the backup there"
        ))),
        (None, None) => Err(Problem::Refused(format!(
            "there is no root key at {at}, and the backup has none beside it: put the key with the fingerprint \
             {wanted} there first"
        ))),
    }
}

/// Puts the draft into the database's place; whether there was one before.
fn put_database(database: &Path, draft: &Path, former: &Path, settled: bool) -> io::Result<bool> {
    let there_was = database.exists();
    place::take_after(draft, database, true)?;
    let logs = if settled { Vec::new() } else { logs(database, former) };
    if !logs.is_empty() {
        leave_note(database)?;
    }
    let replaced = set_aside(&logs, database).and_then(|()| match there_was {
        true => place::replace(draft, database, former),
        false => place::put(draft, database),
    });
    if replaced.is_err() {
        let moved = logs.iter().filter(|(_, to)| to.exists());
        moved.into_iter().try_for_each(|(from, to)| fs::rename(to, from))?;
    } else {
        place::sync_folder(database)?;
    }
    lift_note(database)?;
    replaced.map(|()| there_was)
}

/// What lies beside a database that could not be closed, and where it goes along with that.
fn logs(database: &Path, former: &Path) -> Vec<(PathBuf, PathBuf)> {
    let names = ["-wal", "-journal"].map(|end| (with_end(database, end), with_end(former, end)));
    names.into_iter().filter(|(from, _)| from.exists()).collect()
}

/// Moves logs away, so that they never meet the new database.
fn set_aside(logs: &[(PathBuf, PathBuf)], database: &Path) -> io::Result<()> {
    logs.iter().try_for_each(|(from, to)| fs::rename(from, to))?;
    match fs::remove_file(with_end(database, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn leave_note(database: &Path) -> io::Result<()> {
    let note = note(database);
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&note)?.sync_all()?;
    place::sync_folder(&note)
}

/// The note that a restore was begun: no log counts, since it may be elsewhere.
fn note(database: &Path) -> PathBuf {
    with_end(database, ".restoring")
}

fn lift_note(database: &Path) -> io::Result<()> {
    match fs::remove_file(note(database)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome.and_then(|()| place::sync_folder(database)),
    }
}

/// Why this database is not to be used: a restore was ended in the middle.
pub fn cut_short(database: &Path) -> Option<String> {
    let note = note(database);
    note.exists().then(|| {
        format!(
            "{} says that a restore was ended before it was through: run `sekisho db restore` again",
            note.display()
        )
    })
}

/// Puts a SECRET_KEY where the operator can point to it, and says where: never over a file, which may be the key in force.
fn keep_secret(path: &Path, secret: &SecretBytes, date: &str, dice: &dyn Dice) -> Result<PathBuf, Problem> {
    let there = || secret_file(path).ok().flatten();
    if there().is_some_and(|there| there.expose() == secret.expose()) {
        return Ok(path.to_owned());
    }
    let free = if path.symlink_metadata().is_ok() {
        with_end(path, &format!(".from-backup{date}"))
    } else {
        path.to_owned()
    };
    put_file(&free, &secret_text(secret), date, dice)?;
    Ok(free)
}

/// Writes a secret into its place, synced; what was there is kept under the name that is given back.
fn put_file(path: &Path, bytes: &[u8], date: &str, dice: &dyn Dice) -> Result<Option<PathBuf>, Problem> {
    root_key::make_directory(place::folder(path)).map_err(|error| Problem::Usage(error.to_string()))?;
    let draft = place::draft(path, dice);
    let former = path.exists().then(|| with_end(path, date));
    let put = keys::write_secret(&draft, bytes).and_then(|()| {
        // Of the mode nothing is taken over: it is its owner's alone.
        place::take_after(&draft, path, false)?;
        match &former {
            Some(former) => place::replace(&draft, path, former),
            None => place::put(&draft, path),
        }
    });
    if put.is_err() {
        let _ = fs::remove_file(&draft);
    }
    put.and_then(|()| place::sync_folder(path)).map_err(|error| Problem::io(path, &error))?;
    Ok(former)
}

/// What is put behind the name of something that was replaced: `.2026-11-22T10-03-04.567Z`.
fn dated(now: Timestamp) -> String {
    let time = jiff::Timestamp::from_microsecond(now.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!(".{}", time.strftime("%Y-%m-%dT%H-%M-%S.%3fZ"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_replaced_is_dated_to_the_millisecond() {
        assert_eq!(dated(Timestamp::from_micros(1_710_391_048_123_456)), ".2024-03-14T04-37-28.123Z");
    }
}
