//! Accepting a token, or saying why not.

use std::time::Duration;

use super::base64;
use super::claims::{self, Claims};
use super::header;
use super::key::KeyRing;
use super::object::Object;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What a token must say besides being signed and in time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules<'a> {
    /// The public URL, where one is set: an `iss` that is there must be it.
    pub issuer: Option<&'a str>,
}

/// The longest token that is read, in bytes (ATTACKS J27).
pub(super) const TOKEN_MAX: usize = 8 * 1024;

/// How far ahead `iat` may lie before the clocks are said to differ.
const IAT_AHEAD: Duration = Duration::from_secs(60);

/// The claims of a token that this server accepts at `now`.
///
/// In this order: three parts; a header that allows nothing but the ring's algorithm; a signature by a key of the ring;
/// a payload without duplicates; `exp`, `nbf`, `iat`, `aud`, `iss`; the types of all claims (RFC 7515, 5.2; RFC 7519, 7.2;
/// RFC 8725). Whether the user exists and the version still counts is for the caller to see.
///
/// # Errors
/// The first reason found; a client is told none of them.
pub fn verify(ring: &KeyRing, rules: &Rules<'_>, token: &str, now: Timestamp) -> Result<Claims, Refusal> {
    let [header, payload, signature] = parts_of(token)?;
    header::check(header, ring.algorithm())?;
    signature_counts(ring, token, signature, now)?;
    let json = base64::decode(payload).ok_or(Refusal::TokenMalformed)?;
    let payload = Object::read(&json)?;
    let exp = not_expired(&payload, now)?;
    no_earlier_than_nbf(&payload, now)?;
    let iat = not_from_the_future(&payload, now)?;
    for_no_other_audience(&payload)?;
    let iss = issued_here(&payload, rules)?;
    Ok(Claims {
        sub: claims::sub(&payload)?,
        exp,
        iat,
        jti: claims::text(&payload, "jti")?.map(str::to_owned),
        uid: claims::uid(&payload)?,
        ver: claims::ver(&payload)?,
        iss: iss.map(str::to_owned),
    })
}

fn parts_of(token: &str) -> Result<[&str; 3], Refusal> {
    if token.len() > TOKEN_MAX {
        return Err(Refusal::TokenTooLarge);
    }
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None) if !header.is_empty() && !payload.is_empty() => {
            Ok([header, payload, signature])
        }
        _ => Err(Refusal::TokenMalformed),
    }
}

fn signature_counts(ring: &KeyRing, token: &str, signature: &str, now: Timestamp) -> Result<(), Refusal> {
    let message = &token[..token.len() - signature.len() - 1];
    let mut buffer = [0; 96];
    let signature = base64::decode_into(signature, &mut buffer).ok_or(Refusal::SignatureInvalid)?;
    ring.check(message.as_bytes(), signature, now)
}

fn not_expired(payload: &Object<'_>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let exp = claims::exp(payload)?;
    if now >= exp { Err(Refusal::TokenExpired) } else { Ok(exp) }
}

fn no_earlier_than_nbf(payload: &Object<'_>, now: Timestamp) -> Result<(), Refusal> {
    match claims::time(payload, "nbf")? {
        Some(nbf) if now < nbf => Err(Refusal::TokenNotYetValid),
        _ => Ok(()),
    }
}

fn not_from_the_future(payload: &Object<'_>, now: Timestamp) -> Result<Option<Timestamp>, Refusal> {
    match claims::time(payload, "iat")? {
        Some(iat) if iat > now.plus(IAT_AHEAD) => Err(Refusal::TokenFromTheFuture),
        iat => Ok(iat),
    }
}

/// First-party tokens have no audience: one that names any, or none in any form, is meant for another (ATTACKS J21).
fn for_no_other_audience(payload: &Object<'_>) -> Result<(), Refusal> {
    if payload.get("aud").is_some() { Err(Refusal::AudienceUnexpected) } else { Ok(()) }
}

/// A token may lack `iss`: it is of the seeds' application, or from before the public URL was set.
fn issued_here<'p>(payload: &'p Object<'_>, rules: &Rules<'_>) -> Result<Option<&'p str>, Refusal> {
    let iss = claims::text(payload, "iss")?;
    match (iss, rules.issuer) {
        (Some(iss), Some(ours)) if iss != ours => Err(Refusal::IssuerMismatch),
        _ => Ok(iss),
    }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
