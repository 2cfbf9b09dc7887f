//! On tables made as the seeds' application and others like it make them in PostgreSQL.

mod ends;
mod life;
mod reuse;
mod rights;
mod schema;

use sekisho_core::accounts::IncomingUser;
use sekisho_core::beside::{NOBODYS_HASH, Roles, SetValue, Standing, Table, plan};
use sekisho_core::credentials::HashString;
use sekisho_core::settings::DatabaseUrl;
use sekisho_throwaway::Postgres;

use crate::beside::TrialFailure;
use crate::beside::testing::*;
use crate::error::Error;
use crate::session::Tx;
use crate::store::{OpenOptions, Store};
use crate::user_changes::{Field, Insert};

/// The table as SQLModel makes it of the seeds' class.
const SEEDS: &str = "create table \"user\" (id serial not null, email varchar not null, username varchar not null, \
     hashed_password varchar not null, primary key (id)); create unique index ix_user_email on \"user\" (email); \
     insert into \"user\" (email, username, hashed_password) values \
     ('tim@gmail.com', 'tim', '$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa')";

struct World {
    url: String,
}

impl World {
    fn new(sql: &str) -> World {
        let world = World { url: Postgres::shared().create_database() };
        world.does(sql);
        world
    }

    /// Does what the application does, or a migration of its.
    fn does(&self, sql: &str) -> String {
        Postgres::shared().psql(&self.url, sql)
    }

    /// All of the application's rows, each as one text.
    fn rows(&self, columns: &str) -> Vec<String> {
        let rows = self.does(&format!("select concat_ws('|', {columns}) from \"user\" order by id"));
        rows.lines().map(str::to_owned).collect()
    }

    /// How many things in the database are ours.
    fn ours(&self) -> String {
        self.does(
            "select (select count(*) from pg_class where relname like 'sekisho%') \
             + (select count(*) from pg_proc where proname like 'sekisho%') \
             + (select count(*) from pg_trigger where tgname like 'sekisho%')",
        )
    }

    async fn store(&self) -> Store {
        let url = DatabaseUrl::parse(&self.url).unwrap();
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
        let table = planned(&mut tx, roles, sets).await;
        assert_eq!(tx.rights_missing(&table).await, Ok(Vec::new()));
        tx.hold_users_beside(None, "user").await.unwrap();
        tx.make_schema(NOW).await.unwrap();
        tx.stand_aside().await.unwrap();
        tx.rejoin(&table).await.unwrap();
        let all =
            "select id::text, username::text, email::text, hashed_password::text from \"user\" order by id";
        for mut row in tx.rows(all, &[]).await.unwrap() {
            let id: String = row.take(0).unwrap();
            let adopted = tx.adopted_user(&id).await.unwrap().is_some();
            if adopted
                || tx.linked_user(&id).await.unwrap().is_some()
                || tx.user_by_external_id(&id).await.unwrap().is_some()
            {
                continue;
            }
            let hash: String = row.take(3).unwrap();
            let user = incoming(&id, row.take(1).unwrap(), row.take(2).unwrap(), &hash);
            take(&mut tx, &user).await;
        }
        match tx.stand_beside(&standing(table)).await.unwrap() {
            Err(failure) => Err(failure),
            Ok(_) => {
                tx.commit().await.unwrap();
                Ok(store)
            }
        }
    }
}

async fn planned(tx: &mut Tx, roles: &Roles<'_>, sets: &[&str]) -> Table {
    let columns = tx.columns_of(None, "user").await.unwrap();
    let sets: Vec<SetValue> = sets.iter().map(|set| SetValue::parse(set).unwrap()).collect();
    let schema = tx.schema_of(None, "user").await.unwrap();
    Table { schema, ..plan("user", &columns, roles, &sets).unwrap() }
}

fn standing(table: Table) -> Standing {
    Standing { since: NOW.as_micros(), copy: "copy".into(), journal_mode: String::new(), table }
}
