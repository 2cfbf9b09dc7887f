//! What the store measures where it is asked to.

use std::time::Duration;

use sekisho_store::{Error, Measured, OpenOptions, Store};

use super::{open, open_with};
use crate::world::{NOW, id, insert, new_user};

fn measured(store: &Store) -> Measured {
    store.measured().expect("it was asked to")
}

fn errors(store: &Store, kind: &str) -> u64 {
    measured(store).errors.iter().find(|(name, _)| *name == kind).expect("a kind").1
}

#[tokio::test]
async fn nothing_is_measured_unless_it_is_asked_for() {
    assert!(open().await.store.measured().is_none());
}

#[tokio::test]
async fn statements_transactions_commits_and_groups() {
    let db = open_with(OpenOptions { measure: true, ..OpenOptions::new(NOW) }).await;
    let before = measured(&db.store);
    insert(&db.store, &[new_user(1, "tim", "tim", "tim@x"), new_user(2, "ann", "ann", "ann@x")]).await;
    let mut read = db.store.read().await.unwrap();
    read.user_by_id(id(1)).await.unwrap();
    drop(read);
    let after = measured(&db.store);
    assert_eq!(after.reads.count() - before.reads.count(), 1);
    assert!(after.writes.count() >= before.writes.count() + 2);
    assert_eq!(after.transactions.count() - before.transactions.count(), 1);
    assert_eq!(after.commits.count() - before.commits.count(), 1);
    assert_eq!(after.groups.sum - before.groups.sum, 1);
    assert!(after.commits.sum > before.commits.sum);
    assert!(!after.writes_stopped);
    // A transaction that is undone has its time too, and no commit.
    drop(db.store.begin().await.unwrap());
    let undone = measured(&db.store);
    assert_eq!(undone.transactions.count() - after.transactions.count(), 1);
    assert_eq!(undone.commits.count(), after.commits.count());
}

#[tokio::test]
async fn errors_are_counted_by_what_they_were() {
    let options =
        OpenOptions { measure: true, lock_wait: Duration::from_millis(20), ..OpenOptions::new(NOW) };
    let db = open_with(options).await;
    insert(&db.store, &[new_user(1, "tim", "tim", "tim@x")]).await;
    let other = db.again().await;
    let mut held = other.begin().await.unwrap();
    assert!(held.disable(id(1), NOW).await.unwrap());
    let refused = async {
        let mut tx = db.store.begin().await?;
        tx.disable(id(1), NOW).await
    };
    assert!(matches!(refused.await, Err(Error::Busy { .. })));
    drop(held);
    assert_eq!(errors(&db.store, "busy"), 1);
    // A value that is taken is an answer, and no error.
    let mut tx = db.store.begin().await.unwrap();
    tx.insert_user(&new_user(2, "tim", "tim", "tim@x")).await.unwrap();
    drop(tx);
    assert!(db.store.read().await.unwrap().rows("select nothing from nowhere", &[]).await.is_err());
    assert_eq!((errors(&db.store, "other"), errors(&db.store, "unavailable")), (1, 0));
}
