//! Keys made from the one root key (HKDF-SHA256, RFC 5869).

use hkdf::Hkdf;
use sha2::Sha256;

/// The key that signs access tokens where no `SECRET_KEY` is set.
pub const SIGNING: &str = "sekisho/v1/access-token-signing";
/// The key by which the dummy hash of an unknown name is drawn ([`crate::credentials::draw_dummy`]).
pub const DUMMY: &str = "sekisho/v1/dummy-hash";
/// The key under which nodes name what they count together ([`crate::limit::counted_as`]).
pub const LIMITS: &str = "sekisho/v1/shared-limits";
/// Not a key but a name: by it nodes know that they share one root. Safe to print.
pub const FINGERPRINT: &str = "sekisho/v1/root-fingerprint";

/// The 32-byte key that `label` names under `root`.
///
/// Different labels give independent keys, and no derived key tells anything about the root.
pub fn derive(root: &[u8; 32], label: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(None, root)
        .expand(label.as_bytes(), &mut key)
        .expect("HKDF-SHA256 yields up to 8,160 bytes, and 32 are asked for");
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_keys_are_frozen() {
        // Computed with Python: hmac(hmac(b"\0"*32, bytes(range(32))), label + b"\x01"), SHA-256.
        let root: [u8; 32] = std::array::from_fn(|i| i as u8);
        let hex = |key: [u8; 32]| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(
            hex(derive(&root, SIGNING)),
            "6177b0d5f121c4d003def4bbc1d0d353718ee5a367ee7b1757ef2eb5184cfe51"
        );
        assert_eq!(
            hex(derive(&root, DUMMY)),
            "288b47c5e50a4957638d00d8c07a8a5aa370d7c9b0fc36062ea294e8c83be05c"
        );
        assert_eq!(
            hex(derive(&root, LIMITS)),
            "975b3ee751c04a9f7b1a372c9ca214f0e6c4a983752ac40ec8482f58d81143a8"
        );
        assert_eq!(
            hex(derive(&root, FINGERPRINT)),
            "9dad857359dc1e97facafbc6a06ac0009a04cfbeda81fd0b256a308da97c5c7b"
        );
    }
}
