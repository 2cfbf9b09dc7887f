//! A configuration file of any content gives settings or plain one-line errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::SecretBytes;
use sekisho_core::settings::{SecretFiles, changes, layer_from_toml, resolve, secret_files, show};

fuzz_target!(|data: &str| {
    let resolved = layer_from_toml(data, "sekisho.toml").and_then(|layer| {
        let layers = [layer];
        let files = secret_files(&layers).into_iter().fold(SecretFiles::default(), |files, file| {
            files.with(file.key, SecretBytes::new(b"the content of a file that holds a secret".to_vec()))
        });
        resolve(&layers, &files)
    });
    match resolved {
        Ok((settings, origins)) => {
            assert!(changes(&settings, &settings).is_empty());
            for shown in show(&settings, &origins) {
                assert!(!shown.value.contains('\n'), "{shown:?}");
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(error.to_string().lines().count() == 1, "{error}");
            }
        }
    }
});
