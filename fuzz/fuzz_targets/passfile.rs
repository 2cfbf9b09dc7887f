//! A file of passwords of any content is read without a panic, and gives no password to an address that it does not fit.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::settings::{DatabaseUrl, password_in};

fuzz_target!(|data: &str| {
    let url = |text: &str| match DatabaseUrl::parse(text) {
        Ok(DatabaseUrl::Postgres(url)) => url,
        other => panic!("{text}: {other:?}"),
    };
    let fits = url("postgresql://app@db:5432/name");
    if let Some(password) = password_in(data, &fits) {
        assert!(!password.expose().is_empty());
    }
    // A line for this address alone, in front of whatever the file holds.
    let first = format!("db:5432:name:app:first\n{data}");
    assert_eq!(
        password_in(&first, &fits).map(|password| password.expose().clone()).as_deref(),
        Some("first")
    );
    let other = url("postgresql://app@elsewhere:5433/other");
    assert_eq!(password_in(&first, &other), password_in(data, &other));
});
