//! What must be true after every test, whatever it tried.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::http::{Response, percent};

/// Words of the inside that no client may read.
const INSIDE: &[&str] = &[
    "sqlite",
    "rusqlite",
    "postgres",
    "sqlstate",
    "relation \"",
    "select ",
    "insert ",
    "sekisho_",
    "panicked",
    "src/",
    ".rs:",
    "/tmp/",
    "tokio",
    "hyper",
];

/// Fails if an error answer is not the documented one, or tells of the inside.
pub(crate) fn check_response(response: &Response) {
    let status = response.status;
    assert!(response.header("set-cookie").is_none(), "a cookie from {status}");
    // What the HTTP parser itself refuses is empty, and the connection closes.
    let bare = matches!(status, 400 | 431 | 505) && response.body.is_empty();
    if bare {
        return;
    }
    assert!(
        response.header("x-request-id").is_some(),
        "no request id beside {status}: {:?}",
        response.headers
    );
    if status < 400 || response.body.is_empty() {
        return;
    }
    assert_eq!(response.header("content-type"), Some("application/json"), "{}", response.text());
    let body = response.json();
    assert!(body["detail"].is_string() || body["detail"].is_array(), "no detail in {body}");
    if status == 422 {
        assert!(body["detail"].is_array(), "{body}");
        return;
    }
    let text = response.text().to_lowercase();
    for word in INSIDE {
        assert!(!text.contains(word), "{word:?} in the answer {text}");
    }
}

/// Fails if one of `secrets` stands in `text`, as it is or encoded.
pub(crate) fn check_no_secret(place: &str, text: &[u8], secrets: &[String]) {
    for secret in secrets {
        for form in forms(secret) {
            let found = text.windows(form.len()).any(|window| window == form.as_bytes());
            assert!(!found, "the secret {secret:?} stands in {place} as {form:?}");
        }
    }
}

/// A secret raw, URL-encoded, in hexadecimal, and as base64 shows it at each of its three alignments.
fn forms(secret: &str) -> Vec<String> {
    let bytes = secret.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![secret.to_owned(), percent(secret), hex.to_uppercase(), hex];
    for shift in 0..3 {
        let padded = [&[0; 2][..shift.min(2)], bytes].concat();
        // The first and last characters mix with the neighbours' bits; what stands between them does not.
        let inner = |text: String| text[if shift == 0 { 0 } else { shift + 1 }..text.len() - 3].to_owned();
        forms.push(inner(STANDARD.encode(&padded)));
        forms.push(inner(URL_SAFE_NO_PAD.encode(&padded)));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, secret: &str) -> bool {
        let secrets = [secret.to_owned()];
        forms(secret).iter().any(|form| text.contains(form.as_str()))
            && std::panic::catch_unwind(|| check_no_secret("a text", text.as_bytes(), &secrets)).is_err()
    }

    /// An oracle that finds nothing would let everything pass.
    #[test]
    fn a_secret_is_found_in_any_dress() {
        let secret = "canary-Zo\u{eb}-7f3a/+=";
        assert!(found(&format!("password={secret}&x=1"), secret));
        assert!(found(&format!("GET /?password={} HTTP/1.1", percent(secret)), secret));
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(found(&hex, secret) && found(&hex.to_uppercase(), secret));
        for before in ["", "a", "ab", "abc", "{\"password\":\""] {
            for after in ["", "x", "xy", "\"}"] {
                let text = format!("{before}{secret}{after}");
                assert!(found(&STANDARD.encode(&text), secret), "{text:?}");
                assert!(found(&URL_SAFE_NO_PAD.encode(&text), secret), "{text:?}");
            }
        }
        assert!(!forms(secret).iter().any(|form| "nothing of the kind".contains(form.as_str())));
    }
}
