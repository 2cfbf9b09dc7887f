//! Equal work for nobody: an unknown name costs what a known one would.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::memory::Memory;
use super::password::{TABLE, forms};
use super::scheme::{HashParams, SchemeCost};

/// Which scheme and cost an unknown name is taken to have (ATTACKS P06).
///
/// Drawn by a keyed hash of the name that was sent, in the proportions of `mix` (how many stored hashes there are of
/// each scheme and cost), so that one name always costs the same, and the times of many unknown names are
/// spread like those of the known ones. `fallback` where nothing is stored.
pub fn draw_dummy(
    key: &[u8; 32],
    name: &str,
    mix: &[(SchemeCost, u64)],
    fallback: &HashParams,
) -> SchemeCost {
    let mut mix: Vec<_> = mix.iter().filter(|(_, count)| *count > 0).collect();
    // The order of the rows must not decide, only what they say.
    mix.sort();
    let total: u128 = mix.iter().map(|(_, count)| u128::from(*count)).sum();
    // A point between 0 and the total: 64 bits of the hash as a fraction of 2^64.
    let mut point = (total * u128::from(draw(key, name))) >> 64;
    for (scheme_cost, count) in mix {
        match point.checked_sub(u128::from(*count)) {
            None => return scheme_cost.clone(),
            Some(rest) => point = rest,
        }
    }
    fallback.cost()
}

fn draw(key: &[u8; 32], name: &str) -> u64 {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(name.as_bytes());
    let tag = mac.finalize().into_bytes();
    u64::from_be_bytes(std::array::from_fn(|i| tag[i]))
}

/// Does the work of verifying `password` against a hash of that scheme and cost, and forgets the result.
///
/// A scheme or cost that this version can't compute is replaced by the default.
pub fn burn(like: &SchemeCost, password: &str, memory: &mut Memory) {
    for form in forms(password) {
        if !burn_one(like, form.as_bytes(), memory) {
            burn_one(&HashParams::DEFAULT.cost(), form.as_bytes(), memory);
        }
    }
}

fn burn_one(like: &SchemeCost, password: &[u8], memory: &mut Memory) -> bool {
    TABLE
        .iter()
        .find(|row| row.scheme.name() == like.scheme)
        .is_some_and(|row| (row.burn)(&like.cost, password, memory))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bcrypt() -> SchemeCost {
        HashParams::Bcrypt { cost: 12 }.cost()
    }

    fn argon2id() -> SchemeCost {
        HashParams::DEFAULT.cost()
    }

    #[test]
    fn p06_the_dummy_is_drawn_in_the_stores_proportions() {
        let mix = [(bcrypt(), 30), (argon2id(), 70), (HashParams::Bcrypt { cost: 4 }.cost(), 0)];
        let drawn = |name: usize| draw_dummy(&[5; 32], &format!("user{name}"), &mix, &HashParams::DEFAULT);
        let of_bcrypt = (0..10_000).filter(|name| drawn(*name) == bcrypt()).count();
        assert!((2_800..=3_200).contains(&of_bcrypt), "{of_bcrypt}");
    }

    #[test]
    fn p06_a_name_keeps_its_dummy_and_only_the_key_knows_it() {
        let mix = [(bcrypt(), 1), (argon2id(), 1)];
        let turned = [(argon2id(), 1), (bcrypt(), 1)];
        let drawn = |key: u8, name: &str| draw_dummy(&[key; 32], name, &mix, &HashParams::DEFAULT);
        assert_eq!(drawn(5, "ghost"), draw_dummy(&[5; 32], "ghost", &turned, &HashParams::DEFAULT));
        assert!((0..64).any(|key| drawn(key, "ghost") != drawn(5, "ghost")));
    }

    #[test]
    fn an_empty_store_draws_what_new_hashes_have() {
        assert_eq!(draw_dummy(&[5; 32], "ghost", &[], &HashParams::Bcrypt { cost: 12 }), bcrypt());
    }

    #[test]
    fn burning_takes_any_scheme_and_cost() {
        let mut memory = Memory::new();
        let of = |scheme: &str, cost: &str| SchemeCost { scheme: scheme.into(), cost: cost.into() };
        burn(&of("argon2id", "m=64,t=1,p=1"), "tim1234", &mut memory);
        burn(&of("bcrypt", "4"), "cafe\u{301}\0", &mut memory);
        assert!(burn_one(&of("bcrypt", "4"), b"", &mut memory));
        for strange in
            [of("md5", "1"), of("bcrypt", "31"), of("argon2id", "m=4294967295,t=1,p=1"), of("bcrypt", "")]
        {
            assert!(!burn_one(&strange, b"tim1234", &mut memory), "{strange:?}");
        }
        burn(&of("md5", "1"), "tim1234", &mut memory);
    }
}
