//! A username's key is its own key, and no username is an address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::LoginName;
use sekisho_core::accounts::{Email, Username, username_key};

fuzz_target!(|data: &str| {
    let key = username_key(data);
    assert_eq!(username_key(&key), key, "the key of {data:?} is its own key");
    let _ = LoginName::of(data);
    if let Ok(username) = Username::parse(data) {
        assert_eq!(username.key(), key);
        assert_eq!(username_key(username.as_str()), key);
        assert!(Email::parse(data).is_err(), "{data:?} is both");
        assert!(!username.as_str().contains('\0'));
    }
});
