//! What a check reads.

use sekisho_core::credentials::HashString;
use sekisho_store::{Counts, Owned, Unique};

use super::open;
use crate::world::{NOW, cost, id, insert, insert_tim, new_user};

#[tokio::test]
async fn users_and_passwords_are_paged_as_they_are_stored() {
    let db = open().await;
    let users: Vec<String> = (0..5).map(|number| format!("user{number}")).collect();
    let users: Vec<_> = users.iter().zip(0..).map(|(name, n)| new_user(n, name, name, name)).collect();
    insert(&db.store, &users).await;
    let mut tx = db.store.begin().await.unwrap();
    for number in [1, 3] {
        let hash = HashString::new(format!("hash{number}"));
        tx.set_password(id(number), &hash, &cost("bcrypt", "12"), NOW).await.unwrap();
    }
    assert!(tx.delete_user(id(4), NOW, NOW).await.unwrap());
    tx.commit().await.unwrap();

    let mut read = db.store.read().await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = read.stored_users(after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page);
    }
    assert_eq!(seen.len(), 5);
    assert_eq!(seen[0].username_key.as_deref(), Some("user0"));
    assert_eq!((seen[4].released_at, seen[4].email.as_deref()), (Some(NOW), None));

    let passwords = read.stored_passwords(Some(id(1)), 9).await.unwrap();
    assert_eq!(passwords.len(), 1);
    assert_eq!((passwords[0].user, passwords[0].hash.as_str()), (id(3), "hash3"));
    assert_eq!(read.counted_hashes().await.unwrap(), [(cost("bcrypt", "12"), 2)]);
    assert_eq!(read.counts().await.unwrap(), Counts { users: 4, credentials: 2, items: 0, events: 0 });
    assert_eq!(read.item_numbers().await.unwrap(), (0, 0));
    assert_eq!(read.last_event_at().await.unwrap(), None);
}

#[tokio::test]
async fn nothing_of_a_sound_database_is_named() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    tx.add_item(tim, NOW).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    let mut read = db.store.read().await.unwrap();
    for what in [Unique::Username, Unique::UsernameKey, Unique::EmailKey] {
        assert_eq!(read.duplicates(what, 9).await.unwrap(), []);
    }
    for of in [Owned::Credentials, Owned::Items, Owned::Events] {
        assert_eq!(read.orphans(of, 9).await.unwrap(), Vec::<String>::new());
    }
    assert_eq!(read.item_numbers().await.unwrap(), (1, 1));
}

#[tokio::test]
async fn what_a_deleted_user_left_is_named() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    let item = tx.add_item(tim, NOW).await.unwrap().unwrap();
    let hash = HashString::new("hash".to_owned());
    tx.set_password(tim, &hash, &cost("bcrypt", "12"), NOW).await.unwrap();
    tx.commit().await.unwrap();
    // As nothing of ours does it.
    let blank = "update sekisho_users set released_at = $2 where id = $1";
    db.store.write_one(blank, &[tim.into(), NOW.into()]).await.unwrap();
    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.orphans(Owned::Credentials, 9).await.unwrap(), [tim.to_string()]);
    assert_eq!(read.orphans(Owned::Items, 9).await.unwrap(), [item.to_string()]);
}
