//! The rules between settings: what must not stand together, and what an operator should know.

use std::net::IpAddr;

use super::database_url::DatabaseUrl;
use super::merge::Merged;
use super::model::{Settings, Tokens};
use super::net::is_loopback;
use super::postgres_url::SslMode;
use crate::credentials::Scheme;
use crate::jose::{is_published_secret, is_weak};

/// Checks the rules; what breaks one is noted in `merged`.
pub(super) fn check(merged: &mut Merged, settings: &mut Settings) {
    keys_are_strong(merged, settings);
    argon2_costs_enough(merged, settings);
    lengths_leave_room(merged, settings);
    any_origin_sends_no_credentials(merged, settings);
    demo_is_for_development(merged, settings);
    public_url_is_encrypted(merged, settings);
    metrics_have_a_listener_of_their_own(merged, settings);
    nodes_share_a_root_key(merged, settings);
    postgresql_is_spoken_to_in_private(merged, settings);
    locks_are_given_up_before_statements(merged, settings);
}

/// OWASP's floor for Argon2id: memory in KiB against passes, all of the same cost.
const ARGON2_FLOOR: &[(u32, u32)] = &[(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5)];

fn keys_are_strong(merged: &mut Merged, settings: &Settings) {
    let Tokens { secret_key, secret_key_file, secret_key_verify, .. } = &settings.tokens;
    let signing = if secret_key_file.is_some() { "tokens.secret_key_file" } else { "tokens.secret_key" };
    let keys = secret_key
        .iter()
        .map(|k| (signing, k))
        .chain(secret_key_verify.iter().map(|k| ("tokens.secret_key_verify", k)));
    for (name, key) in keys {
        let (weakness, production) = if is_published_secret(key.expose()) {
            (
                "is a key that was printed in a tutorial: anyone can forge tokens with it",
                "it is refused in production",
            )
        } else if is_weak(key.expose()) {
            ("is shorter than 32 bytes: it can be guessed", "it is refused in production")
        } else {
            continue;
        };
        if settings.profile.is_production() {
            merged.wrong(name, format!("{weakness}; make one with `openssl rand -hex 32`"));
        } else {
            merged.warn(name, &format!("{weakness}; {production}"));
        }
    }
    // Beside a key of the settings it also ends the one that is derived from the root key.
    let ends_nothing = secret_key.is_none() && secret_key_verify.is_empty();
    if settings.tokens.secret_key_verify_until.is_some() && ends_nothing {
        merged.warn(
            "tokens.secret_key_verify_until",
            "ends keys that are not there: tokens.secret_key_verify is empty",
        );
    }
}

fn argon2_costs_enough(merged: &mut Merged, settings: &Settings) {
    let password = &settings.password;
    if password.scheme == Scheme::Bcrypt {
        return;
    }
    let (m, t) = (password.argon2_memory_kib, password.argon2_iterations);
    if !ARGON2_FLOOR.iter().any(|(floor_m, floor_t)| m >= *floor_m && t >= *floor_t) {
        let message = format!(
            "= {m} with password.argon2_iterations = {t} is below the floor; 19456 with 2 is the least, or 47104 with 1, 12288 with 3, 9216 with 4, 7168 with 5"
        );
        merged.wrong("password.argon2_memory_kib", message);
    }
    if m < 8 * password.argon2_parallelism {
        merged.wrong("password.argon2_parallelism", "has more lanes than the memory allows");
    }
}

fn lengths_leave_room(merged: &mut Merged, settings: &Settings) {
    let password = &settings.password;
    if password.min_length > password.max_length {
        merged.wrong("password.min_length", "is greater than password.max_length");
    } else if settings.profile.is_production() && password.min_length < 8 {
        merged.warn("password.min_length", "is below 8, which is little");
    }
}

fn any_origin_sends_no_credentials(merged: &mut Merged, settings: &Settings) {
    let cors = &settings.http.cors;
    if cors.allowed_origins.iter().any(|o| o == "*") {
        if cors.allow_credentials {
            merged.wrong(
                "http.cors_allowed_origins",
                "can't be \"*\" together with http.cors_allow_credentials",
            );
        }
        if cors.allowed_origins.len() > 1 {
            merged.wrong("http.cors_allowed_origins", "has \"*\" beside other origins");
        }
    }
}

fn demo_is_for_development(merged: &mut Merged, settings: &Settings) {
    if settings.server.demo && settings.profile.is_production() {
        merged.wrong("server.demo", "makes a user whose password is known to everyone: not in production");
    }
}

fn public_url_is_encrypted(merged: &mut Merged, settings: &Settings) {
    let plain = settings.server.public_url.as_deref().is_some_and(|url| url.starts_with("http://"));
    if plain && settings.profile.is_production() {
        merged.warn("server.public_url", "is not https: passwords and tokens can be read on the way");
    }
}

/// What a proxy shows to everyone must not show the figures too, so there is no common listener.
fn metrics_have_a_listener_of_their_own(merged: &mut Merged, settings: &Settings) {
    let Some(listen) = settings.metrics.listen else { return };
    let public = settings.server.listen;
    let any = |a: IpAddr, b: IpAddr| a.is_unspecified() && (a.is_ipv6() || b.is_ipv4());
    let meet = listen.ip() == public.ip() || any(listen.ip(), public.ip()) || any(public.ip(), listen.ip());
    if listen.port() == public.port() && listen.port() != 0 && meet {
        merged.wrong(
            "metrics.listen",
            format!("and server.listen ({public}) are one listener: give it a port of its own"),
        );
    } else if !settings.profile.is_production() && !is_loopback(listen) {
        merged.wrong(
            "metrics.listen",
            "must be a loopback address in development: only this machine is answered there",
        );
    }
}

/// Where the address of the database was said.
fn place_of_database(merged: &Merged) -> &'static str {
    match merged.is_set("storage.database_url_file") {
        true => "storage.database_url_file",
        false => "storage.database_url",
    }
}

/// A key that lies in the data directory of one node is one that the next node makes anew.
fn nodes_share_a_root_key(merged: &mut Merged, settings: &Settings) {
    let storage = &settings.storage;
    if matches!(storage.database_url, DatabaseUrl::Postgres(_)) && storage.root_key_file.is_none() {
        merged.wrong(
            place_of_database(merged),
            "names PostgreSQL, and then storage.root_key_file (SEKISHO_ROOT_KEY_FILE) must be set: the file of the 32 bytes \
             that all nodes share; the first start makes it",
        );
    }
}

fn locks_are_given_up_before_statements(merged: &mut Merged, settings: &Settings) {
    let storage = &settings.storage;
    if matches!(storage.database_url, DatabaseUrl::Postgres(_))
        && storage.lock_timeout >= storage.pool.statement_timeout
    {
        let most = storage.pool.statement_timeout.as_secs();
        merged.wrong(
            "storage.lock_timeout_seconds",
            format!(
                "must be less than storage.statement_timeout_seconds ({most}), or the wait for a lock is never told from \
                 slowness"
            ),
        );
    }
}

fn postgresql_is_spoken_to_in_private(merged: &mut Merged, settings: &Settings) {
    let DatabaseUrl::Postgres(url) = &settings.storage.database_url else { return };
    let away = url.hosts.iter().any(|host| !host.is_local());
    if away && url.ssl.mode == SslMode::Disable && settings.profile.is_production() {
        merged.warn(
            place_of_database(merged),
            "says sslmode=disable: whoever is on the way to the server reads the password hashes, and can change them",
        );
    }
}
