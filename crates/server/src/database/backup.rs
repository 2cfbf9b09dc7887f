//! Making a backup of the database, beside a running server.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use sekisho_core::Dice;
use sekisho_store::{Counts, Look, Progress, copy};

use super::Problem;
use super::keys::{self, Keys, Placed};
use super::place;

/// What is to be backed up, and where to.
pub struct Plan<'a> {
    /// The database.
    pub database: &'a Path,
    /// The file that the backup becomes.
    pub to: &'a Path,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// The keys that go along, if they do.
    pub keys: Option<&'a Keys>,
}

/// A backup that was verified and is on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its length in bytes.
    pub bytes: u64,
    /// What it holds.
    pub counts: Counts,
    /// By what the root key that belongs to it is known.
    pub fingerprint: Option<String>,
    /// The folder of the keys that went along.
    pub keys: Option<PathBuf>,
}

/// Makes a backup: the state of one moment after the call, verified, synced, and only then given its name.
///
/// The keys come first, so that a backup with its name has them.
pub async fn make(plan: &Plan<'_>, dice: &dyn Dice, each: impl FnMut(Progress)) -> Result<Made, Problem> {
    not_in_the_way(plan)?;
    let draft = place::draft(plan.to, dice);
    let copied = copy(plan.database, &draft, each)
        .map_err(|error| Problem::of_copy(plan.database, plan.to, &error))?;
    let named = name(plan, &draft, dice).await;
    if named.is_err() {
        let _ = fs::remove_file(&draft);
    }
    named.map(|made| Made { bytes: copied.bytes, ..made })
}

async fn name(plan: &Plan<'_>, draft: &Path, dice: &dyn Dice) -> Result<Made, Problem> {
    let (counts, fingerprint) = verified(draft).await?;
    let keys = plan.keys.map(|keys| keys.write_beside(plan.to, plan.force, dice)).transpose()?;
    let named = if plan.force { fs::rename(draft, plan.to) } else { place::put(draft, plan.to) };
    if let Err(error) = named {
        keys.into_iter().for_each(Placed::undo);
        return Err(match error.kind() {
            ErrorKind::AlreadyExists => taken(plan.to),
            _ => Problem::io(plan.to, &error),
        });
    }
    place::sync_folder(plan.to).map_err(|error| Problem::io(plan.to, &error))?;
    let keys = keys.map(Placed::keep).transpose()?;
    Ok(Made { bytes: 0, counts, fingerprint, keys })
}

/// Opens a copy and reads what it holds; it must be a database of ours that this program can serve.
pub(super) async fn verified(copy: &Path) -> Result<(Counts, Option<String>), Problem> {
    let problem = |error| Problem::of(copy, &error);
    let mut look = Look::open(copy).map_err(problem)?;
    let schema = look.schema().await.map_err(problem)?;
    if schema.found >= schema.known {
        look.serves().await.map_err(|error| Problem::Refused(format!("its schema is not whole: {error}")))?;
        if look.is_unfinished().await.map_err(problem)? {
            return Err(Problem::of(copy, &sekisho_store::Error::Unfinished));
        }
    }
    let fingerprint = look.meta(crate::config::root_key::KEPT_AS).await.map_err(problem)?;
    Ok((look.counts().await.map_err(problem)?, fingerprint))
}

/// Refuses, before any work, a name that is taken or that is the database's own.
fn not_in_the_way(plan: &Plan<'_>) -> Result<(), Problem> {
    if plan.to.file_name().is_none() {
        return Err(Problem::Usage(format!("{} is not the name of a file", plan.to.display())));
    }
    let folder = place::folder(plan.to);
    if !folder.is_dir() {
        return Err(Problem::Usage(format!("there is no folder {} to write to", folder.display())));
    }
    if let Ok(there) = fs::metadata(plan.to) {
        let own =
            fs::metadata(plan.database).is_ok_and(|own| (own.dev(), own.ino()) == (there.dev(), there.ino()));
        if own {
            return Err(Problem::Refused(format!("{} is the database itself", plan.to.display())));
        }
        if there.is_dir() {
            return Err(Problem::Usage(format!("{} is a directory: name a file in it", plan.to.display())));
        }
        if !plan.force {
            return Err(taken(plan.to));
        }
    }
    let keys = keys::folder_of(plan.to);
    if plan.keys.is_none() && keys.exists() {
        // A restore would take them for the keys of this backup.
        return Err(Problem::Refused(format!(
            "{} holds the keys of another backup: say --with-keys as well, or move that folder away",
            keys.display()
        )));
    }
    Ok(())
}

fn taken(path: &Path) -> Problem {
    Problem::Refused(format!("{} is there already; --force replaces it", path.display()))
}
