use super::open;

#[tokio::test]
async fn a_named_text_is_put_replaced_read_and_dropped() {
    let db = open().await;
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(tx.meta("root_key").await.unwrap(), None);
    tx.set_meta("root_key", "one").await.unwrap();
    tx.set_meta("root_key", "two").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.read().await.unwrap().meta("root_key").await.unwrap().as_deref(), Some("two"));

    let mut tx = db.store.begin().await.unwrap();
    tx.drop_meta("root_key").await.unwrap();
    tx.drop_meta("root_key").await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(db.store.read().await.unwrap().meta("root_key").await.unwrap(), None);
}
