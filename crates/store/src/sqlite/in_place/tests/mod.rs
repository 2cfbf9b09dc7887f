//! On files made as the seeds' application and others like it make them.

mod ends;
mod life;
mod reuse;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use rusqlite::Connection;
use sekisho_core::accounts::IncomingUser;
use sekisho_core::beside::{NOBODYS_HASH, Roles, SetValue, Standing, Table, plan};
use sekisho_core::credentials::HashString;
use sekisho_core::settings::DatabaseUrl;

use crate::beside::TrialFailure;
use crate::beside::testing::*;
use crate::error::Error;
use crate::session::Tx;
use crate::sqlite::in_place::leave_wal;
use crate::store::{OpenOptions, Store};
use crate::user_changes::{Field, Insert};

/// The table as SQLModel makes it of the seeds' class.
const SEEDS: &str = "create table user (id integer not null, email varchar not null, username varchar not null, \
     hashed_password varchar not null, primary key (id)); create unique index ix_user_email on user (email); \
     insert into user values (1, 'tim@gmail.com', 'tim', '$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa')";

struct World {
    folder: PathBuf,
    file: PathBuf,
}

impl World {
    fn new(sql: &str) -> World {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("sekisho-beside-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("test.db");
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        World { folder, file }
    }

    fn application(&self) -> Connection {
        Connection::open(&self.file).unwrap()
    }

    /// All of the application's rows, each as one text.
    fn rows(&self, columns: &str) -> Vec<String> {
        let sql = format!("select concat_ws('|', {columns}) from user order by rowid");
        let connection = self.application();
        let mut statement = connection.prepare(&sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    async fn store(&self) -> Store {
        let url = DatabaseUrl::Sqlite(self.file.clone());
        Store::open_in_place(&url, OpenOptions::new(NOW)).await.unwrap()
    }

    async fn begin(&self) -> (Store, Tx) {
        let store = self.store().await;
        let tx = store.begin().await.unwrap();
        (store, tx)
    }

    /// Adopts every row as it is, as far as these roles go.
    async fn adopt(&self, roles: &Roles<'_>, sets: &[&str]) -> Result<Store, TrialFailure> {
        let (store, mut tx) = self.begin().await;
        tx.make_schema(NOW).await.unwrap();
        tx.stand_aside().await.unwrap();
        let columns = tx.columns_of(None, "user").await.unwrap();
        let sets: Vec<SetValue> = sets.iter().map(|set| SetValue::parse(set).unwrap()).collect();
        let table = plan("user", &columns, roles, &sets).unwrap();
        let rows = self.application();
        let mut statement =
            rows.prepare("select cast(id as text), username, email, hashed_password from user").unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let id: String = row.get(0).unwrap();
            let adopted = tx.adopted_user(&id).await.unwrap().is_some();
            if adopted || tx.user_by_external_id(&id).await.unwrap().is_some() {
                continue;
            }
            let hash: String = row.get(3).unwrap();
            let user = incoming(&id, row.get(1).unwrap(), row.get(2).unwrap(), &hash);
            take(&mut tx, &user).await;
        }
        let failed = tx.stand_beside(&standing(table)).await.unwrap();
        match failed {
            Err(failure) => Err(failure),
            Ok(_) => {
                tx.commit().await.unwrap();
                Ok(store)
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn standing(table: Table) -> Standing {
    Standing { since: NOW.as_micros(), copy: "copy".into(), journal_mode: "delete".into(), table }
}
