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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::alg::Algorithm;
    use crate::secret::SecretBytes;
    use crate::time::Timestamp;

    #[test]
    fn a_token_of_two_claims_is_what_python_jose_and_pyjwt_make() {
        // jwt.encode({"sub": "tim", "exp": 1700001800}, key, algorithm=…) of python-jose 3 and PyJWT 2, which agree.
        for (algorithm, token) in [
            (
                Algorithm::HS256,
                "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MDAwMDE4MDB9.8mEw98U1chtdu-u3bUJwtZgkPkBotBmsQKXLbFufgjs",
            ),
            (
                Algorithm::HS384,
                "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MDAwMDE4MDB9._fW0hVvpWXPp3qJaXJJcpkai0EPaCpP4ZaV5uCA2jBlgTD6e05QwHIqAyF4IOoeQ",
            ),
            (
                Algorithm::HS512,
                "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MDAwMDE4MDB9.vMfn8wvoGcpG9YSrAY_Uhii5qH4xwXTvu-PSXDEewabMpRTBH5eDz7nEbQ50GeOyHnsIq1j66rdgjt7fp8igNA",
            ),
        ] {
            let key = SecretBytes::new(b"0123456789abcdef0123456789abcdefX".to_vec());
            let ring = KeyRing::new(algorithm, key, vec![]).unwrap();
            let exp = Timestamp::from_micros(1_700_001_800_999_999);
            let claims =
                Claims { sub: "tim".into(), exp, iat: None, jti: None, uid: None, ver: None, iss: None };
            assert_eq!(sign(&ring, &claims), token);
        }
    }
}
