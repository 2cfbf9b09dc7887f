//! Identifiers: of a user, and of a request.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

use crate::dice::{self, Dice};
use crate::time::Timestamp;

/// A user's identity: a UUIDv7 (RFC 9562, 5.7) that never changes and is never reused.
///
/// 16 bytes inside, the hyphenated lower-case form outside; no other spelling is read back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserId(Uuid);

/// The text is not a hyphenated lower-case UUID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an id: 36 characters such as 0199f0a2-6c1e-7a30-8d4b-3f6f1f5f2c11 are expected")]
pub struct NotAnId;

impl UserId {
    /// A new id, made of the time (in milliseconds; a time before 1970 counts as 1970) and 74 random bits.
    pub fn new(now: Timestamp, dice: &dyn Dice) -> Self {
        let millis = u64::try_from(now.as_micros().div_euclid(1000)).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &dice::array(dice)).into_uuid())
    }

    /// The id with these 16 bytes, as a database row holds them.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }

    /// The id's 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl FromStr for UserId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() != 36 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NotAnId);
        }
        Uuid::try_parse(text).map(Self).map_err(|_| NotAnId)
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The name by which one request is found in the log: 16 hexadecimal digits of our own, or what the client sent.
///
/// Kept in place, without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId {
    text: [u8; Self::MAX],
    len: u8,
}

impl RequestId {
    /// The longest name accepted from a client, in bytes.
    pub const MAX: usize = 64;

    /// A name of our own, made of 8 random bytes.
    pub fn new(random: [u8; 8]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; Self::MAX];
        for (i, byte) in random.iter().enumerate() {
            text[2 * i] = HEX[usize::from(byte >> 4)];
            text[2 * i + 1] = HEX[usize::from(byte & 15)];
        }
        Self { text, len: 16 }
    }

    /// A client's own name for its request: 1 to 64 of `A-Z a-z 0-9 . _ -`, otherwise `None`.
    ///
    /// Nothing else passes, so it can be logged and echoed in a header as it is.
    pub fn accept(sent: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if sent.is_empty() || sent.len() > Self::MAX || !sent.bytes().all(allowed) {
            return None;
        }
        let mut text = [0; Self::MAX];
        text[..sent.len()].copy_from_slice(sent.as_bytes());
        Some(Self { text, len: sent.len() as u8 })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        // Both constructors write ASCII only.
        std::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Dice for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0x77);
        }
    }

    #[test]
    fn a_user_id_is_a_uuid_v7_of_time_and_dice() {
        let id = UserId::new(Timestamp::from_micros(0x0199_f0a2_6c1e * 1000 + 999), &Sevens);
        assert_eq!(id.to_string(), "0199f0a2-6c1e-7777-b777-777777777777");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(UserId::from_bytes(*id.as_bytes()), id);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"0199f0a2-6c1e-7777-b777-777777777777\"");
    }

    #[test]
    fn a_user_id_has_one_spelling() {
        for other in [
            "0199F0A2-6C1E-7777-B777-777777777777",
            "0199f0a26c1e7777b777777777777777",
            "{0199f0a2-6c1e-7777-b777-77777777777}",
            "urn:uuid:0199f0a2-6c1e-7777-b777-777777777777",
            "0199f0a2-6c1e-7777-b777-77777777777g",
            "",
        ] {
            assert_eq!(other.parse::<UserId>(), Err(NotAnId), "{other}");
        }
    }

    #[test]
    fn a_request_id_is_ours_or_a_plain_one_of_the_client() {
        assert_eq!(RequestId::new([0, 1, 2, 3, 4, 5, 0xab, 0xff]).as_str(), "000102030405abff");
        assert_eq!(RequestId::accept("a-B_9.z").unwrap().as_str(), "a-B_9.z");
        assert_eq!(RequestId::accept(&"x".repeat(64)).unwrap().as_str(), "x".repeat(64));
        for bad in ["", "a b", "a\r\nb", "é", &"x".repeat(65)] {
            assert!(RequestId::accept(bad).is_none(), "{bad:?}");
        }
    }
}
