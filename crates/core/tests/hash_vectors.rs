//! Hashes made by the software that they come from (`hash_vectors/make.py`), one a line: software and version, scheme
//! and cost as this server calls them, password, hash.

use sekisho_core::HashParams;
use sekisho_core::credentials::{HashString, Memory, SchemeCost, Verdict, burn, recognise, verify_password};

const QUICK: HashParams = HashParams::Argon2id { m_kib: 8, t: 1, p: 1 };

struct Vector {
    software: &'static str,
    kind: SchemeCost,
    password: &'static str,
    hash: &'static str,
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("hash_vectors/hashes.tsv").lines().filter(|line| !line.starts_with('#'));
    let vector = |line: &'static str| {
        let [software, scheme, cost, password, hash] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not five columns: {line}");
        };
        Vector { software, kind: SchemeCost { scheme: scheme.into(), cost: cost.into() }, password, hash }
    };
    lines.map(vector).collect()
}

fn verdict(hash: &str, password: &str) -> Verdict {
    verify_password(&HashString::new(hash.to_owned()), password, &QUICK, &mut Memory::new())
}

/// Whether a debug build computes a few hundred of them in no time.
fn is_quick(kind: &SchemeCost) -> bool {
    let numbers: Vec<u32> =
        kind.cost.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    match kind.scheme.as_str() {
        "scrypt" => numbers[0] <= 10,
        "bcrypt" | "bcrypt-sha256" => numbers[0] <= 5,
        _ => numbers.iter().all(|number| *number <= 2000),
    }
}

#[test]
fn each_verifies_and_is_called_what_it_is() {
    for Vector { software, kind, password, hash } in vectors() {
        assert_eq!(recognise(&HashString::new(hash.to_owned())).as_ref(), Ok(&kind), "{software}: {hash}");
        assert_eq!(verdict(hash, password), Verdict::Match { outdated: true }, "{software}: {hash}");
    }
}

#[test]
fn no_other_password_fits() {
    for Vector { software, password, hash, .. } in
        vectors().into_iter().filter(|vector| is_quick(&vector.kind))
    {
        let shorter = &password[..password.char_indices().last().map_or(0, |(at, _)| at)];
        let wider = format!("{password} ");
        let mut others = vec!["", "tim1235"];
        // bcrypt by itself sees no more than 72 bytes.
        if !(hash.starts_with("bcrypt$") && password.len() > 72) {
            others.extend([shorter, &wider]);
        }
        for other in others {
            assert_eq!(verdict(hash, other), Verdict::Mismatch, "{software}: {hash}, {other:?}");
        }
    }
}

/// ATTACKS P13: a hash damaged anywhere is refused or fits nothing; it never panics, and what is refused is refused with
/// one reason by recognition and by verification.
#[test]
fn p13_a_damaged_hash_fits_nothing() {
    for Vector { software, password, hash, .. } in
        vectors().into_iter().filter(|vector| is_quick(&vector.kind))
    {
        let cut = (0..hash.len()).map(|len| hash[..len].to_owned());
        let longer = ["$", "A", "=", "\0", "é"].into_iter().map(|end| format!("{hash}{end}"));
        let turned = (0..hash.len()).map(|at| format!("{}é{}", &hash[..at], &hash[at + 1..]));
        for damaged in cut.chain(longer).chain(turned) {
            let stored = HashString::new(damaged.clone());
            match recognise(&stored) {
                Err(refusal) => {
                    assert_eq!(
                        verdict(&damaged, password),
                        Verdict::Unreadable(refusal),
                        "{software}: {damaged}"
                    );
                }
                // A salt that may be any text.
                Ok(kind) if is_quick(&kind) => {
                    assert_eq!(verdict(&damaged, password), Verdict::Mismatch, "{software}: {damaged}");
                }
                Ok(_) => {}
            }
        }
    }
}

/// ATTACKS P06: the dummy's work is known for each scheme that can be stored.
#[test]
fn p06_each_can_be_burnt() {
    for Vector { kind, password, .. } in vectors().into_iter().filter(|vector| is_quick(&vector.kind)) {
        burn(&kind, password, &QUICK, &mut Memory::new());
    }
}
