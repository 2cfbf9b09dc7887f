use std::sync::{Arc, Mutex};
use std::time::Duration;

use sekisho_store::{Dialect, Echo, Error, OpenOptions, Store};

use super::{open, open_with};
use crate::world::{NOW, id, insert_tim, new_user};

async fn count(store: &Store) -> u64 {
    store.read().await.unwrap().count_users().await.unwrap()
}

#[tokio::test]
async fn what_is_not_committed_is_undone() {
    let db = open().await;
    let mut tx = db.store.begin().await.unwrap();
    tx.insert_user(&new_user(1, "a", "a", "a@x")).await.unwrap();
    assert_eq!(tx.count_users().await.unwrap(), 1, "a transaction sees what it wrote");
    assert_eq!(count(&db.store).await, 0, "others don't");
    drop(tx);
    assert_eq!(count(&db.store).await, 0);
    insert_tim(&db.store).await;
    assert_eq!(count(&db.store).await, 1);
}

/// One that holds locks while its caller reads elsewhere is not ended for its silence.
#[tokio::test]
async fn a_transaction_that_takes_its_time_has_no_end_by_the_clock() {
    let db = open().await;
    let mut tx = db.store.begin().await.unwrap();
    tx.take_time().await.unwrap();
    if db.store.dialect() == Dialect::Postgres {
        let limits = "select current_setting('idle_in_transaction_session_timeout') || ' ' || \
                      current_setting('statement_timeout')";
        let found: String = tx.row(limits, &[]).await.unwrap().unwrap().take(0).unwrap();
        assert_eq!(found, "0 0");
    }
    tx.insert_user(&new_user(1, "a", "a", "a@x")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db.store).await, 1);
}

#[tokio::test]
async fn a_cancelled_future_is_undone_and_lets_others_in() {
    let db = open().await;
    let work = async {
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_user(&new_user(1, "a", "a", "a@x")).await.unwrap();
        std::future::pending::<()>().await;
        tx.commit().await.unwrap();
    };
    assert!(tokio::time::timeout(Duration::from_millis(20), work).await.is_err());
    insert_tim(&db.store).await;
    assert_eq!(count(&db.store).await, 1);
    // Another process is not kept out either.
    insert_other(&db.again().await).await;
}

async fn insert_other(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    tx.insert_user(&new_user(7, "other", "other", "other@x")).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_panic_inside_is_undone_and_leaves_the_store_usable() {
    let db = open().await;
    let store = db.store.clone();
    let task = tokio::spawn(async move {
        let mut tx = store.begin().await.unwrap();
        tx.insert_user(&new_user(1, "a", "a", "a@x")).await.unwrap();
        panic!("on purpose");
    });
    assert!(task.await.unwrap_err().is_panic());
    insert_tim(&db.store).await;
    assert_eq!(count(&db.store).await, 1);
}

#[tokio::test]
async fn an_error_ends_its_transaction_and_no_other() {
    let db = open().await;
    let mut tx = db.store.begin().await.unwrap();
    tx.insert_user(&new_user(1, "a", "a", "a@x")).await.unwrap();
    assert!(matches!(
        tx.execute("insert into nowhere values ($1)", &[1i64.into()]).await,
        Err(Error::Misuse { .. })
    ));
    assert_eq!(tx.count_users().await, Err(Error::Poisoned));
    assert_eq!(tx.commit().await, Err(Error::Poisoned));
    assert_eq!(count(&db.store).await, 0);
    insert_tim(&db.store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn neighbours_of_a_failure_are_committed() {
    let db = open().await;
    let one = |store: Store, number: u64| async move {
        let name = format!("user{number}");
        let mut tx = store.begin().await.unwrap();
        tx.insert_user(&new_user(number, &name, &name, &name)).await.unwrap();
        match number % 4 {
            0 => drop(tx),
            1 => {
                tx.execute("insert into nowhere values (1)", &[]).await.unwrap_err();
                tx.commit().await.unwrap_err();
            }
            _ => tx.commit().await.unwrap(),
        }
    };
    let before = db.store.stats();
    let tasks: Vec<_> = (0..200).map(|number| tokio::spawn(one(db.store.clone(), number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut read = db.again().await.read().await.unwrap();
    let users = read.users(None, 1000).await.unwrap();
    assert_eq!(users.len(), 100);
    assert!(
        users.iter().all(|user| user.username.trim_start_matches("user").parse::<u64>().unwrap() % 4 > 1)
    );
    let commits = db.store.stats().commits - before.commits;
    assert!((1..=100).contains(&commits), "{commits}");
}

#[tokio::test]
async fn a_snapshot_sees_one_state() {
    let db = open().await;
    insert_tim(&db.store).await;
    let mut snapshot = db.store.snapshot().await.unwrap();
    assert_eq!(snapshot.count_users().await.unwrap(), 1);
    insert_other(&db.store).await;
    assert_eq!(snapshot.count_users().await.unwrap(), 1);
    drop(snapshot);
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.count_users().await.unwrap(), 2, "the connection was given back without its snapshot");
}

#[tokio::test]
async fn a_reader_can_not_write() {
    let db = open().await;
    let mut read = db.store.read().await.unwrap();
    assert!(read.rows("delete from sekisho_users returning id", &[]).await.is_err());
    insert_tim(&db.store).await;
    assert_eq!(read.count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn the_store_says_whether_it_answers_and_can_be_written() {
    let db = open().await;
    db.store.ping().await.unwrap();
    db.store.writable().await.unwrap();
}

#[tokio::test]
async fn the_echo_shows_statements_and_no_values() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let echo = Arc::new(move |echo: &Echo<'_>| {
        sink.lock().unwrap().push((echo.statement.to_owned(), echo.rows, echo.failed));
    });
    let db = open_with(OpenOptions { echo: Some(echo), ..OpenOptions::new(NOW) }).await;
    insert_tim(&db.store).await;
    seen.lock().unwrap().clear();
    let before = db.store.stats().statements;
    db.store.read().await.unwrap().user_by_username("tim").await.unwrap();
    assert_eq!(db.store.stats().statements - before, 1);
    let lines = seen.lock().unwrap().clone();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].0.ends_with("where u.username = $1 and u.released_at is null"), "{lines:?}");
    assert_eq!((lines[0].1, lines[0].2), (1, false));
    let mut tx = db.store.begin().await.unwrap();
    tx.disable(id(1), NOW).await.unwrap();
    tx.commit().await.unwrap();
    let lines = seen.lock().unwrap().clone();
    assert!(lines.iter().any(|(text, ..)| text == "commit") && !format!("{lines:?}").contains("tim"));
}

#[tokio::test]
async fn an_echo_that_panics_harms_nobody_not_even_during_another_panic() {
    let echo = Arc::new(|_: &Echo<'_>| panic!("on purpose, by the echo"));
    let db = open_with(OpenOptions { echo: Some(echo), ..OpenOptions::new(NOW) }).await;
    let store = db.store.clone();
    let task = tokio::spawn(async move {
        let mut tx = store.begin().await.unwrap();
        tx.insert_user(&new_user(1, "a", "a", "a@x")).await.unwrap();
        panic!("on purpose");
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(count(&db.store).await, 0);
    insert_tim(&db.store).await;
    assert_eq!(count(&db.store).await, 1);
}
