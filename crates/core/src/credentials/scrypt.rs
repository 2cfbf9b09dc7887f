//! scrypt (RFC 7914), as three programs write it:
//!
//! - PHC, and passlib: `$scrypt$ln=16,r=8,p=1$SALT$HASH`
//! - Django: `scrypt$16384$salt$8$5$HASH`
//! - Werkzeug: `scrypt:32768:8:1$salt$hash`

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::encoding::{hex, padded, plain};
use super::memory::Memory;
use super::pbkdf2::derive;
use super::romix;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::Scrypt],
    recognises: |stored| ["$scrypt$", "scrypt$", "scrypt:"].iter().any(|name| stored.starts_with(name)),
    cost: |stored| parse(stored).map(|found| (Scheme::Scrypt, found.cost.text())),
    is_current_form: |_| false,
    verify,
    burn,
};

/// No stored text is longer: a name, digits, 64 characters of salt, and 64 bytes of hash in hexadecimal.
const TEXT_MAX: usize = 256;

/// The three numbers that say what a hash costs.
#[derive(Clone, Copy)]
struct Cost {
    /// The logarithm of the number of entries in the table.
    ln: u32,
    r: u32,
    p: u32,
}

impl Cost {
    fn text(self) -> String {
        format!("ln={},r={},p={}", self.ln, self.r, self.p)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let mut number = |name: &str| parts.next()?.strip_prefix(name).and_then(decimal);
        let cost = Self { ln: number("ln=")?, r: number("r=")?, p: number("p=")? };
        parts.next().is_none().then_some(cost)
    }

    /// From the number of entries itself, which must be a power of two.
    fn of_n(n: &str, r: &str, p: &str) -> Option<Self> {
        let n = decimal(n).filter(|n| n.is_power_of_two())?;
        Some(Self { ln: n.ilog2(), r: decimal(r)?, p: decimal(p)? })
    }

    /// The ceilings: 256 MiB of table (128 N r bytes), r and p up to 32, and 16 passes over all of that memory (N r p at
    /// most 2^24 below it), which take about 4 seconds.
    fn check(self) -> Result<(), Refusal> {
        if !(1..32).contains(&self.ln) || self.r == 0 || self.p == 0 {
            return Err(Refusal::HashUnreadable);
        }
        let table = (128 * u64::from(self.r)) << self.ln;
        let work = (u64::from(self.r) * u64::from(self.p)) << self.ln;
        if self.r > 32 || self.p > 32 || table > 256 * 1024 * 1024 || work > 1 << 24 {
            return Err(Refusal::HashTooCostly);
        }
        Ok(())
    }
}

