//! A stored hash of any shape is read without a panic and without work above the ceilings.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::HashParams;
use sekisho_core::credentials::{HashString, Memory, Verdict, scheme_cost, verify_password};

fuzz_target!(|data: &str| {
    let stored = HashString::new(data.to_owned());
    // What can't be read is answered after the work of such a hash: a small one.
    let wanted = HashParams::Argon2id { m_kib: 8, t: 1, p: 1 };
    let mut memory = Memory::new();
    match scheme_cost(&stored) {
        None => {
            let verdict = verify_password(&stored, "tim1234", &wanted, &mut memory);
            assert!(matches!(verdict, Verdict::Unreadable(_)), "{data}: no cost, but {verdict:?}");
        }
        Some(found) if is_cheap(&found.scheme, &found.cost) => {
            let _ = verify_password(&stored, "tim1234", &wanted, &mut memory);
        }
        Some(_) => {}
    }
});

/// Whether verifying takes less than a few milliseconds.
fn is_cheap(scheme: &str, cost: &str) -> bool {
    match scheme {
        "bcrypt" => cost.parse().is_ok_and(|cost: u32| cost <= 4),
        "argon2id" => {
            let mut numbers = cost.split(',').filter_map(|part| part.split_once('=')?.1.parse::<u32>().ok());
            matches!((numbers.next(), numbers.next()), (Some(m), Some(t)) if m <= 256 && t <= 2)
        }
        _ => false,
    }
}
