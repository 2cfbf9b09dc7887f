//! SQLite's readers: a connection each, lent to one at a time; writers wait before they begin.

use std::time::Duration;

use sekisho_store::{Error, OpenOptions, Store};

use crate::sqlite::{open, open_with};
use crate::world::NOW;

#[tokio::test]
async fn many_readers_may_be_held_at_once_and_the_rest_wait() {
    let db = open().await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(db.store.read().await.unwrap());
    }
    let store = db.store.clone();
    let waiting = tokio::spawn(async move { store.read().await.unwrap().has_users().await.unwrap() });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    held.clear();
    assert!(!waiting.await.unwrap());
}

#[tokio::test]
async fn readers_released_in_one_go_let_all_that_wait_go_on() {
    let db = open().await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(db.store.read().await.unwrap());
    }
    let one = |store: Store| async move { store.read().await.unwrap().has_users().await.unwrap() };
    let waiting: Vec<_> = (0..10).map(|_| tokio::spawn(one(db.store.clone()))).collect();
    tokio::task::yield_now().await;
    assert!(waiting.iter().all(|task| !task.is_finished()));
    held.clear();
    for task in waiting {
        assert!(!tokio::time::timeout(Duration::from_secs(3), task).await.unwrap().unwrap());
    }
}

#[tokio::test]
async fn a_reader_is_waited_for_no_longer_than_a_lock() {
    let impatient = OpenOptions { lock_wait: Duration::from_millis(30), ..OpenOptions::new(NOW) };
    let db = open_with(impatient).await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(db.store.read().await.unwrap());
    }
    let refused = tokio::time::timeout(Duration::from_secs(3), db.store.read()).await.unwrap().err();
    assert!(matches!(refused, Some(Error::Busy { waited_ms: 30.. })), "{refused:?}");
    held.pop();
    db.store.read().await.unwrap();
}

#[tokio::test]
async fn readers_on_loan_and_waits_for_the_writer_are_measured() {
    let options =
        OpenOptions { measure: true, lock_wait: Duration::from_millis(20), ..OpenOptions::new(NOW) };
    let db = open_with(options).await;
    let measured = || db.store.measured().unwrap();
    let mut read = db.store.read().await.unwrap();
    read.has_users().await.unwrap();
    assert_eq!(measured().readers_on_loan, 1);
    drop(read);
    assert_eq!((measured().readers_on_loan, measured().waits.count()), (0, 0));
    let held = db.store.begin().await.unwrap();
    assert!(matches!(db.store.begin().await.err(), Some(Error::Busy { .. })));
    drop(held);
    let other = db.again().await;
    let held = other.begin().await.unwrap();
    assert!(matches!(db.store.begin().await.err(), Some(Error::Busy { .. })));
    drop(held);
    assert_eq!(measured().waits.count(), 2);
    assert!(measured().waits.sum >= 40_000_000);
}
