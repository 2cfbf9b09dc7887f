//! A stored hash of any shape and scheme is read without a panic and without work above the ceilings; recognition and
//! verification agree on what can be read, and what can be read can be burnt.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::HashParams;
use sekisho_core::credentials::{HashString, Memory, Verdict, burn, recognise, verify_password};

fuzz_target!(|data: &str| {
    let stored = HashString::new(data.to_owned());
    // What can't be read is answered after the work of such a hash: a small one.
    let wanted = HashParams::Argon2id { m_kib: 8, t: 1, p: 1 };
    let mut memory = Memory::new();
    match recognise(&stored) {
        Err(refusal) => {
            let verdict = verify_password(&stored, "tim1234", &wanted, &mut memory);
            assert_eq!(verdict, Verdict::Unreadable(refusal), "{data}");
        }
        Ok(found) if is_cheap(&found.scheme, &found.cost) => {
            let verdict = verify_password(&stored, "tim1234", &wanted, &mut memory);
            assert!(!matches!(verdict, Verdict::Unreadable(_)), "{data}: of {found:?}, but {verdict:?}");
            burn(&found, "tim1234", &wanted, &mut memory);
        }
        Ok(_) => {}
    }
    // A row of the table of schemes, as a damaged database may have it.
    if let Some((scheme, cost)) = data.split_once(' ')
        && is_cheap(scheme, cost)
    {
        let like = sekisho_core::SchemeCost { scheme: scheme.to_owned(), cost: cost.to_owned() };
        burn(&like, "tim1234", &wanted, &mut memory);
    }
});

/// Whether verifying takes less than a few milliseconds.
fn is_cheap(scheme: &str, cost: &str) -> bool {
    let numbers: Vec<u32> = cost.split(',').filter_map(number).collect();
    match (scheme, &numbers[..]) {
        ("bcrypt" | "bcrypt-sha256", [cost]) => *cost <= 4,
        ("argon2id" | "argon2i" | "argon2d", [m, t, _]) => *m <= 256 && *t <= 2,
        ("scrypt", [ln, r, p]) => *ln <= 6 && *r <= 8 && *p <= 4,
        ("pbkdf2-sha1" | "pbkdf2-sha256" | "pbkdf2-sha512", [rounds]) => *rounds <= 2000,
        ("sha256-crypt" | "sha512-crypt", [rounds]) => *rounds <= 5000,
        ("phpass", [log]) => *log <= 9,
        ("ldap-digest", _) => true,
        _ => false,
    }
}

fn number(part: &str) -> Option<u32> {
    part.rsplit('=').next()?.parse().ok()
}
