//! `sekisho db restore`: what is replaced, what is refused, and what a kill leaves.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;

use super::db::db;
use crate::harness::{Ran, Scratch, Setup, Site, start};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every file in a folder with its content.
pub(super) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.path().is_file());
    files.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

/// A stopped site of tim and anew, and a backup from when there was tim alone.
pub(super) fn backed_up() -> (Site, Scratch, PathBuf) {
    let mut site = start();
    let folder = Scratch::new();
    let file = folder.path().join("tim.db");
    site.cli(&["db", "backup", text(&file), "--with-keys"]).ok();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    site.stop();
    (site, folder, file)
}

#[test]
fn the_former_database_stays_under_a_dated_name() {
    let (mut site, _folder, file) = backed_up();
    let restored = site.cli(&["db", "restore", text(&file), "--json"]).ok().json();
    assert_eq!(restored["counts"]["users"], 1);
    let former = PathBuf::from(restored["former"].as_str().unwrap());
    assert_eq!(former.parent(), Some(site.data().as_path()));
    let name = former.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("sekisho.db.20") && name.ends_with('Z'), "{name}");
    assert_eq!(restored["root_key_restored"], false);
    assert!(restored["secret_key_file"].is_null());
    site.start_again(|setup| setup);
    assert_eq!(site.login("tim", "tim1234").status, 200);
    assert_eq!(site.login("anew", "secret-123").status, 401);
    site.stop();
    // And back again.
    site.cli(&["db", "restore", text(&former)]).ok();
    site.start_again(|setup| setup);
    assert_eq!(site.login("anew", "secret-123").status, 200);
}

#[test]
fn a_new_machine_gets_database_and_keys() {
    let (site, folder, file) = backed_up();
    let setup = Setup::new().env("SECRET_KEY", "another-key-of-more-than-thirty-two-bytes");
    let there = Scratch::new();
    let said = db(&setup, there.path(), &["restore", text(&file)]).ok().stdout;
    let secret = there.path().join("data/secret_key");
    assert!(said.contains("the root key came out of the backup"), "{said}");
    assert!(
        said.contains(&format!("set SECRET_KEY_FILE={} in the place of SECRET_KEY", secret.display())),
        "{said}"
    );
    assert_eq!(
        std::fs::read(site.data().join("sekisho.key")).unwrap(),
        std::fs::read(there.path().join("data/sekisho.key")).unwrap()
    );
    let token = setup_token(&site);
    let setup = Setup::new().without_env("SECRET_KEY").env("SECRET_KEY_FILE", text(&secret));
    let moved = setup.start_in(there);
    assert_eq!(moved.me(&token).status, 200, "tokens from before count");
    assert_eq!(moved.login("tim", "tim1234").status, 200);
    drop(folder);
}

/// A token of tim's, made by the command line of the first site.
fn setup_token(site: &Site) -> String {
    let token = site.cli(&["token", "issue", "tim"]).ok().stdout.trim().to_owned();
    site.secret(token.rsplit('.').next().unwrap());
    token
}

#[test]
fn while_a_server_runs_nothing_is_restored() {
    let (mut site, _folder, file) = backed_up();
    site.start_again(|setup| setup);
    let ran = site.cli(&["db", "restore", text(&file)]);
    let path = site.database().path().display().to_string();
    assert_eq!(
        (ran.code, ran.stderr),
        (Some(3), format!("sekisho: a server runs on {path}: stop it first\n"))
    );
    assert_eq!(site.login("anew", "secret-123").status, 200);
    site.stop();
    // Nor while somebody else has the file open.
    let other = site.database().write();
    other.execute_batch("begin immediate; update sekisho_users set full_name = 'x'; commit").unwrap();
    let ran = site.cli(&["db", "restore", text(&file)]);
    assert_eq!(
        (ran.code, ran.stderr),
        (Some(3), format!("sekisho: another program has {path} open: stop it first\n"))
    );
    drop(other);
    site.cli(&["db", "restore", text(&file)]).ok();
}

