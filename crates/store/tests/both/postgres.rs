//! The contract on PostgreSQL, each test on a database of its own.

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, OpenOptions, Store};
use sekisho_throwaway::Postgres;

use crate::world::NOW;

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

/// A fresh database, dropped with the value.
pub(crate) struct Database {
    pub(crate) store: Store,
    url: String,
}

impl Database {
    /// The same database through connections of its own, as another node would have them.
    pub(crate) async fn again(&self) -> Store {
        self.try_again().await.unwrap()
    }

    /// As `again`, where it may be refused.
    pub(crate) async fn try_again(&self) -> Result<Store, Error> {
        open_at(&self.url, OpenOptions::new(NOW)).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        Postgres::shared().drop_database(&self.url);
    }
}

pub(crate) async fn open() -> Database {
    open_with(OpenOptions::new(NOW)).await
}

pub(crate) async fn open_with(options: OpenOptions) -> Database {
    let url = Postgres::shared().create_database();
    Database { store: open_at(&url, options).await.unwrap(), url }
}

async fn open_at(url: &str, options: OpenOptions) -> Result<Store, Error> {
    Store::open(&DatabaseUrl::parse(url).unwrap(), options).await
}
