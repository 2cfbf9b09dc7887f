//! The file: whose it is, whether it is whole, who may read it. ATTACKS S14, S16, S19.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, OpenOptions, Store};

use crate::world::{Folder, NOW, id, insert_tim, new_user};

async fn open(path: &Path) -> Result<Store, Error> {
    Store::open(&DatabaseUrl::Sqlite(path.to_owned()), OpenOptions::new(NOW)).await
}

/// A closed database with one user in it.
async fn made(folder: &Folder) -> std::path::PathBuf {
    let path = folder.path("test.db");
    let store = open(&path).await.unwrap();
    insert_tim(&store).await;
    store.close().await;
    path
}

/// Runs statements on the database in `path` and closes it.
async fn alter(path: &Path, statements: &[&'static str]) {
    let store = open(path).await.unwrap();
    for statement in statements {
        store.write_one(statement, &[]).await.unwrap();
    }
    store.close().await;
}

/// Every file in the folder with its content.
fn contents(folder: &Folder) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder.as_path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// Opens what must be refused, and shows that nothing in the folder has changed.
async fn refused(folder: &Folder, path: &Path) -> Error {
    let before = contents(folder);
    let error = open(path).await.unwrap_err();
    assert!(contents(folder) == before, "the files have changed: {error}");
    error
}

#[tokio::test]
async fn a_new_database_is_its_owners_alone_and_leaves_no_draft() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    let store = open(&path).await.unwrap();
    insert_tim(&store).await;
    let files: Vec<_> = contents(&folder).into_keys().collect();
    assert_eq!(files, ["test.db", "test.db-shm", "test.db-wal"]);
    for file in files {
        let mode = fs::metadata(folder.path(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    store.close().await;
    assert_eq!(contents(&folder).into_keys().collect::<Vec<_>>(), ["test.db"]);
    let store = open(&path).await.unwrap();
    assert_eq!(store.read().await.unwrap().count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn a_path_may_hold_any_character() {
    let folder = Folder::new();
    for name in ["a b?mode=memory&x#%41.db", "関所.db"] {
        let path = folder.path(name);
        for round in 0..2 {
            let store = open(&path).await.unwrap();
            assert_eq!(store.read().await.unwrap().has_users().await.unwrap(), round == 1);
            if round == 0 {
                insert_tim(&store).await;
            }
            store.close().await;
        }
        assert!(path.exists());
    }
}

#[tokio::test]
async fn s14_a_file_that_is_no_database_is_refused_and_untouched() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    for (content, says) in [
        (&b""[..], "has no content"),
        (b"S", "has no content"),
        (b"hello", "not a database"),
        (&[b'x'; 5000], "not a database"),
        (b"SQLite format 3\0", "not a database"),
    ] {
        fs::write(&path, content).unwrap();
        let error = refused(&folder, &path).await;
        assert!(matches!(error, Error::Corrupt { .. }) && error.to_string().contains(says), "{error}");
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(open(&path).await, Err(Error::Misuse { .. })));
    let nowhere = open(&folder.path("none/test.db")).await;
    assert!(matches!(nowhere, Err(Error::Unavailable { .. })), "{nowhere:?}");
}

#[tokio::test]
async fn s14_a_truncated_or_damaged_file_is_refused_and_untouched() {
    let folder = Folder::new();
    let path = made(&folder).await;
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 1, whole.len() / 2, 4096, 100] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = refused(&folder, &path).await;
        assert!(matches!(error, Error::Corrupt { .. }), "{length}: {error}");
    }
    // A header that promises another page size, and a schema page of noise.
    for (range, byte) in [(16..18, 0x07), (100..4096, 0xa5)] {
        let mut bytes = whole.clone();
        bytes[range.clone()].fill(byte);
        fs::write(&path, bytes).unwrap();
        let error = refused(&folder, &path).await;
        assert!(matches!(error, Error::Corrupt { .. }), "{range:?}: {error}");
    }
    fs::write(&path, whole).unwrap();
    assert!(open(&path).await.unwrap().read().await.unwrap().has_users().await.unwrap());
}

#[tokio::test]
async fn s14_a_damaged_page_is_an_error_when_it_is_met_and_no_answer() {
    let folder = Folder::new();
    let path = made(&folder).await;
    let store = open(&path).await.unwrap();
    let sql = "select rootpage from sqlite_schema where name = 'sekisho_users'";
    let page: i64 = store.read().await.unwrap().row(sql, &[]).await.unwrap().unwrap().take(0).unwrap();
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    let start = (usize::try_from(page).unwrap() - 1) * 4096;
    bytes[start..start + 4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();

    let store = open(&path).await.unwrap();
    let met = store.read().await.unwrap().user_by_id(id(1)).await;
    assert!(matches!(met, Err(Error::Corrupt { .. })), "{met:?}");
    let mut tx = store.begin().await.unwrap();
    assert!(matches!(tx.disable(id(1), NOW).await, Err(Error::Corrupt { .. })));
    drop(tx);
    store.ping().await.unwrap();
}

#[tokio::test]
async fn s14_a_schema_that_is_not_whole_is_refused() {
    for damage in [
        &["drop table sekisho_items"][..],
        &["alter table sekisho_users drop column full_name"],
        &["drop table sekisho_migrations"],
    ] {
        let folder = Folder::new();
        let path = made(&folder).await;
        alter(&path, damage).await;
        let error = refused(&folder, &path).await;
        assert!(matches!(error, Error::Corrupt { .. }), "{damage:?}: {error}");
    }
}

#[tokio::test]
async fn s17_a_newer_or_other_schema_is_refused_and_untouched() {
    let folder = Folder::new();
    let path = made(&folder).await;
    alter(&path, &["update sekisho_migrations set checksum = checksum + 1"]).await;
    assert_eq!(refused(&folder, &path).await, Error::SchemaDiffers { set: "sekisho".into(), version: 1 });

    let folder = Folder::new();
    let path = made(&folder).await;
    let newer =
        "insert into sekisho_migrations (owner, version, checksum, applied_at) values ('sekisho', 99, 0, 0)";
    alter(&path, &[newer]).await;
    assert!(matches!(refused(&folder, &path).await, Error::SchemaNewer { found: 99, .. }));
}

/// Takes everything of ours out of a database.
const NOTHING_OF_OURS: [&str; 11] = [
    "drop table sekisho_limits",
    "drop table sekisho_jobs",
    "drop table sekisho_adopted",
    "drop table sekisho_items",
    "drop table sekisho_credentials",
    "drop table sekisho_users",
    "drop table sekisho_hash_schemes",
    "drop table sekisho_counters",
    "drop table sekisho_events",
    "drop table sekisho_meta",
    "drop table sekisho_migrations",
];

#[tokio::test]
async fn s14_another_applications_database_is_named_and_untouched() {
    let folder = Folder::new();
    let path = made(&folder).await;
    alter(
        &path,
        &["create table user (id integer primary key)", "create table item (id integer primary key)"],
    )
    .await;
    alter(&path, &NOTHING_OF_OURS).await;
    assert_eq!(refused(&folder, &path).await, Error::Foreign { tables: "item, user".into() });
}

#[tokio::test]
async fn s14_a_table_whose_name_begins_almost_as_sqlites_own_is_seen() {
    let folder = Folder::new();
    let path = made(&folder).await;
    alter(&path, &["create table sqlites (id integer primary key)"]).await;
    alter(&path, &NOTHING_OF_OURS).await;
    assert_eq!(refused(&folder, &path).await, Error::Foreign { tables: "sqlites".into() });
}

#[tokio::test]
async fn drafts_of_others_stay_as_they_are() {
    let folder = Folder::new();
    // As another container would have them, where the same process id is at work on the same folder.
    let drafts: Vec<_> =
        (0..100).map(|n| folder.path(&format!(".test.db.{}-{n}.new", std::process::id()))).collect();
    for draft in &drafts {
        fs::write(draft, b"another's").unwrap();
    }
    open(&folder.path("test.db")).await.unwrap().close().await;
    for draft in &drafts {
        assert_eq!(fs::read(draft).unwrap(), b"another's");
    }
    assert_eq!(contents(&folder).len(), drafts.len() + 1);
}

#[tokio::test]
async fn an_empty_database_is_nobodys_and_becomes_ours() {
    let folder = Folder::new();
    let path = made(&folder).await;
    alter(&path, &NOTHING_OF_OURS).await;
    let store = open(&path).await.unwrap();
    assert!(!store.read().await.unwrap().has_users().await.unwrap());
    insert_tim(&store).await;
}

#[tokio::test]
async fn s16_a_stale_rollback_journal_is_not_played_back() {
    let folder = Folder::new();
    let path = made(&folder).await;
    for journal in [&b"hello"[..], &[0; 2000]] {
        fs::write(folder.path("test.db-journal"), journal).unwrap();
        let error = refused(&folder, &path).await;
        assert!(
            matches!(error, Error::Unavailable { .. }) && error.to_string().contains("-journal"),
            "{error}"
        );
    }
    fs::write(folder.path("test.db-journal"), b"").unwrap();
    assert_eq!(open(&path).await.unwrap().read().await.unwrap().count_users().await.unwrap(), 1);
}

/// The file and its log as they are now, elsewhere.
fn copied_with_its_log(folder: &Folder) -> Folder {
    let copy = Folder::new();
    for name in ["test.db", "test.db-wal"] {
        fs::copy(folder.path(name), copy.path(name)).unwrap();
    }
    copy
}

#[tokio::test]
async fn s16_without_its_log_the_last_checkpoint_is_left() {
    let folder = Folder::new();
    let path = made(&folder).await;
    let store = open(&path).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.insert_user(&new_user(2, "q", "q", "q@x")).await.unwrap();
    tx.commit().await.unwrap();
    // What a machine that stopped here and lost the log would find.
    let copy = Folder::new();
    fs::copy(&path, copy.path("test.db")).unwrap();
    let old = open(&copy.path("test.db")).await.unwrap();
    assert_eq!(old.read().await.unwrap().count_users().await.unwrap(), 1);
    // And with the log, but without the index beside it.
    let copy = copied_with_its_log(&folder);
    let whole = open(&copy.path("test.db")).await.unwrap();
    assert_eq!(whole.read().await.unwrap().count_users().await.unwrap(), 2);
    drop(store);
}

#[tokio::test]
async fn s04_a_log_that_was_left_is_written_back_before_anything_is_added_to_it() {
    let folder = Folder::new();
    let path = made(&folder).await;
    let store = open(&path).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    tx.insert_user(&new_user(2, "q", "q", "q@x")).await.unwrap();
    tx.commit().await.unwrap();
    // What a process leaves that was killed; its log may not be on the disk, whatever the next process reads of it.
    let copy = copied_with_its_log(&folder);
    assert!(fs::metadata(copy.path("test.db-wal")).unwrap().len() > 4096);
    let next = open(&copy.path("test.db")).await.unwrap();
    assert_eq!(fs::metadata(copy.path("test.db-wal")).unwrap().len(), 0);
    assert_eq!(next.read().await.unwrap().count_users().await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_database_at_once() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let path = path.clone();
            tokio::spawn(async move {
                let store = open(&path).await.unwrap();
                let name = format!("user{number}");
                let mut tx = store.begin().await.unwrap();
                tx.insert_user(&new_user(number, &name, &name, &name)).await.unwrap();
                tx.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(open(&path).await.unwrap().read().await.unwrap().count_users().await.unwrap(), 8);
}

#[tokio::test]
async fn a_lock_that_another_process_holds_is_waited_for_and_then_refused() {
    let folder = Folder::new();
    let path = made(&folder).await;
    let other = open(&path).await.unwrap();
    let url = DatabaseUrl::Sqlite(path.clone());
    let impatient = OpenOptions { lock_wait: Duration::from_millis(30), ..OpenOptions::new(NOW) };
    let store = Store::open(&url, impatient).await.unwrap();

    let held = other.begin().await.unwrap();
    let refused = store.begin().await.err();
    assert!(matches!(refused, Some(Error::Busy { waited_ms: 30.. })), "{refused:?}");
    assert!(store.read().await.unwrap().user_by_id(id(1)).await.unwrap().is_some(), "reading goes on");

    let patient = open(&path).await.unwrap();
    let waiting = tokio::spawn(async move { patient.begin().await.map(drop) });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!waiting.is_finished());
    held.commit().await.unwrap();
    waiting.await.unwrap().unwrap();
    store.begin().await.unwrap();
}