/// What must not come into the place of the database, and what the refusal says.
#[test]
fn s14_what_is_no_good_backup_is_refused_and_nothing_changes() {
    let (site, folder, good) = backed_up();
    let make = |name: &str, change: &dyn Fn(&Path)| {
        let path = folder.path().join(name);
        std::fs::copy(&good, &path).unwrap();
        change(&path);
        path
    };
    let sql = |statements: &'static str| {
        move |path: &Path| {
            let connection = Connection::open(path).unwrap();
            connection.execute_batch(statements).unwrap();
            connection.execute_batch("pragma wal_checkpoint(truncate)").unwrap();
        }
    };
    let bad = [
        (make("text.db", &|path| std::fs::write(path, "Dear diary").unwrap()), "not a database"),
        (make("empty.db", &|path| std::fs::write(path, "").unwrap()), "has no content"),
        (
            make("cut.db", &|path| {
                let bytes = std::fs::read(path).unwrap();
                std::fs::write(path, &bytes[..bytes.len() - 5000]).unwrap();
            }),
            "the database is damaged",
        ),
        (
            make("flipped.db", &|path| {
                let mut bytes = std::fs::read(path).unwrap();
                let at = bytes.windows(11).position(|part| part == b"Tim Ruscica").unwrap();
                bytes[at / 4096 * 4096] ^= 0xff;
                std::fs::write(path, bytes).unwrap();
            }),
            "the database is damaged",
        ),
        (
            make("foreign.db", &|path| {
                std::fs::remove_file(path).unwrap();
                Connection::open(path)
                    .unwrap()
                    .execute_batch("create table user (id integer primary key)")
                    .unwrap();
            }),
            "belongs to another application (tables user)",
        ),
        (
            make(
                "newer.db",
                &sql(
                    "insert into sekisho_migrations select owner, max(version) + 1, 0, 0 from sekisho_migrations",
                ),
            ),
            "start the newer version",
        ),
        (make("half.db", &sql("drop table sekisho_items")), "its schema is not whole"),
        (
            make("other.db", &sql("update sekisho_meta set value = '00'")),
            "is not the root key of this backup",
        ),
    ];
    let before = contents(&site.data());
    for (path, says) in &bad {
        let ran = site.cli(&["db", "restore", text(path)]);
        assert_eq!(ran.code, Some(1), "{says}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
        assert!(contents(&site.data()) == before, "{says}: the data has changed");
    }
    let missing = site.cli(&["db", "restore", "none.db"]);
    assert_eq!(missing.code, Some(2));
}

#[test]
fn without_the_right_root_key_nothing_is_restored_and_the_refusal_explains_it() {
    let (site, folder, file) = backed_up();
    let fingerprint = site.database().text("select value from sekisho_meta where name = 'root_fingerprint'");
    let bare = folder.path().join("bare.db");
    std::fs::copy(&file, &bare).unwrap();
    let there = Scratch::new();
    let setup = Setup::new();
    let none = db(&setup, there.path(), &["restore", text(&bare)]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.stderr.contains(&format!("put the key with the fingerprint {fingerprint} there first")),
        "{}",
        none.stderr
    );
    assert!(!there.path().join("data/sekisho.db").exists());
    let key = there.path().join("data/sekisho.key");
    std::fs::write(&key, [7; 32]).unwrap();
    let wrong = db(&setup, there.path(), &["restore", text(&bare)]);
    assert!(wrong.stderr.contains("the server would not start"), "{}", wrong.stderr);
    assert_eq!(wrong.code, Some(1));
    // With its keys beside it, the wrong one is kept aside.
    let with_keys = db(&setup, there.path(), &["restore", text(&file), "--json"]).ok().json();
    let former = with_keys["former_root_key"].as_str().unwrap();
    assert_eq!(std::fs::read(former).unwrap(), [7; 32]);
    assert_eq!(there.path().join("data/sekisho.db").exists(), with_keys["former"].is_null());
}

/// Even a database that can't be opened any more makes room, and stays for a look, its log with it.
#[test]
fn a_damaged_database_is_replaced_and_kept() {
    let (mut site, _folder, file) = backed_up();
    let path = site.database().path().to_owned();
    std::fs::write(&path, "nothing of a database").unwrap();
    std::fs::write(path.with_extension("db-wal"), "its log").unwrap();
    let restored = site.cli(&["db", "restore", text(&file), "--json"]).ok().json();
    let former = restored["former"].as_str().unwrap();
    assert_eq!(std::fs::read(former).unwrap(), b"nothing of a database");
    assert_eq!(std::fs::read(format!("{former}-wal")).unwrap(), b"its log");
    assert!(!path.with_extension("db-wal").exists());
    site.start_again(|setup| setup);
    assert_eq!(site.login("tim", "tim1234").status, 200);
}

