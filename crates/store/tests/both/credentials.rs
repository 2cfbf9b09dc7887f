use sekisho_core::credentials::HashString;

use super::open;
use crate::world::{NOW, cost, id, insert, insert_tim, login, new_user};

fn hash(text: &str) -> HashString {
    HashString::new(text.to_owned())
}

#[tokio::test]
async fn a_password_is_set_replaced_and_counted() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    insert(&db.store, &[new_user(2, "q", "q", "q@x.org")]).await;
    let (slow, slower) = (cost("bcrypt", "12"), cost("bcrypt", "13"));

    let mut tx = db.store.begin().await.unwrap();
    tx.set_password(tim, &hash("one"), &slow, NOW).await.unwrap();
    tx.set_password(id(2), &hash("two"), &slow, NOW).await.unwrap();
    assert_eq!(tx.hash_mix().await.unwrap(), [(slow.clone(), 2)]);
    tx.set_password(tim, &hash("three"), &slow, NOW).await.unwrap();
    assert_eq!(tx.hash_mix().await.unwrap(), [(slow.clone(), 2)]);
    tx.set_password(tim, &hash("four"), &slower, NOW).await.unwrap();
    assert_eq!(tx.hash_mix().await.unwrap(), [(slow.clone(), 1), (slower.clone(), 1)]);
    tx.commit().await.unwrap();

    let mut read = db.store.read().await.unwrap();
    let (user, found) = read.login_candidate(&login("tim", "tim", None)).await.unwrap().unwrap();
    assert_eq!((user.id, found.unwrap().as_str()), (tim, "four"));
}

#[tokio::test]
async fn a_password_needs_a_user() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let scheme = cost("bcrypt", "12");
    let mut tx = db.store.begin().await.unwrap();
    tx.set_password(id(9), &hash("one"), &scheme, NOW).await.unwrap();
    assert_eq!(tx.hash_mix().await.unwrap(), []);
    tx.set_password(tim, &hash("one"), &scheme, NOW).await.unwrap();
    tx.delete_user(tim, NOW, NOW).await.unwrap();
    assert_eq!(tx.hash_mix().await.unwrap(), []);
    tx.set_password(tim, &hash("two"), &scheme, NOW).await.unwrap();
    assert_eq!(tx.hash_mix().await.unwrap(), []);
    // Nothing points at the blank row, so it can go.
    assert_eq!(tx.release_names(NOW).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_upgrade_replaces_the_hash_it_was_made_for_and_no_other() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let (old, new) = (cost("bcrypt", "12"), cost("argon2id", "m=19456,t=2,p=1"));
    let mut tx = db.store.begin().await.unwrap();
    assert!(!tx.upgrade_password(tim, &hash("old"), &hash("new"), &new, NOW).await.unwrap());
    tx.set_password(tim, &hash("old"), &old, NOW).await.unwrap();
    assert!(!tx.upgrade_password(tim, &hash("older"), &hash("new"), &new, NOW).await.unwrap());
    assert_eq!(tx.hash_mix().await.unwrap(), [(old.clone(), 1)]);
    assert!(tx.upgrade_password(tim, &hash("old"), &hash("new"), &new, NOW).await.unwrap());
    assert!(!tx.upgrade_password(tim, &hash("old"), &hash("newer"), &new, NOW).await.unwrap());
    assert_eq!(tx.hash_mix().await.unwrap(), [(new.clone(), 1)]);
    tx.commit().await.unwrap();
}
