//! What a stored hash is: its text, its scheme, its cost.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::memory::Memory;
use crate::refusal::Refusal;

/// A password hash as stored: a PHC or crypt string, whatever it holds.
#[derive(Clone, PartialEq, Eq)]
pub struct HashString(String);

impl HashString {
    /// Takes a stored text as it is; it is judged when it is verified.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Drop for HashString {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for HashString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A way to hash passwords that this server knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Scheme {
    /// Argon2i (RFC 9106).
    Argon2i,
    /// Argon2d (RFC 9106).
    Argon2d,
    /// Argon2id (RFC 9106): what new hashes are, unless the settings say bcrypt.
    Argon2id,
    /// bcrypt, `$2a$`, `$2b$`, `$2y$`.
    Bcrypt,
    /// bcrypt of a SHA-256 of the password, as passlib and Django make it.
    BcryptSha256,
    /// scrypt (RFC 7914).
    Scrypt,
    /// PBKDF2 (RFC 8018) with HMAC-SHA-1.
    Pbkdf2Sha1,
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2Sha256,
    /// PBKDF2 with HMAC-SHA-512.
    Pbkdf2Sha512,
    /// SHA-256 in the manner of `crypt(3)`, `$5$`.
    Sha256Crypt,
    /// SHA-512 in the manner of `crypt(3)`, `$6$`.
    Sha512Crypt,
    /// One digest of password and salt, `{SSHA}` and its family (RFC 2307).
    LdapDigest,
    /// MD5 over and over, the portable hash of phpass, `$P$`.
    Phpass,
}

impl Scheme {
    /// The stable name, as settings, events and the table of schemes have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argon2i => "argon2i",
            Self::Argon2d => "argon2d",
            Self::Argon2id => "argon2id",
            Self::Bcrypt => "bcrypt",
            Self::BcryptSha256 => "bcrypt-sha256",
            Self::Scrypt => "scrypt",
            Self::Pbkdf2Sha1 => "pbkdf2-sha1",
            Self::Pbkdf2Sha256 => "pbkdf2-sha256",
            Self::Pbkdf2Sha512 => "pbkdf2-sha512",
            Self::Sha256Crypt => "sha256-crypt",
            Self::Sha512Crypt => "sha512-crypt",
            Self::LdapDigest => "ldap-digest",
            Self::Phpass => "phpass",
        }
    }
}

/// A scheme's name and its cost as text: (`bcrypt`, `12`), (`argon2id`, `m=19456,t=2,p=1`). Two hashes with the same
/// pair take the same work.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct SchemeCost {
    /// [`Scheme::name`], or the name of a scheme that this version does not know.
    pub scheme: String,
    /// The cost, in the scheme's own notation.
    pub cost: String,
}

impl SchemeCost {
    /// What is noted of a hash that can't be verified and is kept all the same, as an application had it.
    pub fn unreadable() -> SchemeCost {
        SchemeCost { scheme: "unreadable".to_owned(), cost: String::new() }
    }
}

/// How new passwords are hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HashParams {
    /// Argon2id, version 1.3.
    Argon2id {
        /// Memory in KiB.
        m_kib: u32,
        /// Passes over it.
        t: u32,
        /// Lanes.
        p: u32,
    },
    /// bcrypt, written as `$2b$`.
    Bcrypt {
        /// The logarithm of the number of rounds.
        cost: u32,
    },
}

impl HashParams {
    /// What new passwords are hashed with unless the settings say otherwise (OWASP's first choice).
    pub const DEFAULT: Self = Self::Argon2id { m_kib: 19_456, t: 2, p: 1 };

    /// The scheme.
    pub const fn scheme(&self) -> Scheme {
        match self {
            Self::Argon2id { .. } => Scheme::Argon2id,
            Self::Bcrypt { .. } => Scheme::Bcrypt,
        }
    }

    /// The memory of one hash, in KiB, where it is a matter of the settings.
    pub const fn memory_kib(&self) -> u32 {
        match *self {
            Self::Argon2id { m_kib, .. } => m_kib,
            Self::Bcrypt { .. } => 0,
        }
    }

    /// Scheme and cost as text.
    pub fn cost(&self) -> SchemeCost {
        let cost = match self {
            Self::Argon2id { m_kib, t, p } => format!("m={m_kib},t={t},p={p}"),
            Self::Bcrypt { cost } => cost.to_string(),
        };
        SchemeCost { scheme: self.scheme().name().to_owned(), cost }
    }
}

impl Default for HashParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// One row of the table of schemes ([`super::table`]): what a scheme's file provides, or that of a few akin.
pub(super) struct Row {
    /// The schemes whose hashes it reads.
    pub(super) schemes: &'static [Scheme],
    /// Whether a stored text claims to be of one of these schemes.
    pub(super) recognises: fn(stored: &str) -> bool,
    /// Scheme and cost of a stored text; refuses a malformed one, and one above the ceilings.
    pub(super) cost: fn(stored: &str) -> Result<(Scheme, String), Refusal>,
    /// Whether the text is as new hashes are written, scheme and cost aside.
    pub(super) is_current_form: fn(stored: &str) -> bool,
    /// Whether these bytes make that hash; refuses what `cost` refuses, before any work.
    pub(super) verify: fn(stored: &str, password: &[u8], &mut Memory) -> Result<bool, Refusal>,
    /// Does the work of one hash of this cost and forgets it; `false` if the cost can't be read or is above the
    /// ceilings.
    pub(super) burn: fn(Scheme, cost: &str, password: &[u8], &mut Memory) -> bool,
}

/// A decimal number without sign or leading zero: the one way a cost is written.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (plain && canonical).then(|| text.parse().ok()).flatten()
}
