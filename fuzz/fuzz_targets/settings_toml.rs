//! A configuration file of any content gives settings or plain one-line errors.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::SecretBytes;
use sekisho_core::settings::{changes, layer_from_toml, resolve, show};

fuzz_target!(|data: &str| {
    let resolved = layer_from_toml(data, "sekisho.toml").and_then(|layer| {
        let file = SecretBytes::new(b"the content of a secret key file".to_vec());
        resolve(&[layer], Some(file))
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
