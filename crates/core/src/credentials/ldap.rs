//! One digest of password and salt, as directories keep it (RFC 2307 and its successors in use): `{SSHA}BASE64`.
//!
//! The weakest hashes that are verified; the first log-in replaces them.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::padded;
use super::memory::Memory;
use super::scheme::{Row, Scheme};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::LdapDigest],
    recognises: |stored| kind_of(stored).is_some(),
    cost: |stored| parse(stored).map(|found| (Scheme::LdapDigest, found.digest.to_owned())),
    is_current_form: |_| false,
    verify: |stored, password, _: &mut Memory| {
        let found = parse(stored)?;
        Ok(compute(found.digest, password, found.salt()).ct_eq(found.hash()).into())
    },
    burn: |_, cost, password, _: &mut Memory| {
        let known = KINDS.iter().any(|kind| kind.digest == cost);
        known && !compute(cost, password, &[0; 8]).is_empty()
    },
};

/// No stored text is longer: 64 bytes of hash and 64 of salt.
const TEXT_MAX: usize = 192;

struct Kind {
    /// Compared without regard to case, as directories do.
    name: &'static str,
    digest: &'static str,
    len: usize,
    salted: bool,
}

const KINDS: &[Kind] = &[
    Kind { name: "{SSHA}", digest: "sha1", len: 20, salted: true },
    Kind { name: "{SHA}", digest: "sha1", len: 20, salted: false },
    Kind { name: "{SSHA256}", digest: "sha256", len: 32, salted: true },
    Kind { name: "{SHA256}", digest: "sha256", len: 32, salted: false },
    Kind { name: "{SSHA384}", digest: "sha384", len: 48, salted: true },
    Kind { name: "{SHA384}", digest: "sha384", len: 48, salted: false },
    Kind { name: "{SSHA512}", digest: "sha512", len: 64, salted: true },
    Kind { name: "{SHA512}", digest: "sha512", len: 64, salted: false },
    Kind { name: "{SMD5}", digest: "md5", len: 16, salted: true },
    Kind { name: "{MD5}", digest: "md5", len: 16, salted: false },
];

struct Found {
    digest: &'static str,
    /// The hash, and the salt after it.
    bytes: Vec<u8>,
    len: usize,
}

impl Found {
    fn hash(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn salt(&self) -> &[u8] {
        &self.bytes[self.len..]
    }
}

fn compute(digest: &str, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    fn of<D: Digest>(password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(D::new().chain_update(password).chain_update(salt).finalize().to_vec())
    }
    match digest {
        "md5" => of::<Md5>(password, salt),
        "sha256" => of::<Sha256>(password, salt),
        "sha384" => of::<Sha384>(password, salt),
        "sha512" => of::<Sha512>(password, salt),
        _ => of::<Sha1>(password, salt),
    }
}

fn kind_of(stored: &str) -> Option<(&'static Kind, &str)> {
    KINDS.iter().find_map(|kind| {
        let (name, rest) = stored.split_at_checked(kind.name.len())?;
        name.eq_ignore_ascii_case(kind.name).then_some((kind, rest))
    })
}

/// Reads a stored text strictly.
fn parse(stored: &str) -> Result<Found, Refusal> {
    read(stored).ok_or(Refusal::HashUnreadable)
}

fn read(stored: &str) -> Option<Found> {
    if stored.len() > TEXT_MAX {
        return None;
    }
    let (kind, text) = kind_of(stored)?;
    let bytes = padded(text)?;
    let salt = bytes.len().checked_sub(kind.len)?;
    let salt_fits = if kind.salted { (1..=64).contains(&salt) } else { salt == 0 };
    salt_fits.then_some(Found { digest: kind.digest, bytes, len: kind.len })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_a_malformed_text_is_refused() {
        let cost = |stored: &str| (ROW.cost)(stored);
        let good = "sBYdCxYlWfUIayvNxvWOP42Vu3RE+RP6";
        for name in ["{SSHA}", "{ssha}", "{Ssha}"] {
            assert_eq!(cost(&format!("{name}{good}")), Ok((Scheme::LdapDigest, "sha1".into())));
        }
        for stored in [
            "{SSHA}".to_owned(),
            format!("{{SHA}}{good}"),
            format!("{{SSHA256}}{good}"),
            "{SSHA}fMe64k9mtEpezVizEw/6dxxLpSg=".to_owned(),
            "{SHA}fMe64k9mtEpezVizEw/6dxxLpSg".to_owned(),
            "{SHA}fMe64k9mtEpezVizEw/6dxxLpSh=".to_owned(),
            "{MD5}é".to_owned(),
            format!("{{SMD5}}{}", "A".repeat(300)),
        ] {
            assert_eq!(cost(&stored), Err(Refusal::HashUnreadable), "{stored}");
        }
    }
}
