//! Tokens that are accepted, and all that are not (ATTACKS J).

use proptest::prelude::*;

use super::super::alg::Algorithm;
use super::super::sign::sign;
use super::*;
use crate::id::UserId;
use crate::secret::SecretBytes;

const KEY: &[u8] = b"a key of thirty-two bytes or more";
const NOW: i64 = 1_700_000_000;

fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

fn ring_of(algorithm: Algorithm, key: &[u8], verify: &[(&[u8], Option<i64>)]) -> KeyRing {
    let secret = |key: &[u8]| SecretBytes::new(key.to_vec());
    let verify = verify.iter().map(|(key, end)| (secret(key), end.map(Timestamp::from_seconds))).collect();
    KeyRing::new(algorithm, secret(key), verify).unwrap()
}

fn ring() -> KeyRing {
    ring_of(Algorithm::HS256, KEY, &[])
}

/// A token with these exact texts as header and payload, truly signed.
fn signed(header: &str, payload: &str) -> String {
    let mut token = String::new();
    base64::encode_into(header.as_bytes(), &mut token);
    token.push('.');
    base64::encode_into(payload.as_bytes(), &mut token);
    let tag = ring().sign(token.as_bytes());
    token.push('.');
    base64::encode_into(tag.as_bytes(), &mut token);
    token
}

fn read(token: &str) -> Result<Claims, Refusal> {
    verify(&ring(), &Rules::default(), token, now())
}

fn read_payload(payload: &str) -> Result<Claims, Refusal> {
    read(&signed(r#"{"alg":"HS256","typ":"JWT"}"#, payload))
}

fn full() -> Claims {
    Claims {
        sub: "tim".into(),
        exp: Timestamp::from_seconds(NOW + 1800),
        iat: Some(now()),
        jti: Some("k3J".into()),
        uid: Some(UserId::from_bytes([7; 16])),
        ver: Some(0),
        iss: Some("https://login.example".into()),
    }
}

#[test]
fn what_is_signed_here_is_accepted_here_under_each_algorithm() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let ring = ring_of(algorithm, KEY, &[]);
        let token = sign(&ring, &full());
        assert_eq!(verify(&ring, &Rules::default(), &token, now()), Ok(full()));
        let rules = Rules { issuer: Some("https://login.example") };
        assert_eq!(verify(&ring, &rules, &token, now()), Ok(full()));
    }
}

#[test]
fn a_token_of_the_seeds_application_counts_until_its_end() {
    // Header and payload as the seeds print them, signed by Python's hmac with the key that the seeds print.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MTAzOTEwNDh9.xiTFUG2gEHkDvsKBko5ihPqH5cEUFfKkbGciIdNmnHI";
    let ring =
        ring_of(Algorithm::HS256, b"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7", &[]);
    let at = |token: &str, seconds| verify(&ring, &Rules::default(), token, Timestamp::from_seconds(seconds));
    let exp = Timestamp::from_seconds(1_710_391_048);
    let claims = Claims { sub: "tim".into(), exp, iat: None, jti: None, uid: None, ver: None, iss: None };
    assert_eq!(at(token, 1_710_391_047), Ok(claims));
    assert_eq!(at(token, 1_710_391_048), Err(Refusal::TokenExpired));
    // The signature that the seeds print is another key's.
    let (message, _) = token.rsplit_once('.').unwrap();
    let printed = format!("{message}.RUFUYAxSXALZfMgCbytCypK2OlxMYCTKlqgRXylwitY");
    assert_eq!(at(&printed, 1_710_391_047), Err(Refusal::SignatureInvalid));
}

#[test]
fn the_vector_of_rfc_7515_a_1_is_signed_right() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key = base64::decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    );
    let ring = ring_of(Algorithm::HS256, &key.unwrap(), &[]);
    // It has no `sub`, so it gets as far as that.
    let at = |seconds| verify(&ring, &Rules::default(), token, Timestamp::from_seconds(seconds));
    assert_eq!(at(1_300_819_379), Err(Refusal::ClaimMissing));
    assert_eq!(at(1_300_819_380), Err(Refusal::TokenExpired));
}

#[test]
fn tokens_of_pyjwt_with_a_kid_and_of_python_jose_with_a_fraction_are_accepted() {
    let ring = ring_of(Algorithm::HS256, b"0123456789abcdef0123456789abcdefX", &[]);
    for (token, sub) in [
        (
            "eyJhbGciOiJIUzI1NiIsImtpZCI6IjIwMjQtMDEiLCJ0eXAiOiJKV1QifQ.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MDAwMDE4MDAsImlhdCI6MTcwMDAwMDAwMH0.P9NlWnpMwJH6iGBe0ALyQoI5RMwq6KrOPhpK7yfKCds",
            "tim",
        ),
        (
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJcdTMwNWZcdTMwOGRcdTMwNDYiLCJleHAiOjE3MDAwMDE4MDAuMjV9.HUiqQ5b04qBgDXauHyr8g4EmodOrPHlU39goQ9Yh2xM",
            "たろう",
        ),
    ] {
        assert_eq!(verify(&ring, &Rules::default(), token, now()).unwrap().sub, sub);
    }
}

