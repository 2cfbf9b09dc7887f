//! An unknown name costs what a known one would.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::scheme::{HashParams, SchemeCost};
use crate::accounts::LoginName;

/// Which scheme and cost an unknown name is taken to have (ATTACKS P06).
///
/// Drawn by a keyed hash of the name that was sent, in the proportions of `mix` (how many stored hashes there are of
/// each scheme and cost), so that one name always costs the same, in every spelling that would find one user, and the
/// times of many unknown names are spread like those of the known ones. `fallback` where nothing is stored.
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
    mac.update(LoginName::of(name).counted().as_bytes());
    let tag = mac.finalize().into_bytes();
    u64::from_be_bytes(std::array::from_fn(|i| tag[i]))
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
    fn p06_all_spellings_of_a_name_draw_alike() {
        let mix = [(bcrypt(), 1), (argon2id(), 1)];
        let drawn = |name: &str| draw_dummy(&[5; 32], name, &mix, &HashParams::DEFAULT);
        for i in 0..32 {
            assert_eq!(drawn(&format!("Ghost{i}")), drawn(&format!("ｇｈｏｓｔ{i}")));
            assert_eq!(drawn(&format!("g{i}@Bücher.example")), drawn(&format!("G{i}@xn--bcher-kva.example")));
        }
    }

    #[test]
    fn an_empty_store_draws_what_new_hashes_have() {
        assert_eq!(draw_dummy(&[5; 32], "ghost", &[], &HashParams::Bcrypt { cost: 12 }), bcrypt());
    }
}
