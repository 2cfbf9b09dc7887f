//! PBKDF2 (RFC 8018) with HMAC over SHA-1, SHA-256 or SHA-512, as five programs write it:
//!
//! - PHC: `$pbkdf2-sha256$i=600000,l=32$SALT$HASH`
//! - passlib: `$pbkdf2-sha256$29000$SALT$HASH` (`$pbkdf2$` for SHA-1)
//! - OpenLDAP: `{PBKDF2-SHA256}10000$SALT$HASH` (`{PBKDF2}` for SHA-1)
//! - Django: `pbkdf2_sha256$600000$salt$HASH`
//! - Werkzeug: `pbkdf2:sha256:600000$salt$hash`

use hmac::{EagerHash, Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::{adapted, hex, padded, plain};
use super::memory::Memory;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::Pbkdf2Sha256, Scheme::Pbkdf2Sha512, Scheme::Pbkdf2Sha1],
    recognises: |stored| form_of(stored).is_some(),
    cost: |stored| parse(stored).map(|found| (found.scheme, found.work().to_string())),
    is_current_form: |_| false,
    verify,
    burn,
};

/// The most iterations, counted once for each digest of output; 10 million of SHA-512 take about 4 seconds.
const WORK_MAX: u32 = 10_000_000;
/// No stored text is longer: a name, digits, 64 characters of salt, and 64 bytes of hash in hexadecimal.
const TEXT_MAX: usize = 256;

