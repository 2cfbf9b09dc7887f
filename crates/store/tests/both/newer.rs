//! A program beside a newer one, on the schema that the newer one has made.

use sekisho_store::{Error, schema_served};

use super::{Database, open};
use crate::world::insert_tim;

/// Makes the database look as if a program of the next schema had been here, which serves those from `oldest` on.
async fn next_release(db: &Database, oldest: i64) {
    let next = schema_served().end() + 1;
    let mut tx = db.store.begin().await.unwrap();
    let note =
        "insert into sekisho_migrations (owner, version, checksum, applied_at) values ('sekisho', $1, 0, 0)";
    tx.execute(note, &[next.into()]).await.unwrap();
    tx.set_meta("schema_served", &format!("{oldest}..={next}")).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn s17_a_newer_schema_that_serves_this_program_is_served() {
    let db = open().await;
    next_release(&db, *schema_served().end()).await;
    let store = db.try_again().await.unwrap();
    insert_tim(&store).await;
    store.ping().await.unwrap();
    // Who was here before goes on too.
    db.store.ping().await.unwrap();
    assert!(db.store.read().await.unwrap().user_by_username("tim").await.unwrap().is_some());
}

#[tokio::test]
async fn s17_a_newer_schema_that_does_not_is_refused_and_untouched() {
    let db = open().await;
    let known = *schema_served().end();
    next_release(&db, known + 1).await;
    let refused = db.try_again().await.err();
    assert_eq!(refused, Some(Error::SchemaNewer { found: known + 1, known }));
}
