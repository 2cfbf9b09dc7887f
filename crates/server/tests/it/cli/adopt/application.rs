//! The application's own settings: found as text, taken over, or said to be changed.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::{APP_KEY, Application};
use crate::harness::{Db, Mint, Ran};

/// Printed in the documents that this server began with.
const PUBLISHED: &str = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7";

fn tim() -> Application {
    Application::with_users(&[(1, "tim", "tim@gmail.com")])
}

#[test]
fn the_key_is_taken_over_and_a_strict_configuration_written() {
    let application = tim();
    let told = application.adopt(&["--app", "app"]).ok().stdout;
    for line in [
        "auth.py:3  SECRET_KEY: found\n",
        "auth.py:4  ALGORITHM: HS256\n",
        &format!("database.py:1  DATABASE_URL: {}\n", application.theirs.shown()),
    ] {
        assert!(told.contains(line), "{told}");
    }
    let data = application.scratch.path().join("data");
    let key = data.join("secret_key");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), APP_KEY);
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let toml = std::fs::read_to_string(application.scratch.path().join("sekisho.toml")).unwrap();
    assert_eq!(
        toml.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>(),
        [
            "profile = \"production\"",
            "[storage]",
            &format!("data_dir = \"{}\"", data.display()),
            "[tokens]",
            &format!("secret_key_file = \"{}\"", key.display()),
            "algorithm = \"HS256\"",
            "access_token_expire_minutes = 30",
        ]
    );
    assert!(!toml.contains(APP_KEY));
    let mut shown = application.setup.command(application.scratch.path(), "config");
    shown.env_remove("SEKISHO_PROFILE").arg("check");
    assert_eq!(Ran::of(shown, "").ok().stdout, "the configuration is good; profile production\n");
}

#[test]
fn the_file_is_the_one_that_the_application_names() {
    let application = tim();
    let mut command = application.setup.command(application.scratch.path(), "adopt");
    command.args(["--app", "app", "--json"]);
    assert_eq!(Ran::of(command, "").ok().json()["users"]["adopted"], 1);
}

#[test]
fn a_published_or_weak_key_is_refused_with_the_line_to_change_and_new_key_makes_one() {
    for weak in [PUBLISHED, "hunter2-hunter2"] {
        let application = tim();
        application.write("auth.py", &format!("\nclass Settings:\n    SECRET_KEY: str = \"{weak}\"\n"));
        let key = application.scratch.path().join("data/secret_key");
        let line = format!("SECRET_KEY: str = open(\"{}\").read().strip()", key.display());
        for args in [&["--app", "app"][..], &["--app", "app", "--dry-run"]] {
            let refused = application.adopt(args);
            assert_eq!(refused.code, Some(2), "{}", refused.stdout);
            assert!(refused.stderr.starts_with("sekisho: auth.py:3: SECRET_KEY "), "{}", refused.stderr);
            assert!(
                refused.stderr.contains("--new-key") && refused.stderr.contains(&line),
                "{}",
                refused.stderr
            );
            assert!(!refused.stderr.contains(weak), "{}", refused.stderr);
            assert!(!application.scratch.path().join("data").exists(), "nothing is done");
        }
        let told = application.adopt(&["--app", "app", "--new-key"]).ok().stdout;
        assert!(told.contains(&format!("change       auth.py:3 must become: {line}\n")), "{told}");
        let made = std::fs::read_to_string(&key).unwrap();
        assert_eq!((made.len(), made.bytes().all(|byte| byte.is_ascii_hexdigit())), (64, true));
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!told.contains(&made) && !told.contains(weak), "{told}");
        // Again: the key stays, and the line is still to be changed.
        let again = application.adopt(&["--app", "app"]).ok().stdout;
        assert!(again.contains("auth.py:3 must become"), "{again}");
        assert_eq!(std::fs::read_to_string(&key).unwrap(), made);
        let site = application.serve();
        assert_eq!(site.me(&Mint::of("tim").key(made.as_bytes()).signed()).status, 200);
        assert_eq!(site.me(&Mint::of("tim").key(weak.as_bytes()).signed()).status, 401);
    }
}

#[test]
fn in_development_the_application_may_keep_its_key() {
    let application = tim();
    application.write("auth.py", &format!("SECRET_KEY = '{PUBLISHED}'\n"));
    application.adopt(&["--app", "app", "--profile", "development"]).ok();
    let toml = std::fs::read_to_string(application.scratch.path().join("sekisho.toml")).unwrap();
    assert!(toml.contains("profile = \"development\""), "{toml}");
    assert_eq!(
        std::fs::read_to_string(application.scratch.path().join("data/secret_key")).unwrap(),
        PUBLISHED
    );
}

#[test]
fn dotenv_counts_where_python_reads_the_environment() {
    let application = tim();
    application.write(
        "auth.py",
        "SECRET_KEY = os.environ[\"SECRET_KEY\"]\nALGORITHM = os.getenv('ALGORITHM', 'HS256')\n",
    );
    application.write(".env", &format!("# settings\nSECRET_KEY='{APP_KEY}'\nALGORITHM=HS512\n"));
    std::fs::create_dir_all(application.path("venv/lib")).unwrap();
    application.write("venv/lib/other.py", "SECRET_KEY = 'of somebody else'\n");
    let told = application.adopt(&["--app", "app", "--json"]).ok().json();
    let found: Vec<_> = told["application"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["file"].as_str().unwrap(), f["line"].as_i64().unwrap(), f["value"].as_str().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            (".env", 2, "found"),
            (".env", 3, "HS512"),
            ("auth.py", 1, "no literal, not read"),
            ("auth.py", 2, "no literal, not read"),
            ("database.py", 1, application.theirs.shown().as_str()),
        ]
    );
    assert_eq!(told["settings"]["values"]["tokens.algorithm"], json!("\"HS512\""));
    let site = application.serve();
    assert_eq!(site.me(&Mint::of("tim").key(APP_KEY.as_bytes()).hs512()).status, 200);
}

