//! Token buckets that all nodes share.

use std::time::Duration;

use sekisho_core::time::Timestamp;
use sekisho_store::{Counted, Store};

use super::open;
use crate::world::NOW;

const A: Counted = [1; 16];
const B: Counted = [2; 16];
const C: Counted = [3; 16];

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// Takes 10, 20 and 30 seconds' worth from the three, named in a foreign order.
async fn take(store: &Store, now: Timestamp) -> [Timestamp; 3] {
    let mut tx = store.begin().await.unwrap();
    let at = |seconds| now.plus(Duration::from_secs(seconds));
    let taken = [(C, at(10)), (A, at(20)), (B, at(30))];
    let full = tx.take_from_limits(taken, now, now.plus(Duration::from_secs(100))).await.unwrap();
    tx.commit().await.unwrap();
    full
}

#[tokio::test]
async fn what_is_taken_adds_up_and_comes_back_with_time() {
    let db = open().await;
    let other = db.again().await;
    assert_eq!(take(&db.store, NOW).await, [after(10), after(20), after(30)]);
    assert_eq!(take(&other, NOW).await, [after(20), after(40), after(60)]);
    // The first is full again by then, the second not.
    assert_eq!(take(&db.store, after(25)).await, [after(35), after(60), after(90)]);
    assert_eq!(other.read().await.unwrap().limit(&A).await.unwrap(), Some(after(60)));
    assert_eq!(other.read().await.unwrap().limit(&[9; 16]).await.unwrap(), None);
}

#[tokio::test]
async fn s12_what_a_clock_in_the_future_wrote_does_not_last() {
    let db = open().await;
    take(&db.store, after(1_000_000)).await;
    let longest = after(100);
    assert_eq!(take(&db.store, NOW).await, [longest; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_50_who_take_at_once_on_two_nodes_each_counts() {
    let db = open().await;
    let other = db.again().await;
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let store = if number % 2 == 0 { db.store.clone() } else { other.clone() };
            tokio::spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let second = |counted| (counted, after(1));
                // Two orders, which would wait for each other.
                let mut taken = [second(A), second(B), second(C)];
                if number % 3 == 0 {
                    taken.reverse();
                }
                tx.take_from_limits(taken, NOW, after(1000)).await.unwrap();
                tx.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for counted in [A, B, C] {
        assert_eq!(db.store.read().await.unwrap().limit(&counted).await.unwrap(), Some(after(50)));
    }
}

#[tokio::test]
async fn what_is_full_again_is_forgotten_page_by_page() {
    let db = open().await;
    let mut tx = db.store.begin().await.unwrap();
    for number in 0..10u8 {
        tx.set_limit(&[number; 16], after(u64::from(number))).await.unwrap();
    }
    let (mut forgotten, mut pages, mut behind) = (0, 0, Vec::new());
    loop {
        let (some, next) = tx.forget_limits(&behind, after(5), 3).await.unwrap();
        (forgotten, pages) = (forgotten + some, pages + 1);
        match next {
            Some(next) => behind = next,
            None => break,
        }
    }
    tx.commit().await.unwrap();
    assert_eq!((forgotten, pages), (5, 4));
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.limit(&[4; 16]).await.unwrap(), None);
    assert_eq!(read.limit(&[5; 16]).await.unwrap(), Some(after(5)));
}