struct Found {
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

fn verify(stored: &str, password: &[u8], memory: &mut Memory) -> Result<bool, Refusal> {
    let found = parse(stored)?;
    let mut out = Zeroizing::new(vec![0; found.hash.len()]);
    compute(found.cost, password, &found.salt, &mut out, memory);
    Ok(out.ct_eq(&found.hash).into())
}

fn burn(_: Scheme, cost: &str, password: &[u8], memory: &mut Memory) -> bool {
    let cost = Cost::parse(cost).filter(|cost| cost.check().is_ok());
    if let Some(cost) = cost {
        compute(cost, password, &[0; 16], &mut [0; 64], memory);
    }
    cost.is_some()
}

/// The lanes one after the other, in one table.
fn compute(cost: Cost, password: &[u8], salt: &[u8], out: &mut [u8], memory: &mut Memory) {
    let (n, lane) = (1_usize << cost.ln, 128 * cost.r as usize);
    let mut lanes = Zeroizing::new(vec![0; lane * cost.p as usize]);
    derive(Scheme::Pbkdf2Sha256, password, salt, 1, &mut lanes);
    memory.with(romix::blocks(n, lane), |table| {
        for lane in lanes.chunks_exact_mut(lane) {
            romix::mix(lane, n, table);
        }
    });
    derive(Scheme::Pbkdf2Sha256, password, &lanes, 1, out);
}

/// Reads a stored text strictly, and holds it to the ceilings.
fn parse(stored: &str) -> Result<Found, Refusal> {
    let found = read(stored).ok_or(Refusal::HashUnreadable)?;
    found.cost.check()?;
    Ok(found)
}

fn read(stored: &str) -> Option<Found> {
    if stored.len() > TEXT_MAX {
        return None;
    }
    let parts: Vec<&str> = stored.split('$').collect();
    // A hash of another length was cut off by somebody's table.
    let (cost, salt, hash, whole) = match parts[..] {
        ["", "scrypt", cost, salt, hash] => {
            let hash = plain(hash)?;
            let whole = matches!(hash.len(), 32 | 64);
            (Cost::parse(cost)?, plain(salt)?, hash, whole)
        }
        ["scrypt", n, salt, r, p, hash] => {
            let hash = padded(hash)?;
            let whole = hash.len() == 64;
            (Cost::of_n(n, r, p)?, salt.as_bytes().to_vec(), hash, whole)
        }
        [method, salt, hash] => {
            let mut numbers = method.strip_prefix("scrypt:")?.split(':');
            let cost = Cost::of_n(numbers.next()?, numbers.next()?, numbers.next()?)?;
            let hash = hex(hash)?;
            let whole = hash.len() == 64 && numbers.next().is_none();
            (cost, salt.as_bytes().to_vec(), hash, whole)
        }
        _ => return None,
    };
    (whole && salt.len() <= 64).then_some(Found { cost, salt, hash })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_rfc_7914_section_12() {
        let mut memory = Memory::new();
        for (password, salt, (ln, r, p), wanted) in [
            ("", "", (4, 1, 1), "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"),
            (
                "password",
                "NaCl",
                (10, 8, 16),
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162",
            ),
        ] {
            let mut out = [0; 64];
            compute(Cost { ln, r, p }, password.as_bytes(), salt.as_bytes(), &mut out, &mut memory);
            assert_eq!(&out[..32], hex(wanted).unwrap());
        }
    }

    #[test]
    fn p13_a_malformed_text_is_refused_and_costs_nothing() {
        let (salt, hash) = ("c2FsdHNhbHQ", "3zIwQhl7WUXmqA5RCCAyzcxw7yLcLKN6kZKJ9z3I5wU");
        let phc = |cost: &str| (ROW.cost)(&format!("$scrypt${cost}${salt}${hash}"));
        assert_eq!(phc("ln=14,r=8,p=1"), Ok((Scheme::Scrypt, "ln=14,r=8,p=1".into())));
        for cost in [
            "ln=0,r=8,p=1",
            "ln=32,r=8,p=1",
            "ln=4294967295,r=8,p=1",
            "ln=14,r=0,p=1",
            "ln=14,r=8,p=0",
            "ln=14,r=8",
            "ln=14,r=8,p=1,x=1",
            "r=8,ln=14,p=1",
            "ln=014,r=8,p=1",
            "",
        ] {
            assert_eq!(phc(cost), Err(Refusal::HashUnreadable), "{cost}");
        }
        for cost in [
            "ln=31,r=1,p=1",
            "ln=19,r=8,p=1",
            "ln=18,r=9,p=1",
            "ln=14,r=33,p=1",
            "ln=14,r=4294967295,p=1",
            "ln=14,r=1,p=33",
            "ln=17,r=8,p=17",
        ] {
            assert_eq!(phc(cost), Err(Refusal::HashTooCostly), "{cost}");
        }
        let hex = "0".repeat(128);
        for stored in [
            "scrypt$".to_owned(),
            "scrypt:".to_owned(),
            "$scrypt$".to_owned(),
            format!("scrypt:16383:8:1$salt${hex}"),
            format!("scrypt:0:8:1$salt${hex}"),
            format!("scrypt:1:8:1$salt${hex}"),
            format!("scrypt:16384:8:1:1$salt${hex}"),
            format!("scrypt:16384:8$salt${hex}"),
            format!("scrypt:16384:8:1$salt${}", "0".repeat(64)),
            format!("scrypt:16384:8:1$salt${}", "0".repeat(126)),
            format!("scrypt:16384:8:1$salt${}", "0".repeat(300)),
            format!("scrypt:16384:8:1${}${hex}", "s".repeat(65)),
            format!("scrypt$16384$salt$8$1${hash}"),
            format!("scrypt$16384$salt$8$1${hash}=$"),
        ] {
            assert_eq!((ROW.cost)(&stored), Err(Refusal::HashUnreadable), "{stored}");
        }
    }
}