#[test]
fn what_both_must_share_is_not_guessed() {
    let application = tim();
    application.write("old.py", "SECRET_KEY = \"another-key-of-more-than-32-bytes-in-all\"\n");
    let refused = application.adopt(&["--app", "app"]);
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (
            Some(2),
            "sekisho: SECRET_KEY differs between auth.py:3 and old.py:1: name with --app the folder of the one that counts\n"
        )
    );
    application.write("old.py", "");
    application.write("auth.py", &format!("SECRET_KEY = '{APP_KEY}'\nALGORITHM = 'RS256'\n"));
    let refused = application.adopt(&["--app", "app"]);
    assert!(
        refused.stderr.contains("auth.py:2: ALGORITHM must be HS256, HS384 or HS512"),
        "{}",
        refused.stderr
    );
    application.write("auth.py", &format!("SECRET_KEY = '{APP_KEY}'\n"));
    let mut other = application.command(&["--app", "app"]);
    other.env("SECRET_KEY", "yet-another-key-of-more-than-32-bytes");
    let refused = Ran::of(other, "");
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.stderr.contains("environment (SECRET_KEY) sets another SECRET_KEY than auth.py:1"),
        "{}",
        refused.stderr
    );
    let mut same = application.command(&["--app", "app"]);
    same.env("SECRET_KEY", APP_KEY);
    Ran::of(same, "").ok();
    assert!(!application.scratch.path().join("data/secret_key").exists(), "it is in force already");
}

#[test]
fn a_configuration_that_is_there_is_never_changed() {
    let application = tim();
    let toml = application.scratch.path().join("sekisho.toml");
    std::fs::write(&toml, "[log]\naccess = true\n").unwrap();
    let refused = application.adopt(&["--app", "app"]);
    let key = application.scratch.path().join("data/secret_key");
    assert_eq!(refused.code, Some(2));
    assert_eq!(
        refused.stderr.lines().collect::<Vec<_>>(),
        [
            "sekisho: sekisho.toml is there and is left as it is; add these lines and run again:",
            "sekisho:   profile = \"production\"    (in [server])",
            &format!("sekisho:   secret_key_file = \"{}\"    (in [tokens])", key.display()),
        ]
    );
    assert_eq!(std::fs::read_to_string(&toml).unwrap(), "[log]\naccess = true\n");
    assert!(!application.scratch.path().join("data").exists());
}

#[test]
fn the_applications_own_file_is_not_taken_for_ours() {
    let application = Application::with_users_on(Db::Sqlite, &[(1, "tim", "tim@gmail.com")]);
    std::fs::write(application.scratch.path().join(".env"), "DATABASE_URL=sqlite:///./app/test.db\n")
        .unwrap();
    let refused = application.adopt(&["--app", "app"]);
    assert_eq!(refused.code, Some(2));
    let words = "app/test.db is the database that Sekisho itself is to use, by .env:1 (DATABASE_URL)";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
}

/// What is said of lines in the application's files.
fn notes_of_files(told: &Value) -> Vec<&str> {
    let notes = told["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap());
    notes.filter(|note| note.contains(".py:")).collect()
}

#[test]
fn an_algorithm_or_a_lifetime_that_is_not_taken_over_is_said() {
    let application = tim();
    application.write(
        "auth.py",
        &format!(
            "SECRET_KEY = '{APP_KEY}'\nALGORITHM = settings.algorithm\n\
             ACCESS_TOKEN_EXPIRE_MINUTES = int(os.environ['MINUTES'])\n"
        ),
    );
    let told = application.adopt(&["--app", "app", "--dry-run", "--json"]).ok().json();
    let algorithm = "auth.py:2: ALGORITHM is no literal there; if it is not HS256, set tokens.algorithm: both must use one";
    let minutes = "auth.py:3: ACCESS_TOKEN_EXPIRE_MINUTES is no literal there, and was not taken over";
    assert_eq!(notes_of_files(&told), [algorithm, minutes]);
    // Who has said it here was not in need of the application's word.
    let mut set = application.command(&["--app", "app", "--dry-run", "--json"]);
    set.env("SEKISHO_TOKENS_ALGORITHM", "HS512");
    let told = Ran::of(set, "").ok().json();
    assert_eq!(notes_of_files(&told), [minutes]);

    application.write("auth.py", &format!("SECRET_KEY = '{APP_KEY}'\nALGORITHM = 'HS256'\n"));
    application.write("old.py", "ALGORITHM = 'HS512'\n");
    let refused = application.adopt(&["--app", "app"]);
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (
            Some(2),
            "sekisho: ALGORITHM differs between auth.py:2 and old.py:1: name with --app the folder of the one that counts\n"
        )
    );
    application.write(
        "auth.py",
        &format!("SECRET_KEY = '{APP_KEY}'\nALGORITHM = 'HS256'\nACCESS_TOKEN_EXPIRE_MINUTES = 30\n"),
    );
    application.write("old.py", "ACCESS_TOKEN_EXPIRE_MINUTES = 60\n");
    let told = application.adopt(&["--app", "app", "--json"]).ok().json();
    let differs =
        "ACCESS_TOKEN_EXPIRE_MINUTES differs between auth.py:3 and old.py:1, and was not taken over";
    assert_eq!(notes_of_files(&told), [differs]);
    assert_eq!(told["settings"]["values"]["tokens.access_token_expire_minutes"], json!(null));
}
