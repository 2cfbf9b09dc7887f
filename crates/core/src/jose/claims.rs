//! The claims of an access token, with their types.

use super::object::{Member, Object};
use crate::id::UserId;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What an access token says (RFC 7519, 4.1, and two claims of our own).
///
/// Tokens of the seeds' application have `sub` and `exp` alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claims {
    /// The username, byte for byte.
    pub sub: String,
    /// From when on the token no longer counts.
    pub exp: Timestamp,
    /// When it was issued.
    pub iat: Option<Timestamp>,
    /// The token's own name.
    pub jti: Option<String>,
    /// The user's id.
    pub uid: Option<UserId>,
    /// The user's token version when it was issued.
    pub ver: Option<i64>,
    /// The public URL of the server that issued it.
    pub iss: Option<String>,
}

/// The end of the year 9999, in seconds: a time beyond it is a mistake.
const LAST_SECOND: i64 = 253_402_300_799;

/// `exp`, which every token has.
pub(super) fn exp(payload: &Object<'_>) -> Result<Timestamp, Refusal> {
    time(payload, "exp")?.ok_or(Refusal::ClaimMissing)
}

/// `sub`: a text with something in it, and no U+0000, which no stored text holds.
pub(super) fn sub(payload: &Object<'_>) -> Result<String, Refusal> {
    let sub = text(payload, "sub")?.ok_or(Refusal::ClaimMissing)?;
    if sub.is_empty() || sub.contains('\0') { Err(Refusal::ClaimInvalid) } else { Ok(sub.to_owned()) }
}

/// A claim that is a text, if it is there. One of another type is not an absent one.
pub(super) fn text<'p>(payload: &'p Object<'_>, name: &str) -> Result<Option<&'p str>, Refusal> {
    match payload.get(name) {
        None => Ok(None),
        Some(Member::Text(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::ClaimInvalid),
    }
}

/// A claim that is a NumericDate (RFC 7519, 2), if it is there: whole seconds or a fraction, down to the microsecond.
pub(super) fn time(payload: &Object<'_>, name: &str) -> Result<Option<Timestamp>, Refusal> {
    match payload.get(name) {
        None => Ok(None),
        Some(Member::Whole(seconds)) if *seconds <= LAST_SECOND => {
            Ok(Some(Timestamp::from_seconds(*seconds)))
        }
        Some(Member::Number(seconds)) if *seconds <= LAST_SECOND as f64 => {
            Ok(Some(Timestamp::from_micros((seconds * 1e6).floor() as i64)))
        }
        Some(_) => Err(Refusal::ClaimInvalid),
    }
}

/// `uid`, if it is there: an id in its one spelling.
pub(super) fn uid(payload: &Object<'_>) -> Result<Option<UserId>, Refusal> {
    text(payload, "uid")?.map(str::parse).transpose().map_err(|_| Refusal::ClaimInvalid)
}

/// `ver`, if it is there: a whole number, not negative.
pub(super) fn ver(payload: &Object<'_>) -> Result<Option<i64>, Refusal> {
    match payload.get("ver") {
        None => Ok(None),
        Some(Member::Whole(version)) if *version >= 0 => Ok(Some(*version)),
        Some(_) => Err(Refusal::ClaimInvalid),
    }
}
