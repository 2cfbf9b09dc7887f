//! The end of a trial beside an application, in each of the directions that it can take.

use std::time::Duration;

use sekisho_core::Timestamp;
use sekisho_core::beside::{Passwords, Standing};
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{OpenOptions, Progress, Store, Tx, leave_wal};

use super::in_place::{Copy, InPlaceError};

/// Where a trial ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Release {
    /// Sekisho stays and has the passwords alone; names, addresses and states still reach the application's table.
    Keep,
    /// Sekisho stays, and the application's table is left as it is from now on.
    Detach,
    /// The application has its database alone again.
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
    /// The copy of the file or of the table as it was before the end.
    pub copy: String,
    /// Whether the file has the journal mode of old again.
    pub journal_mode_restored: bool,
    /// Why it has not after the way back; the end of the trial stands all the same.
    pub log_kept: Option<String>,
}

/// How the trial in this database stands.
pub async fn look(url: &DatabaseUrl, now: Timestamp) -> Result<Trial, InPlaceError> {
    let store = Store::open_in_place(url, OpenOptions::new(now).patient()).await?;
    let mut tx = store.begin().await?;
    tx.take_time().await?;
    let standing = standing(url, &mut tx).await?;
    let (linked, unreadable) = (tx.links().await?, tx.unreadable_beside().await?);
    Ok(Trial { standing, linked, unreadable })
}

/// Ends the trial in one transaction, after a verified copy.
///
/// For [`Release::Back`] no server may run on the database: of a file the caller holds the lock, PostgreSQL is asked.
pub async fn release(
    url: &DatabaseUrl,
    how: Release,
    now: Timestamp,
    each: impl FnMut(Progress),
) -> Result<Released, InPlaceError> {
    let store = Store::open_in_place(&known_as(url), OpenOptions::new(now).patient()).await?;
    let mut tx = store.begin().await?;
    tx.take_time().await?;
    let standing = standing(url, &mut tx).await?;
    if let (Release::Back, DatabaseUrl::Postgres(address)) = (how, url) {
        let servers = address.application_name.as_deref().unwrap_or("sekisho");
        let mut sessions = tx.sessions(servers).await?;
        // Those of a server that has just stopped end by themselves.
        for _ in 0..20 {
            if sessions > 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
                sessions = tx.sessions(servers).await?;
            }
        }
        if sessions > 0 {
            return Err(InPlaceError::InUse { database: url.redacted(), sessions });
        }
    }
    tx.hold_users_beside(standing.table.schema.as_deref(), &standing.table.name).await?;
    let copy = Copy::make(url, &mut tx, &standing.table, now, each).await?;
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
    let (journal_mode_restored, log_kept) = match (how, url) {
        (Release::Back, DatabaseUrl::Sqlite(file)) => log_left(leave_wal(file, &standing.journal_mode)),
        _ => (false, None),
    };
    Ok(Released { copy, journal_mode_restored, log_kept })
}

async fn standing(url: &DatabaseUrl, tx: &mut Tx) -> Result<Standing, InPlaceError> {
    tx.standing().await?.ok_or_else(|| {
        InPlaceError::NotBeside(match url {
            DatabaseUrl::Sqlite(path) => path.display().to_string(),
            DatabaseUrl::Postgres(address) => address.redacted(),
        })
    })
}

/// The address under a name by which this command's sessions are told from a server's.
fn known_as(url: &DatabaseUrl) -> DatabaseUrl {
    let mut url = url.clone();
    if let DatabaseUrl::Postgres(address) = &mut url {
        address.application_name = Some("sekisho adopt".to_owned());
    }
    url
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
