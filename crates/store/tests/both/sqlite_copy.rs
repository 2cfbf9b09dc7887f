//! Looking at a file without a trace, and copying one that is in use. ATTACKS S14, S18, L03.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sekisho_core::settings::DatabaseUrl;
use sekisho_store::{Error, Look, OpenOptions, Store, Unique, copy, is_writable, settle};

use crate::world::{Folder, NOW, id, insert, insert_tim, new_user};

async fn open(path: &Path) -> Store {
    Store::open(&DatabaseUrl::Sqlite(path.to_owned()), OpenOptions::new(NOW)).await.unwrap()
}

fn names(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.as_path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn users_in(path: PathBuf) -> u64 {
    Look::open(&path).unwrap().count_users().await.unwrap()
}

#[tokio::test]
async fn a_look_leaves_no_trace_and_sees_one_state() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    assert!(matches!(Look::open(&path), Err(Error::Unavailable { .. })));
    let store = open(&path).await;
    insert_tim(&store).await;
    store.close().await;
    let before = fs::read(&path).unwrap();
    let mut look = Look::open(&path).unwrap();
    assert_eq!(look.count_users().await.unwrap(), 1);
    let version = look.schema().await.unwrap();
    assert_eq!(version.found, version.known);
    look.serves().await.unwrap();
    for found in [
        look.integrity(9).await.unwrap().damage,
        look.foreign_keys(9).await.unwrap(),
        look.schema_differences().await.unwrap(),
        look.intruders().await.unwrap(),
    ] {
        assert_eq!(found, Vec::<String>::new());
    }
    assert!(look.keeps_log().await.unwrap());
    assert!(!look.overtaken());
    drop(look);
    assert_eq!((fs::read(&path).unwrap(), names(&folder)), (before, vec!["test.db".to_owned()]));

    let resting = Look::open(&path).unwrap();
    let store = open(&path).await;
    let mut look = Look::open(&path).unwrap();
    assert!(resting.overtaken() && !look.overtaken());
    assert_eq!(look.count_users().await.unwrap(), 1);
    insert(&store, &[new_user(2, "q", "q", "q@x")]).await;
    assert_eq!(look.count_users().await.unwrap(), 1, "the state of the first look");
    assert_eq!(users_in(path).await, 2);
}

#[tokio::test]
async fn what_was_taken_out_of_a_schema_is_named_and_doubles_are_found_without_it() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    let store = open(&path).await;
    insert_tim(&store).await;
    store.write_one("drop index sekisho_users_by_username_key", &[]).await.unwrap();
    let double = "insert into sekisho_users (id, username, username_key, token_version, created_at, updated_at) \
                  values ($1, 'Tim', 'tim', 0, 0, 0)";
    store.write_one(double, &[id(2).into()]).await.unwrap();
    let mut look = Look::open(&path).unwrap();
    assert_eq!(look.schema_differences().await.unwrap(), ["sekisho_users_by_username_key is missing"]);
    assert_eq!(look.duplicates(Unique::UsernameKey, 9).await.unwrap(), [id(2)]);
    assert_eq!(look.duplicates(Unique::Username, 9).await.unwrap(), []);
}

