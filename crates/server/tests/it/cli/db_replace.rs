//! What stands in the place of a restored database: whose it was, who is at work on it, and its log.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use rusqlite::Connection;

use super::db::db;
use super::db_restore::{backed_up, contents, killed, users};
use crate::harness::{Scratch, Setup};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A journal that is being written is another program's, and so is the database meanwhile.
#[test]
fn in_the_middle_of_another_programs_write_nothing_is_restored() {
    let (site, _folder, file) = backed_up();
    let journal = site.database().path().with_extension("db-journal");
    let theirs = site.database().write();
    theirs
        .execute_batch("pragma journal_mode = delete; begin; update sekisho_users set full_name = 'half'")
        .unwrap();
    let ran = site.cli(&["db", "restore", text(&file)]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stderr.contains("-journal lies beside the database"), "{}", ran.stderr);
    assert!(journal.exists(), "the journal is where it was");
    theirs.execute_batch("rollback").unwrap();
    drop(theirs);
    site.cli(&["db", "restore", text(&file)]).ok();
}

/// What root restores belongs to the server's user, and who could read the database still can.
#[test]
fn a_restored_database_has_the_mode_and_the_owner_of_the_former_one() {
    let (site, _folder, file) = backed_up();
    let path = site.database().path().to_owned();
    set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let (key, lock) = (site.data().join("sekisho.key"), site.data().join("sekisho.db.lock"));
    std::fs::remove_file(&lock).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        chown(&path, Some(12345), Some(12346)).unwrap();
        chown(&key, Some(12345), Some(12346)).unwrap();
    }
    // Another root key stands there, which the backup's replaces.
    std::fs::write(&key, [7; 32]).unwrap();
    site.cli(&["db", "restore", text(&file)]).ok();
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    assert_eq!(std::fs::metadata(&key).unwrap().mode() & 0o777, 0o600);
    for path in [&path, &key, &lock] {
        let meta = std::fs::metadata(path).unwrap();
        assert!(!root || (meta.uid(), meta.gid()) == (12345, 12346), "{}", path.display());
    }
}

/// A damaged database and its log are not moved in one step. Killed in between, nobody gets to see the one without the
/// other, be it that it looks whole then: what the log held would be missing.
#[test]
fn a_restore_killed_while_a_log_is_moved_shows_no_database_without_it() {
    let (site, _folder, file) = backed_up();
    let broken = Scratch::new();
    for (name, bytes) in contents(&site.data()) {
        std::fs::write(broken.path().join(name), bytes).unwrap();
    }
    let connection = Connection::open(broken.path().join("sekisho.db")).unwrap();
    connection
        .execute_batch(
            "pragma writable_schema = on; insert into sqlite_schema values ('table', 'x', 'x', 0, 'what?')",
        )
        .unwrap();
    // As a crash leaves them: the file, which is whole, and the log, which is not.
    let files = contents(broken.path());
    assert!(files.contains_key("sekisho.db-wal"));
    let setup = Setup::new();
    let mut caught = 0;
    for call in ["rename", "linkat", "unlink", "fsync"] {
        for at in 1.. {
            let there = Scratch::new();
            let data = there.path().join("data");
            std::fs::create_dir(&data).unwrap();
            files.iter().for_each(|(name, bytes)| std::fs::write(data.join(name), bytes).unwrap());
            let ran = killed(&setup, there.path(), &["restore", text(&file)], call, at);
            let list = users(&setup, there.path());
            if list.code == Some(0) {
                assert_eq!(list.stdout.lines().count(), 1, "{call} {at}: {}", list.stdout);
            } else if list.stderr.contains("a restore was ended before it was through") {
                caught += 1;
                for args in [&["check"][..], &["backup", "again.db"]] {
                    let said = db(&setup, there.path(), args).stderr;
                    assert!(said.contains("a restore was ended before it was through"), "{said}");
                }
            } else {
                assert!(list.stderr.contains("the database is damaged"), "{call} {at}: {}", list.stderr);
            }
            db(&setup, there.path(), &["restore", text(&file)]).ok();
            assert_eq!(users(&setup, there.path()).ok().stdout.lines().count(), 1, "{call} {at}: again");
            assert!(!data.join("sekisho.db.restoring").exists());
            if ran.code == Some(0) {
                break;
            }
        }
    }
    assert!(caught > 1, "it was killed {caught} times in the middle");
}
