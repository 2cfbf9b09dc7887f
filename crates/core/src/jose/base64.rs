//! base64url in its one spelling (RFC 7515, 2).

use ::base64::Engine;
use ::base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Appends `bytes` as base64url without padding.
pub(super) fn encode_into(bytes: &[u8], text: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// The bytes of a text without padding, white space or foreign characters, whose last character has no bits to
/// spare: of all spellings exactly one is accepted, so a token can't be altered without being another (ATTACKS J24).
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// As [`decode`], into a buffer of the caller's; the part that was filled.
pub(super) fn decode_into<'b>(text: &str, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let len = URL_SAFE_NO_PAD.decode_slice(text, buffer).ok()?;
    Some(&buffer[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j24_one_spelling() {
        assert_eq!(decode("_-8").as_deref(), Some(&[0xff, 0xef][..]));
        for other in ["_-8=", "_-9", "/+8", "_-8\n", " _-8", "_-8A=", "_"] {
            assert_eq!(decode(other), None, "{other:?}");
        }
        let mut text = String::new();
        encode_into(&[0xff, 0xef], &mut text);
        assert_eq!(text, "_-8");
        assert_eq!(decode_into("_-8", &mut [0; 2]), Some(&[0xff, 0xef][..]));
    }
}
