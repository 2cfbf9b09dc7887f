//! The header of a token: which ones are accepted, and the one that is written.

use super::alg::Algorithm;
use super::base64;
use super::object::{Member, Object};
use crate::refusal::Refusal;

/// The header that is written: `{"alg":"HS256","typ":"JWT"}` in base64url, as python-jose writes it too.
pub(super) const fn written(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        Algorithm::HS384 => "eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9",
        Algorithm::HS512 => "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9",
    }
}

/// The same two members in the other order, as older PyJWT writes them.
const fn turned(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 => "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9",
        Algorithm::HS384 => "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzM4NCJ9",
        Algorithm::HS512 => "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzUxMiJ9",
    }
}

/// Members that bring or point to a key, or change how the token is to be read. They are refused rather than
/// ignored: whoever sends one expects it to count.
const NOT_ALLOWED: &[&str] = &["jku", "jwk", "x5u", "x5c", "zip", "b64", "enc"];

/// Accepts the header in base64url if it says that `algorithm` signed a JWT, and nothing that must not be there.
///
/// The two usual headers are recognised by their bytes, unread. `typ` may be absent, and is else JWT in any case
/// (RFC 7519, 5.1); a `kid` is ignored, since the keys are few and all are tried, but must be a plain name; members
/// that are not known are ignored (RFC 7515, 4).
pub(super) fn check(header: &str, algorithm: Algorithm) -> Result<(), Refusal> {
    if header == written(algorithm) || header == turned(algorithm) {
        return Ok(());
    }
    let json = base64::decode(header).ok_or(Refusal::TokenMalformed)?;
    let header = Object::read(&json)?;
    match header.get("alg") {
        Some(Member::Text(alg)) if alg == algorithm.name() => {}
        _ => return Err(Refusal::AlgorithmNotAllowed),
    }
    if header.get("crit").is_some() {
        return Err(Refusal::CriticalHeaderUnknown);
    }
    let typ_fits =
        header.get("typ").is_none_or(|typ| text(typ).is_some_and(|t| t.eq_ignore_ascii_case("JWT")));
    let kid_fits = header.get("kid").is_none_or(|kid| text(kid).is_some_and(is_plain_name));
    if !typ_fits || !kid_fits || header.names().any(|name| NOT_ALLOWED.contains(&name)) {
        return Err(Refusal::HeaderNotAllowed);
    }
    Ok(())
}

fn text<'m>(member: &'m Member<'_>) -> Option<&'m str> {
    match member {
        Member::Text(text) => Some(text),
        _ => None,
    }
}

/// 1 to 128 characters that base64url, a UUID or a date is made of: no path, no statement, no NUL (ATTACKS J06, J07).
fn is_plain_name(kid: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'=' | b':');
    (1..=128).contains(&kid.len()) && kid.bytes().all(plain) && !kid.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<(), Refusal> {
        let mut text = String::new();
        base64::encode_into(header.as_bytes(), &mut text);
        check(&text, Algorithm::HS256)
    }

    #[test]
    fn headers_of_the_usual_libraries_pass() {
        for header in [
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
            r#"{ "typ": "jwt", "alg": "HS256" }"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","kid":"2024-01_a.b","x":[1]}"#,
        ] {
            assert_eq!(read(header), Ok(()), "{header}");
        }
    }

    #[test]
    fn the_known_spellings_are_what_they_say() {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let name = algorithm.name();
            for (text, json) in [
                (written(algorithm), format!(r#"{{"alg":"{name}","typ":"JWT"}}"#)),
                (turned(algorithm), format!(r#"{{"typ":"JWT","alg":"{name}"}}"#)),
            ] {
                assert_eq!(base64::decode(text), Some(json.into_bytes()));
            }
        }
    }

    #[test]
    fn j01_j02_j03_j04_another_algorithm_is_refused() {
        for alg in ["none", "None", "NONE", "nOnE", "RS256", "ES256", "EdDSA", "HS384", "hs256", " HS256", ""]
        {
            assert_eq!(read(&format!(r#"{{"alg":"{alg}"}}"#)), Err(Refusal::AlgorithmNotAllowed), "{alg}");
        }
        for header in ["{}", r#"{"alg":null}"#, r#"{"alg":["HS256"]}"#, r#"{"Alg":"HS256"}"#] {
            assert_eq!(read(header), Err(Refusal::AlgorithmNotAllowed), "{header}");
        }
    }

    #[test]
    fn j06_j07_j08_j09_j11_j23_what_must_not_be_in_a_header() {
        for member in [
            r#""kid":"../../../../dev/null""#,
            r#""kid":"' OR 1=1 --""#,
            r#""kid":"a\u0000""#,
            r#""kid":7"#,
            r#""kid":["a"]"#,
            r#""kid":"""#,
            r#""jku":"http://evil.example/jwks""#,
            r#""x5u":"http://evil.example/x5u""#,
            r#""jwk":{"kty":"oct","k":""}"#,
            r#""x5c":[]"#,
            r#""zip":"DEF""#,
            r#""b64":false"#,
            r#""typ":"at+jwt""#,
            r#""typ":null"#,
        ] {
            let header = format!(r#"{{"alg":"HS256",{member}}}"#);
            assert_eq!(read(&header), Err(Refusal::HeaderNotAllowed), "{header}");
        }
        let crit = r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#;
        assert_eq!(read(crit), Err(Refusal::CriticalHeaderUnknown));
        assert_eq!(read(r#"{"alg":"HS256","alg":"HS256"}"#), Err(Refusal::ClaimDuplicated));
    }
}
