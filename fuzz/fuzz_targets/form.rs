//! A form that is read is read the same when it is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::wire::{Content, parse_form, token_request};

fuzz_target!(|data: &[u8]| {
    let _ = token_request(Some("application/x-www-form-urlencoded"), data);
    if let Ok(fields) = parse_form(data) {
        assert!(fields.len() <= 1000);
        let pairs: Vec<String> = fields
            .iter()
            .map(|field| match &field.content {
                Content::Text(text) => format!("{}={}", encode(&field.name), encode(text)),
                Content::File { .. } => unreachable!("a form has no files"),
            })
            .collect();
        assert_eq!(parse_form(pairs.join("&").as_bytes()), Ok(fields));
    }
});

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
