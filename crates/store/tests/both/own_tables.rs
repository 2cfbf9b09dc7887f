//! A library user's tables beside Sekisho's.

use sekisho_core::id::UserId;
use sekisho_store::{Error, Insert};

use super::open;
use crate::world::{NOW, id, insert_tim, new_user};

const ORDERS: &str = "create table shop_orders (order_id {serial}, owner {id} not null references sekisho_users (id), \
                      what {key} not null unique) {table}";

#[tokio::test]
async fn a_table_of_ones_own_is_made_written_and_read() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    db.store.migrate_own("shop", &[ORDERS]).await.unwrap();
    let put = "insert into shop_orders (what, owner) values ($2, $1)";
    assert_eq!(db.store.write_one(put, &[tim.into(), "茶".into()]).await.unwrap(), 1);
    let taken = db.store.write_one(put, &[tim.into(), "茶".into()]).await;
    assert!(matches!(taken, Err(Error::Taken { .. })), "{taken:?}");
    let nobody = db.store.write_one(put, &[UserId::from_bytes([9; 16]).into(), "酒".into()]).await;
    assert!(matches!(nobody, Err(Error::Constraint { .. })), "{nobody:?}");

    let mut tx = db.store.begin().await.unwrap();
    let returning = "insert into shop_orders (what, owner) values ($2, $1) returning order_id";
    let number: i64 = tx.row(returning, &[tim.into(), "餅".into()]).await.unwrap().unwrap().take(0).unwrap();
    tx.commit().await.unwrap();
    let mut read = db.store.read().await.unwrap();
    let sql = "select order_id, what from shop_orders where owner = $1 order by order_id";
    let rows = read.rows(sql, &[tim.into()]).await.unwrap();
    let rows: Vec<(i64, String)> =
        rows.into_iter().map(|mut row| (row.take(0).unwrap(), row.take(1).unwrap())).collect();
    assert_eq!(rows, [(1, "茶".to_owned()), (number, "餅".to_owned())]);
}

#[tokio::test]
async fn own_migrations_are_applied_once_and_appended_to() {
    let db = open().await;
    let more = "create index shop_orders_by_owner on shop_orders (owner)";
    db.store.migrate_own("shop", &[ORDERS]).await.unwrap();
    db.store.migrate_own("shop", &[ORDERS]).await.unwrap();
    db.again().await.migrate_own("shop", &[ORDERS, more]).await.unwrap();
    assert_eq!(db.store.migrate_own("shop", &[ORDERS]).await, Err(Error::SchemaNewer { found: 2, known: 1 }));
    let differs = Err(Error::SchemaDiffers { set: "shop".into(), version: 1 });
    assert_eq!(db.store.migrate_own("shop", &[more, ORDERS]).await, differs);
    assert!(matches!(
        db.store.migrate_own("mine", &["create table sekisho_mine (a {text})"]).await,
        Err(Error::Misuse { .. })
    ));
}

#[tokio::test]
async fn a_failing_own_migration_leaves_nothing() {
    let db = open().await;
    let broken = db.store.migrate_own("shop", &[ORDERS, "create table shop_orders (a {text}) {table}"]).await;
    assert!(broken.is_err());
    db.store.migrate_own("shop", &[ORDERS]).await.unwrap();
}

#[tokio::test]
async fn a_wrong_number_of_parameters_is_refused() {
    let db = open().await;
    let mut read = db.store.read().await.unwrap();
    for params in [&[][..], &[1i64.into(), 2i64.into()][..]] {
        let wrong = read.rows("select id from sekisho_users where token_version = $1", params).await;
        assert!(matches!(wrong, Err(Error::Misuse { .. })), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_deleted_user_whom_an_own_table_names_hinders_nobody() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    db.store.migrate_own("shop", &[ORDERS]).await.unwrap();
    let put = "insert into shop_orders (what, owner) values ($2, $1)";
    db.store.write_one(put, &[tim.into(), "茶".into()]).await.unwrap();
    let mut tx = db.store.begin().await.unwrap();
    assert!(tx.delete_user(tim, NOW, NOW).await.unwrap());
    tx.commit().await.unwrap();

    let mut tx = db.store.begin().await.unwrap();
    assert_eq!((tx.release_names(NOW).await, tx.release_names(NOW).await), (Ok(1), Ok(0)));
    assert_eq!(tx.insert_user(&new_user(2, "tim", "tim", "tim@gmail.com")).await, Ok(Insert::Done));
    tx.commit().await.unwrap();
    let mut tx = db.store.begin().await.unwrap();
    let again = tx.insert_user(&new_user(1, "tom", "tom", "tom@x.org")).await;
    assert!(matches!(again, Err(Error::Taken { .. })), "an id is never given again: {again:?}");
    drop(tx);

    let mut read = db.store.read().await.unwrap();
    assert_eq!(read.user_by_id(tim).await.unwrap(), None);
    assert_eq!(read.user_by_username("tim").await.unwrap().unwrap().id, id(2));
    let sql =
        "select owner from shop_orders o join sekisho_users u on u.id = o.owner where u.username is null";
    assert_eq!(read.row(sql, &[]).await.unwrap().unwrap().take::<UserId>(0).unwrap(), tim);
}
