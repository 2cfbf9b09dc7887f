//! What an installation lives on is never replaced by what a command writes.

use std::path::PathBuf;

use crate::harness::{Scratch, Setup, Site, start};

/// A server with a secret key in a file, a configuration file and a `.env`.
fn served() -> Site {
    let scratch = Scratch::new();
    let folder = scratch.path().to_owned();
    std::fs::write(folder.join("sekisho.toml"), "# as it comes\n").unwrap();
    std::fs::write(folder.join(".env"), "# nothing\n").unwrap();
    std::fs::write(folder.join("secret"), "a-key-of-much-more-than-thirty-two-bytes\n").unwrap();
    std::fs::write(folder.join("users.jsonl"), "{\"username\": \"zoe\"}\n").unwrap();
    let setup = Setup::new().demo().without_env("SECRET_KEY");
    setup.env("SECRET_KEY_FILE", folder.join("secret").to_str().unwrap()).start_in(scratch)
}

#[test]
fn no_command_writes_over_a_file_that_the_installation_lives_on() {
    let site = served();
    let own = [
        ("data/sekisho.db", "the database itself"),
        ("data/sekisho.db-wal", "part of the database"),
        ("data/sekisho.db-shm", "part of the database"),
        ("data/sekisho.db-journal", "part of the database"),
        ("data/sekisho.db.lock", "the lock of the database"),
        ("data/sekisho.key", "the root key"),
        ("data/secret_key", "where SECRET_KEY is kept"),
        ("secret", "where SECRET_KEY is kept"),
        ("sekisho.toml", "part of the configuration"),
        (".env", "part of the configuration"),
        ("./data/../data/sekisho.key", "the root key"),
    ];
    let read = |name: &str| std::fs::read(site.folder().join(name)).ok();
    for (name, what) in own {
        let before = read(name);
        for args in [
            &["user", "export", "--force", "--output", name][..],
            &["user", "export", "--force", "--with-hashes", "--format", "sqlmodel", "--output", name],
            &["user", "import", "users.jsonl", "--force", "--report", name],
            &["user", "import", "users.jsonl", "--dry-run", "--report", name],
            &["db", "backup", "--force", name],
            &["db", "backup", name],
        ] {
            let ran = site.cli(args);
            let line = format!("sekisho: {name} is {what}: name another file\n");
            assert_eq!((ran.code, ran.stderr), (Some(1), line), "{args:?}");
        }
        // The log goes on under a server that runs; what else there is stays as it was, and nothing is made.
        assert_eq!(read(name).is_some(), before.is_some(), "{name}");
        assert!(name.ends_with("-wal") || name.ends_with("-shm") || read(name) == before, "{name}");
    }
    let ran = site.cli(&["user", "import", "users.jsonl", "--force", "--report", "users.jsonl"]);
    let line = "sekisho: users.jsonl is the file that is read: name another file\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(1), line));
    assert_eq!(read("users.jsonl").unwrap(), b"{\"username\": \"zoe\"}\n");
    assert_eq!(site.login("tim", "tim1234").status, 200);
    site.cli(&["db", "check"]).ok();
}

#[test]
fn by_another_name_a_file_of_the_installation_is_the_same() {
    let site = start();
    let at = |name: &str| -> PathBuf { site.folder().join(name) };
    std::os::unix::fs::symlink(at("data/sekisho.db"), at("link.jsonl")).unwrap();
    std::fs::hard_link(at("data/sekisho.key"), at("hard.jsonl")).unwrap();
    for (name, what) in [("link.jsonl", "the database itself"), ("hard.jsonl", "the root key")] {
        for args in
            [["user", "export", "--force", "--output", name].as_slice(), &["db", "backup", "--force", name]]
        {
            let ran = site.cli(args);
            let line = format!("sekisho: {name} is {what}: name another file\n");
            assert_eq!((ran.code, ran.stderr), (Some(1), line), "{args:?}");
        }
    }
    // The folder of a backup's keys would take the place of the one that all this lies in.
    std::os::unix::fs::symlink(at("data"), at("copy.keys")).unwrap();
    let ran = site.cli(&["db", "backup", "copy", "--with-keys", "--force"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("copy.keys is the folder of a file that is the root key"), "{}", ran.stderr);
    site.cli(&["user", "export", "--output", "users.jsonl"]).ok();
    site.cli(&["user", "export", "--output", "users.jsonl", "--force"]).ok();
}
