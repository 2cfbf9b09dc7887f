//! The keys of access tokens, made of the settings and the root key.

use super::error::ConfigError;
use super::root_key::RootKey;
use sekisho_core::jose::KeyRing;
use sekisho_core::keys;
use sekisho_core::settings::Settings;
use sekisho_core::{SecretBytes, Timestamp};

/// `SECRET_KEY` signs, or a key derived from the root where there is none; `SECRET_KEY_VERIFY` verifies until its end.
///
/// Beside a `SECRET_KEY` the derived key, which nobody can write down, is one of those that verify: tokens of before go on
/// counting on every node while the key is rolled. `SECRET_KEY_VERIFY_UNTIL` ends it like the others.
pub fn key_ring(settings: &Settings, root: &RootKey) -> Result<KeyRing, ConfigError> {
    let tokens = &settings.tokens;
    let derived = SecretBytes::new(root.derive(keys::SIGNING).to_vec());
    let until: Option<Timestamp> = tokens.secret_key_verify_until;
    let mut verify: Vec<_> = tokens.secret_key_verify.iter().map(|key| (key.clone(), until)).collect();
    let signing = match &tokens.secret_key {
        Some(key) => {
            verify.push((derived, until));
            key.clone()
        }
        None => derived,
    };
    KeyRing::new(tokens.algorithm, signing, verify)
        .map_err(|error| ConfigError::one(format!("SECRET_KEY: {error}")))
}
