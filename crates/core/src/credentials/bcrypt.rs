//! bcrypt as passlib verifies it: `$2b$12$` and 53 characters of salt and hash.

use ::bcrypt::{HashParts, Version};
use subtle::ConstantTimeEq;

use super::memory::Memory;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::Bcrypt],
    recognises: |stored| ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix)),
    cost: |stored| parse(stored).map(|parts| (Scheme::Bcrypt, parts.get_cost().to_string())),
    // The three prefixes name one function for every password that passlib would take.
    is_current_form: |_| true,
    verify,
    burn,
};

/// The costs that are computed; 16 takes about 4 seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=16;

/// How many bytes of a password bcrypt sees.
pub(super) const SEEN: usize = 72;

/// Hashes `password` with a fresh salt, as `$2b$`. The caller has refused what bcrypt would cut off or misread.
///
/// # Errors
/// `HashTooCostly` for a cost outside 4 to 16.
pub(super) fn hash(cost: u32, password: &[u8], salt: [u8; 16]) -> Result<String, Refusal> {
    compute(cost, password, salt).map(|parts| parts.format_for_version(Version::TwoB))
}

fn verify(stored: &str, password: &[u8], _: &mut Memory) -> Result<bool, Refusal> {
    let parts = parse(stored)?;
    // passlib refuses such a password before hashing, so none was ever set, and nothing can match. The work is
    // done all the same: time must not tell.
    let never = password.contains(&0);
    let made = compute(parts.get_cost(), password, parts.get_salt_raw())?.format_for_version(Version::TwoB);
    // From the salt on: the prefix is the stored hash's own affair.
    let same: bool = made.as_bytes()[7..].ct_eq(&stored.as_bytes()[7..]).into();
    Ok(same && !never)
}

fn burn(_: Scheme, cost: &str, password: &[u8], _: &mut Memory) -> bool {
    decimal(cost).is_some_and(|cost| compute(cost, password, [0; 16]).is_ok())
}

fn compute(cost: u32, password: &[u8], salt: [u8; 16]) -> Result<HashParts, Refusal> {
    if !COSTS.contains(&cost) {
        return Err(Refusal::HashTooCostly);
    }
    // Cuts at 72 bytes, as every bcrypt did until recently: that is what makes an old hash of a long password fit.
    ::bcrypt::hash_with_salt(password, cost, salt).map_err(|_| Refusal::HashUnreadable)
}

/// Reads a stored text strictly: 60 characters, a two-digit cost, base64 in its one spelling.
fn parse(stored: &str) -> Result<HashParts, Refusal> {
    let bytes = stored.as_bytes();
    let shaped = bytes.len() == 60 && bytes[4].is_ascii_digit() && bytes[5].is_ascii_digit();
    if !(ROW.recognises)(stored) || !shaped {
        return Err(Refusal::HashUnreadable);
    }
    let parts: HashParts = stored.parse().map_err(|_| Refusal::HashUnreadable)?;
    match parts.get_cost() {
        0..4 => Err(Refusal::HashUnreadable),
        cost if COSTS.contains(&cost) => Ok(parts),
        _ => Err(Refusal::HashTooCostly),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(stored: &str, password: &[u8]) -> Result<bool, Refusal> {
        verify(stored, password, &mut Memory::new())
    }

    #[test]
    fn the_seeds_hash_verifies() {
        let stored = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
        assert_eq!(accepts(stored, b"tim1234"), Ok(true));
        assert_eq!(accepts(stored, b"tim12345"), Ok(false));
        assert_eq!((ROW.cost)(stored), Ok((Scheme::Bcrypt, "12".to_owned())));
    }

    #[test]
    fn vectors_of_openwall_verify_under_each_prefix() {
        // From crypt_blowfish's wrapper.c (Openwall); for these passwords $2a$, $2b$ and $2y$ are one function.
        for (tail, password) in [
            ("$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", &b"U*U"[..]),
            ("$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", b"U*U*"),
            ("$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", b"U*U*U"),
            ("$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", b""),
        ] {
            for prefix in ["$2a", "$2b", "$2y"] {
                assert_eq!(accepts(&format!("{prefix}{tail}"), password), Ok(true), "{prefix}{tail}");
            }
        }
    }

    #[test]
    fn p01_an_old_hash_sees_72_bytes_and_no_nul() {
        let stored = hash(4, &[b'x'; 72], [3; 16]).unwrap();
        assert_eq!(accepts(&stored, &[b'x'; 72]), Ok(true));
        assert_eq!(accepts(&stored, &[b'x'; 100]), Ok(true));
        assert_eq!(accepts(&stored, &[b'x'; 71]), Ok(false));
        let stored = hash(4, b"pass", [3; 16]).unwrap();
        assert_eq!(accepts(&stored, b"pass"), Ok(true));
        assert_eq!(accepts(&stored, b"pass\0"), Ok(false));
        assert_eq!(accepts(&stored, b"pass\0word"), Ok(false));
    }

    #[test]
    fn p13_a_malformed_text_is_refused() {
        let good = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        for stored in [
            "$2b$",
            &good[..59],
            &format!("{good}="),
            &good.replace("04", "+4"),
            &good.replace("04", "03"),
            &good.replace("04$", "04-"),
            &good.replace("C.E5", "CCE5"),
            &good.replace("E5YP", "E5Y="),
            &format!("{}é", &good[..58]),
            &good.replace("04$CC", "04$é"),
            &good.replace("$2b$", "$2x$"),
        ] {
            assert_eq!(accepts(stored, b"U*U"), Err(Refusal::HashUnreadable), "{stored}");
        }
        for cost in ["17", "31", "99"] {
            assert_eq!(accepts(&good.replace("04", cost), b"U*U"), Err(Refusal::HashTooCostly), "{cost}");
        }
    }
}
