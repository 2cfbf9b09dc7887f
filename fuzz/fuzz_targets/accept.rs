//! `Accept` headers: no panic, a weight is at most one, and what names no type outweighs nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::wire::quality;

fuzz_target!(|data: &[u8]| {
    let Ok(accept) = std::str::from_utf8(data) else { return };
    for media_type in ["application/openmetrics-text", "text/plain", "text", "", "*/*"] {
        assert!(quality(accept, media_type) <= 1000);
    }
    let text = quality(accept, "text/plain");
    if !accept.contains(['*', 't', 'T']) {
        assert_eq!(text, 0);
    }
    // A range that is more specific decides alone.
    assert_eq!(quality(&format!("text/plain;q=0.5,{}", accept.replace(['t', 'T'], "x")), "text/plain"), 500);
});
