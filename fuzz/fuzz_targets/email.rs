//! An address is kept as typed; its key is an address with the same key.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::accounts::{Email, email_key};

fuzz_target!(|data: &str| {
    let key = email_key(data);
    if let Ok(email) = Email::parse(data) {
        assert_eq!(email.as_str(), data);
        assert_eq!(key.as_deref(), Some(email.key()));
        assert!(!data.contains(['\r', '\n', '\0', ',', ';']));
    }
    if let Some(key) = key {
        assert_eq!(email_key(&key).as_deref(), Some(key.as_str()), "the key of {data:?} is its own key");
    }
});
