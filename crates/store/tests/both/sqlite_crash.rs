//! S17: a start that is killed at any statement leaves a database that the next start completes.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Echo, Look, OpenOptions, Store};

use crate::world::{Folder, NOW, insert_tim};

const PATH: &str = "SEKISHO_CRASH_PATH";
const AT: &str = "SEKISHO_CRASH_AT";

/// Not a test by itself: what the test below starts and lets die.
#[tokio::test]
async fn s17_child() {
    let (Ok(path), Ok(at)) = (std::env::var(PATH), std::env::var(AT)) else { return };
    let at: u32 = at.parse().unwrap();
    let seen = AtomicU32::new(0);
    let echo = Arc::new(move |_: &Echo<'_>| {
        if seen.fetch_add(1, Ordering::Relaxed) + 1 == at {
            std::process::abort();
        }
    });
    let options = OpenOptions { echo: Some(echo), ..OpenOptions::new(NOW) };
    Store::open(&DatabaseUrl::Sqlite(path.into()), options).await.unwrap();
}

#[tokio::test]
async fn s17_a_migration_killed_at_each_statement_is_completed_by_the_next_start() {
    let mut died = 0;
    for at in 1.. {
        let folder = Folder::new();
        let path = folder.path("test.db");
        let ended = killed_start(&path, at);
        let store = Store::open(&DatabaseUrl::Sqlite(path), OpenOptions::new(NOW)).await.unwrap();
        insert_tim(&store).await;
        let sound = store.read().await.unwrap().row("pragma integrity_check", &[]).await.unwrap();
        assert_eq!(sound.unwrap().take::<String>(0).unwrap(), "ok");
        if ended {
            break;
        }
        died += 1;
    }
    assert!(died > 15, "the start was killed at {died} statements only");
}

/// What takes a database back to the first version of the schema.
const BACK_TO_THE_FIRST: [&str; 6] = [
    "drop index sekisho_users_by_external_id",
    "drop table sekisho_adopted",
    "drop table sekisho_jobs",
    "drop table sekisho_limits",
    "delete from sekisho_meta where name = 'schema_served'",
    "delete from sekisho_migrations where version > 1",
];

#[tokio::test]
async fn s17_an_upgrade_killed_at_each_statement_is_completed_by_the_next_start() {
    let first = Folder::new();
    let store = Store::open(&url(&first.path("test.db")), OpenOptions::new(NOW)).await.unwrap();
    insert_tim(&store).await;
    for statement in BACK_TO_THE_FIRST {
        store.write_one(statement, &[]).await.unwrap();
    }
    store.close().await;

    let mut died = 0;
    for at in 1.. {
        let folder = Folder::new();
        let path = folder.path("test.db");
        std::fs::copy(first.path("test.db"), &path).unwrap();
        let ended = killed_start(&path, at);
        let mut look = Look::open(&path).unwrap();
        let schema = look.schema().await.unwrap();
        assert!(schema.found == schema.known || schema.found == 1, "all or nothing: {schema:?}");
        assert_eq!(look.integrity(9).await.unwrap().damage, Vec::<String>::new());
        drop(look);
        let store = Store::open(&url(&path), OpenOptions::new(NOW)).await.unwrap();
        assert!(store.read().await.unwrap().user_by_username("tim").await.unwrap().is_some());
        store.close().await;
        let mut look = Look::open(&path).unwrap();
        assert_eq!(look.schema_differences().await.unwrap(), Vec::<String>::new(), "{at}");
        look.serves().await.unwrap();
        if ended {
            break;
        }
        died += 1;
    }
    assert!(died > 6, "the upgrade was killed at {died} statements only");
}

/// Opens the database in a process of its own that dies at its `at`-th statement; whether it came to its end.
fn killed_start(path: &Path, at: u32) -> bool {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite_crash::s17_child"])
        .env(PATH, path)
        .env(AT, at.to_string())
        .output()
        .unwrap();
    child.status.success()
}

fn url(path: &Path) -> DatabaseUrl {
    DatabaseUrl::Sqlite(path.to_owned())
}
