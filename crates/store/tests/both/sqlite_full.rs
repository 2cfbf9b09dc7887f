//! S01 and S04 as far as a test without a disk of its own can show them: no space inside of a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sekisho_store::{Error, Store};

use crate::sqlite::open;
use crate::world::{id, new_user};

/// Inserts a user who takes up about two pages; a database error is the answer.
async fn insert_big(store: &Store, number: u64) -> Result<(), Error> {
    let (name, big) = (format!("user{number}"), "x".repeat(8000));
    let mut user = new_user(number, &name, &name, &name);
    user.full_name = Some(&big);
    let mut tx = store.begin().await?;
    tx.insert_user(&user).await?;
    tx.commit().await
}

/// Sets how far the file may grow, in pages; SQLite forgets it when the connection closes.
async fn set_limit(store: &Store, limit: &'static str) {
    store.begin().await.unwrap().rows(limit, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s01_on_a_full_disk_nothing_acknowledged_is_lost_and_writes_resume() {
    let db = open().await;
    set_limit(&db.store, "pragma max_page_count = 150").await;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..120)
        .map(|number| {
            let (store, acknowledged) = (db.store.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                let outcome = insert_big(&store, number).await;
                acknowledged.fetch_add(u64::from(outcome.is_ok()), Ordering::Relaxed);
                (number, outcome)
            })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    let other = db.again().await;
    let mut read = other.read().await.unwrap();
    for (number, outcome) in &outcomes {
        let there = read.user_by_id(id(*number)).await.unwrap().is_some();
        match outcome {
            Ok(()) => assert!(there, "{number} was acknowledged"),
            Err(error) => assert!(matches!(error, Error::Full { .. }) && !there, "{number}: {error}"),
        }
    }
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    assert!((1..120).contains(&acknowledged), "{acknowledged} fitted");
    // A group is undone whole, so a little room may be left: one by one it is used up.
    let mut next = 1000;
    while insert_big(&db.store, next).await.is_ok() {
        next += 1;
    }
    let there = acknowledged + next - 1000;
    assert!(matches!(insert_big(&db.store, next).await, Err(Error::Full { .. })));
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), there, "reading goes on");

    set_limit(&db.store, "pragma max_page_count = 1000000").await;
    insert_big(&db.store, next).await.unwrap();
    assert_eq!(read.count_users().await.unwrap(), there + 1);
}
