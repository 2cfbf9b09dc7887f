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
        Ok(DatabaseUrl::Postgres(url)) => match DatabaseUrl::parse(&url.redacted()) {
            Ok(DatabaseUrl::Postgres(again)) => {
                assert_eq!(again.redacted(), url.redacted(), "{data:?}");
                assert_eq!(again.hosts, url.hosts, "{data:?}");
                assert_eq!((&again.user, &again.database), (&url.user, &url.database), "{data:?}");
                assert_eq!(again.ssl.mode, url.ssl.mode, "{data:?}");
            }
            other => panic!("{data:?}: {other:?}"),
        },
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    // A password of letters that is nowhere else in the address.
    let password: String = data.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    if !password.is_empty() {
        let well_formed = [
            format!("postgresql://app:{password}SENTINEL@host/name"),
            format!("postgresql:///name?password={password}SENTINEL&options={password}SENTINEL"),
        ];
        for url in well_formed {
            let url = DatabaseUrl::parse(&url).expect("well formed");
            assert!(!url.redacted().contains("SENTINEL") && !format!("{url:?}").contains("SENTINEL"));
        }
        // A character of the password that was not written as it must be, and what is refused for its value.
        for url in [
            format!("postgresql://app:a/{password}SENTINEL@host/name"),
            format!("postgresql://app:a?{password}SENTINEL@host/name"),
            format!("postgresql://host/name?sslmode={password}SENTINEL"),
            format!("postgresql://host:{password}SENTINEL/name"),
        ] {
            let error = DatabaseUrl::parse(&url).expect_err("malformed");
            assert!(!error.to_string().contains("SENTINEL"), "{error}");
        }
    }
});
