//! Hashes that other software made, as they lie in the database after an import.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::{Setup, Site};

const MIB: u64 = 1024 * 1024;

/// Made by the software that they come from: software and version, scheme, cost, password, hash.
fn vectors() -> Vec<[&'static str; 5]> {
    let lines = include_str!("../../../../../core/tests/hash_vectors/hashes.tsv").lines();
    lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().expect("five columns"))
        .collect()
}

/// The first vector of this scheme and cost.
fn vector(scheme: &str, cost: &str) -> [&'static str; 5] {
    let found = vectors().into_iter().find(|vector| vector[1] == scheme && vector[2] == cost);
    found.unwrap_or_else(|| panic!("no {scheme} of {cost}"))
}

fn unthrottled(config: &str) -> Site {
    Setup::new().config(&format!("[throttle]\nenabled = false\n{config}")).start()
}

fn stored(site: &Site, name: &str) -> String {
    site.database().text(&format!(
        "select data from sekisho_credentials where user_id = (select id from sekisho_users where username = '{name}')"
    ))
}

#[test]
fn each_scheme_logs_in_once_and_is_argon2id_from_then_on() {
    let site = unthrottled("");
    assert_eq!(site.register("anew", "secret-123").status, 200);
    for [software, scheme, cost, password, hash] in vectors() {
        site.database().plant_hash("anew", scheme, cost, hash);
        assert_eq!(site.login("anew", "secret-123").status, 401, "{software}: {hash}");
        assert_eq!(stored(&site, "anew"), hash, "a wrong password rewrote it");
        let response = site.login("anew", password);
        assert_eq!(response.status, 200, "{software}: {hash}");
        assert_eq!(response.json()["token_type"], "bearer");
        let rewritten = stored(&site, "anew");
        assert!(rewritten.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{software}: {hash}");
        if scheme != "argon2id" {
            continue;
        }
        assert_eq!(site.login("anew", password).status, 200, "{software}: {hash}");
        assert_eq!(stored(&site, "anew"), rewritten, "a current hash was rewritten");
    }
    let upgraded = "select count(*) from sekisho_events where kind = 'password_upgraded'";
    assert_eq!(site.database().number(upgraded), i64::try_from(vectors().len()).unwrap());
    // Counted were the planted ones; each upgrade took its own out again.
    let foreign = "select count(*) from sekisho_hash_schemes where n > 0 and scheme != 'argon2id'";
    assert_eq!(site.database().number(foreign), 0);
}

#[test]
fn a_switch_leaves_each_as_it_is() {
    for scheme in ["argon2id", "bcrypt"] {
        let site =
            unthrottled(&format!("[password]\nrehash = false\nscheme = \"{scheme}\"\nbcrypt_cost = 10"));
        assert_eq!(site.register("anew", "secret-123").status, 200);
        for (scheme, cost) in
            [("scrypt", "ln=11,r=8,p=1"), ("sha512-crypt", "1234"), ("bcrypt", "4"), ("phpass", "13")]
        {
            let [software, _, _, password, hash] = vector(scheme, cost);
            site.database().plant_hash("anew", scheme, cost, hash);
            assert_eq!(site.login("anew", password).status, 200, "{software}: {hash}");
            assert_eq!(stored(&site, "anew"), hash);
        }
        let upgraded = "select count(*) from sekisho_events where kind = 'password_upgraded'";
        assert_eq!(site.database().number(upgraded), 0);
    }
}

/// What an application that goes on reading the hashes needs: bcrypt, of exactly what was sent, and never of a part.
#[test]
fn bcrypt_hashes_the_bytes_as_sent() {
    let site = unthrottled("[password]\nscheme = \"bcrypt\"\nbcrypt_cost = 10");
    let decomposed = "Zoe\u{308}'s secret";
    assert_eq!(site.register("anew", decomposed).status, 200);
    assert!(stored(&site, "anew").starts_with("$2b$10$"), "{}", stored(&site, "anew"));
    assert_eq!(site.login("anew", decomposed).status, 200);
    assert_eq!(site.login("anew", "Zo\u{eb}'s secret").status, 401);

    let whole = "é".repeat(36);
    assert_eq!(site.register("bnew", &whole).status, 200);
    assert_eq!(site.login("bnew", &whole).status, 200);
    for (password, why) in [
        (format!("{whole}x"), "Value error, the password has more than 72 bytes, which bcrypt can not keep"),
        (
            "before-the\0-and-after".to_owned(),
            "Value error, the password holds a NUL character, which bcrypt can not keep",
        ),
    ] {
        let refused = site.unchanged(|| site.register("cnew", &password));
        assert_eq!(refused.status, 422);
        assert_eq!(refused.detail()[0]["loc"], json!(["body", "password"]));
        assert_eq!(refused.detail()[0]["msg"], why);
    }

    // A hash of another scheme becomes bcrypt, unless bcrypt could not keep the whole password.
    for (scheme, cost, end) in [("pbkdf2-sha256", "1100", "$2b$10$"), ("scrypt", "ln=5,r=13,p=2", "$scrypt$")]
    {
        let [software, _, _, password, hash] = vector(scheme, cost);
        site.database().plant_hash("anew", scheme, cost, hash);
        assert_eq!(site.login("anew", password).status, 200, "{software}: {hash}");
        assert!(stored(&site, "anew").starts_with(end), "{}", stored(&site, "anew"));
    }
}

/// Where the store holds one scheme alone, an unknown name is as dear as a known one.
#[test]
fn p06_an_unknown_name_costs_what_the_store_holds() {
    let site = unthrottled("[password]\nrehash = false");
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let least_work = |name: &str| {
        let once = || site.work(|| assert_eq!(site.login(name, "wrong-password").status, 401));
        (0..4).map(|_| once()).min().unwrap()
    };
    // Each several times dearer or cheaper than the next and than what new hashes have.
    for (scheme, cost) in
        [("argon2id", "m=65536,t=3,p=4"), ("pbkdf2-sha256", "1000000"), ("scrypt", "ln=15,r=8,p=1")]
    {
        let hash = vector(scheme, cost)[4];
        site.database().execute("update sekisho_hash_schemes set n = 0");
        site.database().plant_hash("anew", scheme, cost, hash);
        let (known, unknown) = (least_work("anew"), least_work("nobody"));
        let ratio = unknown.as_secs_f64() / known.as_secs_f64();
        assert!((0.6..1.67).contains(&ratio), "{scheme}: {unknown:?} against {known:?}");
    }
}

/// ATTACKS P11 with hashes that each need more memory than the lane's threads have together: one at a time gets it.
#[test]
fn p11_hashes_of_128_mib_at_once() {
    let site = unthrottled("[password]\nrehash = false\n[hashing]\nthreads = 4");
    let base = site.resident();
    let names = ["anew", "bnew", "cnew", "dnew", "enew", "fnew"];
    let cost = "m=131072,t=1,p=1";
    let hash =
        format!("$argon2id$v=19${cost}$c2FsdHNhbHRzYWx0c2FsdA$MKFv03cw0d03xXDGMuyd1HFmdALxIjWKZZwcFRpxhFk");
    for name in names {
        assert_eq!(site.register(name, "secret-123").status, 200);
        site.database().plant_hash(name, "argon2id", cost, &hash);
    }
    let over = AtomicBool::new(false);
    let peak = std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut peak = 0;
            while !over.load(Ordering::Relaxed) {
                peak = peak.max(site.resident());
                std::thread::yield_now();
            }
            peak
        });
        let site = &site;
        let logins: Vec<_> =
            names.map(|name| scope.spawn(move || site.login(name, "wrong-password").status)).into();
        for login in logins {
            assert_eq!(login.join().unwrap(), 401);
        }
        over.store(true, Ordering::Relaxed);
        watcher.join().unwrap()
    });
    assert!(peak >= base + 128 * MIB, "the work was not seen: {} MiB", peak / MIB);
    // The four threads' own blocks, and what one such hash needs beyond its thread's; 512 MiB if each had its own.
    let bound = base + 4 * 33 * MIB + 95 * MIB;
    assert!(peak <= bound, "{} MiB, at most {} MiB", peak / MIB, bound / MIB);
}
