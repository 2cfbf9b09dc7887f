//! `sekisho token …` and `sekisho explain`.

use serde_json::json;

use crate::harness::{Mint, Site, now, start};

fn inspected(site: &Site, token: &str) -> (Option<i32>, serde_json::Value) {
    let ran = site.cli_with(&["token", "inspect", "--json"], token);
    (ran.code, ran.json())
}

#[test]
fn an_issued_token_counts() {
    let site = start();
    let token = site.cli(&["token", "issue", "tim"]).ok().stdout;
    assert_eq!(site.me(token.trim()).status, 200);
    let (code, found) = inspected(&site, &token);
    assert_eq!((code, &found["accepted"], &found["payload"]["sub"]), (Some(0), &json!(true), &json!("tim")));
    assert_eq!(inspected(&site, &format!("Bearer {token}")).0, Some(0));
}

#[test]
fn inspect_says_why_a_token_does_not_count() {
    let site = start();
    for (token, reason) in [
        (Mint::claims(&json!({"sub": "tim", "exp": now() - 60})).signed(), "token_expired"),
        (Mint::of("tim").key(b"another key, as long as ours is, or longer").signed(), "signature_invalid"),
        (Mint::of("ghost").signed(), "user_unknown"),
        (Mint::claims(&json!({"sub": "tim"})).signed(), "claim_missing"),
        ("not a token".to_owned(), "token_malformed"),
    ] {
        let (code, found) = inspected(&site, &token);
        assert_eq!((code, found["reason"].as_str()), (Some(1), Some(reason)), "{found}");
        assert!(found["explanation"].as_str().is_some_and(|text| text.len() > 40), "{found}");
    }
}

#[test]
fn inspect_never_prints_a_signature() {
    let site = start();
    let token = Mint::of("tim").signed();
    let signature = token.rsplit('.').next().unwrap();
    for args in [&["token", "inspect"][..], &["token", "inspect", "--json"]] {
        let ran = site.cli_with(args, &token).ok();
        assert!(!ran.stdout.contains(signature) && !ran.stderr.contains(signature), "{}", ran.stdout);
    }
    let text = site.cli_with(&["token", "inspect"], &token).ok().stdout;
    assert!(text.starts_with("accepted  yes\n") && text.contains("min from now)"), "{text}");
}

#[test]
fn no_token_for_a_disabled_user() {
    let site = start();
    site.cli(&["user", "disable", "tim"]).ok();
    let ran = site.cli(&["token", "issue", "tim"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
}

#[test]
fn every_reason_code_is_explained() {
    let site = start();
    let all = site.cli(&["explain", "--json"]).ok().stdout;
    assert!(all.lines().count() > 30);
    for line in all.lines() {
        let listed: serde_json::Value = serde_json::from_str(line).unwrap();
        let code = listed["code"].as_str().unwrap();
        let explained = site.cli(&["explain", code]).ok().stdout;
        assert!(explained.starts_with(&format!("{code}: ")) && explained.lines().count() >= 3, "{explained}");
    }
    let unknown = site.cli(&["explain", "expired_token"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("did you mean token_expired?"), "{}", unknown.stderr);
}
