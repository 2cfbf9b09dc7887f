//! What an adoption wrote holds in every folder, and what it says is to be done next.

use std::path::Path;
use std::process::Command;

use super::theirs::Theirs;
use super::{APP_KEY, Application};
use crate::harness::{Db, Ran, Scratch};

fn tim() -> Application {
    Application::with_users(&[(1, "tim", "tim@gmail.com")])
}

/// As an operator types it: nothing is said of the data directory.
fn run(folder: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.env_clear().current_dir(folder).args(args);
    Ran::of(command, "")
}

#[test]
fn a_command_in_another_folder_finds_all_that_the_written_configuration_names() {
    for in_place in [false, true] {
        let application = match in_place {
            false => tim(),
            true => Application::with_users_on(Db::Sqlite, &[(1, "tim", "tim@gmail.com")]),
        };
        let folder = application.scratch.path();
        let theirs = application.theirs.named();
        let way = in_place.then_some("--in-place");
        let args: Vec<&str> = ["adopt", &theirs, "--app", "app"].into_iter().chain(way).collect();
        let told = run(folder, &args).ok().stdout;
        assert!(told.contains("note         new passwords have at least 15 characters"), "{told}");
        assert!(told.contains("password.min_length in sekisho.toml sets another length"), "{told}");
        assert!(told.contains("next         start `sekisho serve` here, if it does not run yet"), "{told}");

        let elsewhere = Scratch::new();
        let config = folder.join("sekisho.toml");
        let config = config.to_str().unwrap();
        let listed = run(elsewhere.path(), &["--config", config, "user", "list", "--json"]).ok();
        assert_eq!(listed.json()["username"], "tim");
        // Again, from here and from there: all is in force.
        let (file, app) = (application.path("test.db"), application.path(""));
        let theirs = match &application.theirs {
            Theirs::Sqlite(_) => file.to_str().unwrap(),
            Theirs::Postgres(_) => &theirs,
        };
        let args = ["--config", config, "adopt", theirs, "--app", app.to_str().unwrap()];
        let args: Vec<&str> = args.into_iter().chain(way).collect();
        for from in [folder, elsewhere.path()] {
            let again = run(from, &args).ok().stdout;
            assert!(again.contains("settings     in force already"), "{again}");
            assert!(!again.contains("new passwords have"), "{again}");
        }
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is made there");
    }
}

/// What an operator wrote relative to the folder is left so.
#[test]
fn a_key_that_is_named_relative_to_the_folder_is_the_same() {
    let application = tim();
    let folder = application.scratch.path();
    std::fs::create_dir(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/secret_key"), APP_KEY).unwrap();
    let toml = "profile = \"production\"\n[tokens]\nsecret_key_file = \"./data/secret_key\"\nalgorithm = \"HS256\"\n\
                access_token_expire_minutes = 30\n";
    std::fs::write(folder.join("sekisho.toml"), toml).unwrap();
    let told = run(folder, &["adopt", &application.theirs.named(), "--app", "app"]).ok().stdout;
    assert!(told.contains("settings     in force already"), "{told}");
    assert_eq!(std::fs::read_to_string(folder.join("sekisho.toml")).unwrap(), toml);
}
