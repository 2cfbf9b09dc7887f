//! S17: a start that is killed at any statement leaves a database that the next start completes.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Echo, OpenOptions, Store};

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
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite_crash::s17_child"])
            .env(PATH, &path)
            .env(AT, at.to_string())
            .output()
            .unwrap();
        let store = Store::open(&DatabaseUrl::Sqlite(path), OpenOptions::new(NOW)).await.unwrap();
        insert_tim(&store).await;
        let sound = store.read().await.unwrap().row("pragma integrity_check", &[]).await.unwrap();
        assert_eq!(sound.unwrap().take::<String>(0).unwrap(), "ok");
        if child.status.success() {
            break;
        }
        died += 1;
    }
    assert!(died > 15, "the start was killed at {died} statements only");
}
