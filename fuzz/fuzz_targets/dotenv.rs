//! A `.env` of any content is read without a panic; what it sets, quoted, reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::settings::{SecretFiles, layer_from_dotenv, resolve, show};

fuzz_target!(|data: &str| {
    let env = |name: &str| (name == "HOME").then(|| "/home".to_owned());
    match layer_from_dotenv(data, ".env", &env) {
        Ok(layer) => {
            if let Ok((settings, origins)) = resolve(&[layer], &SecretFiles::default()) {
                assert!(!show(&settings, &origins).is_empty());
            }
        }
        Err(errors) => {
            for error in errors {
                assert!(error.to_string().lines().count() == 1, "{error}");
            }
        }
    }
    quoted(data);
});

/// Any text in single quotes is that text, if its `$` are left out.
fn quoted(data: &str) {
    let text: String = data.chars().filter(|c| *c != '$' && *c != '\r' && *c != '\0').collect();
    if text.is_empty() {
        return;
    }
    let line = format!("SEKISHO_DATA='{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let layer = layer_from_dotenv(&line, ".env", &|_| None).expect("a text is a data directory");
    let (settings, _) = resolve(&[layer], &SecretFiles::default()).expect("a text is a data directory");
    assert_eq!(settings.storage.data_dir.to_str(), Some(text.as_str()));
}
