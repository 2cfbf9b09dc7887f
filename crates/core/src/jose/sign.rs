//! Making a token.

use serde::Serialize;

use super::base64;
use super::claims::Claims;
use super::header;
use super::key::KeyRing;
use crate::id::UserId;

/// The token that says `claims`, signed with the ring's signing key (RFC 7515, 5.1).
///
/// Times are written in whole seconds, `exp` rounded towards the past. There is no `aud`, and `jti` is a text, so that
/// the seeds' own `jwt.decode` accepts it.
pub fn sign(ring: &KeyRing, claims: &Claims) -> String {
    let payload = serde_json::to_vec(&Payload {
        sub: &claims.sub,
        exp: claims.exp.as_seconds(),
        iat: claims.iat.map(|iat| iat.as_seconds()),
        jti: claims.jti.as_deref(),
        uid: claims.uid,
        ver: claims.ver,
        iss: claims.iss.as_deref(),
    })
    .expect("texts and numbers are always JSON");
    let mut token = String::with_capacity(160 + payload.len() * 4 / 3);
    token.push_str(header::written(ring.algorithm()));
    token.push('.');
    base64::encode_into(&payload, &mut token);
    let tag = ring.sign(token.as_bytes());
    token.push('.');
    base64::encode_into(tag.as_bytes(), &mut token);
    token
}

#[derive(Serialize)]
struct Payload<'a> {
    sub: &'a str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ver: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
}
