//! The contract on SQLite.

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, OpenOptions, Store};

use crate::world::{Folder, NOW};

#[path = "adopted.rs"]
mod adopted;
#[path = "check.rs"]
mod check;
#[path = "credentials.rs"]
mod credentials;
#[path = "events.rs"]
mod events;
#[path = "frozen.rs"]
mod frozen;
#[path = "incoming.rs"]
mod incoming;
#[path = "items.rs"]
mod items;
#[path = "jobs.rs"]
mod jobs;
#[path = "limits.rs"]
mod limits;
#[path = "measured.rs"]
mod measured;
#[path = "meta.rs"]
mod meta;
#[path = "newer.rs"]
mod newer;
#[path = "own_tables.rs"]
mod own_tables;
#[path = "races.rs"]
mod races;
#[path = "transactions.rs"]
mod transactions;
#[path = "users.rs"]
mod users;

/// A fresh database, gone with the value.
pub(crate) struct Database {
    pub(crate) store: Store,
    folder: Folder,
}

impl Database {
    /// The same database through connections of its own, as another process would have them.
    pub(crate) async fn again(&self) -> Store {
        self.try_again().await.unwrap()
    }

    /// The same, where it may be refused.
    pub(crate) async fn try_again(&self) -> Result<Store, Error> {
        Store::open(&DatabaseUrl::Sqlite(self.folder.path("test.db")), OpenOptions::new(NOW)).await
    }
}

pub(crate) async fn open() -> Database {
    open_with(OpenOptions::new(NOW)).await
}

pub(crate) async fn open_with(options: OpenOptions) -> Database {
    let folder = Folder::new();
    Database { store: open_in(&folder, options).await, folder }
}

async fn open_in(folder: &Folder, options: OpenOptions) -> Store {
    Store::open(&DatabaseUrl::Sqlite(folder.path("test.db")), options).await.unwrap()
}
