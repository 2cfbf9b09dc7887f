//! The end of a trial beside an application, in each of the directions that it can take.

use std::path::{Path, PathBuf};

use sekisho_core::Timestamp;
use sekisho_core::beside::{Passwords, Standing};
use sekisho_core::settings::DatabaseUrl;
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
    /// Whether the file has the journal mode of old again.
    pub journal_mode_restored: bool,
    /// Why it has not after the way back; the end of the trial stands all the same.
    pub log_kept: Option<String>,
}

/// How the trial in this file stands.
pub async fn look(file: &Path, now: Timestamp) -> Result<Trial, InPlaceError> {
    let store = Store::open_in_place(&DatabaseUrl::Sqlite(file.to_owned()), OpenOptions::new(now)).await?;
    let mut tx = store.begin().await?;
    let standing = tx.standing().await?.ok_or_else(|| InPlaceError::NotBeside(file.to_owned()))?;
    let (linked, unreadable) = (tx.links().await?, tx.unreadable_beside().await?);
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
    let store = Store::open_in_place(&DatabaseUrl::Sqlite(file.to_owned()), OpenOptions::new(now)).await?;
    let mut tx = store.begin().await?;
    let standing = tx.standing().await?.ok_or_else(|| InPlaceError::NotBeside(file.to_owned()))?;
    let copy = Copy::make(file, now, each)?;
    match how {
        Release::Keep => tx.withhold_passwords(&standing).await.map(drop)?,
        Release::Detach => tx.detach().await?,
        Release::Back => {
            // They are still here, and the application needs them again.
            if standing.table.passwords == Passwords::Withheld {
                tx.give_passwords_back(&standing).await?;
            }
            tx.take_away().await?;
        }
    }
    tx.commit().await?;
    let copy = copy.keep();
    store.close().await;
    let (journal_mode_restored, log_kept) = match how {
        Release::Back => log_left(leave_wal(file, &standing.journal_mode)),
        Release::Keep | Release::Detach => (false, None),
    };
    Ok(Released { copy, journal_mode_restored, log_kept })
}

/// Whether the log is gone, and else why not. The trial has ended by then, so that no outcome is an error.
fn log_left(outcome: Result<bool, sekisho_store::Error>) -> (bool, Option<String>) {
    match outcome {
        Ok(true) => (true, None),
        Ok(false) => (false, Some("the application has the file open".to_owned())),
        Err(error) => (false, Some(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_stays_does_not_undo_what_is_committed() {
        assert_eq!(log_left(Ok(true)), (true, None));
        let (restored, why) = log_left(Ok(false));
        assert_eq!((restored, why.as_deref()), (false, Some("the application has the file open")));
        let (restored, why) = log_left(Err(sekisho_store::Error::Busy { waited_ms: 7 }));
        assert!(!restored && why.is_some());
    }
}
