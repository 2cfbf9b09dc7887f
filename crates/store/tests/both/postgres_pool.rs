//! PostgreSQL's connections: all reads share a few, a transaction has one to itself.

use std::time::Duration;

use sekisho_core::settings::Pool;
use sekisho_store::{Error, OpenOptions, Store};

use crate::postgres::{Database, open, open_with};
use crate::world::{NOW, id, insert, insert_tim, new_user};

/// Two connections for transactions, and little patience.
async fn narrow() -> Database {
    let pool = Pool { connections: 2, acquire_timeout: Duration::from_millis(800), ..Pool::default() };
    open_with(OpenOptions { pool, measure: true, ..OpenOptions::new(NOW) }).await
}

#[tokio::test]
async fn any_number_may_read_at_once() {
    let db = open().await;
    insert_tim(&db.store).await;
    let mut held = Vec::new();
    for _ in 0..500 {
        held.push(db.store.read().await.unwrap());
    }
    let one = |store: Store| async move { store.read().await.unwrap().count_users().await.unwrap() };
    let asked: Vec<_> = (0..500).map(|_| tokio::spawn(one(db.store.clone()))).collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), 1);
    }
    for read in &mut held {
        assert!(read.has_users().await.unwrap());
    }
}

#[tokio::test]
async fn transactions_without_a_connection_wait_for_one_and_no_longer_than_they_may() {
    let db = narrow().await;
    insert(&db.store, &[new_user(1, "tim", "tim", "tim@x")]).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(db.store.begin().await.unwrap());
    }
    let refused = db.store.begin().await.err();
    assert!(matches!(refused, Some(Error::Busy { waited_ms: 800.. })), "{refused:?}");
    // Who reads needs none of them.
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), 1);
    let store = db.store.clone();
    let waiting = tokio::spawn(async move { store.begin().await.map(drop) });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    held.pop();
    waiting.await.unwrap().unwrap();
    let measured = db.store.measured().unwrap();
    assert_eq!((measured.waits.count(), measured.waits.sum >= 800_000_000), (2, true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_writers_on_two_connections_all_get_their_turn() {
    let pool = Pool { connections: 2, ..Pool::default() };
    let db = open_with(OpenOptions { pool, ..OpenOptions::new(NOW) }).await;
    let one = |store: Store, number: u64| async move {
        let name = format!("user{number}");
        insert(&store, &[new_user(number, &name, &name, &name)]).await;
    };
    let writers: Vec<_> = (0..100).map(|number| tokio::spawn(one(db.store.clone(), number))).collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), 100);
}

/// What a dropped transaction held is free, and its connection serves the next one as if nothing had been.
#[tokio::test]
async fn a_connection_comes_back_clean() {
    let db = narrow().await;
    let tim = insert_tim(&db.store).await;
    for _ in 0..6 {
        let mut tx = db.store.begin().await.unwrap();
        assert!(tx.disable(tim, NOW).await.unwrap());
        drop(tx);
        let mut snapshot = db.store.snapshot().await.unwrap();
        assert_eq!(snapshot.user_by_id(tim).await.unwrap().unwrap().disabled_at, None);
        drop(snapshot);
        let mut failed = db.store.begin().await.unwrap();
        failed.execute("insert into nowhere values (1)", &[]).await.unwrap_err();
        drop(failed);
    }
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.disable(id(1), NOW).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_snapshot_may_be_silent_for_as_long_as_its_reader_takes() {
    let db = open().await;
    let patience = "select current_setting('idle_in_transaction_session_timeout')";
    let of = async |mut read: sekisho_store::Read| -> String {
        read.row(patience, &[]).await.unwrap().unwrap().take(0).unwrap()
    };
    assert_eq!(of(db.store.snapshot().await.unwrap()).await, "0");
    let mut tx = db.store.begin().await.unwrap();
    // A node that hangs lets go of its locks.
    let found: String = tx.row(patience, &[]).await.unwrap().unwrap().take(0).unwrap();
    assert_eq!(found, "1min");
}

#[tokio::test]
async fn a_caller_who_goes_away_in_the_middle_of_a_statement_leaves_nobody_waiting() {
    let pool = Pool { connections: 3, ..Pool::default() };
    let db = open_with(OpenOptions { pool, ..OpenOptions::new(NOW) }).await;
    insert_tim(&db.store).await;
    let mut holder = db.store.begin().await.unwrap();
    let touch = "update sekisho_users set updated_at = updated_at";
    assert_eq!(holder.execute(touch, &[]).await.unwrap(), 1);
    // Somebody waits for the row, and hangs up.
    let store = db.store.clone();
    let waits = tokio::spawn(async move {
        let mut tx = store.begin().await.unwrap();
        tx.execute(touch, &[]).await
    });
    let waiting = "select pid::bigint from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
    while db.store.read().await.unwrap().row(waiting, &[]).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    // Whoever comes next has a connection on which nothing is waited for …
    let mut next = db.store.begin().await.unwrap();
    let busy = "select state from pg_stat_activity where pid = pg_backend_pid() and wait_event_type = 'Lock'";
    assert!(next.row(busy, &[]).await.unwrap().is_none());
    // … and the other one is there again as soon as its statement has ended.
    holder.commit().await.unwrap();
    let (one, other) = (db.store.begin().await.unwrap(), db.store.begin().await.unwrap());
    drop((one, other, next));
}
