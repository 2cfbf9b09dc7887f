//! `POST /token`: who gets a token.

use serde_json::json;

use crate::harness::{Request, start};

#[test]
fn the_seeds_curl_call() {
    let site = start();

    let response = site.send(&Request::post("/token").header("accept", "application/json").body(
        "application/x-www-form-urlencoded",
        "grant_type=&username=tim&password=tim1234&scope=&client_id=&client_secret=",
    ));
    assert_eq!(response.status, 200);
    let body = response.json();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["access_token", "token_type"]);
    assert_eq!(body["token_type"], "bearer");
    // RFC 6749 section 5.1.
    assert_eq!(response.header("cache-control"), Some("no-store"));

    let token = body["access_token"].as_str().unwrap();
    assert_eq!(site.me(token).json()["username"], "tim");
}

#[test]
fn a_name_in_any_spelling_or_the_address_logs_in() {
    let site = start();
    for name in ["tim", "Tim", "TIM", "ｔｉｍ", "tim@gmail.com", "TIM@GMAIL.COM", "Tim@gmail.COM"] {
        assert_eq!(site.login(name, "tim1234").status, 200, "{name}");
    }
    for name in ["tim ", "ti", "timm", "tim@gmail.co", "@gmail.com", ""] {
        assert_ne!(site.login(name, "tim1234").status, 200, "{name}");
    }
}

#[test]
fn a_refused_log_in_says_the_same_for_every_cause() {
    let site = start();
    site.register("dora", "dora's password 7");
    site.cli(&["user", "disable", "dora"]).ok();

    let refused = json!({
        "detail": "Incorrect username or password",
        "error": "invalid_grant",
        "error_description": "Incorrect username or password",
    });
    for (name, password) in [
        ("tim", "wrong-password"),
        ("nobody", "wrong-password"),
        ("dora", "wrong-password"),
        ("dora", "dora's password 7"),
    ] {
        let response = site.login(name, password);
        assert_eq!(response.status, 401);
        assert_eq!(response.json(), refused);
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    }
    // The operator reads which it was.
    for code in ["password_wrong", "user_unknown", "user_disabled"] {
        site.wait_for_log(code);
    }
}

#[test]
fn with_and_without_the_slash() {
    let site = start();
    let form = Request::post("/token/").form(&[("username", "tim"), ("password", "tim1234")]);
    assert_eq!(site.send(&form).status, 200);
}

#[test]
fn the_first_log_in_rewrites_the_seeds_bcrypt_hash() {
    let site = start();
    let scheme = || site.database().text("select scheme from sekisho_credentials");
    assert_eq!(scheme(), "bcrypt");

    assert_eq!(site.login("tim", "not-tims-password").status, 401);
    assert_eq!(scheme(), "bcrypt");

    site.token("tim", "tim1234");
    assert_eq!(scheme(), "argon2id");
    site.token("tim", "tim1234");
}

#[test]
fn a_switch_keeps_the_old_hash() {
    let site = crate::harness::Setup::new().demo().config("[password]\nrehash = false").start();
    site.token("tim", "tim1234");
    assert_eq!(site.database().text("select scheme from sekisho_credentials"), "bcrypt");
}

#[test]
fn bcrypt_can_stay_the_scheme() {
    let config = "[password]\nscheme = \"bcrypt\"\nbcrypt_cost = 10";
    let site = crate::harness::Setup::new().config(config).start();
    assert_eq!(site.register("anew", "a good long password").status, 200);
    assert_eq!(site.database().text("select scheme from sekisho_credentials"), "bcrypt");
    site.token("anew", "a good long password");

    let long = site.register("bnew", &"0123456789".repeat(8));
    assert_eq!(long.status, 422);
    assert_eq!(long.detail()[0]["loc"], json!(["body", "password"]));
}
