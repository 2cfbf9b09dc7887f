//! The base64 alphabets of password hashes.

use base64::alphabet::Alphabet;
use base64::engine::general_purpose::{NO_PAD, STANDARD, STANDARD_NO_PAD};
use base64::engine::{Engine, GeneralPurpose};

/// passlib's: the standard one with `.` for `+`, so that no character is special in a shell or a URL.
static ADAPTED: GeneralPurpose = GeneralPurpose::new(
    match &Alphabet::new("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./") {
        Ok(alphabet) => alphabet,
        Err(_) => panic!("64 different characters"),
    },
    NO_PAD,
);

/// The alphabet of `crypt(3)`.
const CRYPT: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Standard base64 with its padding, in its one spelling.
pub(super) fn padded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Standard base64 without padding (PHC), in its one spelling.
pub(super) fn plain(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text).ok()
}

/// passlib's base64 without padding, in its one spelling.
pub(super) fn adapted(text: &str) -> Option<Vec<u8>> {
    ADAPTED.decode(text).ok()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

/// The base64 of `crypt(3)`: three bytes in four characters, lowest bits first; the bits left over are zero.
pub(super) fn crypt(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    for group in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for (place, character) in group.iter().enumerate() {
            bits |= crypt_digit(*character)? << (6 * place);
        }
        let whole = group.len() * 6 / 8;
        if group.len() == 1 || bits >> (8 * whole) != 0 {
            return None;
        }
        bytes.extend_from_slice(&bits.to_le_bytes()[..whole]);
    }
    Some(bytes)
}

/// The value of one character of the alphabet of `crypt(3)`.
pub(super) fn crypt_digit(character: u8) -> Option<u32> {
    CRYPT.iter().position(|known| *known == character).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_alphabet_reads_its_own_and_one_spelling_only() {
        assert_eq!((padded("+/8="), padded("+/8"), padded("+/9=")), (Some(vec![0xfb, 0xff]), None, None));
        assert_eq!((plain("+/8"), plain("+/8="), plain("./8")), (Some(vec![0xfb, 0xff]), None, None));
        assert_eq!((adapted("./8"), adapted("+/8"), adapted("./9")), (Some(vec![0xfb, 0xff]), None, None));
        assert_eq!((hex("00ff"), hex("00FF"), hex("0"), hex("é")), (Some(vec![0, 255]), None, None, None));
        assert_eq!((crypt("zzzz"), crypt("z1"), crypt("z2")), (Some(vec![255; 3]), Some(vec![255]), None));
        assert_eq!((crypt("z"), crypt("+z"), crypt("")), (None, None, Some(vec![])));
    }
}
