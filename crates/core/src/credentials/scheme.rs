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
    /// Argon2id (RFC 9106), `$argon2id$…`.
    Argon2id,
    /// bcrypt, `$2a$`, `$2b$`, `$2y$`.
    Bcrypt,
}

impl Scheme {
    /// The stable name, as settings, events and the table of schemes have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argon2id => "argon2id",
            Self::Bcrypt => "bcrypt",
        }
    }
}

/// A scheme's name and its cost as text: (`bcrypt`, `12`), (`argon2id`, `m=19456,t=2,p=1`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct SchemeCost {
    /// [`Scheme::name`], or the name of a scheme that this version does not know.
    pub scheme: String,
    /// The cost, in the scheme's own notation.
    pub cost: String,
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

/// One row of the table of schemes ([`super::password`]): what a scheme's file provides.
pub(super) struct Row {
    pub(super) scheme: Scheme,
    /// Whether a stored text claims to be of this scheme.
    pub(super) recognises: fn(stored: &str) -> bool,
    /// The cost of a stored text, as `SchemeCost::cost` writes it; refuses a malformed text.
    pub(super) cost: fn(stored: &str) -> Result<String, Refusal>,
    /// Whether the text is as new hashes are written, its cost aside.
    pub(super) is_current_form: fn(stored: &str) -> bool,
    /// Whether these bytes make that hash; refuses a malformed text, or one above the ceilings.
    pub(super) verify: fn(stored: &str, password: &[u8], &mut Memory) -> Result<bool, Refusal>,
    /// Does the work of one hash of this cost and forgets it; `false` if the cost can't be read or is above the
    /// ceilings.
    pub(super) burn: fn(cost: &str, password: &[u8], &mut Memory) -> bool,
}

/// A decimal number without sign or leading zero: the one way a cost is written.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (plain && canonical).then(|| text.parse().ok()).flatten()
}
