use sekisho_core::items::Item;

use super::open;
use crate::world::{NOW, id, insert, insert_tim, new_user};

#[tokio::test]
async fn items_are_numbered_over_all_users_and_never_twice() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    insert(&db.store, &[new_user(2, "q", "q", "q@x.org")]).await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.add_item(tim, NOW).await.unwrap(), Some(1));
    assert_eq!(tx.add_item(id(2), NOW).await.unwrap(), Some(2));
    assert!(tx.remove_item(2).await.unwrap());
    assert!(!tx.remove_item(2).await.unwrap());
    assert_eq!(tx.add_item(tim, NOW).await.unwrap(), Some(3));
    tx.commit().await.unwrap();
    let mut read = db.store.read().await.unwrap();
    let items = read.items_of(tim).await.unwrap();
    assert_eq!(items, [Item { item_id: 1, owner: tim }, Item { item_id: 3, owner: tim }]);
    assert_eq!(read.items_of(id(2)).await.unwrap(), []);
}

#[tokio::test]
async fn an_item_needs_an_owner() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.add_item(id(9), NOW).await, Ok(None));
    tx.delete_user(tim, NOW, NOW).await.unwrap();
    assert_eq!(tx.add_item(tim, NOW).await, Ok(None), "a blank row owns nothing");
    tx.insert_user(&new_user(2, "q", "q", "q@x.org")).await.unwrap();
    assert_eq!(tx.add_item(id(2), NOW).await, Ok(Some(1)), "the transaction goes on");
    tx.commit().await.unwrap();
}
