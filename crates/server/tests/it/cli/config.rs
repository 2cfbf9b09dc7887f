//! `sekisho config …`.

use crate::harness::{Db, Ran, SECRET_KEY, Scratch, Setup};

fn config(setup: &Setup, folder: &Scratch, args: &[&str]) -> Ran {
    let mut command = setup.command(folder.path(), "config");
    command.args(args);
    Ran::of(command, "")
}

#[test]
fn show_names_the_origin_and_hides_secrets() {
    let folder = Scratch::new();
    std::fs::write(folder.path().join(".env"), "ACCESS_TOKEN_EXPIRE_MINUTES=45\n").unwrap();
    let setup = Setup::new().config("[http]\nbody_limit_bytes = 2048");
    let text = config(&setup, &folder, &["show"]).ok().stdout;
    assert!(!text.contains(SECRET_KEY), "{text}");
    let line = |key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("tokens.secret_key "), "tokens.secret_key (hidden) environment (SECRET_KEY)");
    assert_eq!(line("http.body_limit_bytes "), "http.body_limit_bytes 2048 sekisho.toml:2");
    assert_eq!(
        line("tokens.access_token_expire_minutes "),
        "tokens.access_token_expire_minutes 45 .env:1 (ACCESS_TOKEN_EXPIRE_MINUTES)"
    );
    assert_eq!(line("registration.mode "), "registration.mode \"open\" default");
    let json = config(&setup, &folder, &["show", "--json"]).ok().stdout;
    assert!(!json.contains(SECRET_KEY) && json.lines().count() == text.lines().count());
}

#[test]
fn the_default_file_is_a_good_one() {
    let folder = Scratch::new();
    let setup = Setup::new();
    let text = config(&setup, &folder, &["default"]).ok().stdout;
    std::fs::write(folder.path().join("sekisho.toml"), text).unwrap();
    let checked = config(&setup, &folder, &["check"]).ok().stdout;
    assert_eq!(checked.lines().last(), Some("the configuration is good; profile development"));
}

#[test]
fn a_fault_is_one_line_with_its_place_and_changes_nothing() {
    for (text, line) in [
        ("[server]\nlistn = \"x\"", "sekisho.toml:2: "),
        ("[server]\nlisten = 5", "sekisho.toml:2: "),
        ("[server\n", "sekisho.toml:1"),
        ("[storage]\ndatabase_url = \"mysql://x\"", "sekisho.toml:2: "),
    ] {
        let folder = Scratch::new();
        // Where no variable says otherwise.
        let ran = config(&Setup::new().on(Db::Sqlite).config(text), &folder, &["check"]);
        assert_eq!(ran.code, Some(2), "{text}");
        assert!(ran.stderr.starts_with(&format!("sekisho: {line}")), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(!folder.path().join("data").exists());
    }
}

#[test]
fn a_variable_that_is_not_text_is_a_fault_wherever_it_counts() {
    use std::os::unix::ffi::OsStrExt as _;
    let canary = std::ffi::OsStr::from_bytes(b"canary-\xff");
    let check = |name: &str, dotenv: &str| {
        let folder = Scratch::new();
        std::fs::write(folder.path().join(".env"), dotenv).unwrap();
        let mut command = Setup::new().without_env("SECRET_KEY").command(folder.path(), "config");
        command.arg("check").env(name, canary);
        Ran::of(command, "")
    };
    for (name, dotenv) in [
        ("SECRET_KEY", ""),
        ("DATABASE_URL", ""),
        ("SEKISHO_LISTEN", ""),
        ("DIRECTORY", "DATABASE_URL=sqlite:///${DIRECTORY}/sekisho.db\n"),
    ] {
        let ran = check(name, dotenv);
        assert_eq!(ran.code, Some(2), "{name}");
        assert_eq!(ran.stderr, format!("sekisho: environment ({name}): its value is not UTF-8 text\n"));
    }
    check("LS_COLORS", "").ok();
}

#[test]
fn a_configuration_that_was_named_must_be_there() {
    let folder = Scratch::new();
    let ran = config(&Setup::new(), &folder, &["check", "--config", "nowhere.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.starts_with("sekisho: cannot read nowhere.toml: "), "{}", ran.stderr);
}

#[test]
fn a_key_file_is_read_less_one_line_end() {
    let folder = Scratch::new();
    let file = folder.path().join("key");
    let setup =
        Setup::new().production().without_env("SECRET_KEY").env("SECRET_KEY_FILE", file.to_str().unwrap());
    let missing = config(&setup, &folder, &["check"]);
    assert_eq!(missing.code, Some(2));
    std::fs::write(&file, format!("{}\n", &SECRET_KEY[..32])).unwrap();
    config(&setup, &folder, &["check"]).ok();
    std::fs::write(&file, format!("{}\n", &SECRET_KEY[..31])).unwrap();
    let weak = config(&setup, &folder, &["check"]);
    assert_eq!(weak.code, Some(2));
    assert!(!weak.stderr.contains(&SECRET_KEY[..31]), "{}", weak.stderr);
    std::fs::write(&file, "\n").unwrap();
    assert!(config(&setup, &folder, &["check"]).stderr.contains("it is empty"));
}
