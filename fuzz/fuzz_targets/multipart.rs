//! A multipart body that is read is read the same when its texts are written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::wire::{Content, Field, parse_multipart, token_request};

fuzz_target!(|data: &[u8]| {
    let _ = token_request(Some("multipart/form-data; boundary=x"), data);
    let _ = std::str::from_utf8(data).map(|header| token_request(Some(header), b"--x\r\n"));
    if let Ok(fields) = parse_multipart("x", data) {
        assert!(fields.len() <= 1000);
        let texts: Vec<Field> =
            fields.into_iter().filter(|f| matches!(f.content, Content::Text(_))).collect();
        let boundary = boundary_in_none_of(data);
        let mut body = String::new();
        for field in &texts {
            let Content::Text(text) = &field.content else { continue };
            let name = field.name.replace('\\', "\\\\").replace('"', "\\\"");
            body.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
            ));
        }
        body.push_str(&format!("--{boundary}--"));
        if texts.iter().all(|f| f.name.len() < 2000) {
            assert_eq!(parse_multipart(&boundary, body.as_bytes()), Ok(texts));
        }
    }
});

/// A boundary that no content holds.
fn boundary_in_none_of(data: &[u8]) -> String {
    let mut boundary = "b".to_owned();
    while data.windows(boundary.len()).any(|part| part == boundary.as_bytes()) {
        boundary.push(char::from(b'a' + u8::try_from(boundary.len() % 26).unwrap_or_default()));
        assert!(boundary.len() <= 70, "an input is not made to hold all of them");
    }
    boundary
}
