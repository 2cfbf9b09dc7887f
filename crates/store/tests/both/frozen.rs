//! Writes on hold.

use sekisho_core::audit::Event;
use sekisho_core::credentials::HashString;
use sekisho_store::{Error, NewUser, Store};

use super::open;
use crate::world::{NOW, cost, id, insert_tim, login, new_user, operator};

async fn freeze(store: &Store) -> bool {
    let mut tx = store.begin().await.unwrap();
    let changed = tx.freeze(&operator()).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

async fn unfreeze(store: &Store) -> bool {
    let mut tx = store.begin().await.unwrap();
    let changed = tx.unfreeze(&operator()).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

/// Each kind of write, in a transaction of its own: what came of it.
async fn writes(store: &Store) -> Vec<Result<(), Error>> {
    let tim = id(1);
    let ada: NewUser<'_> = new_user(2, "ada", "ada", "ada@x.org");
    let hash = HashString::new("$2b$04$tim".to_owned());
    let mut outcomes = Vec::new();
    macro_rules! write {
        (|$tx:ident| $work:expr) => {{
            let mut $tx = store.begin().await.unwrap();
            let outcome = $work.await.map(drop);
            outcomes.push(match outcome {
                Ok(()) => $tx.commit().await,
                Err(error) => Err(error),
            });
        }};
    }
    write!(|tx| tx.insert_user(&ada));
    write!(|tx| tx.set_password(tim, &hash, &cost("bcrypt", "4"), NOW));
    write!(|tx| tx.raise_token_version(tim, NOW));
    write!(|tx| tx.disable(tim, NOW));
    write!(|tx| tx.add_item(tim, NOW));
    write!(|tx| tx.record(&operator(), &Event::UserAdded { user: tim }));
    write!(|tx| tx.set_meta("name", "value"));
    write!(|tx| tx.delete_user(tim, NOW, NOW));
    outcomes
}

#[tokio::test]
async fn every_write_of_every_process_is_refused_and_reading_goes_on() {
    let db = open().await;
    insert_tim(&db.store).await;
    let other = db.again().await;
    assert!(freeze(&db.store).await);
    assert!(!freeze(&other).await, "it is frozen already");
    for store in [&db.store, &other] {
        for (at, outcome) in writes(store).await.into_iter().enumerate() {
            assert_eq!(outcome, Err(Error::Frozen), "write {at}");
        }
        let mut read = store.read().await.unwrap();
        assert_eq!(read.frozen_since().await.unwrap(), Some(NOW));
        assert!(read.login_candidate(&login("tim", "tim", None)).await.unwrap().is_some());
        assert!(read.user_by_id(id(1)).await.unwrap().is_some_and(|user| !user.is_disabled()));
    }
    // Who starts now finds it as it is.
    let third = db.again().await;
    assert_eq!(third.read().await.unwrap().frozen_since().await.unwrap(), Some(NOW));
    assert!(unfreeze(&third).await);
    assert!(!unfreeze(&db.store).await);
    for store in [&db.store, &other] {
        assert_eq!(store.read().await.unwrap().frozen_since().await.unwrap(), None);
    }
    for (at, outcome) in writes(&other).await.into_iter().enumerate() {
        assert_eq!(outcome, Ok(()), "write {at}");
    }
}

#[tokio::test]
async fn failed_log_ins_are_counted_meanwhile() {
    let db = open().await;
    freeze(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    tx.set_limit(&[7; 16], NOW).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.read().await.unwrap().limit(&[7; 16]).await.unwrap(), Some(NOW));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_writing_is_waited_for_and_what_was_committed_is_there() {
    let db = open().await;
    let other = db.again().await;
    let mut tx = other.begin().await.unwrap();
    tx.insert_user(&new_user(1, "tim", "tim", "tim@gmail.com")).await.unwrap();
    let store = db.store.clone();
    let freezing = tokio::spawn(async move { freeze(&store).await });
    tx.insert_user(&new_user(2, "ada", "ada", "ada@x.org")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(freezing.await.unwrap());
    let mut read = db.store.read().await.unwrap();
    assert!(read.user_by_username("ada").await.unwrap().is_some());
}

#[tokio::test]
async fn an_undone_freeze_is_none() {
    let db = open().await;
    insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.freeze(&operator()).await.unwrap());
    drop(tx);
    assert_eq!(db.store.read().await.unwrap().frozen_since().await.unwrap(), None);
    assert!(writes(&db.store).await.into_iter().all(|outcome| outcome == Ok(())));
}
