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

/// The document names each scheme and says each ceiling: what is at one is read, and what is above is not.
#[test]
fn p13_the_ceilings_are_those_of_the_document() {
    let document = include_str!("../../../docs/hash-schemes.md");
    for Vector { kind, .. } in vectors() {
        assert!(document.contains(&format!("`{}`", kind.scheme)), "{}", kind.scheme);
    }
    let (salt, hash) = ("c2FsdHNhbHRzYWx0c2FsdA", "MKFv03cw0d03xXDGMuyd1HFmdALxIjWKZZwcFRpxhFk");
    let crypt = "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";
    for (said, at, above) in [
        ("m = 256 MiB", "$argon2i$v=19$m=262144,t=1,p=1$S$H", "$argon2i$v=19$m=262145,t=1,p=1$S$H"),
        ("t = 16", "$argon2d$v=19$m=64,t=16,p=1$S$H", "$argon2d$v=19$m=64,t=17,p=1$S$H"),
        ("p = 8", "$argon2id$v=19$m=64,t=1,p=8$S$H", "$argon2id$v=19$m=72,t=1,p=9$S$H"),
        ("cost 16", "bcrypt_sha256$$2b$16$C", "bcrypt_sha256$$2b$17$C"),
        ("128 N r = 256 MiB", "$scrypt$ln=18,r=8,p=1$S$H", "$scrypt$ln=18,r=9,p=1$S$H"),
        ("r = 32", "$scrypt$ln=4,r=32,p=1$S$H", "$scrypt$ln=4,r=33,p=1$S$H"),
        ("p = 32", "$scrypt$ln=4,r=8,p=32$S$H", "$scrypt$ln=4,r=8,p=33$S$H"),
        ("N r p = 2^24", "$scrypt$ln=17,r=8,p=16$S$H", "$scrypt$ln=17,r=8,p=17$S$H"),
        ("10,000,000 iterations", "$pbkdf2-sha256$10000000$S$H", "$pbkdf2-sha256$10000001$S$H"),
        ("1,000,000 rounds", "$5$rounds=1000000$salt$K", "$5$rounds=1000001$salt$K"),
        ("2^19 rounds", "$P$HPOO9ubV6ssP67QUwzD1LJoZOZeBwZ1", "$P$IPOO9ubV6ssP67QUwzD1LJoZOZeBwZ1"),
    ] {
        assert!(document.contains(said), "{said}");
        let whole = |text: &str| {
            let text = text.replace("$S$H", &format!("${salt}${hash}")).replace("$K", &format!("${crypt}"));
            recognise(&HashString::new(
                text.replace("$C", "$TWybhyOeFxSAIyhlUUB/sOfQOS6Rikdp2krLz81E5MHVT3Hv7xoLO"),
            ))
        };
        assert!(whole(at).is_ok(), "{at}");
        assert_eq!(whole(above), Err(sekisho_core::Refusal::HashTooCostly), "{above}");
    }
}
