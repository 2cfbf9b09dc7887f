//! Many at once, and the database decides.

use sekisho_core::credentials::{HashString, SchemeCost};
use sekisho_store::{Field, Insert, NewUser, Owned, Store};

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

/// The same of two nodes, half of them each.
fn node(number: u64, one: &Store, other: &Store) -> Store {
    if number.is_multiple_of(2) { one.clone() } else { other.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_who_come_and_go_with_two_hashes_at_once_leave_the_right_count() {
    let db = open().await;
    let other = db.again().await;
    let kinds = [cost("argon2id", "x"), cost("bcrypt", "12")];
    let one = |store: Store, number: u64, kinds: [SchemeCost; 2]| async move {
        let name = format!("user{number}");
        let mut tx = store.begin().await.unwrap();
        let user = tx.insert_user(&new_user(number, &name, &name, &name)).await.unwrap();
        assert_eq!(user, Insert::Done);
        // In either order, in which two transactions would wait for each other.
        let (first, second) = match number % 4 {
            0 | 1 => (&kinds[0], &kinds[1]),
            _ => (&kinds[1], &kinds[0]),
        };
        tx.set_password(id(number), &HashString::new("one".into()), first, NOW).await.unwrap();
        tx.set_password(id(number), &HashString::new("two".into()), second, NOW).await.unwrap();
        tx.commit().await.unwrap();
        if number.is_multiple_of(5) {
            let mut tx = store.begin().await.unwrap();
            assert!(tx.delete_user(id(number), NOW, NOW).await.unwrap());
            tx.commit().await.unwrap();
        }
    };
    let tasks: Vec<_> =
        (0..100).map(|n| tokio::spawn(one(node(n, &db.store, &other), n, kinds.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    let mut read = db.store.read().await.unwrap();
    let counted = read.counted_hashes().await.unwrap();
    assert_eq!(read.hash_mix().await.unwrap(), counted);
    assert_eq!(counted.iter().map(|(_, n)| n).sum::<u64>(), 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s07_items_added_while_their_owner_is_deleted_are_nobodys() {
    let db = open().await;
    let other = db.again().await;
    for number in 0..10 {
        let name = format!("user{number}");
        crate::world::insert(&db.store, &[new_user(number, &name, &name, &name)]).await;
        let add = |store: Store| async move {
            let mut tx = store.begin().await.unwrap();
            let added = tx.add_item(id(number), NOW).await.unwrap();
            tx.commit().await.unwrap();
            added
        };
        let delete = |store: Store| async move {
            let mut tx = store.begin().await.unwrap();
            let deleted = tx.delete_user(id(number), NOW, NOW).await.unwrap();
            tx.commit().await.unwrap();
            deleted
        };
        let mut adding: Vec<_> = (0..8).map(|n| tokio::spawn(add(node(n, &db.store, &other)))).collect();
        let deleting: Vec<_> = (0..3).map(|n| tokio::spawn(delete(node(n, &db.store, &other)))).collect();
        adding.extend((0..8).map(|n| tokio::spawn(add(node(n, &db.store, &other)))));
        let mut deleted = 0;
        for task in deleting {
            deleted += u32::from(task.await.unwrap());
        }
        assert_eq!(deleted, 1);
        for task in adding {
            task.await.unwrap();
        }
        let mut read = db.store.read().await.unwrap();
        assert_eq!(read.items_of(id(number)).await.unwrap(), []);
        assert_eq!(read.orphans(Owned::Items, 9).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_item_that_is_brought_in_and_one_that_is_added_get_different_numbers() {
    let db = open().await;
    let other = db.again().await;
    let tim = insert_tim(&db.store).await;
    let one = |store: Store, number: i64| async move {
        let mut tx = store.begin().await.unwrap();
        let got = match number % 2 {
            0 => tx.add_item(tim, NOW).await.unwrap(),
            // Numbers that the counter is about to give.
            _ => tx.insert_incoming_item(number, tim, NOW).await.unwrap().then_some(number),
        };
        tx.commit().await.unwrap();
        got
    };
    let tasks: Vec<_> =
        (1..=60).map(|n| tokio::spawn(one(node(n as u64 / 2, &db.store, &other), n))).collect();
    let mut numbers = Vec::new();
    for task in tasks {
        numbers.extend(task.await.unwrap());
    }
    let there = db.store.read().await.unwrap().items_of(tim).await.unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, there.iter().map(|item| item.item_id).collect::<Vec<_>>());
    assert!(numbers.len() >= 30, "{numbers:?}");
}
