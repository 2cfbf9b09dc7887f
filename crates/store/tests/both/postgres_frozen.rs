//! Writes put on hold and let go while somebody reads for as long as a dump takes.

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, Look, OpenOptions, Store};
use sekisho_throwaway::Postgres;
use tokio_postgres::{Client, NoTls};

use crate::world::{NOW, insert_tim, operator};

const TABLES: &str = "select relname::text from pg_class where relkind = 'r' and relname like 'sekisho%'";
/// Locks that keep readers waiting.
const CLOSED: &str = "select count(*) from pg_locks l join pg_class c on c.oid = l.relation \
     where c.relname like 'sekisho%' and l.mode = 'AccessExclusiveLock'";

async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Changes it and, before that is durable, looks whether anybody who reads would wait.
async fn turn(store: &Store, watcher: &Client, freeze: bool) {
    let mut tx = store.begin().await.unwrap();
    let changed = match freeze {
        true => tx.freeze(&operator()).await,
        false => tx.unfreeze(&operator()).await,
    };
    assert_eq!(changed, Ok(true));
    let closed: i64 = watcher.query_one(CLOSED, &[]).await.unwrap().get(0);
    assert_eq!(closed, 0, "freeze: {freeze}");
    tx.commit().await.unwrap();
}

async fn write(store: &Store) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    tx.set_meta("name", "value").await?;
    tx.commit().await
}

#[tokio::test]
async fn writes_are_let_go_while_a_dump_reads_every_table() {
    let url = Postgres::shared().create_database();
    let parsed = DatabaseUrl::parse(&url).unwrap();
    let store = Store::open(&parsed, OpenOptions::new(NOW)).await.unwrap();
    insert_tim(&store).await;
    let (watcher, dump) = (client(&url).await, client(&url).await);
    turn(&store, &watcher, true).await;
    dump.batch_execute("begin isolation level repeatable read read only").await.unwrap();
    for row in dump.query(TABLES, &[]).await.unwrap() {
        let table: String = row.get(0);
        dump.batch_execute(&format!("lock table {table} in access share mode; select count(*) from {table}"))
            .await
            .unwrap();
    }
    // From the first freeze on the triggers are there; each time they are in force or not.
    for _ in 0..2 {
        assert_eq!(write(&store).await, Err(Error::Frozen));
        turn(&store, &watcher, false).await;
        assert_eq!(write(&store).await, Ok(()));
        turn(&store, &watcher, true).await;
    }
    let look = async || {
        let mut look = Look::open_url(&parsed, OpenOptions::new(NOW)).await.unwrap();
        look.intruders().await.unwrap()
    };
    assert_eq!(look().await, Vec::<String>::new());
    watcher.batch_execute("alter table sekisho_users disable trigger sekisho_frozen").await.unwrap();
    assert_eq!(look().await, ["the trigger that holds back writes to sekisho_users is missing"]);
    turn(&store, &watcher, false).await;
    assert_eq!(look().await, Vec::<String>::new());
    watcher.batch_execute("alter table sekisho_users enable trigger sekisho_frozen").await.unwrap();
    assert_eq!(look().await, ["trigger sekisho_frozen on sekisho_users is not of this program"]);
    dump.batch_execute("commit").await.unwrap();
}
