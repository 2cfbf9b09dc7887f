//! J: tokens whose header or claims are not what they should be.

use std::net::TcpListener;

use serde_json::json;

use crate::harness::{Mint, SECRET_KEY, Site, base64url, now, start};

/// Every refused token is answered alike; which rule it broke is for the log.
pub(super) fn refused(site: &Site, token: &str) {
    let response = site.me(token);
    assert_eq!(response.status, 401, "accepted: {token}");
    assert_eq!(response.json(), json!({"detail": "Could not validate credentials"}));
    assert_eq!(response.header("www-authenticate"), Some("Bearer"));
}

fn refused_header(site: &Site, header: &str) {
    refused(site, &Mint::of("tim").header(header).signed());
}

fn refused_payload(site: &Site, payload: &str) {
    refused(site, &Mint::payload(payload).signed());
}

#[test]
fn j01_alg_none() {
    let site = start();
    let token = Mint::of("tim").header(r#"{"alg":"none","typ":"JWT"}"#);
    refused(&site, &format!("{}.", token.unsigned()));
    refused(&site, &token.signed());
    site.wait_for_log("algorithm_not_allowed");
}

#[test]
fn j02_alg_none_in_other_spellings() {
    let site = start();
    for alg in ["None", "NONE", "nOnE", "", " none", "hs256", "Hs256"] {
        let token = Mint::of("tim").header(&format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
        refused(&site, &token.unsigned());
        refused(&site, &format!("{}.", token.unsigned()));
        refused(&site, &token.signed());
    }
}

#[test]
fn j03_algorithm_confusion() {
    let site = start();
    let keys = [
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
        "\x30\x59\x30\x13\x06\x07",
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        r#"{"keys":[]}"#,
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample",
    ];
    for key in keys {
        for alg in ["HS256", "RS256", "ES256", "EdDSA", "PS256"] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#);
            refused(&site, &Mint::of("tim").header(&header).key(key.as_bytes()).signed());
        }
    }
    // Nor does the right key help under the name of another algorithm.
    for alg in ["RS256", "ES256", "EdDSA", "PS256"] {
        refused_header(&site, &format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
    }
}

#[test]
fn j04_algorithm_swapped_within_the_family() {
    let site = start();
    refused_header(&site, r#"{"alg":"HS384","typ":"JWT"}"#);
    refused_header(&site, r#"{"alg":"HS512","typ":"JWT"}"#);
    refused(&site, &Mint::of("tim").hs384());
    refused(&site, &Mint::of("tim").hs512());
}

#[test]
fn j06_kid_names_a_file() {
    // Every file that the server opens is written down.
    let opened = crate::harness::Scratch::new();
    let list = opened.path().join("opened");
    let strace =
        ["strace", "-D", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", list.to_str().unwrap()];
    let site = crate::harness::Setup::new().demo().under(&strace).start();
    assert_eq!(site.me(&Mint::of("tim").signed()).status, 200);
    let before = std::fs::read_to_string(&list).unwrap();
    assert!(before.contains("sekisho.key"), "nothing was traced");

    for kid in ["../../../../dev/null", "/dev/null", "file:///dev/null", "sekisho.key"] {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{kid}"}}"#);
        refused(&site, &Mint::of("tim").header(&header).key(b"").signed());
    }
    let after = std::fs::read_to_string(&list).unwrap();
    assert!(!after.contains("/dev/null"), "{after}");
    assert_eq!(after.matches("sekisho.key").count(), before.matches("sekisho.key").count());
}

#[test]
fn j07_kid_of_any_shape() {
    let site = start();
    for kid in [r#""' OR 1=1 --""#, r#""a\u0000b""#, "7", "[1]", r#"{"a":1}"#] {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","kid":{kid}}}"#);
        refused(&site, &Mint::of("tim").header(&header).key(b"guess").signed());
    }
    let long = format!(r#"{{"alg":"HS256","typ":"JWT","kid":"{}"}}"#, "k".repeat(1024 * 1024));
    let status = site.raw(
        format!(
            "GET /users/me HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
            site.address(),
            Mint::of("tim").header(&long).signed()
        )
        .as_bytes(),
    );
    assert!(
        status.is_empty() || status.starts_with("HTTP/1.1 431") || status.starts_with("HTTP/1.1 401"),
        "{status}"
    );
    site.alive();
    assert!(!site.log().contains("SQL error"));
}

#[test]
fn j08_keys_from_elsewhere_are_not_fetched() {
    let site = start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/keys", listener.local_addr().unwrap());
    for member in ["jku", "x5u"] {
        let header = format!(r#"{{"alg":"HS256","typ":"JWT","{member}":"{url}"}}"#);
        refused(&site, &Mint::of("tim").header(&header).key(b"the attacker's own").signed());
        refused_header(&site, &header);
    }
    assert!(listener.accept().is_err(), "the server called the address in the token");
}

#[test]
fn j09_a_key_inside_the_token() {
    let site = start();
    let key = b"the attacker's own key, thirty-two bytes";
    let jwk = format!(r#"{{"alg":"HS256","typ":"JWT","jwk":{{"kty":"oct","k":"{}"}}}}"#, base64url(key));
    let x5c = r#"{"alg":"HS256","typ":"JWT","x5c":["MIIB"]}"#;
    for header in [jwk.as_str(), x5c] {
        refused(&site, &Mint::of("tim").header(header).key(key).signed());
        refused_header(&site, header);
    }
}

#[test]
fn j11_unencoded_payload_and_critical_members() {
    let site = start();
    refused_header(&site, r#"{"alg":"HS256","typ":"JWT","b64":false,"crit":["b64"]}"#);
    refused_header(&site, r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#);
    refused_header(&site, r#"{"alg":"HS256","typ":"JWT","crit":[]}"#);
    refused_header(&site, r#"{"alg":"HS256","typ":"JWT","b64":false}"#);
    refused_header(&site, r#"{"alg":"HS256","typ":"JWT","zip":"DEF"}"#);
}

#[test]
fn j12_a_member_twice() {
    let site = start();
    let exp = now() + 600;
    refused_header(&site, r#"{"alg":"HS256","alg":"HS256","typ":"JWT"}"#);
    refused_header(&site, r#"{"alg":"none","alg":"HS256","typ":"JWT"}"#);
    refused_payload(&site, &format!(r#"{{"sub":"ghost","sub":"tim","exp":{exp}}}"#));
    refused_payload(&site, &format!(r#"{{"sub":"tim","sub":"tim","exp":{exp}}}"#));
    refused_payload(&site, &format!(r#"{{"sub":"tim","exp":1,"exp":{exp}}}"#));
    refused_payload(&site, &format!(r#"{{"sub":"tim","\u0073ub":"tim","exp":{exp}}}"#));
    site.wait_for_log("claim_duplicated");
}

#[test]
fn j13_no_end() {
    let site = start();
    refused_payload(&site, r#"{"sub":"tim"}"#);
    refused_payload(&site, &format!(r#"{{"exp":{}}}"#, now() + 600));
    site.wait_for_log("claim_missing");
}

#[test]
fn j14_an_end_of_another_type() {
    let site = start();
    for exp in [r#""9999999999""#, "null", "true", "[1]", "{}", "[9999999999]", "1e400", "-1e400", "9e99"] {
        refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{exp}}}"#));
    }
    for sub in ["5", "null", "true", r#"["tim"]"#, r#"{"a":"tim"}"#, r#""""#] {
        refused_payload(&site, &format!(r#"{{"sub":{sub},"exp":{}}}"#, now() + 600));
    }
    for payload in ["[]", "null", "5", r#""tim""#, "", "{", "nonsense"] {
        refused_payload(&site, payload);
    }
}

#[test]
fn j16_an_end_before_the_beginning() {
    let site = start();
    for exp in ["-1", "0", "1", "-9223372036854775808", "-0.5"] {
        refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{exp}}}"#));
    }
    // Decided: NumericDate may have a fraction (RFC 7519 section 2).
    let fraction = Mint::payload(&format!(r#"{{"sub":"tim","exp":{}.5}}"#, now() + 600)).signed();
    assert_eq!(site.me(&fraction).status, 200);
}

#[test]
fn j17_just_over() {
    let site = start();
    refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{}}}"#, now() - 1));
    site.wait_for_log("token_expired");
    let soon = Mint::claims(&json!({"sub": "tim", "exp": now() + 30})).signed();
    assert_eq!(site.me(&soon).status, 200);
}

#[test]
fn j18_not_yet() {
    let site = start();
    let exp = now() + 3600;
    for nbf in [(now() + 600).to_string(), r#""0""#.into(), "null".into(), "[]".into(), "true".into()] {
        refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{exp},"nbf":{nbf}}}"#));
    }
    let begun = Mint::claims(&json!({"sub": "tim", "exp": exp, "nbf": now() - 5})).signed();
    assert_eq!(site.me(&begun).status, 200);
}

#[test]
fn j19_issued_in_the_future() {
    let site = start();
    let exp = now() + 11 * 365 * 86_400;
    let iat = now() + 10 * 365 * 86_400;
    refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{exp},"iat":{iat}}}"#));
    refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{exp},"iat":"{}"}}"#, now()));
}

#[test]
fn j21_for_somebody_else() {
    let site = start();
    let exp = now() + 600;
    for aud in [r#""other""#, "[]", r#"["sekisho","other"]"#, "5", "null", r#""""#] {
        refused_payload(&site, &format!(r#"{{"sub":"tim","exp":{exp},"aud":{aud}}}"#));
    }
}

#[test]
fn j22_a_token_of_another_kind() {
    let site = start();
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", "id_token+jwt", "JWE", "JOSE"] {
        refused_header(&site, &format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#));
    }
}

#[test]
fn j23_type_absent_or_wrong() {
    let site = start();
    for typ in ["5", "null", r#"["JWT"]"#, r#""""#, r#""JWT ""#] {
        refused_header(&site, &format!(r#"{{"alg":"HS256","typ":{typ}}}"#));
    }
    // The seeds' libraries may leave it out, and RFC 7519 section 5.1 compares media types without case.
    for header in [r#"{"alg":"HS256"}"#, r#"{"alg":"HS256","typ":"jwt"}"#] {
        assert_eq!(site.me(&Mint::of("tim").header(header).signed()).status, 200, "{header}");
    }
}

#[test]
fn j33_a_key_that_was_rolled_over() {
    let old = "the key that was in force before: 32 bytes and more";
    let token = Mint::of("tim").key(old.as_bytes()).signed();
    let seeded = crate::harness::Setup::new().demo().env("SECRET_KEY_VERIFY", old);

    let mut site = seeded.env("SECRET_KEY_VERIFY_UNTIL", "2199-01-01T00:00:00Z").start();
    assert_eq!(site.me(&token).status, 200);
    assert_eq!(site.me(&site.token("tim", "tim1234")).status, 200);

    site.restart(|setup| setup.env("SECRET_KEY_VERIFY_UNTIL", "2020-01-01T00:00:00Z"));
    refused(&site, &token);
    site.wait_for_log("signing_key_retired");
    assert_eq!(site.me(&Mint::of("tim").key(SECRET_KEY.as_bytes()).signed()).status, 200);
}
