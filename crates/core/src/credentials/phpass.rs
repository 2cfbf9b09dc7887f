//! The portable hash of phpass, as WordPress, phpBB and others kept it: `$P$BSALTSALTHASH`, `$H$9SALTSALTHASH`.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::{crypt, crypt_digit};
use super::memory::Memory;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::Phpass],
    recognises: |stored| stored.starts_with("$P$") || stored.starts_with("$H$"),
    cost: |stored| parse(stored).map(|found| (Scheme::Phpass, found.log.to_string())),
    is_current_form: |_| false,
    verify: |stored, password, _: &mut Memory| {
        let found = parse(stored)?;
        let same: bool = compute(found.log, password, found.salt).ct_eq(&found.hash).into();
        Ok(same && password.len() <= SEEN)
    },
    burn: |_, cost, password, _: &mut Memory| {
        let log = decimal(cost).filter(|log| (LOG_MIN..=LOG_MAX).contains(log));
        log.is_some_and(|log| !compute(log, password, &[b'.'; 8]).is_empty())
    },
};

/// The logarithm of the fewest rounds, phpass's own.
const LOG_MIN: u32 = 7;
/// The logarithm of the most; with a password of [`SEEN`] bytes they take about 4 seconds.
const LOG_MAX: u32 = 19;
/// The longest password that is hashed, phpass's own limit: each round hashes the password again.
const SEEN: usize = 4096;

struct Found<'a> {
    log: u32,
    salt: &'a [u8],
    hash: Vec<u8>,
}

fn compute(log: u32, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let password = &password[..password.len().min(SEEN)];
    let mut hash = Md5::new().chain_update(salt).chain_update(password).finalize();
    for _ in 0..1_u32 << log {
        hash = Md5::new().chain_update(hash).chain_update(password).finalize();
    }
    Zeroizing::new(hash.to_vec())
}

/// Reads a stored text strictly, and holds it to the ceiling.
fn parse(stored: &str) -> Result<Found<'_>, Refusal> {
    let found = read(stored).ok_or(Refusal::HashUnreadable)?;
    match found.log {
        ..LOG_MIN => Err(Refusal::HashUnreadable),
        log if log > LOG_MAX => Err(Refusal::HashTooCostly),
        _ => Ok(found),
    }
}

fn read(stored: &str) -> Option<Found<'_>> {
    let bytes = stored.as_bytes();
    if bytes.len() != 34 {
        return None;
    }
    let log = crypt_digit(bytes[3]).filter(|log| *log <= 30)?;
    let salt = &bytes[4..12];
    let salt_fits = salt.iter().all(|byte| crypt_digit(*byte).is_some());
    let hash = crypt(stored.get(12..)?).filter(|hash| hash.len() == 16)?;
    salt_fits.then_some(Found { log, salt, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_a_malformed_text_is_refused_and_costs_nothing() {
        let good = "$P$BPOO9ubV6ssP67QUwzD1LJoZOZeBwZ1";
        let cost = |stored: &str| (ROW.cost)(stored);
        assert_eq!(cost(good), Ok((Scheme::Phpass, "13".to_owned())));
        for stored in [
            "$P$".to_owned(),
            good[..33].to_owned(),
            format!("{good}."),
            good.replace("$P$B", "$P$4"),
            good.replace("$P$B", "$P$z"),
            good.replace("$P$B", "$P$-"),
            good.replace("POO9", "P$O9"),
            good.replace("BwZ1", "BwZz"),
            good.replace("BwZ1", "Bwé"),
        ] {
            assert_eq!(cost(&stored), Err(Refusal::HashUnreadable), "{stored}");
        }
        for log in ["I", "S"] {
            assert_eq!(cost(&good.replace("$P$B", &format!("$P${log}"))), Err(Refusal::HashTooCostly));
        }
    }
}
