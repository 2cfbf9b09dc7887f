//! The keys: there, nobody else's, strong, and those of this database.

use super::files::exposed;
use super::finding::{Finding, fail, ok, warn};
use crate::config::{Loaded, root_key};
use sekisho_core::Timestamp;
use sekisho_core::jose::{is_published_secret, is_weak};
use sekisho_core::settings::Settings;

pub(super) fn examine(loaded: &Loaded, fingerprint: Option<&str>, now: Timestamp) -> Vec<Finding> {
    let mut found = vec![root(&loaded.settings, fingerprint), signing(loaded)];
    found.extend(verifying(&loaded.settings, now));
    found
}

fn root(settings: &Settings, kept: Option<&str>) -> Finding {
    let path = root_key::path(settings);
    let at = path.display();
    let from_backup = "put the file back from your backup (`sekisho db restore` brings it, if it was made with --with-keys)";
    match root_key::read(settings) {
        Err(error) => fail("root_key", error.to_string(), from_backup),
        Ok(None) if kept.is_some() => {
            fail("root_key", format!("{at} is missing, and the database was made with it"), from_backup)
        }
        Ok(None) => ok("root_key", format!("none yet at {at}; the first start makes it")),
        Ok(Some(root)) if kept.is_some_and(|kept| kept != root.fingerprint()) => fail(
            "root_key",
            format!(
                "{at} is not the root key of this database (fingerprint {}, not {})",
                root.fingerprint(),
                kept.unwrap_or_default()
            ),
            from_backup,
        ),
        Ok(Some(root)) if root.exposed => {
            let what = format!("others than its owner may read {at}: they can forge every token");
            fail("root_key", what, format!("chmod 600 {at}"))
        }
        Ok(Some(root)) => ok("root_key", format!("{at}, fingerprint {}", root.fingerprint())),
    }
}

fn signing(loaded: &Loaded) -> Finding {
    let tokens = &loaded.settings.tokens;
    let Some(key) = &tokens.secret_key else {
        return ok("secret_key", "not set: the signing key is derived from the root key");
    };
    let new = "make one with `openssl rand -hex 32`; everybody logs in once more, which is the point of it";
    let key_of = match &tokens.secret_key_file {
        Some(file) => file.display().to_string(),
        None => loaded.origins.of("tokens.secret_key").to_string(),
    };
    if is_published_secret(key.expose()) {
        return fail(
            "secret_key",
            format!("SECRET_KEY ({key_of}) was printed in a tutorial: anyone can forge tokens"),
            new,
        );
    }
    if is_weak(key.expose()) {
        return fail(
            "secret_key",
            format!("SECRET_KEY ({key_of}) is shorter than 32 bytes: it can be guessed"),
            new,
        );
    }
    let file = tokens.secret_key_file.clone().or_else(|| place_of(loaded));
    match file.filter(|file| exposed(file)) {
        Some(file) => warn(
            "secret_key",
            format!("others than its owner may read SECRET_KEY in {}", file.display()),
            format!("chmod 600 {}", file.display()),
        ),
        None => ok("secret_key", format!("from {key_of}, {} bytes", key.expose().len())),
    }
}

/// The file in which SECRET_KEY itself is written.
fn place_of(loaded: &Loaded) -> Option<std::path::PathBuf> {
    use sekisho_core::settings::Origin;
    match loaded.origins.of("tokens.secret_key") {
        Origin::File { file, .. } | Origin::DotEnv { file, .. } => Some(file.into()),
        _ => None,
    }
}

fn verifying(settings: &Settings, now: Timestamp) -> Option<Finding> {
    let tokens = &settings.tokens;
    if tokens.secret_key_verify.is_empty() {
        return None;
    }
    let number = tokens.secret_key_verify.len();
    let out = "take the key out of SECRET_KEY_VERIFY once the tokens that it signed have run out";
    Some(match tokens.secret_key_verify_until {
        Some(until) if until <= now => warn(
            "secret_key_verify",
            format!("{number} former keys, and their time has passed: they verify nothing"),
            out,
        ),
        Some(_) => ok("secret_key_verify", format!("{number} former keys verify until their time")),
        None => warn("secret_key_verify", format!("{number} former keys verify without an end"), out),
    })
}
