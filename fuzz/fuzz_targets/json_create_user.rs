//! What is read as JSON is JSON and the same to serde_json; a registration that is read has the texts that were sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::wire::{BodyError, create_user, parse_json};
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    if let Ok(ours) = parse_json(data) {
        let theirs: Value = serde_json::from_slice(data).expect("stricter than serde_json");
        assert!(same(&ours.into(), &theirs));
    }
    match create_user(Some("application/json"), data) {
        Ok(sent) => {
            let body = json!({
                "user": { "email": sent.email, "username": sent.username, "full_name": sent.full_name },
                "password": sent.password.expose(),
            });
            let again = create_user(Some("application/json"), body.to_string().as_bytes())
                .expect("read once already");
            assert!(again.email == sent.email && again.username == sent.username);
            assert!(again.full_name == sent.full_name && again.password == sent.password);
        }
        Err(BodyError::Invalid(list)) => {
            assert!(!list.is_empty());
            serde_json::to_string(&list).expect("plain data");
        }
        Err(BodyError::Refused(_)) => {}
    }
});

/// The same but for numbers: serde_json rounds a float's last digit otherwise, and has `-0` as a float.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            (a - b).abs() <= f64::EPSILON * 8.0 * a.abs().max(b.abs()).max(f64::MIN_POSITIVE)
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        (a, b) => a == b,
    }
}
