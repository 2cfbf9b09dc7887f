//! What stands in the tokens that `POST /token` issues, and whose tokens count.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::{Mint, Setup, now, start};

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("a part");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

#[test]
fn the_seeds_claims_and_ours() {
    let site = start();
    let before = now();
    let token = site.token("tim", "tim1234");

    assert_eq!(part(&token, 0), json!({"alg": "HS256", "typ": "JWT"}));
    let claims = part(&token, 1);
    assert_eq!(claims["sub"], "tim");
    assert_eq!(claims["ver"], 0);
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 30 * 60);
    assert!((before..=now()).contains(&claims["iat"].as_i64().unwrap()));
    assert!(claims["jti"].as_str().unwrap().len() >= 16);
    assert_eq!(claims["uid"].as_str().unwrap().len(), 36);
    assert!(claims.get("aud").is_none());
    assert!(claims.get("iss").is_none());

    let other = part(&site.token("tim", "tim1234"), 1);
    assert_ne!(other["jti"], claims["jti"]);
}

#[test]
fn the_issuer_is_the_public_url_once_there_is_one() {
    let site = Setup::new()
        .production()
        .config("[server]\npublic_url = \"https://login.example.com\"\n[password]\nmin_length = 8")
        .start();
    site.register("anew", "secret-123");
    let token = site.token("anew", "secret-123");
    assert_eq!(part(&token, 1)["iss"], "https://login.example.com");
    assert_eq!(site.me(&token).status, 200);

    // Made before there was a public URL, or by the application before us.
    assert_eq!(site.me(&Mint::of("anew").signed()).status, 200);
    let foreign = json!({"sub": "anew", "exp": now() + 60, "iss": "https://other.example.com"});
    assert_eq!(site.me(&Mint::claims(&foreign).signed()).status, 401);
}

#[test]
fn the_seeds_settings_decide_algorithm_and_lifetime() {
    for (algorithm, minutes) in [("HS384", 1), ("HS512", 90)] {
        let site = Setup::new()
            .demo()
            .env("ALGORITHM", algorithm)
            .env("ACCESS_TOKEN_EXPIRE_MINUTES", &minutes.to_string())
            .start();
        let token = site.token("tim", "tim1234");
        assert_eq!(part(&token, 0)["alg"], algorithm);
        let claims = part(&token, 1);
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), minutes * 60);
        assert_eq!(site.me(&token).status, 200);

        // The right key under another algorithm of the family is another key.
        assert_eq!(site.me(&Mint::of("tim").signed()).status, 401);
    }
}

#[test]
fn tokens_of_the_seeds_application_go_on_working() {
    let site = start();
    assert_eq!(site.me(&Mint::of("tim").signed()).status, 200);
    // Member order as PyJWT writes it, and as older versions did.
    let older = Mint::of("tim").header(r#"{"typ":"JWT","alg":"HS256"}"#);
    assert_eq!(site.me(&older.signed()).status, 200);
}

#[test]
fn a_key_is_rolled_over() {
    let old = "the key that was in force before: 32 bytes and more";
    let site = Setup::new().demo().env("SECRET_KEY_VERIFY", old).start();
    assert_eq!(site.me(&Mint::of("tim").key(old.as_bytes()).signed()).status, 200);
    assert_eq!(site.me(&Mint::of("tim").signed()).status, 200);
    assert_eq!(site.me(&Mint::of("tim").key(b"").signed()).status, 401);
}

#[test]
fn without_a_secret_key_the_root_key_makes_one_that_lasts() {
    let mut site = Setup::new().demo().without_env("SECRET_KEY").start();
    let token = site.token("tim", "tim1234");
    let key = site.data().join("sekisho.key");
    assert_eq!(std::fs::metadata(&key).unwrap().len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    }
    site.restart(|setup| setup);
    assert_eq!(site.me(&token).status, 200);
}
