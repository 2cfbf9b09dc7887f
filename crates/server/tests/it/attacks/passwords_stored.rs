//! P: hashes as they lie in the database.

use serde_json::json;

use crate::harness::{Setup, start};

#[test]
fn p13_a_hash_that_cannot_be_read() {
    let site = Setup::new().config("[throttle]\nenabled = false").start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let wrong = site.login("anew", "wrong-password").json();
    let before = site.resident();

    let salt = "c2FsdHNhbHRzYWx0c2FsdA";
    let hash = "MKFv03cw0d03xXDGMuyd1HFmdALxIjWKZZwcFRpxhFk";
    for stored in [
        String::new(),
        " ".into(),
        "secret-123".into(),
        "$".into(),
        "$$$$".into(),
        "$2b$".into(),
        "$2b$12$".into(),
        "$2b$99$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3WvpmepPVa".into(),
        "$2b$31$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3WvpmepPVa".into(),
        "$2b$03$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3WvpmepPVa".into(),
        "$2b$05$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3WvpmepPV".into(),
        "$2b$05$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3Wvpmep\u{e9}Va".into(),
        "$9z$05$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3WvpmepPVa".into(),
        "$argon2id$v=19$m=19456,t=2,p=1".into(),
        format!("$argon2id$v=19$m=4294967295,t=2,p=1${salt}${hash}"),
        format!("$argon2id$v=19$m=8192,t=0,p=1${salt}${hash}"),
        format!("$argon2id$v=19$m=8192,t=4294967295,p=1${salt}${hash}"),
        format!("$argon2id$v=19$m=8192,t=1,p=0${salt}${hash}"),
        format!("$argon2id$v=19$m=8192,t=1,p=16777215${salt}${hash}"),
        format!("$argon2id$v=19$m=-1,t=1,p=1${salt}${hash}"),
        format!("$argon2id$v=16$m=8192,t=1,p=1${salt}${hash}="),
        format!("$argon2id$v=19$m=8192,t=1,p=1$${hash}"),
        format!("$argon2id$v=19$m=8192,t=1,p=1${salt}$"),
        format!("$argon2id$v=19$m=8192,t=1,p=1,keyid=YQ,data=YWJj${salt}${hash}"),
        format!("$argon2i$v=19$m=4294967295,t=1,p=1${salt}${hash}"),
        format!("$argon2d$v=19$m=8192,t=0,p=1${salt}${hash}"),
        format!("argon2$argon2id$v=19$m=8192,t=1,p=99${salt}${hash}"),
        format!("$pbkdf2-sha3$1${salt}${hash}"),
        format!("$pbkdf2-sha256$4294967295${salt}${hash}"),
        format!("$pbkdf2-sha256$0${salt}${hash}"),
        format!("$pbkdf2-sha256$i=1,l=4294967295${salt}${hash}"),
        format!("pbkdf2_sha256$99999999$salt${hash}="),
        "pbkdf2:sha256:600000$salt$00".into(),
        format!("pbkdf2:md5:600000$salt${}", "0".repeat(32)),
        format!("$scrypt$ln=31,r=1,p=1${salt}${hash}"),
        format!("$scrypt$ln=63,r=8,p=1${salt}${hash}"),
        format!("$scrypt$ln=14,r=4294967295,p=1${salt}${hash}"),
        format!("$scrypt$ln=1,r=8,p=4294967295${salt}${hash}"),
        format!("$scrypt$ln=0,r=0,p=0${salt}${hash}"),
        format!("scrypt:2147483648:8:1$salt${}", "0".repeat(128)),
        format!("scrypt:32767:8:1$salt${}", "0".repeat(128)),
        "scrypt$16384$salt$8$5$".into(),
        "$bcrypt-sha256$v=2,t=2b,r=31$JlByjOq4vTmlTyXaLazhu.$ojUmMQ1xSX4z3EtBrtFlDerNAHKGbRG".into(),
        "$bcrypt-sha256$v=2,t=2b,r=12$JlByjOq4vTmlTyXaLazhu.".into(),
        "bcrypt_sha256$$2b$12$".into(),
        "$5$rounds=999999999$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5".into(),
        "$6$rounds=4294967296$salt$".into(),
        "$6$salt$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5".into(),
        "{SSHA}".into(),
        "{SSHA512}sBYdCxYlWfUIayvNxvWOP42Vu3RE+RP6".into(),
        "{SMD4}sBYdCxYlWfUIayvNxvWOP42Vu3RE+RP6".into(),
        "$P$SPOO9ubV6ssP67QUwzD1LJoZOZeBwZ1".into(),
        "$P$zPOO9ubV6ssP67QUwzD1LJoZOZeBwZ1".into(),
        "$H$9".into(),
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7".into(),
        "x".repeat(1024 * 1024),
    ] {
        site.database().plant_hash("anew", "unknown", "", &stored);
        let response = site.login("anew", "secret-123");
        assert_eq!(response.status, 401, "{:.80}", stored);
        assert_eq!(response.json(), wrong, "{:.80}", stored);
    }
    for code in ["hash_unreadable", "hash_scheme_unknown", "hash_too_costly"] {
        site.wait_for_log(code);
    }
    assert!(site.resident() < before + 64 * 1024 * 1024);
    site.alive();
}

