//! A database address that is read is shown without its password, and reads the same as it is shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sekisho_core::settings::DatabaseUrl;

fuzz_target!(|data: &str| {
    match DatabaseUrl::parse(data) {
        Ok(DatabaseUrl::Sqlite(path)) => {
            match DatabaseUrl::parse(&DatabaseUrl::Sqlite(path.clone()).redacted()) {
                Ok(DatabaseUrl::Sqlite(again)) => assert_eq!(again, path),
                other => panic!("{data:?}: {other:?}"),
            }
        }
        Ok(url @ DatabaseUrl::Postgres(_)) => {
            assert!(DatabaseUrl::parse(&url.redacted()).is_ok(), "{data:?}")
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // A password of letters that is nowhere else in the address.
    let password: String = data.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    if !password.is_empty() {
        let url = format!("postgresql://app:{password}SENTINEL@host/name?sslpassword={password}SENTINEL");
        let url = DatabaseUrl::parse(&url).expect("well formed");
        assert!(!url.redacted().contains("SENTINEL") && !format!("{url:?}").contains("SENTINEL"));
    }
});
