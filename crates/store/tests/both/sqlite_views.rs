//! A reading connection keeps what it sees open between two reads: nobody may notice, but by the time it saves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{NewUser, OpenOptions, Store};

use crate::sqlite::open;
use crate::world::{Folder, NOW, id, insert, new_user};

#[tokio::test]
async fn each_read_sees_what_whoever_committed_before() {
    let db = open().await;
    let other = db.again().await;
    let mut held = db.store.read().await.unwrap();
    for number in 1..=100 {
        let name = format!("user{number}");
        let writer = if number % 2 == 0 { &db.store } else { &other };
        insert(writer, &[new_user(number, &name, &name, &name)]).await;
        assert_eq!(held.count_users().await.unwrap(), number);
        let user = db.store.read().await.unwrap().user_by_id(id(number)).await.unwrap();
        assert_eq!(user.unwrap().username, name);
    }
}

/// Readers that never pause would keep the log growing for ever, did their views not end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_begins_anew_beside_readers_that_never_pause() {
    let folder = Folder::new();
    let url = DatabaseUrl::Sqlite(folder.path("test.db"));
    let store = Store::open(&url, OpenOptions::new(NOW)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let (store, stop) = (store.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    store.read().await.unwrap().user_by_id(id(1)).await.unwrap();
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let long = "x".repeat(60_000);
    let mut longest = 0;
    for number in 1..=600 {
        let name = format!("user{number}");
        let user = NewUser { full_name: Some(&long), ..new_user(number, &name, &name, &name) };
        insert(&store, &[user]).await;
        longest = longest.max(std::fs::metadata(folder.path("test.db-wal")).unwrap().len());
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
    // 600 of them are some 40 MB; it is written back whenever there are 4 MiB.
    assert!(longest < 16 << 20, "the log grew to {longest} bytes");
}

#[tokio::test]
async fn a_view_at_rest_ends_by_itself() {
    let db = open().await;
    let other = db.again().await;
    db.store.read().await.unwrap().has_users().await.unwrap();
    insert(&other, &[new_user(1, "tim", "tim", "tim")]).await;
    let emptied = async {
        loop {
            let mut row = other.read().await.unwrap().row("pragma wal_checkpoint(truncate)", &[]).await;
            if row.as_mut().unwrap().as_mut().unwrap().take::<i64>(0).unwrap() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), emptied).await.expect("a view keeps the log");
}
