//! Jobs: once among all who would run them.

use std::time::Duration;

use sekisho_core::time::Timestamp;
use sekisho_store::{Ended, Lease, Store};

use super::open;
use crate::world::NOW;

const HOUR: Duration = Duration::from_secs(3600);

async fn enter(store: &Store, due_at: Timestamp) {
    let mut tx = store.begin().await.unwrap();
    tx.enter_job("sweep", due_at).await.unwrap();
    tx.commit().await.unwrap();
}

fn lease(holder: &str, until: Timestamp) -> Lease<'_> {
    Lease { job: "sweep", holder, until }
}

async fn take(store: &Store, holder: &str, now: Timestamp) -> bool {
    let mut tx = store.begin().await.unwrap();
    let taken = tx.take_job(&lease(holder, now.plus(HOUR)), now, true).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_50_who_want_a_job_on_two_nodes_one_gets_it() {
    let db = open().await;
    let second = db.again().await;
    enter(&db.store, NOW).await;
    enter(&second, NOW.plus(HOUR)).await;
    let tasks: Vec<_> = (0..50)
        .map(|number| {
            let store = if number % 2 == 0 { db.store.clone() } else { second.clone() };
            tokio::spawn(async move { take(&store, &format!("node {number}"), NOW).await })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += u32::from(task.await.unwrap());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn a_job_that_is_not_due_is_taken_by_who_asks_for_it_now() {
    let db = open().await;
    enter(&db.store, NOW.plus(HOUR)).await;
    assert!(!take(&db.store, "a", NOW).await);
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.take_job(&lease("a", NOW.plus(HOUR)), NOW, false).await.unwrap());
    tx.commit().await.unwrap();
    assert!(!take(&db.store, "b", NOW).await, "somebody has it");
}

#[tokio::test]
async fn what_a_dead_node_had_is_taken_when_its_lease_has_ended_and_it_can_write_no_more() {
    let db = open().await;
    enter(&db.store, NOW).await;
    assert!(take(&db.store, "dead", NOW).await);
    let later = NOW.plus(HOUR);
    assert!(!take(&db.store, "next", later.minus(Duration::from_micros(1))).await);
    assert!(take(&db.store, "next", later).await);
    // It was only asleep, and goes on with its work.
    let mut tx = db.store.begin().await.unwrap();
    assert!(!tx.keep_job(&lease("dead", later.plus(HOUR))).await.unwrap());
    assert!(!tx.end_job(("sweep", "dead"), later, later, Ended::Well("")).await.unwrap());
    assert!(tx.keep_job(&lease("next", later.plus(HOUR))).await.unwrap());
}

#[tokio::test]
async fn how_a_job_went_is_written_down() {
    let db = open().await;
    enter(&db.store, NOW).await;
    assert!(take(&db.store, "a", NOW).await);
    let ended = NOW.plus(Duration::from_secs(5));
    let mut tx = db.store.begin().await.unwrap();
    let due = ended.plus(HOUR);
    assert!(tx.end_job(("sweep", "a"), ended, due, Ended::Well("3 swept")).await.unwrap());
    tx.commit().await.unwrap();
    assert!(!take(&db.store, "a", ended).await, "it is not due");
    assert!(take(&db.store, "a", due).await);
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.end_job(("sweep", "a"), due, due.plus(HOUR), Ended::Badly("no broom")).await.unwrap());
    tx.commit().await.unwrap();

    let jobs = db.store.read().await.unwrap().jobs().await.unwrap();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((job.name.as_str(), job.due_at, &job.held), ("sweep", due.plus(HOUR), &None));
    assert_eq!((job.began_at, job.ended_at, job.succeeded_at), (Some(due), Some(due), Some(ended)));
    assert_eq!((job.outcome.as_deref(), job.runs, job.failures), (Some("no broom"), 2, 1));
}

#[tokio::test]
async fn a_job_given_back_in_the_middle_has_neither_run_nor_failed() {
    let db = open().await;
    enter(&db.store, NOW).await;
    assert!(take(&db.store, "a", NOW).await);
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.end_job(("sweep", "a"), NOW, NOW, Ended::Halfway("half is swept")).await.unwrap());
    assert!(!tx.end_job(("sweep", "a"), NOW, NOW, Ended::Halfway("again")).await.unwrap(), "it is nobody's");
    tx.commit().await.unwrap();

    let jobs = db.store.read().await.unwrap().jobs().await.unwrap();
    let [job] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((job.due_at, &job.held, job.ended_at, job.succeeded_at), (NOW, &None, None, None));
    assert_eq!((job.outcome.as_deref(), job.runs, job.failures), (Some("half is swept"), 0, 0));
    assert!(take(&db.store, "b", NOW).await, "whoever is next goes on at once");
}

#[tokio::test]
async fn all_who_share_a_database_have_one_clock() {
    let db = open().await;
    let (one, other) = (NOW, NOW.plus(HOUR));
    let first = db.store.read().await.unwrap().clock(one).await.unwrap();
    let second = db.again().await.read().await.unwrap().clock(other).await.unwrap();
    // A file is on one machine, whose time is the caller's; a server has its own, whatever the callers think.
    let apart = second.since(first);
    assert!(apart == HOUR || apart < HOUR / 2, "{apart:?}");
}