/// Four writers go on while the copy is made; it is the state of its beginning, whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s18_a_copy_under_write_load_is_one_state_and_ends() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    let store = open(&path).await;
    let written = std::sync::Arc::new(AtomicU64::new(0));
    let over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writers: Vec<_> = (0..4u64)
        .map(|writer| {
            let (store, written, over) = (store.clone(), written.clone(), over.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("user{writer}x{number}");
                    insert(&store, &[new_user(writer << 32 | number, &name, &name, &name)]).await;
                    written.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    while written.load(Ordering::SeqCst) < 500 {
        tokio::task::yield_now().await;
    }
    let before = written.load(Ordering::SeqCst);
    let (from, to) = (path.clone(), folder.path("copy.db"));
    let copied = tokio::task::spawn_blocking(move || copy(&from, &to, |_| {})).await.unwrap().unwrap();
    let after = written.load(Ordering::SeqCst) + 4;
    over.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let users = users_in(folder.path("copy.db")).await;
    assert!((before..=after).contains(&users), "{before} <= {users} <= {after}");
    assert!(copied.tables.contains(&("sekisho_users".to_owned(), users)));
    let mode = fs::metadata(folder.path("copy.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_copy_takes_along_what_only_the_log_holds_and_replaces_nothing() {
    let folder = Folder::new();
    let (path, to) = (folder.path("test.db"), folder.path("copy.db"));
    let store = open(&path).await;
    insert_tim(&store).await;
    let mut steps = 0;
    copy(&path, &to, |_| steps += 1).unwrap();
    assert_eq!(users_in(to.clone()).await, 1);
    assert!(copy(&path, &to, |_| ()).is_err(), "the copy is there already");
    assert_eq!(users_in(to).await, 1);
    // At rest, and an application's own.
    store.close().await;
    copy(&path, &folder.path("again.db"), |_| ()).unwrap();
    assert_eq!(users_in(folder.path("again.db")).await, 1);
    assert_eq!(names(&folder), ["again.db", "copy.db", "test.db"]);
}

#[tokio::test]
async fn of_what_is_no_whole_database_nothing_is_copied() {
    let folder = Folder::new();
    let (path, to) = (folder.path("test.db"), folder.path("copy.db"));
    assert!(matches!(copy(&path, &to, |_| ()), Err(Error::Unavailable { .. })));
    fs::write(&path, b"Dear diary, ".repeat(1000)).unwrap();
    assert!(matches!(copy(&path, &to, |_| ()), Err(Error::Corrupt { .. })));
    fs::remove_file(&path).unwrap();
    let store = open(&path).await;
    insert_tim(&store).await;
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(13).position(|part| part == b"tim@gmail.com").unwrap();
    // The page that holds the row: its kind, and so its place in the tree.
    bytes[at / 4096 * 4096] ^= 0xff;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(copy(&path, &to, |_| ()), Err(Error::Corrupt { .. })));
    assert!(!Look::open(&path).unwrap().integrity(9).await.unwrap().damage.is_empty());
    assert_eq!(names(&folder), ["test.db"]);
}

#[tokio::test]
async fn a_file_is_settled_unless_somebody_has_it_open() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    assert_eq!(settle(&path), Ok(true), "there is none");
    let store = open(&path).await;
    insert_tim(&store).await;
    assert_eq!(settle(&path), Ok(false), "the store has it open");
    // What a crash leaves behind.
    let crashed = Folder::new();
    for end in ["", "-wal"] {
        fs::copy(folder.path(&format!("test.db{end}")), crashed.path(&format!("test.db{end}"))).unwrap();
    }
    assert_eq!(settle(&crashed.path("test.db")), Ok(true));
    assert_eq!(names(&crashed), ["test.db"]);
    assert_eq!(users_in(crashed.path("test.db")).await, 1);
}

#[tokio::test]
async fn who_holds_the_lock_is_noticed_and_nothing_is_written() {
    let folder = Folder::new();
    let path = folder.path("test.db");
    let short = std::time::Duration::from_millis(20);
    let store = open(&path).await;
    insert_tim(&store).await;
    let log = fs::read(folder.path("test.db-wal")).unwrap();
    assert_eq!(is_writable(&path, short), Ok(true));
    let held = store.begin().await.unwrap();
    assert_eq!(is_writable(&path, short), Ok(false));
    drop(held);
    assert_eq!(is_writable(&path, short), Ok(true));
    assert!(fs::read(folder.path("test.db-wal")).unwrap() == log);
    store.close().await;
    assert_eq!(is_writable(&path, short), Ok(true));
    assert_eq!(names(&folder), ["test.db"]);
}

/// SQLite puts the log beside the file that a link leads to: looked for beside the link, what only the log holds would be
/// passed over, and a file in use be taken for one that nobody has open.
#[tokio::test]
async fn by_a_link_a_database_is_the_same_and_in_use_when_it_is() {
    let (folder, elsewhere) = (Folder::new(), Folder::new());
    let (path, link) = (folder.path("test.db"), elsewhere.path("link.db"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let short = std::time::Duration::from_millis(20);
    let store = open(&path).await;
    insert_tim(&store).await;
    assert_eq!(users_in(link.clone()).await, 1, "in the log alone");
    assert_eq!(settle(&link), Ok(false), "the store has it open");
    copy(&link, &elsewhere.path("copy.db"), |_| ()).unwrap();
    assert_eq!(users_in(elsewhere.path("copy.db")).await, 1);
    let held = store.begin().await.unwrap();
    assert_eq!(is_writable(&link, short), Ok(false));
    drop(held);
    store.close().await;
    // Nobody has it open now: by either name the other's coming is noticed.
    let look = Look::open(&link).unwrap();
    let store = open(&link).await;
    assert!(look.overtaken());
    assert_eq!(names(&folder), ["test.db", "test.db-shm", "test.db-wal"]);
    store.close().await;
    // Another program's journal is found where it lies.
    fs::write(folder.path("test.db-journal"), "half a write").unwrap();
    let refused = Store::open(&DatabaseUrl::Sqlite(link.clone()), OpenOptions::new(NOW)).await;
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    assert!(folder.path("test.db-journal").exists());
}
