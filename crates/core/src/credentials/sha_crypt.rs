//! SHA-256 and SHA-512 in the manner of `crypt(3)` (Drepper's specification): `$5$salt$HASH`, `$6$rounds=656000$salt$HASH`.

use ::sha_crypt::{Params, sha256_crypt, sha512_crypt};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::crypt;
use super::memory::Memory;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::Sha512Crypt, Scheme::Sha256Crypt],
    recognises: |stored| stored.starts_with("$5$") || stored.starts_with("$6$"),
    cost: |stored| parse(stored).map(|found| (found.scheme, found.rounds.to_string())),
    is_current_form: |_| false,
    verify,
    burn,
};

/// The rounds of a text that names none.
const ROUNDS_DEFAULT: u32 = 5000;
/// The fewest: other software raises what is below, and writes so.
const ROUNDS_MIN: u32 = 1000;
/// The most; with a password of [`SEEN`] bytes they take about 3 seconds.
const ROUNDS_MAX: u32 = 1_000_000;
/// The longest password that is hashed, libxcrypt's own limit: each round hashes the password again.
const SEEN: usize = 512;

struct Found<'a> {
    scheme: Scheme,
    rounds: u32,
    salt: &'a [u8],
    hash: Vec<u8>,
}

fn verify(stored: &str, password: &[u8], _: &mut Memory) -> Result<bool, Refusal> {
    let found = parse(stored)?;
    let same: bool = compute(found.scheme, found.rounds, password, found.salt).ct_eq(&found.hash).into();
    Ok(same && password.len() <= SEEN)
}

fn burn(scheme: Scheme, cost: &str, password: &[u8], _: &mut Memory) -> bool {
    let rounds = decimal(cost).filter(|rounds| (ROUNDS_MIN..=ROUNDS_MAX).contains(rounds));
    if let Some(rounds) = rounds {
        compute(scheme, rounds, password, &[b'.'; 16]);
    }
    rounds.is_some()
}

fn compute(scheme: Scheme, rounds: u32, password: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let password = &password[..password.len().min(SEEN)];
    let params = Params::new(rounds).expect("within our bounds, which are narrower");
    Zeroizing::new(match scheme {
        Scheme::Sha256Crypt => sha256_crypt(password, salt, params).to_vec(),
        _ => sha512_crypt(password, salt, params).to_vec(),
    })
}

/// Reads a stored text strictly, and holds it to the ceiling.
fn parse(stored: &str) -> Result<Found<'_>, Refusal> {
    let found = read(stored).ok_or(Refusal::HashUnreadable)?;
    if found.rounds > ROUNDS_MAX {
        return Err(Refusal::HashTooCostly);
    }
    Ok(found)
}

fn read(stored: &str) -> Option<Found<'_>> {
    let (scheme, len, rest) = match stored.split_at_checked(3)? {
        ("$5$", rest) => (Scheme::Sha256Crypt, 32, rest),
        (_, rest) => (Scheme::Sha512Crypt, 64, rest),
    };
    let (rounds, rest) = match rest.strip_prefix("rounds=") {
        Some(rest) => {
            let (rounds, rest) = rest.split_once('$')?;
            (decimal(rounds).filter(|rounds| *rounds >= ROUNDS_MIN)?, rest)
        }
        None => (ROUNDS_DEFAULT, rest),
    };
    let (salt, hash) = rest.split_once('$')?;
    let salt_fits = salt.len() <= 16 && salt.bytes().all(|byte| byte.is_ascii_graphic());
    // 43 and 86 characters: the length is asked first, so that a long text is not decoded.
    if !salt_fits || hash.len() != (len * 8_usize).div_ceil(6) {
        return None;
    }
    let shuffled = crypt(hash).filter(|bytes| bytes.len() == len)?;
    let mut hash = vec![0; len];
    for (byte, to) in shuffled.into_iter().zip(order(len)) {
        hash[to] = byte;
    }
    Some(Found { scheme, rounds, salt: salt.as_bytes(), hash })
}

/// The order in which the bytes of a digest are written, low bits first: its thirds side by side, turned by one place
/// from group to group, and what does not fill a group at the end.
fn order(len: usize) -> Vec<usize> {
    let third = len / 3;
    let turn = if len == 32 { 2 } else { 1 };
    let mut order = Vec::with_capacity(len);
    for group in 0..third {
        let columns = [group, group + third, group + 2 * third];
        let first = group * turn % 3;
        order.extend([columns[(first + 2) % 3], columns[(first + 1) % 3], columns[first]]);
    }
    order.extend(3 * third..len);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_the_specification() {
        // From the specification (Drepper, SHA-crypt.txt 0.6); salts beyond 16 characters are cut before they are stored.
        for (stored, password) in [
            ("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"),
            ("$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA", "Hello world!"),
            (
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
                "Hello world!",
            ),
        ] {
            assert!((ROW.cost)(stored).is_ok(), "{stored}");
            assert_eq!(verify(stored, password.as_bytes(), &mut Memory::new()), Ok(true), "{stored}");
        }
    }
    #[test]
    fn p13_a_malformed_text_is_refused_and_costs_nothing() {
        let hash = "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
        let cost = |stored: &str| (ROW.cost)(stored);
        assert_eq!(cost(&format!("$5${}${hash}", "")), Ok((Scheme::Sha256Crypt, "5000".to_owned())));
        for stored in [
            "$5$".to_owned(),
            "$6$".to_owned(),
            "$5$salt".to_owned(),
            format!("$6$salt${hash}"),
            format!("$5$salt${hash}$"),
            format!("$5$salt${}", &hash[1..]),
            format!("$5$salt${}", hash.replace("Ec5", "Ecz")),
            format!("$5$salt${}", hash.replace("Ec5", "Ec+")),
            format!("$5$salt${}", hash.replace("Ec5", "Eé")),
            format!("$5$saltsaltsaltsalts${hash}"),
            format!("$5$sa lt${hash}"),
            format!("$5$rounds=${hash}"),
            format!("$5$rounds=$salt${hash}"),
            format!("$5$rounds=999$salt${hash}"),
            format!("$5$rounds=05000$salt${hash}"),
            format!("$5$rounds=99999999999$salt${hash}"),
        ] {
            assert_eq!(cost(&stored), Err(Refusal::HashUnreadable), "{stored}");
        }
        for rounds in ["1000001", "4294967295"] {
            let stored = format!("$5$rounds={rounds}$salt${hash}");
            assert_eq!(cost(&stored), Err(Refusal::HashTooCostly), "{rounds}");
        }
    }

    #[test]
    fn a_password_beyond_the_longest_never_fits() {
        let stored = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
        for len in [SEEN, SEEN + 1, 100_000] {
            assert_eq!(verify(stored, &vec![b'x'; len], &mut Memory::new()), Ok(false));
        }
    }
}
