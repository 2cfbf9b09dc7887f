//! Argon2 (RFC 9106) in PHC form: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`, and `$argon2i$`, `$argon2d$`.

use ::argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::plain;
use super::memory::Memory;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::Argon2id, Scheme::Argon2i, Scheme::Argon2d],
    recognises: |stored| variant(stored).is_some(),
    cost: |stored| {
        let phc = parse(stored)?;
        phc.cost.check()?;
        Ok((phc.scheme, phc.cost.text()))
    },
    is_current_form: |stored| {
        parse(stored).is_ok_and(|phc| phc.version == Version::V0x13 && phc.hash.len() == HASH_LEN)
    },
    verify,
    burn,
};

/// The length of a new hash, in bytes.
const HASH_LEN: usize = 32;
/// No stored text is longer: the ceilings' digits, 64 bytes of salt and 64 of hash.
const TEXT_MAX: usize = 256;

/// The three numbers that say what a hash costs.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    pub(super) m_kib: u32,
    pub(super) t: u32,
    pub(super) p: u32,
}

impl Cost {
    fn text(self) -> String {
        format!("m={},t={},p={}", self.m_kib, self.t, self.p)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let mut number = |name: &str| parts.next()?.strip_prefix(name).and_then(decimal);
        let cost = Self { m_kib: number("m=")?, t: number("t=")?, p: number("p=")? };
        parts.next().is_none().then_some(cost)
    }

    /// The ceilings, which the settings share: 256 MiB, 16 passes, 8 lanes; all three at once take about 5 seconds, as
    /// bcrypt's ceiling does. What is above is never computed, whatever is stored.
    fn check(self) -> Result<Params, Refusal> {
        if self.m_kib > 256 * 1024 || self.t > 16 || self.p > 8 {
            return Err(Refusal::HashTooCostly);
        }
        Params::new(self.m_kib, self.t, self.p, None).map_err(|_| Refusal::HashUnreadable)
    }
}

struct Phc {
    scheme: Scheme,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

/// Hashes `password` with a fresh salt.
///
/// # Errors
/// `HashTooCostly` above the ceilings, `HashUnreadable` for parameters that Argon2 does not have.
pub(super) fn hash(
    cost: Cost,
    password: &[u8],
    salt: &[u8; 16],
    memory: &mut Memory,
) -> Result<String, Refusal> {
    let mut out = Zeroizing::new([0; HASH_LEN]);
    compute(Scheme::Argon2id, Version::V0x13, cost, password, salt, &mut *out, memory)?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(*out));
    Ok(format!("$argon2id$v=19${}${salt}${hash}", cost.text()))
}

fn verify(stored: &str, password: &[u8], memory: &mut Memory) -> Result<bool, Refusal> {
    let phc = parse(stored)?;
    let mut out = Zeroizing::new(vec![0; phc.hash.len()]);
    compute(phc.scheme, phc.version, phc.cost, password, &phc.salt, &mut out, memory)?;
    Ok(out.ct_eq(&phc.hash).into())
}

fn burn(scheme: Scheme, cost: &str, password: &[u8], memory: &mut Memory) -> bool {
    let mut out = Zeroizing::new([0; HASH_LEN]);
    Cost::parse(cost).is_some_and(|cost| {
        compute(scheme, Version::V0x13, cost, password, &[0; 16], &mut *out, memory).is_ok()
    })
}

fn compute(
    scheme: Scheme,
    version: Version,
    cost: Cost,
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
    memory: &mut Memory,
) -> Result<(), Refusal> {
    let algorithm = match scheme {
        Scheme::Argon2i => Algorithm::Argon2i,
        Scheme::Argon2d => Algorithm::Argon2d,
        _ => Algorithm::Argon2id,
    };
    let params = cost.check()?;
    let count = params.block_count();
    let argon2 = Argon2::new(algorithm, version, params);
    memory
        .with(count, |blocks| argon2.hash_password_into_with_memory(password, salt, out, blocks))
        .map_err(|_| Refusal::HashUnreadable)
}

/// The variant that a stored text names, and what follows the name.
fn variant(stored: &str) -> Option<(Scheme, &str)> {
    let (name, rest) = stored.strip_prefix('$')?.split_once('$')?;
    let scheme = ROW.schemes.iter().find(|scheme| scheme.name() == name)?;
    Some((*scheme, rest))
}

/// Reads a PHC string strictly: every part in its place, nothing else (no `keyid`, no `data`: nothing here would
/// know them), numbers and base64 in their one spelling. A text without `v=` is of version 1.0, as the reference implementation reads it.
fn parse(stored: &str) -> Result<Phc, Refusal> {
    read(stored).ok_or(Refusal::HashUnreadable)
}

