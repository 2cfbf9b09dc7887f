//! Section `storage`: one address, one password, and the root key of all nodes.

use super::*;
use crate::secret::SecretBytes;

const POSTGRES: &str = "postgresql://app@db/x";

fn of(vars: &[(&str, &str)], files: &[(&'static str, &str)]) -> Result<Settings, Vec<String>> {
    let root = ("SEKISHO_ROOT_KEY_FILE", "/run/root.key");
    let vars = vars.iter().chain([&root]).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let files = files.iter().fold(SecretFiles::default(), |all, (key, text)| {
        all.with(key, SecretBytes::new(text.as_bytes().to_vec()))
    });
    let resolved = resolve(&[layer_from_env(vars).unwrap()], &files);
    resolved.map(|(settings, _)| settings).map_err(|all| all.iter().map(ToString::to_string).collect())
}

fn password(settings: &Settings) -> Option<&str> {
    match &settings.storage.database_url {
        DatabaseUrl::Postgres(url) => url.password.as_ref().map(|password| password.expose().as_str()),
        DatabaseUrl::Sqlite(_) => None,
    }
}

#[test]
fn a_password_of_its_own() {
    let settings = of(&[("DATABASE_URL", POSTGRES), ("DATABASE_PASSWORD", "canary")], &[]).unwrap();
    assert_eq!(password(&settings), Some("canary"));
    assert!(settings.warnings.is_empty() && !format!("{settings:?}").contains("canary"));

    let file = ("DATABASE_PASSWORD_FILE", "/run/pw");
    let read = ("storage.database_password_file", "canary");
    let settings = of(&[("DATABASE_URL", POSTGRES), file], &[read]).unwrap();
    assert_eq!(password(&settings), Some("canary"));

    let twice = of(&[("DATABASE_URL", "postgresql://app:canary@db/x"), ("DATABASE_PASSWORD", "canary")], &[]);
    let line = "environment (DATABASE_PASSWORD): storage.database_password is set, and there is a password in the \
                database's address too: leave one out";
    assert_eq!(twice.unwrap_err(), [line]);
    let both = of(&[("DATABASE_URL", POSTGRES), ("DATABASE_PASSWORD", "canary"), file], &[read]);
    assert!(both.unwrap_err()[0].contains("and storage.database_password are both set"));
    let settings = of(&[("DATABASE_PASSWORD", "canary")], &[]).unwrap();
    assert!(settings.warnings[0].contains("is not used: the database is a file"), "{:?}", settings.warnings);
}

#[test]
fn an_address_from_a_file() {
    let file = ("DATABASE_URL_FILE", "/run/url");
    let key = "storage.database_url_file";
    let settings = of(&[file], &[(key, "postgresql://app:canary@db/x")]).unwrap();
    assert_eq!(password(&settings), Some("canary"));
    let line = of(&[file], &[(key, "postgresql://app:canary/x")]).unwrap_err().remove(0);
    assert!(
        line.starts_with("environment (DATABASE_URL_FILE): storage.database_url_file has a port"),
        "{line}"
    );
    assert!(!line.contains("canary"));
    let both = of(&[("DATABASE_URL", POSTGRES), file], &[(key, POSTGRES)]).unwrap_err();
    assert!(both[0].contains("and storage.database_url are both set: set one of them"), "{both:?}");
    assert!(of(&[file], &[]).unwrap_err()[0].contains("was not read"));
}

#[test]
fn nodes_share_a_root_key() {
    let vars = [("DATABASE_URL", POSTGRES)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let errors = resolve(&[layer_from_env(vars).unwrap()], &SecretFiles::default()).unwrap_err();
    assert_eq!(errors.len(), 1);
    let line = errors[0].to_string();
    assert!(line.starts_with("environment (DATABASE_URL): storage.database_url names PostgreSQL"), "{line}");
    assert!(line.contains("SEKISHO_ROOT_KEY_FILE"), "{line}");
}

#[test]
fn a_server_elsewhere_is_not_spoken_to_in_the_open_without_a_word() {
    let warnings = |url, profile| {
        of(&[("DATABASE_URL", url), ("SEKISHO_PROFILE", profile)], &[]).unwrap().warnings.join("\n")
    };
    let open = "postgresql://app@db/x?sslmode=disable";
    assert!(warnings(open, "production").contains("says sslmode=disable"));
    for (url, profile) in [
        (open, "development"),
        (POSTGRES, "production"),
        ("postgresql://app@localhost/x?sslmode=disable", "production"),
    ] {
        assert_eq!(warnings(url, profile), "", "{url}");
    }
}

#[test]
fn a_wait_for_a_lock_is_told_from_slowness() {
    let lock = ("SEKISHO_STORAGE_LOCK_TIMEOUT_SECONDS", "7");
    let errors = of(&[("DATABASE_URL", POSTGRES), lock], &[]).unwrap_err();
    let line = "environment (SEKISHO_STORAGE_LOCK_TIMEOUT_SECONDS): storage.lock_timeout_seconds must be less than \
                storage.statement_timeout_seconds (7), or the wait for a lock is never told from slowness";
    assert_eq!(errors, [line]);
    assert!(of(&[lock], &[]).is_ok(), "SQLite has no other limit");
}

#[test]
fn how_long_postgresql_is_waited_for() {
    let settings = Settings::default().storage;
    let seconds = std::time::Duration::from_secs;
    assert_eq!(settings.lock_timeout, seconds(5));
    assert_eq!(
        settings.pool,
        Pool {
            connections: 12,
            readers: 4,
            connect_timeout: seconds(3),
            acquire_timeout: seconds(5),
            statement_timeout: seconds(7),
            keepalive: seconds(15),
        }
    );
}
