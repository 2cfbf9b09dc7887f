//! The keys that sign and verify.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::alg::Algorithm;
use crate::refusal::Refusal;
use crate::secret::SecretBytes;
use crate::time::Timestamp;

/// The key that signs, and those that only verify, each with an optional end.
///
/// Each key is kept as the state of an HMAC that has taken it in, so that a token costs no key set-up.
pub struct KeyRing {
    algorithm: Algorithm,
    signing: Keyed,
    verifying: Vec<(Keyed, Option<Timestamp>)>,
}

/// A key has no bytes: anyone could sign with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a key is empty")]
pub struct EmptyKey;

impl KeyRing {
    /// A ring that signs with `signing`, and accepts what it or any of `verify` has signed; the latter only before their
    /// end, where one is given.
    ///
    /// # Errors
    /// [`EmptyKey`] if a key has no bytes. Weak and published keys are the settings' affair
    /// ([`super::is_weak`], [`super::is_published_secret`]).
    pub fn new(
        algorithm: Algorithm,
        signing: SecretBytes,
        verify: Vec<(SecretBytes, Option<Timestamp>)>,
    ) -> Result<Self, EmptyKey> {
        if signing.expose().is_empty() || verify.iter().any(|(key, _)| key.expose().is_empty()) {
            return Err(EmptyKey);
        }
        let keyed = |key: &SecretBytes| Keyed::new(algorithm, key.expose());
        Ok(Self {
            algorithm,
            signing: keyed(&signing),
            verifying: verify.iter().map(|(key, end)| (keyed(key), *end)).collect(),
        })
    }

    /// The one algorithm of the ring.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn sign(&self, message: &[u8]) -> Tag {
        self.signing.tag(message)
    }

    /// Whether a key that counts at `now` made the signature.
    pub(super) fn check(&self, message: &[u8], signature: &[u8], now: Timestamp) -> Result<(), Refusal> {
        if self.signing.made(message, signature) {
            return Ok(());
        }
        let mut retired = false;
        for (key, end) in &self.verifying {
            if key.made(message, signature) {
                if end.is_none_or(|end| now < end) {
                    return Ok(());
                }
                retired = true;
            }
        }
        Err(if retired { Refusal::SigningKeyRetired } else { Refusal::SignatureInvalid })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({}, {} more to verify)", self.algorithm, self.verifying.len())
    }
}

enum Keyed {
    HS256(Hmac<Sha256>),
    HS384(Hmac<Sha384>),
    HS512(Hmac<Sha512>),
}

/// The longest signature, in bytes: that of HS512.
const TAG_MAX: usize = 64;

/// A signature.
pub(super) struct Tag {
    bytes: [u8; TAG_MAX],
    len: usize,
}

impl Tag {
    fn new(tag: &[u8]) -> Self {
        let mut bytes = [0; TAG_MAX];
        bytes[..tag.len()].copy_from_slice(tag);
        Self { bytes, len: tag.len() }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Keyed {
    fn new(algorithm: Algorithm, key: &[u8]) -> Self {
        const ANY: &str = "HMAC takes a key of any length";
        match algorithm {
            Algorithm::HS256 => Self::HS256(Hmac::new_from_slice(key).expect(ANY)),
            Algorithm::HS384 => Self::HS384(Hmac::new_from_slice(key).expect(ANY)),
            Algorithm::HS512 => Self::HS512(Hmac::new_from_slice(key).expect(ANY)),
        }
    }

    fn tag(&self, message: &[u8]) -> Tag {
        match self {
            Self::HS256(mac) => Tag::new(&mac.clone().chain_update(message).finalize().into_bytes()),
            Self::HS384(mac) => Tag::new(&mac.clone().chain_update(message).finalize().into_bytes()),
            Self::HS512(mac) => Tag::new(&mac.clone().chain_update(message).finalize().into_bytes()),
        }
    }

    fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        self.tag(message).as_bytes().ct_eq(signature).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j36_an_empty_key_is_no_key() {
        let key = |bytes: &[u8]| SecretBytes::new(bytes.to_vec());
        assert_eq!(KeyRing::new(Algorithm::HS256, key(b""), vec![]).unwrap_err(), EmptyKey);
        assert!(KeyRing::new(Algorithm::HS256, key(b"k"), vec![(key(b""), None)]).is_err());
    }

    #[test]
    fn l07_a_ring_prints_no_key() {
        let ring = KeyRing::new(Algorithm::HS512, SecretBytes::new(vec![b'k'; 32]), vec![]).unwrap();
        assert_eq!(format!("{ring:?}"), "KeyRing(HS512, 0 more to verify)");
    }
}
