//! Many at once, and the database decides.

use sekisho_core::credentials::HashString;
use sekisho_store::{Field, Insert, NewUser, Store};

use super::open;
use crate::world::{NOW, cost, id, insert_tim, new_user};

async fn register(store: Store, number: u64) -> Insert {
    let name = format!("user{number}");
    let email = ["Alice@X.org", "alice@x.org", "ALICE@x.org"][usize::try_from(number % 3).unwrap()];
    let user = NewUser { email: Some(email), ..new_user(number, &name, &name, "alice@x.org") };
    let mut tx = store.begin().await.unwrap();
    let outcome = tx.insert_user(&user).await.unwrap();
    tx.commit().await.unwrap();
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s06_of_200_parallel_inserts_of_one_address_exactly_one_succeeds() {
    let db = open().await;
    let second = db.again().await;
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            tokio::spawn(register(if number % 2 == 0 { &db.store } else { &second }.clone(), number))
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        match task.await.unwrap() {
            Insert::Done => done += 1,
            taken => assert_eq!(taken, Insert::Taken(Field::Email)),
        }
    }
    assert_eq!(done, 1);
    assert_eq!(db.store.read().await.unwrap().count_users().await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_50_parallel_upgrades_of_one_hash_exactly_one_succeeds() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let old = cost("bcrypt", "12");
    let mut tx = db.store.begin().await.unwrap();
    tx.set_password(tim, &HashString::new("old".into()), &old, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let upgrade = |store: Store, number: u64| async move {
        let (from, to) = (HashString::new("old".into()), HashString::new(format!("new{number}")));
        let mut tx = store.begin().await.unwrap();
        let won = tx.upgrade_password(id(1), &from, &to, &cost("argon2id", "x"), NOW).await.unwrap();
        tx.commit().await.unwrap();
        won
    };
    let tasks: Vec<_> = (0..50).map(|number| tokio::spawn(upgrade(db.store.clone(), number))).collect();
    let mut won = 0;
    for task in tasks {
        won += u32::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
    assert_eq!(db.store.read().await.unwrap().hash_mix().await.unwrap(), [(cost("argon2id", "x"), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s07_disabling_and_deleting_at_once_leave_one_outcome() {
    for number in 0..20 {
        let db = open().await;
        let tim = insert_tim(&db.store).await;
        let (left, right) = (db.store.clone(), db.store.clone());
        let disable = tokio::spawn(async move {
            let mut tx = left.begin().await.unwrap();
            let done = tx.disable(tim, NOW).await.unwrap();
            tx.commit().await.unwrap();
            done
        });
        let delete = tokio::spawn(async move {
            let mut tx = right.begin().await.unwrap();
            tx.add_item(tim, NOW).await.unwrap();
            let done = tx.delete_user(tim, NOW, NOW).await.unwrap();
            tx.commit().await.unwrap();
            done
        });
        disable.await.unwrap();
        assert!(delete.await.unwrap(), "round {number}");
        let mut read = db.store.read().await.unwrap();
        assert_eq!((read.user_by_id(tim).await.unwrap(), read.items_of(tim).await.unwrap()), (None, vec![]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn items_added_in_parallel_get_different_numbers() {
    let db = open().await;
    let tim = insert_tim(&db.store).await;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let store = db.store.clone();
            tokio::spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let number = tx.add_item(tim, NOW).await.unwrap().unwrap();
                tx.commit().await.unwrap();
                number
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.push(task.await.unwrap());
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=64));
}
