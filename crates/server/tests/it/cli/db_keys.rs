//! The keys that go along with a backup, and where a restore puts them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::db::db;
use super::db_restore::meddled;
use crate::harness::{SECRET_KEY, Scratch, Setup, Site, start};

const ANOTHER: &str = "another-key-of-more-than-thirty-two-bytes";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A stopped site and a backup of it, with its keys.
fn backed_up() -> (Site, Scratch, PathBuf) {
    let mut site = start();
    let folder = Scratch::new();
    let file = folder.path().join("tim.db");
    site.cli(&["db", "backup", text(&file), "--with-keys"]).ok();
    site.stop();
    (site, folder, file)
}

/// The files in a folder of keys that hold a SECRET_KEY, by the folder's name.
fn secrets(folder: &Path) -> BTreeMap<String, String> {
    let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let held = folders.filter_map(|path| {
        let secret = std::fs::read_to_string(path.join("secret_key")).ok()?;
        Some((path.file_name()?.to_str()?.to_owned(), secret))
    });
    held.collect()
}

/// `adopt` makes `data/secret_key` the key in force; a backup from before it was changed has the former one.
#[test]
fn a_key_in_force_is_not_overwritten() {
    let (site, _folder, file) = backed_up();
    let secret = site.data().join("secret_key");
    std::fs::write(&secret, format!("{ANOTHER}\n")).unwrap();
    let setup = Setup::new().without_env("SECRET_KEY").env("SECRET_KEY_FILE", text(&secret));
    let restored = db(&setup, site.folder(), &["restore", text(&file), "--json"]).ok().json();
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), format!("{ANOTHER}\n"));
    let beside = PathBuf::from(restored["secret_key_file"].as_str().unwrap());
    let name = beside.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("secret_key.from-backup.20"), "{name}");
    assert_eq!(std::fs::read_to_string(&beside).unwrap(), SECRET_KEY);
    assert_eq!(beside.parent(), Some(site.data().as_path()));
    // Where it is there already, it is not put there twice.
    std::fs::write(&secret, format!("{SECRET_KEY}\n")).unwrap();
    let setup = Setup::new().env("SECRET_KEY", ANOTHER);
    let restored = db(&setup, site.folder(), &["restore", text(&file), "--json"]).ok().json();
    assert_eq!(restored["secret_key_file"], text(&secret));
}

/// One line end is dropped when a file of a key is read: the one that is part of the key is not.
#[test]
fn a_key_that_ends_in_a_line_end_comes_back_as_it_is() {
    let folder = Scratch::new();
    let (secret, file) = (folder.path().join("secret"), folder.path().join("kept.db"));
    std::fs::write(&secret, format!("{ANOTHER}\n\n")).unwrap();
    let setup = Setup::new().demo().without_env("SECRET_KEY").env("SECRET_KEY_FILE", text(&secret));
    let mut site = setup.clone().start();
    let token = site.token("tim", "tim1234");
    site.cli(&["db", "backup", text(&file), "--with-keys"]).ok();
    site.stop();
    let same = db(&setup, site.folder(), &["restore", text(&file), "--json"]).ok().json();
    assert!(same["secret_key_file"].is_null(), "it is the key of this configuration");
    let there = Scratch::new();
    let restored = db(&Setup::new(), there.path(), &["restore", text(&file), "--json"]).ok().json();
    let secret = restored["secret_key_file"].as_str().unwrap();
    let moved = Setup::new().without_env("SECRET_KEY").env("SECRET_KEY_FILE", secret).start_in(there);
    assert_eq!(moved.me(&token).status, 200);
}

/// A restore takes the folder beside a backup for that backup's keys.
#[test]
fn a_backup_without_keys_is_not_put_beside_those_of_another_one() {
    let (site, folder, file) = backed_up();
    let before = std::fs::read(&file).unwrap();
    let keys = folder.path().join("tim.db.keys");
    let ran = site.cli(&["db", "backup", text(&file), "--force"]);
    let line = format!(
        "sekisho: {} holds the keys of another backup: say --with-keys as well, or move that folder away\n",
        keys.display()
    );
    assert_eq!((ran.code, ran.stderr), (Some(1), line));
    assert!(std::fs::read(&file).unwrap() == before);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(site.cli(&["db", "backup", text(&file)]).code, Some(1), "nor where the backup is gone");
    std::fs::rename(&keys, folder.path().join("away")).unwrap();
    site.cli(&["db", "backup", text(&file), "--force"]).ok();
}

/// The former backup has its keys until the new one has its name.
#[test]
fn a_backup_that_gets_no_name_takes_no_keys_away() {
    let (site, folder, file) = backed_up();
    let before = std::fs::read(&file).unwrap();
    let setup = Setup::new().env("SECRET_KEY", ANOTHER);
    let args = ["backup", text(&file), "--force", "--with-keys"];
    let ran = meddled(&setup, site.folder(), &args, "rename:error=EIO");
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    assert!(std::fs::read(&file).unwrap() == before);
    let former = BTreeMap::from([("tim.db.keys".to_owned(), SECRET_KEY.to_owned())]);
    assert_eq!(secrets(folder.path()), former);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no draft stays");
    // Killed there, the former keys are in a draft.
    meddled(&setup, site.folder(), &args, "rename:signal=KILL");
    assert!(std::fs::read(&file).unwrap() == before);
    assert!(secrets(folder.path()).values().any(|secret| secret == SECRET_KEY));
    db(&setup, site.folder(), &args).ok();
    assert_eq!(secrets(folder.path())["tim.db.keys"], ANOTHER);
}
