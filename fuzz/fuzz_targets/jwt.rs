//! A token is accepted only as it was signed; what is accepted says what it should.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sekisho_core::jose::{Algorithm, Claims, KeyRing, Rules, read_unverified, sign, verify};
use sekisho_core::{SecretBytes, Timestamp};
use sha2::Sha256;

const KEY: &[u8] = b"the key of the fuzz targets: 32 bytes and more";
/// No longer token is read.
const LONGEST: usize = 8 * 1024;
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

static RING: LazyLock<KeyRing> = LazyLock::new(|| {
    KeyRing::new(Algorithm::HS256, SecretBytes::new(KEY.to_vec()), Vec::new()).expect("a key is there")
});

static VALID: LazyLock<String> = LazyLock::new(|| {
    let claims = Claims {
        sub: "tim".to_owned(),
        exp: Timestamp::from_seconds(1_800_000_900),
        iat: Some(NOW),
        jti: Some("1".to_owned()),
        uid: None,
        ver: Some(3),
        iss: None,
    };
    sign(&RING, &claims)
});

fuzz_target!(|data: &[u8]| {
    mutated(data);
    if let Ok(token) = std::str::from_utf8(data) {
        let _ = read_unverified(token);
        if verify(&RING, &Rules::default(), token, NOW).is_ok() {
            assert_eq!(token, *VALID, "nobody else has the key");
        }
    }
    signed(data);
});

/// The valid token with some of its bytes changed.
fn mutated(data: &[u8]) {
    let mut bytes = VALID.clone().into_bytes();
    for change in data.chunks_exact(2).take(8) {
        let at = usize::from(change[0]) % bytes.len();
        bytes[at] ^= change[1];
    }
    let Ok(token) = String::from_utf8(bytes) else { return };
    let verdict = verify(&RING, &Rules::default(), &token, NOW);
    assert_eq!(verdict.is_ok(), token == *VALID, "{token}");
}

fn whole(time: Timestamp) -> Timestamp {
    Timestamp::from_seconds(time.as_seconds())
}

/// A header and a payload of the fuzzer's, a line each, signed with the right key.
fn signed(data: &[u8]) {
    let mut lines = data.splitn(2, |b| *b == b'\n');
    let (header, payload) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let header = if header.is_empty() { br#"{"alg":"HS256","typ":"JWT"}"# } else { header };
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("any key fits");
    mac.update(message.as_bytes());
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    if let Ok(mut claims) = verify(&RING, &Rules::default(), &token, NOW) {
        assert!(!claims.sub.is_empty() && claims.exp > NOW);
        // A token may say a fraction of a second; ours say whole ones.
        claims.exp = whole(claims.exp);
        claims.iat = claims.iat.map(whole);
        let again = sign(&RING, &claims);
        if claims.exp > NOW && again.len() <= LONGEST {
            assert_eq!(verify(&RING, &Rules::default(), &again, NOW), Ok(claims));
        }
    }
}
