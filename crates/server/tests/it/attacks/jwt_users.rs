//! J: good tokens whose user is not, or no longer, who they say.

use serde_json::json;

use super::jwt::refused;
use crate::harness::{Mint, now, start, tampered};

#[test]
fn j31_subject_byte_for_byte() {
    let site = start();
    assert_eq!(site.register("Zo\u{eb}", "secret-123").status, 200);
    assert_eq!(site.me(&Mint::of("Zo\u{eb}").signed()).status, 200);
    for sub in ["Zoe\u{308}", "zo\u{eb}", "ZO\u{cb}", "Zo\u{eb} ", " Zo\u{eb}", "Zo\u{eb}\u{0}"] {
        refused(&site, &Mint::of(sub).signed());
    }
    for sub in ["Tim", "TIM", "tim ", "ｔｉｍ", "tim@gmail.com"] {
        refused(&site, &Mint::of(sub).signed());
    }
}

#[test]
fn j32_deleted_disabled_or_changed() {
    let site = start();
    for name in ["anew", "bnew", "cnew"] {
        assert_eq!(site.register(name, "secret-123").status, 200);
    }
    let own = |name: &str| site.token(name, "secret-123");
    let tokens = [("anew", own("anew")), ("bnew", own("bnew")), ("cnew", own("cnew"))];
    let old = |name: &str| Mint::of(name).signed();

    site.cli(&["user", "delete", "anew", "--yes"]).ok();
    site.cli(&["user", "disable", "bnew"]).ok();
    site.cli_with(&["user", "set-password", "cnew", "--password-stdin"], "another-123\n").ok();

    for (name, token) in &tokens {
        for path in ["/users/me", "/users/me/", "/users/me/items"] {
            assert_eq!(site.get_as(token, path).status, 401, "{name} {path}");
            assert_eq!(site.get_as(&old(name), path).status, 401, "{name} {path}");
        }
    }
    for code in ["user_unknown", "user_disabled", "token_revoked"] {
        site.wait_for_log(code);
    }
    // The changed password's own tokens count.
    assert_eq!(site.me(&site.token("cnew", "another-123")).status, 200);
    assert_eq!(site.login("cnew", "secret-123").status, 401);
}

#[test]
fn j32_id_version_and_name_must_agree() {
    let site = start();
    assert_eq!(site.register("anew", "secret-123").status, 200);
    let token = site.token("tim", "tim1234");
    let payload = site.cli_with(&["token", "inspect", "--json"], &token).ok().json();
    let uid = payload["payload"]["uid"].as_str().unwrap().to_owned();

    let exp = now() + 600;
    for claims in [
        json!({"sub": "anew", "exp": exp, "uid": uid, "ver": 0}),
        json!({"sub": "tim", "exp": exp, "uid": "0193b1a2-0000-7000-8000-000000000000", "ver": 0}),
        json!({"sub": "tim", "exp": exp, "uid": uid, "ver": 1}),
        json!({"sub": "tim", "exp": exp, "uid": uid, "ver": -1}),
        json!({"sub": "tim", "exp": exp, "uid": uid, "ver": "0"}),
        json!({"sub": "tim", "exp": exp, "uid": 5, "ver": 0}),
        json!({"sub": "tim", "exp": exp, "uid": "tim", "ver": 0}),
    ] {
        refused(&site, &Mint::claims(&claims).signed());
    }
    let good = json!({"sub": "tim", "exp": exp, "uid": uid, "ver": 0});
    assert_eq!(site.me(&Mint::claims(&good).signed()).status, 200);
    refused(&site, &tampered(&token, &good));
}