fn read(stored: &str) -> Option<Phc> {
    if stored.len() > TEXT_MAX {
        return None;
    }
    let (scheme, rest) = variant(stored)?;
    let (version, rest) = match rest.strip_prefix("v=") {
        Some(rest) => {
            let (version, rest) = rest.split_once('$')?;
            (Version::try_from(decimal(version)?).ok()?, rest)
        }
        None => (Version::V0x10, rest),
    };
    let mut parts = rest.split('$');
    let mut part = || parts.next();
    let (cost, salt, hash) = (part()?, part()?, part()?);
    if part().is_some() {
        return None;
    }
    let cost = Cost::parse(cost)?;
    let salt = bytes(salt, 8..=64)?;
    let hash = bytes(hash, 12..=64)?;
    Some(Phc { scheme, version, cost, salt, hash })
}

fn bytes(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<Vec<u8>> {
    plain(text).filter(|bytes| lengths.contains(&bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(stored: &str, password: &[u8]) -> Result<bool, Refusal> {
        verify(stored, password, &mut Memory::new())
    }

    #[test]
    fn vectors_of_the_reference_implementation_verify() {
        // From the reference implementation's test.c (P-H-C/phc-winner-argon2), Argon2id.
        for stored in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ] {
            assert_eq!(accepts(stored, b"password"), Ok(true), "{stored}");
            assert_eq!(accepts(stored, b"passwort"), Ok(false), "{stored}");
        }
    }

    #[test]
    fn a_new_hash_verifies_and_binds_every_byte() {
        let cost = Cost { m_kib: 64, t: 1, p: 1 };
        let mut memory = Memory::new();
        let stored = hash(cost, b"a\0b", &[1; 16], &mut memory).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$AQEBAQEBAQEBAQEBAQEBAQ$"), "{stored}");
        assert_eq!(verify(&stored, b"a\0b", &mut memory), Ok(true));
        for other in [&b"a"[..], b"a\0", b"a\0c", b"a\0b ", b"A\0b", b""] {
            assert_eq!(verify(&stored, other, &mut memory), Ok(false), "{other:?}");
        }
    }

    #[test]
    fn p13_a_malformed_text_is_refused_and_costs_nothing() {
        let salt = "c29tZXNhbHQ";
        let hash = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        for stored in [
            "$argon2id$".to_owned(),
            "$argon2id$v=19".to_owned(),
            format!("$argon2id$v=19$m=256,t=2,p=1${salt}"),
            format!("$argon2id$v=19$m=256,t=2,p=1${salt}${hash}$"),
            format!("$argon2id$v=19$m=256,t=2,p=1${salt}${hash}="),
            format!("$argon2id$v=19$m=256,t=2,p=1${salt}${}", &hash[..9]),
            format!("$argon2id$v=19$m=256,t=2,p=1$c2Fs${hash}"),
            format!("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHR${hash}"),
            format!("$argon2id$v=18$m=256,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=019$m=256,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$t=2,m=256,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=256,t=2,p=1,keyid=a${salt}${hash}"),
            format!("$argon2i$v=19$m=256,t=2,p=1,data=YWJj${salt}${hash}"),
            format!("$argon2d$v=19$m=256,t=2,p=1,keyid=YQ,data=YWJj${salt}${hash}"),
            format!("$argon2id$v=19$m=+256,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=256,t=0,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=256,t=2,p=0${salt}${hash}"),
            format!("$argon2id$v=19$m=7,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=99999999999,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=256,t=2,p=1${salt}${}", "A".repeat(400)),
            format!("$argon2id$v=19$m=２,t=2,p=1${salt}${hash}"),
        ] {
            assert_eq!(accepts(&stored, b"password"), Err(Refusal::HashUnreadable), "{stored}");
        }
        for cost in ["m=4294967295,t=2,p=1", "m=262145,t=1,p=1", "m=256,t=17,p=1", "m=256,t=2,p=9"] {
            let stored = format!("$argon2id$v=19${cost}${salt}${hash}");
            assert_eq!(accepts(&stored, b"password"), Err(Refusal::HashTooCostly), "{stored}");
        }
    }

    #[test]
    fn only_the_present_version_is_current() {
        let old = "$argon2id$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(!(ROW.is_current_form)(old));
        assert!((ROW.is_current_form)(&old.replace("id$m", "id$v=19$m")));
        assert_eq!((ROW.cost)(old), Ok((Scheme::Argon2id, "m=256,t=2,p=1".to_owned())));
    }
}
