//! Tokens made by hand, so that the server's own signing code is not what tests it.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};

/// The key that tests sign with: strong enough for production, known to nobody else.
pub(crate) const SECRET_KEY: &str = "5e6c3b1a0f9d48277c1e2b3a4d5f60718293a4b5c6d7e8f90112233445566778";

/// A token to be: header and payload as text, so that they may be malformed.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    header: String,
    payload: String,
    key: Vec<u8>,
}

impl Mint {
    /// What the seeds' application issues: `sub` and `exp`, half an hour ahead, HS256 with the server's key.
    pub(crate) fn of(sub: &str) -> Mint {
        Mint::claims(&json!({"sub": sub, "exp": now() + 1800}))
    }

    pub(crate) fn claims(payload: &Value) -> Mint {
        Mint::payload(&payload.to_string())
    }

    pub(crate) fn payload(payload: &str) -> Mint {
        Mint {
            header: r#"{"alg":"HS256","typ":"JWT"}"#.into(),
            payload: payload.into(),
            key: SECRET_KEY.as_bytes().into(),
        }
    }

    pub(crate) fn header(mut self, header: &str) -> Mint {
        self.header = header.into();
        self
    }

    pub(crate) fn key(mut self, key: &[u8]) -> Mint {
        self.key = key.into();
        self
    }

    /// Header and payload, encoded and joined.
    pub(crate) fn unsigned(&self) -> String {
        format!("{}.{}", base64url(self.header.as_bytes()), base64url(self.payload.as_bytes()))
    }

    /// Signed with HS256, whatever the header says.
    pub(crate) fn signed(&self) -> String {
        let input = self.unsigned();
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes any key");
        mac.update(input.as_bytes());
        format!("{input}.{}", base64url(&mac.finalize().into_bytes()))
    }

    /// Signed with HS384, under a header that says so.
    pub(crate) fn hs384(self) -> String {
        let minted = self.header(r#"{"alg":"HS384","typ":"JWT"}"#);
        let input = minted.unsigned();
        let mut mac = Hmac::<Sha384>::new_from_slice(&minted.key).expect("HMAC takes any key");
        mac.update(input.as_bytes());
        format!("{input}.{}", base64url(&mac.finalize().into_bytes()))
    }

    /// Signed with HS512, under a header that says so.
    pub(crate) fn hs512(self) -> String {
        let minted = self.header(r#"{"alg":"HS512","typ":"JWT"}"#);
        let input = minted.unsigned();
        let mut mac = Hmac::<Sha512>::new_from_slice(&minted.key).expect("HMAC takes any key");
        mac.update(input.as_bytes());
        format!("{input}.{}", base64url(&mac.finalize().into_bytes()))
    }
}

/// The same token with its last byte of payload changed and the signature kept.
pub(crate) fn tampered(token: &str, payload: &Value) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    let payload = base64url(payload.to_string().as_bytes());
    parts[1] = &payload;
    parts.join(".")
}

/// base64url without padding (RFC 7515 section 2).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Seconds since the epoch, of the clock that the server under test reads too.
#[allow(clippy::disallowed_methods, reason = "a test against the real binary shares its clock")]
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() as i64
}
