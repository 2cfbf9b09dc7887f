use std::time::Duration;

use sekisho_store::{Error, Holder};

use super::open;
use crate::world::{NOW, id, insert_tim};

#[tokio::test]
async fn what_a_row_became_is_known_as_long_as_the_database_lives() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    assert!(!tx.has_adopted().await.unwrap());
    tx.note_adopted_user("17", tim, NOW).await.unwrap();
    tx.note_adopted_item("17", tim, 4, NOW).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.delete_user(tim, NOW, NOW.plus(Duration::from_secs(1))).await.unwrap());
    tx.commit().await.unwrap();
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.adopted_user("17").await.unwrap(), Some(tim));
    assert_eq!(read.adopted_item("17").await.unwrap(), Some(tim));
    assert_eq!(read.adopted_user("18").await.unwrap(), None);
    assert!(read.has_adopted().await.unwrap() && read.was_adopted(tim).await.unwrap());
    assert!(!read.was_adopted(id(2)).await.unwrap());
}

#[tokio::test]
async fn a_row_becomes_one_user_and_one_that_is_there() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    tx.note_adopted_user("17", tim, NOW).await.unwrap();
    assert!(matches!(tx.note_adopted_user("17", tim, NOW).await, Err(Error::Taken { .. })));
    drop(tx);
    let mut tx = db.store.begin().await.unwrap();
    assert!(matches!(tx.note_adopted_user("18", id(9), NOW).await, Err(Error::Constraint { .. })));
}

#[tokio::test]
async fn holders_of_names_are_listed_until_the_name_is_free() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    let holder = |email: Option<&str>| Holder {
        id: tim,
        username: Some("tim".to_owned()),
        username_key: Some("tim".to_owned()),
        email_key: email.map(str::to_owned),
    };
    assert_eq!(tx.holders(None, 9).await.unwrap(), [holder(Some("tim@gmail.com"))]);
    assert_eq!(tx.holders(Some(tim), 9).await.unwrap(), []);
    tx.delete_user(tim, NOW, NOW.plus(Duration::from_secs(1))).await.unwrap();
    assert_eq!(tx.holders(None, 9).await.unwrap(), [holder(None)]);
}