#[test]
fn p14_a_weak_hash_is_replaced_once() {
    let site = start();
    let weak = [
        ("anew", "bcrypt", "5", "$2b$05$abcdefghijklmnopqrstuu96XH/vf073lLVyHd4obNu3WvpmepPVa"),
        (
            "bnew",
            "argon2id",
            "m=8192,t=1,p=1",
            "$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$MKFv03cw0d03xXDGMuyd1HFmdALxIjWKZZwcFRpxhFk",
        ),
        (
            // Of "secret-123", by hashlib of Python 3.11.
            "cnew",
            "pbkdf2-sha256",
            "29000",
            "$pbkdf2-sha256$29000$c2FsdHNhbHRzYWx0c2FsdA$r9O1iB.8K/ofowudKKCD6RDOXkHrOHniKjMuR41YOw0",
        ),
        (
            "dnew",
            "scrypt",
            "ln=14,r=8,p=1",
            "$scrypt$ln=14,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$//HFpJCIjAZGlCMAllvGNBOjXRw3gxyhG5HHdUqtJ6o",
        ),
    ];
    for (name, scheme, cost, hash) in weak {
        assert_eq!(site.register(name, "secret-123").status, 200);
        site.database().plant_hash(name, scheme, cost, hash);
        assert_eq!(site.login(name, "wrong-password").status, 401);
        assert_eq!(site.login(name, "secret-124").status, 401);
    }
    let of = |name: &str| {
        site.database().text(&format!(
            "select data from sekisho_credentials where user_id = (select id from sekisho_users where username = '{name}')"
        ))
    };
    for (name, _, _, hash) in weak {
        assert_eq!(of(name), hash, "a wrong password rehashed");
    }

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for (name, ..) in weak {
                    assert_eq!(site.login(name, "secret-123").status, 200);
                }
            });
        }
    });
    for (name, ..) in weak {
        assert!(of(name).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", of(name));
    }
    let upgrades =
        site.database().number("select count(*) from sekisho_events where kind = 'password_upgraded'");
    assert_eq!(upgrades, 4);
    // The proportions that the dummy hash draws from were kept in step.
    let rows = "select scheme || ' ' || cost from sekisho_hash_schemes where n > 0 order by scheme, cost";
    let mix: Vec<_> = site.database().rows(rows).into_iter().flatten().flatten().collect();
    assert!(mix.iter().any(|kind| kind == "argon2id m=19456,t=2,p=1"), "{mix:?}");

    let token = site.token("anew", "secret-123");
    assert_eq!(site.me(&token).json()["username"], json!("anew"));
}
