//! The keys of access tokens, made of the settings and the root key.

use super::error::ConfigError;
use super::root_key::RootKey;
use sekisho_core::jose::KeyRing;
use sekisho_core::keys;
use sekisho_core::settings::Settings;
use sekisho_core::{SecretBytes, Timestamp};

/// `SECRET_KEY` signs, or a key derived from the root where there is none; `SECRET_KEY_VERIFY` verifies until its end.
///
/// The derived key goes on verifying beside a `SECRET_KEY` only if the settings name it: a key that was replaced because it
/// leaked must be able to end at once.
pub fn key_ring(settings: &Settings, root: &RootKey) -> Result<KeyRing, ConfigError> {
    let tokens = &settings.tokens;
    let signing = match &tokens.secret_key {
        Some(key) => key.clone(),
        None => SecretBytes::new(root.derive(keys::SIGNING).to_vec()),
    };
    let until: Option<Timestamp> = tokens.secret_key_verify_until;
    let verify = tokens.secret_key_verify.iter().map(|key| (key.clone(), until)).collect();
    KeyRing::new(tokens.algorithm, signing, verify)
        .map_err(|error| ConfigError::one(format!("SECRET_KEY: {error}")))
}