#[test]
fn j01_j02_no_token_without_a_signature() {
    let payload = "eyJzdWIiOiJ0aW0iLCJleHAiOjE3MTAzOTEwNDh9";
    for alg in ["none", "None", "NONE", "nOnE"] {
        let mut header = String::new();
        base64::encode_into(format!(r#"{{"alg":"{alg}"}}"#).as_bytes(), &mut header);
        assert_eq!(read(&format!("{header}.{payload}.")), Err(Refusal::AlgorithmNotAllowed));
        assert_eq!(read(&format!("{header}.{payload}")), Err(Refusal::TokenMalformed));
    }
    let header = header::written(Algorithm::HS256);
    assert_eq!(read(&format!("{header}.{payload}.")), Err(Refusal::SignatureInvalid));
}

#[test]
fn j04_another_algorithm_of_the_family_is_refused() {
    let token = sign(&ring_of(Algorithm::HS512, KEY, &[]), &full());
    assert_eq!(read(&token), Err(Refusal::AlgorithmNotAllowed));
}

#[test]
fn j12_no_claim_twice() {
    for payload in [
        r#"{"sub":"tim","sub":"ada","exp":1700000100}"#,
        r#"{"sub":"tim","exp":1700000100,"exp":1900000000}"#,
        r#"{"sub":"tim","exp":1700000100,"other":1,"other":1}"#,
    ] {
        assert_eq!(read_payload(payload), Err(Refusal::ClaimDuplicated), "{payload}");
    }
}

#[test]
fn j13_to_j19_times_are_numbers_and_hold() {
    use Refusal::*;
    for (payload, answer) in [
        (r#"{"sub":"tim"}"#, Err(ClaimMissing)),
        (r#"{"sub":"tim","exp":"9999999999"}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":null}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":true}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":[1]}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":{}}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":1e300}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":18446744073709551615}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":1e400}"#, Err(TokenMalformed)),
        (r#"{"sub":"tim","exp":-1}"#, Err(TokenExpired)),
        (r#"{"sub":"tim","exp":-1e300}"#, Err(TokenExpired)),
        (r#"{"sub":"tim","exp":0}"#, Err(TokenExpired)),
        (r#"{"sub":"tim","exp":1699999999}"#, Err(TokenExpired)),
        (r#"{"sub":"tim","exp":1700000000}"#, Err(TokenExpired)),
        (r#"{"sub":"tim","exp":1700000001}"#, Ok(())),
        (r#"{"sub":"tim","exp":1893456000.5}"#, Ok(())),
        (r#"{"sub":"tim","exp":1700000001,"nbf":1700000000}"#, Ok(())),
        (r#"{"sub":"tim","exp":1700000001,"nbf":1700000001}"#, Err(TokenNotYetValid)),
        (r#"{"sub":"tim","exp":1700000001,"nbf":"1"}"#, Err(ClaimInvalid)),
        (r#"{"sub":"tim","exp":1700000001,"iat":1700000060}"#, Ok(())),
        (r#"{"sub":"tim","exp":1700000001,"iat":1700000061}"#, Err(TokenFromTheFuture)),
        (r#"{"sub":"tim","exp":1700000001,"iat":"1"}"#, Err(ClaimInvalid)),
    ] {
        assert_eq!(read_payload(payload).map(|_| ()), answer, "{payload}");
    }
}

#[test]
fn j17_both_edges_are_sharp() {
    let token = signed(r#"{"alg":"HS256"}"#, r#"{"sub":"tim","exp":1700000000,"nbf":1699999000}"#);
    let at = |micros| verify(&ring(), &Rules::default(), &token, Timestamp::from_micros(micros)).map(|_| ());
    assert_eq!(at(1_700_000_000_000_000 - 1), Ok(()));
    assert_eq!(at(1_700_000_000_000_000), Err(Refusal::TokenExpired));
    assert_eq!(at(1_699_999_000_000_000), Ok(()));
    assert_eq!(at(1_699_999_000_000_000 - 1), Err(Refusal::TokenNotYetValid));
}

#[test]
fn j21_j22_a_token_for_others_is_refused() {
    for aud in [r#""sekisho""#, "[]", r#"["a","b"]"#, "null"] {
        let payload = format!(r#"{{"sub":"tim","exp":1700000001,"aud":{aud}}}"#);
        assert_eq!(read_payload(&payload), Err(Refusal::AudienceUnexpected), "{aud}");
    }
    let rules = Rules { issuer: Some("https://other.example") };
    assert_eq!(verify(&ring(), &rules, &sign(&ring(), &full()), now()), Err(Refusal::IssuerMismatch));
    let old = signed(r#"{"alg":"HS256"}"#, r#"{"sub":"tim","exp":1700000001}"#);
    assert!(verify(&ring(), &rules, &old, now()).is_ok());
}

#[test]
fn claims_have_their_types() {
    for (claim, answer) in [
        (r#""sub":"""#, Refusal::ClaimInvalid),
        (r#""sub":5"#, Refusal::ClaimInvalid),
        (r#""sub":null"#, Refusal::ClaimInvalid),
        (r#""sub":"a\u0000b""#, Refusal::ClaimInvalid),
        (r#""sub":"\ud800""#, Refusal::TokenMalformed),
        (r#""x":1"#, Refusal::ClaimMissing),
        (r#""sub":"tim","jti":5"#, Refusal::ClaimInvalid),
        (r#""sub":"tim","iss":5"#, Refusal::ClaimInvalid),
        (r#""sub":"tim","uid":5"#, Refusal::ClaimInvalid),
        (r#""sub":"tim","uid":"07070707070707070707070707070707""#, Refusal::ClaimInvalid),
        (r#""sub":"tim","ver":"0""#, Refusal::ClaimInvalid),
        (r#""sub":"tim","ver":0.5"#, Refusal::ClaimInvalid),
        (r#""sub":"tim","ver":-1"#, Refusal::ClaimInvalid),
        (r#""sub":"tim","ver":null"#, Refusal::ClaimInvalid),
    ] {
        let payload = format!(r#"{{"exp":1700000001,{claim}}}"#);
        assert_eq!(read_payload(&payload), Err(answer), "{payload}");
    }
}

#[test]
fn j26_j27_a_token_is_three_parts_of_at_most_8_kib() {
    let token = sign(&ring(), &full());
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    for other in [
        String::new(),
        ".".into(),
        "..".into(),
        message.into(),
        format!(".{token}"),
        format!("{token}."),
        format!("{token}.a.b"),
        format!("{header}..{signature}"),
    ] {
        assert_eq!(read(&other), Err(Refusal::TokenMalformed), "{other}");
    }
    assert_eq!(read(&format!("{header}.{payload}.")), Err(Refusal::SignatureInvalid));
    for len in [8193, 16 * 1024, 1024 * 1024] {
        assert_eq!(read(&"a".repeat(len)), Err(Refusal::TokenTooLarge));
    }
    let long = format!(r#"{{"sub":"{}","exp":1700000001}}"#, "n".repeat(5900));
    assert!(read_payload(&long).is_ok());
}

#[test]
fn j24_the_signature_has_one_spelling() {
    let token = sign(&ring(), &full());
    let last = token.chars().last().unwrap();
    let spare = char::from(last as u8 + 1);
    let stem = &token[..token.len() - 1];
    for other in [
        format!("{token}="),
        format!("{token}\n"),
        format!(" {token}"),
        format!("{stem}{spare}"),
        format!("{stem}\n{last}"),
    ] {
        assert!(read(&other).is_err(), "{other:?}");
    }
}

#[test]
fn j33_a_replaced_key_verifies_until_its_end() {
    let token = sign(&ring(), &full());
    let next = |end| ring_of(Algorithm::HS256, b"the next key, as long as the first", &[(KEY, end)]);
    let with = |end| verify(&next(end), &Rules::default(), &token, now()).map(|_| ());
    assert_eq!(with(None), Ok(()));
    assert_eq!(with(Some(NOW + 1)), Ok(()));
    assert_eq!(with(Some(NOW)), Err(Refusal::SigningKeyRetired));
    let stranger = ring_of(Algorithm::HS256, b"some other key", &[(b"and another", None)]);
    assert_eq!(verify(&stranger, &Rules::default(), &token, now()), Err(Refusal::SignatureInvalid));
}

#[test]
fn j34_every_truncation_is_refused() {
    let token = sign(&ring(), &full());
    for len in 0..token.len() {
        assert!(read(&token[..len]).is_err(), "{len}");
        assert!(read(&token[token.len() - len..]).is_err(), "{len}");
    }
}

#[test]
fn j34_every_flipped_bit_is_refused() {
    let token = sign(&ring(), &full());
    for at in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            assert!(read(&String::from_utf8(bytes).unwrap()).is_err(), "byte {at}, bit {bit}");
        }
    }
}

proptest! {
    #[test]
    fn j34_no_edit_of_a_token_is_accepted(at in any::<prop::sample::Index>(), put in "[A-Za-z0-9_.=-]{0,3}", cut in 0usize..3) {
        let token = sign(&ring(), &full());
        let at = at.index(token.len());
        let end = (at + cut).min(token.len());
        let edited = format!("{}{put}{}", &token[..at], &token[end..]);
        prop_assert!(edited == token || read(&edited).is_err(), "{}", edited);
    }

    #[test]
    fn any_text_is_refused(token in "\\PC*|[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*") {
        prop_assert!(read(&token).is_err());
    }
}
