//! The end of a trial beside an application, in each of the directions that it can take.

use std::path::{Path, PathBuf};

use sekisho_core::Timestamp;
use sekisho_core::beside::{Passwords, Standing};
use sekisho_store::{OpenOptions, Progress, Store, leave_wal};

use super::in_place::{Copy, InPlaceError};

/// Where a trial ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Release {
    /// Sekisho stays and has the passwords alone; names, addresses and states still reach the application's table.
    Keep,
    /// Sekisho stays, and the application's table is left as it is from now on.
    Detach,
    /// The application has its file alone again.
    Back,
}

/// A trial as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trial {
    /// How it stands beside the application.
    pub standing: Standing,
    /// How many of the application's rows are kept in step.
    pub linked: u64,
    /// How many users the application could not let in by itself, since it does not read their hashes.
    pub unreadable: u64,
}

/// What came of the end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Released {
    /// The copy of the file as it was before the end.
    pub copy: PathBuf,
    /// Whether the file has the journal mode of old again; `false` where the application has it open.
    pub journal_mode_restored: bool,
}

/// How the trial in this file stands.
pub async fn look(file: &Path, now: Timestamp) -> Result<Trial, InPlaceError> {
    let store = Store::open_in_place(file, OpenOptions::new(now)).await?;
    let mut tx = store.begin().await?;
    let standing = tx.standing().await?.ok_or_else(|| InPlaceError::NotBeside(file.to_owned()))?;
    let (linked, unreadable) = (tx.links().await?, tx.unreadable_beside().await?);
    // Once the passwords are withheld, nobody could be let in.
    let unreadable = if standing.table.passwords == Passwords::Withheld { linked } else { unreadable };
    Ok(Trial { standing, linked, unreadable })
}

/// Ends the trial in one transaction, after a verified copy of the file.
///
/// For [`Release::Back`] no server may run on the file: the caller holds its lock.
pub async fn release(
    file: &Path,
    how: Release,
    now: Timestamp,
    each: impl FnMut(Progress),
) -> Result<Released, InPlaceError> {
    let store = Store::open_in_place(file, OpenOptions::new(now)).await?;
    let mut tx = store.begin().await?;
    let standing = tx.standing().await?.ok_or_else(|| InPlaceError::NotBeside(file.to_owned()))?;
    let copy = Copy::make(file, now, each)?;
    match how {
        Release::Keep => tx.withhold_passwords(&standing).await.map(drop)?,
        Release::Detach => tx.detach().await?,
        Release::Back => tx.take_away().await?,
    }
    tx.commit().await?;
    let copy = copy.keep();
    store.close().await;
    let journal_mode_restored = how == Release::Back && leave_wal(file, &standing.journal_mode)?;
    Ok(Released { copy, journal_mode_restored })
}
