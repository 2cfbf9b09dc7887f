use std::time::Duration;

use sekisho_core::accounts::IncomingUser;
use sekisho_core::credentials::HashString;
use sekisho_core::{Actor, Ctx, RequestId};
use sekisho_store::{AdoptedKind, Error, Holder};

use super::open;
use crate::world::{NOW, cost, id, insert_tim};

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
        external_id: None,
        email: email.map(str::to_owned),
    };
    assert_eq!(tx.holders(None, 9).await.unwrap(), [holder(Some("tim@gmail.com"))]);
    assert_eq!(tx.holders(Some(tim), 9).await.unwrap(), []);
    tx.delete_user(tim, NOW, NOW.plus(Duration::from_secs(1))).await.unwrap();
    assert_eq!(tx.holders(None, 9).await.unwrap(), [holder(None)]);
}

#[tokio::test]
async fn users_that_were_taken_over_are_written_together_or_not_at_all() {
    let db = open().await;
    insert_tim(&db.store).await;
    let ctx =
        Ctx { request_id: RequestId::new([1; 8]), peer: None, agent: None, actor: Actor::Operator, now: NOW };
    let user = |number: u64, name: &str| IncomingUser {
        id: id(number),
        external_id: Some(number.to_string()),
        username: name.to_owned(),
        username_key: Some(name.to_owned()),
        email: None,
        email_key: None,
        full_name: None,
        extra: None,
        token_version: 0,
        disabled_at: None,
        created_at: NOW,
        updated_at: NOW,
        password: Some((HashString::new("$2b$".to_owned()), cost("bcrypt", "12"))),
    };
    let names: Vec<String> = (2..300).map(|number| format!("user{number:03}")).collect();
    let users: Vec<_> = (2..).zip(&names).map(|(number, name)| user(number, name)).collect();
    let mut tx = db.store.begin().await.unwrap();
    tx.hold_users().await.unwrap();
    tx.insert_adopted(&ctx, &users).await.unwrap();
    tx.commit().await.unwrap();
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.adopted_user("299").await.unwrap(), Some(id(299)));
    assert_eq!(read.hash_mix().await.unwrap(), [(cost("bcrypt", "12"), 298)]);
    let mut ids = read.adopted_ids(AdoptedKind::User, "", 200).await.unwrap();
    let last = ids.last().unwrap().clone();
    ids.extend(read.adopted_ids(AdoptedKind::User, &last, 200).await.unwrap());
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), read.adopted_ids(AdoptedKind::Item, "", 9).await.unwrap().len()), (298, 0));
    assert_eq!(read.holders(Some(id(298)), 9).await.unwrap()[0].external_id.as_deref(), Some("299"));

    let mut tx = db.store.begin().await.unwrap();
    let taken = tx.insert_adopted(&ctx, &[user(300, "ann"), user(301, "tim")]).await;
    assert!(matches!(taken, Err(Error::Taken { .. } | Error::Constraint { .. })), "{taken:?}");
    drop(tx);
    assert_eq!(read.adopted_user("300").await.unwrap(), None);
}
