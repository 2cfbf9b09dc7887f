//! J: tokens whose form is not the one canonical form.

use super::jwt::refused;
use crate::harness::{Mint, Request, Site, now, start};

/// The same bits in the last character of a base64url text, and a one in the bits that mean nothing.
fn non_canonical(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = *token.as_bytes().last().unwrap();
    let index = ALPHABET.iter().position(|byte| *byte == last).unwrap();
    format!("{}{}", &token[..token.len() - 1], ALPHABET[index | 1] as char)
}

#[test]
fn j24_a_signature_in_another_encoding() {
    let site = start();
    let token = Mint::of("tim").signed();
    assert_eq!(site.me(&token).status, 200);

    refused(&site, &format!("{token}="));
    refused(&site, &format!("{token}=="));
    refused(&site, &format!("{token}%3D"));
    refused(&site, &non_canonical(&token));
    let (input, signature) = token.rsplit_once('.').unwrap();
    for at in [0, 1, 20, 42] {
        refused(&site, &format!("{input}.{} {}", &signature[..at], &signature[at..]));
        refused(&site, &format!("{input}.{}\t{}", &signature[..at], &signature[at..]));
    }
    // A signature that holds `-` or `_`, written with `+` and `/`.
    let (plain, other) = (0..)
        .map(|n| Mint::payload(&format!(r#"{{"sub":"tim","exp":{}}}"#, now() + 600 + n)).signed())
        .find(|token| token.rsplit('.').next().unwrap().contains(['-', '_']))
        .map(|token| {
            let (input, signature) = token.rsplit_once('.').unwrap();
            (token.clone(), format!("{input}.{}", signature.replace('-', "+").replace('_', "/")))
        })
        .unwrap();
    assert_eq!(site.me(&plain).status, 200);
    refused(&site, &other);
}

#[test]
fn j26_segments() {
    let site = start();
    let token = Mint::of("tim").signed();
    let parts: Vec<&str> = token.split('.').collect();
    for wrong in [
        parts[..2].join("."),
        format!("{token}.{}", parts[2]),
        format!("{token}.a.b"),
        format!(".{token}"),
        format!("{token}."),
        format!("{}..{}", parts[0], parts[2]),
        format!(".{}.{}", parts[1], parts[2]),
        "..".into(),
        ".".into(),
        "...".into(),
        parts[0].into(),
    ] {
        refused(&site, &wrong);
    }
}

#[test]
fn j27_a_very_long_token() {
    let site = start();
    let before = site.resident();
    for size in [16, 64, 1024] {
        let padded = format!(r#"{{"sub":"tim","exp":{},"x":"{}"}}"#, now() + 600, "x".repeat(size * 1024));
        let head = format!(
            "GET /users/me HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nauthorization: Bearer {}\r\n\r\n",
            site.address(),
            Mint::payload(&padded).signed()
        );
        let answer = site.raw(head.as_bytes());
        let refused =
            ["HTTP/1.1 431", "HTTP/1.1 400", "HTTP/1.1 401"].iter().any(|line| answer.starts_with(line));
        // A server that closes while we still write may reset the connection under its own answer.
        assert!(refused || answer.is_empty(), "{size} KiB: {answer}");
    }
    site.alive();
    assert!(site.resident() < before + 64 * 1024 * 1024);
}

#[test]
fn j28_deep_nesting() {
    let site = start();
    for depth in [200, 2_000, 10_000] {
        let nested = format!(r#"{{"sub":"tim","exp":{},"x":{}}}"#, now() + 600, "[".repeat(depth));
        let response = site.try_send(&Request::get("/users/me").bearer(&Mint::payload(&nested).signed()));
        assert!(response.is_ok_and(|response| matches!(response.status, 401 | 431)), "depth {depth}");
        let closed = format!(
            r#"{{"sub":"tim","exp":{},"x":{}{}}}"#,
            now() + 600,
            "[".repeat(depth / 2),
            "]".repeat(depth / 2)
        );
        let response = site.try_send(&Request::get("/users/me").bearer(&Mint::payload(&closed).signed()));
        assert!(response.is_ok_and(|response| matches!(response.status, 401 | 431)), "depth {depth}");
    }
    site.alive();
}

/// Every truncation and every flipped bit of a good token, over one kept connection.
#[test]
fn j34_truncated_or_flipped() {
    let site = start();
    let token = Mint::of("tim").signed();
    let mut connection = site.connect();
    let mut refused = |site: &Site, token: &[u8]| {
        let head = [
            b"GET /users/me HTTP/1.1\r\nhost: ".as_slice(),
            site.address().to_string().as_bytes(),
            b"\r\nauthorization: Bearer ",
            token,
            b"\r\n\r\n",
        ]
        .concat();
        connection.send(&head).expect("a kept connection");
        let status = connection.receive(false).expect("an answer").status;
        if status == 400 {
            connection = site.connect();
        }
        assert!(matches!(status, 401 | 400), "{status} for {}", String::from_utf8_lossy(token));
    };
    for length in 0..token.len() {
        refused(&site, &token.as_bytes()[..length]);
    }
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut flipped = token.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            // A line break ends the header: what follows is another request, and no token.
            if !matches!(flipped[at], b'\r' | b'\n') {
                refused(&site, &flipped);
            }
        }
    }
    assert_eq!(site.me(&token).status, 200);
}