struct Found {
    scheme: Scheme,
    rounds: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Found {
    /// Iterations of HMAC: each digest of output takes all of them again.
    fn work(&self) -> u32 {
        let digests = self.hash.len().div_ceil(digest_len(self.scheme));
        u32::try_from(digests).map_or(u32::MAX, |digests| self.rounds.saturating_mul(digests))
    }
}

/// Fills `out` from a password and a salt.
pub(super) fn derive(scheme: Scheme, password: &[u8], salt: &[u8], rounds: u32, out: &mut [u8]) {
    match scheme {
        Scheme::Pbkdf2Sha1 => fill::<Sha1>(password, salt, rounds, out),
        Scheme::Pbkdf2Sha512 => fill::<Sha512>(password, salt, rounds, out),
        _ => fill::<Sha256>(password, salt, rounds, out),
    }
}

fn fill<D: EagerHash>(password: &[u8], salt: &[u8], rounds: u32, out: &mut [u8])
where
    Hmac<D>: KeyInit + Mac + Clone,
{
    let prf = <Hmac<D> as KeyInit>::new_from_slice(password).expect("HMAC takes a key of any length");
    let len = <Hmac<D> as hmac::digest::OutputSizeUser>::output_size();
    for (number, part) in (1_u32..).zip(out.chunks_mut(len)) {
        let mut mac = prf.clone();
        mac.update(salt);
        mac.update(&number.to_be_bytes());
        let mut last = mac.finalize().into_bytes();
        let mut sum = Zeroizing::new(last.to_vec());
        for _ in 1..rounds {
            let mut mac = prf.clone();
            mac.update(&last);
            last = mac.finalize().into_bytes();
            for (sum, byte) in sum.iter_mut().zip(&last) {
                *sum ^= byte;
            }
        }
        part.copy_from_slice(&sum[..part.len()]);
    }
}

fn verify(stored: &str, password: &[u8], _: &mut Memory) -> Result<bool, Refusal> {
    let found = parse(stored)?;
    let mut out = Zeroizing::new(vec![0; found.hash.len()]);
    derive(found.scheme, password, &found.salt, found.rounds, &mut out);
    Ok(out.ct_eq(&found.hash).into())
}

fn burn(scheme: Scheme, cost: &str, password: &[u8], _: &mut Memory) -> bool {
    let rounds = decimal(cost).filter(|rounds| (1..=WORK_MAX).contains(rounds));
    if let Some(rounds) = rounds {
        derive(scheme, password, &[0; 16], rounds, &mut vec![0; digest_len(scheme)]);
    }
    rounds.is_some()
}

const fn digest_len(scheme: Scheme) -> usize {
    match scheme {
        Scheme::Pbkdf2Sha1 => 20,
        Scheme::Pbkdf2Sha512 => 64,
        _ => 32,
    }
}

/// How salt and hash are written.
#[derive(Clone, Copy)]
enum Form {
    /// With names before its numbers.
    Phc,
    /// passlib's and OpenLDAP's.
    Modular,
    Django,
    Werkzeug,
}

/// Each way to begin, the longer names before what they begin with.
const NAMES: &[(&str, Form, Scheme)] = &[
    ("$pbkdf2-sha256$i=", Form::Phc, Scheme::Pbkdf2Sha256),
    ("$pbkdf2-sha512$i=", Form::Phc, Scheme::Pbkdf2Sha512),
    ("$pbkdf2-sha1$i=", Form::Phc, Scheme::Pbkdf2Sha1),
    ("$pbkdf2-sha256$", Form::Modular, Scheme::Pbkdf2Sha256),
    ("$pbkdf2-sha512$", Form::Modular, Scheme::Pbkdf2Sha512),
    ("$pbkdf2$", Form::Modular, Scheme::Pbkdf2Sha1),
    ("{PBKDF2-SHA256}", Form::Modular, Scheme::Pbkdf2Sha256),
    ("{PBKDF2-SHA512}", Form::Modular, Scheme::Pbkdf2Sha512),
    ("{PBKDF2-SHA1}", Form::Modular, Scheme::Pbkdf2Sha1),
    ("{PBKDF2}", Form::Modular, Scheme::Pbkdf2Sha1),
    ("pbkdf2_sha256$", Form::Django, Scheme::Pbkdf2Sha256),
    ("pbkdf2_sha1$", Form::Django, Scheme::Pbkdf2Sha1),
    ("pbkdf2:sha256:", Form::Werkzeug, Scheme::Pbkdf2Sha256),
    ("pbkdf2:sha512:", Form::Werkzeug, Scheme::Pbkdf2Sha512),
    ("pbkdf2:sha1:", Form::Werkzeug, Scheme::Pbkdf2Sha1),
];

fn form_of(stored: &str) -> Option<(&str, Form, Scheme)> {
    NAMES.iter().find_map(|(name, form, scheme)| stored.strip_prefix(name).map(|rest| (rest, *form, *scheme)))
}

/// Reads a stored text strictly, and holds it to the ceiling.
fn parse(stored: &str) -> Result<Found, Refusal> {
    let found = read(stored).ok_or(Refusal::HashUnreadable)?;
    if found.work() > WORK_MAX {
        return Err(Refusal::HashTooCostly);
    }
    Ok(found)
}

fn read(stored: &str) -> Option<Found> {
    if stored.len() > TEXT_MAX {
        return None;
    }
    let (rest, form, scheme) = form_of(stored)?;
    let mut parts = rest.split('$');
    let (numbers, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    // Only PHC says how long its hash is; the others' are a digest long, or were cut off by somebody's table.
    let (rounds, len) = match form {
        Form::Phc => {
            let (rounds, len) = numbers.split_once(",l=")?;
            (rounds, decimal(len)? as usize)
        }
        _ => (numbers, digest_len(scheme)),
    };
    let (salt, hash) = match form {
        Form::Phc => (plain(salt)?, plain(hash)?),
        Form::Modular => (adapted(salt)?, adapted(hash)?),
        Form::Django => (salt.as_bytes().to_vec(), padded(hash)?),
        Form::Werkzeug => (salt.as_bytes().to_vec(), hex(hash)?),
    };
    let rounds = decimal(rounds).filter(|rounds| *rounds > 0)?;
    let lengths_fit = salt.len() <= 64 && hash.len() == len && (12..=64).contains(&len);
    lengths_fit.then_some(Found { scheme, rounds, salt, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(scheme: Scheme, rounds: u32, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        derive(scheme, b"password", b"salt", rounds, &mut out);
        out
    }

    #[test]
    fn vectors_of_rfc_6070_and_of_rfc_7914() {
        let hex = |text| hex(text).unwrap();
        assert_eq!(derived(Scheme::Pbkdf2Sha1, 1, 20), hex("0c60c80f961f0e71f3a9b524af6012062fe037a6"));
        assert_eq!(derived(Scheme::Pbkdf2Sha1, 4096, 20), hex("4b007901b765489abead49d926f721d065a429c1"));
        let mut out = [0; 64];
        derive(Scheme::Pbkdf2Sha256, b"passwd", b"salt", 1, &mut out);
        let wanted = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
                      49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783";
        assert_eq!(out.as_slice(), hex(wanted));
    }

    #[test]
    fn p13_a_malformed_text_is_refused_and_costs_nothing() {
        let (salt, hash) = ("c2FsdHNhbHQ", "3ulSwiYhzexmqZukBzn1D6NNBirYjXLZUPsMHfcHfTI");
        let cost = |stored: &str| (ROW.cost)(stored);
        assert_eq!(
            cost(&format!("$pbkdf2-sha256$i=2,l=32${salt}${hash}")),
            Ok((Scheme::Pbkdf2Sha256, "2".into()))
        );
        for stored in [
            "$pbkdf2-sha256$".to_owned(),
            format!("$pbkdf2-sha256$0${salt}${hash}"),
            format!("$pbkdf2-sha256$-1${salt}${hash}"),
            format!("$pbkdf2-sha256$99999999999${salt}${hash}"),
            format!("$pbkdf2-sha256$i=2,l=31${salt}${hash}"),
            format!("$pbkdf2-sha256$i=2,l=32,x=1${salt}${hash}"),
            format!("$pbkdf2-sha256$l=32,i=2${salt}${hash}"),
            format!("$pbkdf2-sha256$2${salt}${hash}="),
            format!("$pbkdf2-sha256$2${salt}${hash}$"),
            format!("$pbkdf2-sha256$2${salt}"),
            format!("$pbkdf2-sha256$2${salt}$AAAA"),
            format!("$pbkdf2-sha256$2${}${hash}", "A".repeat(88)),
            format!("$pbkdf2-sha256$2${salt}${}", &hash[..40]),
            format!("pbkdf2_sha256$2$salt${hash}"),
            "pbkdf2:sha256:2$salt$00".to_owned(),
            format!("pbkdf2:sha256:2$salt${}", "0".repeat(300)),
        ] {
            assert_eq!(cost(&stored), Err(Refusal::HashUnreadable), "{stored}");
        }
        for rounds in ["10000001", "4294967295"] {
            let stored = format!("$pbkdf2-sha256${rounds}${salt}${hash}");
            assert_eq!(cost(&stored), Err(Refusal::HashTooCostly), "{rounds}");
        }
        let two_digests = format!("$pbkdf2-sha1$i=5000001,l=32${salt}${hash}");
        assert_eq!(cost(&two_digests), Err(Refusal::HashTooCostly));
    }
}
