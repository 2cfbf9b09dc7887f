//! The keys: which are taken, which stop the start, and that nobody else may read them.

use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Mint, Scratch, Setup};

/// Printed in the documents that this server began with.
const PUBLISHED: &str = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn l13_a_first_start_makes_one_root_key_that_its_owner_alone_may_read() {
    let mut site = Setup::new().without_env("SECRET_KEY").demo().start();
    let key = site.data().join("sekisho.key");
    assert_eq!((mode(&site.data()), mode(&key)), (0o700, 0o600));
    let before = std::fs::read(&key).unwrap();
    assert_eq!(before.len(), 32);
    let token = site.token("tim", "tim1234");
    site.restart(|setup| setup);
    assert_eq!(std::fs::read(&key).unwrap(), before);
    assert_eq!(site.me(&token).status, 200, "the key that signs outlives a restart");
}

#[test]
fn l13_a_missing_root_key_stops_the_start() {
    let mut site = Setup::new().start();
    site.stop();
    std::fs::remove_file(site.data().join("sekisho.key")).unwrap();
    let ran = Setup::new().refused_in(site.folder());
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("sekisho.key is missing") && ran.stderr.contains("backup"), "{}", ran.stderr);
    assert!(!site.data().join("sekisho.key").exists(), "no new identity is made");
}

#[test]
fn l13_a_wrong_root_key_stops_the_start() {
    let mut site = Setup::new().start();
    site.stop();
    for (bytes, words) in
        [(vec![7; 32], "is not the root key of this database"), (vec![7; 31], "it has 31 bytes")]
    {
        std::fs::write(site.data().join("sekisho.key"), bytes).unwrap();
        let ran = Setup::new().refused_in(site.folder());
        assert_eq!(ran.code, Some(2));
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
}

#[test]
fn l13_a_published_or_short_key_is_refused_in_production_and_loud_in_development() {
    for weak in [PUBLISHED, "only-31-bytes-long-............", "changeme"] {
        let ran = Setup::new().production().env("SECRET_KEY", weak).refused();
        assert_eq!(ran.code, Some(2), "{weak}");
        assert!(ran.stderr.contains("SECRET_KEY") && !ran.stderr.contains(weak), "{}", ran.stderr);
        let site = Setup::new().env("SECRET_KEY", weak).start();
        site.wait_for_log("\"level\":\"warn\"");
        assert!(!site.log().contains(weak));
    }
}

#[test]
fn j33_a_further_key_verifies_until_its_end_and_never_signs() {
    let old = "an-older-key-that-signed-until-yesterday";
    let token = Mint::of("tim").key(old.as_bytes()).signed();
    let setup = Setup::new().demo().env("SECRET_KEY_VERIFY", old);
    let site = setup.clone().env("SECRET_KEY_VERIFY_UNTIL", "2100-01-01T00:00:00Z").start();
    assert_eq!(site.me(&token).status, 200);
    let site = setup.env("SECRET_KEY_VERIFY_UNTIL", "2020-01-01T00:00:00Z").start();
    assert_eq!(site.me(&token).status, 401);
    site.wait_for_log("signing_key_retired");
}

#[test]
fn a_root_key_file_of_ones_own_is_made_where_it_was_asked_for() {
    let folder = Scratch::new();
    let file = folder.path().join("keys").join("root");
    let site = Setup::new().env("SEKISHO_ROOT_KEY_FILE", file.to_str().unwrap()).start();
    assert_eq!(mode(&file), 0o600);
    assert!(!site.data().join("sekisho.key").exists());
}