/// Killed at each call that changes a name or makes one last: the old state, the new one, or a start that is refused
/// until the same command has completed it. Never another one, and never an empty database.
#[test]
fn a_restore_killed_at_any_point_leaves_all_or_nothing() {
    let (site, folder, file) = backed_up();
    let mut died = 0;
    for another_key in [false, true] {
        for call in ["rename", "renameat2", "link", "linkat", "unlink", "mkdir", "fsync", "fdatasync"] {
            // Each round dies a call later, until there is none left to die at.
            for at in 1.. {
                if is_completed(&site, &file, another_key, call, at) {
                    break;
                }
                died += 1;
            }
        }
    }
    assert!(died > 12, "it was killed at {died} calls only");
    drop(folder);
}

/// Kills a restore at the `at`-th `call`, examines what is left, and completes it; whether it had come to its end.
fn is_completed(site: &Site, file: &Path, another_key: bool, call: &str, at: usize) -> bool {
    let there = Scratch::new();
    std::fs::create_dir(there.path().join("data")).unwrap();
    for (name, bytes) in contents(&site.data()) {
        std::fs::write(there.path().join("data").join(name), bytes).unwrap();
    }
    let setup = Setup::new();
    if another_key {
        // A database that was made with another key stands in the place.
        std::fs::write(there.path().join("data/sekisho.key"), [9; 32]).unwrap();
        let database = Connection::open(there.path().join("data/sekisho.db")).unwrap();
        database.execute_batch("delete from sekisho_meta").unwrap();
    }
    let ran = killed(&setup, there.path(), &["restore", text(file)], call, at);
    let whole = ran.code == Some(0);
    assert!(whole || ran.code.is_none() || ran.code == Some(137), "{call} {at}: {ran:?}");
    let list = users(&setup, there.path());
    if list.code == Some(0) {
        let number = list.stdout.lines().count();
        assert!(number == 1 || (number == 2 && !whole), "{call} {at}: {}", list.stdout);
    } else {
        let explained = list.stderr.contains("is not the root key of this database");
        assert!(another_key && explained && !whole, "{call} {at}: {}", list.stderr);
    }
    db(&setup, there.path(), &["restore", text(file)]).ok();
    assert_eq!(users(&setup, there.path()).ok().stdout.lines().count(), 1, "{call} {at}: again");
    whole
}

/// A backup that is killed leaves the one before it, whole.
#[test]
fn a_backup_killed_at_any_point_leaves_the_former_one() {
    let (site, folder, file) = backed_up();
    let setup = Setup::new();
    let (first, keys) = (std::fs::read(&file).unwrap(), folder.path().join("tim.db.keys/sekisho.key"));
    let key = std::fs::read(&keys).unwrap();
    let mut died = 0;
    for call in ["rename", "renameat2", "mkdir", "unlink", "unlinkat", "fsync"] {
        for at in 1.. {
            std::fs::write(&file, &first).unwrap();
            let args = ["backup", text(&file), "--force", "--with-keys"];
            let ended = killed(&setup, site.folder(), &args, call, at).code == Some(0);
            let check = db(&setup, site.folder(), &["check", text(&file), "--json"]).ok().json();
            let users = check["counts"]["users"].as_u64().unwrap();
            assert_eq!(std::fs::read(&keys).unwrap(), key, "{call} {at}");
            assert!(users == 2 || (users == 1 && !ended), "{call} {at}: {users} users");
            db(&setup, site.folder(), &args).ok();
            if ended {
                break;
            }
            died += 1;
        }
    }
    assert!(died > 6, "it was killed at {died} calls only");
}

pub(super) fn users(setup: &Setup, folder: &Path) -> Ran {
    let mut command = setup.command(folder, "user");
    command.args(["list", "--json"]);
    Ran::of(command, "")
}

/// Runs `sekisho db ARGS` and kills it at the `at`-th call of this name.
pub(super) fn killed(setup: &Setup, folder: &Path, args: &[&str], call: &str, at: usize) -> Ran {
    meddled(setup, folder, args, &format!("{call}:signal=KILL:when={at}"))
}

/// Runs `sekisho db ARGS`, and one of its calls meets what strace calls an injection.
pub(super) fn meddled(setup: &Setup, folder: &Path, args: &[&str], injection: &str) -> Ran {
    let call = injection.split(':').next().unwrap_or_default();
    let inner = setup.command(folder, "db");
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "-e"]).arg(format!("trace={call}"));
    command.arg("-e").arg(format!("inject={injection}"));
    command.arg(inner.get_program()).args(inner.get_args()).args(args);
    command.current_dir(folder).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ran::of(command, "")
}
