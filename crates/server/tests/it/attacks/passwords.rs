//! P: passwords as they are sent.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Request, Setup, Site, start};

fn accepted(site: &Site, name: &str, password: &str) {
    let response = site.register(name, password);
    assert_eq!(response.status, 200, "{password:?}: {}", response.text());
    assert_eq!(site.login(name, password).status, 200, "{password:?}");
}

#[test]
fn p01_the_whole_password_counts() {
    let site = start();
    let long = "0123456789".repeat(8);
    accepted(&site, "anew", &long);
    for other in [&long[..72], &long[..79], &format!("{}xxxxxxxx", &long[..72]), &format!("{long}x")] {
        assert_eq!(site.login("anew", other).status, 401, "{other}");
    }
}

/// bcrypt sees 72 bytes: the first log-in is taken as the old software took it, and binds what was sent.
#[test]
fn p01_an_imported_hash_is_bound_by_the_first_log_in() {
    let site = start();
    let long = "0123456789".repeat(8);
    accepted(&site, "anew", &long);
    // bcrypt of the first 72 bytes, made by another implementation.
    let hash = "$2b$05$abcdefghijklmnopqrstuuLkMZtUsVwf9Ptg/wgiNv8ZhtnAHnix.";
    site.database().plant_hash("anew", "bcrypt", "5", hash);

    assert_eq!(site.login("anew", &long[..71]).status, 401);
    assert_eq!(site.login("anew", &format!("{}tail", &long[..72])).status, 200);
    assert_eq!(site.login("anew", &long).status, 401);
    assert_eq!(site.login("anew", &format!("{}tail", &long[..72])).status, 200);
}

#[test]
fn p02_a_nul_is_a_character() {
    let site = start();
    accepted(&site, "anew", "before-the\u{0}-and-after");
    assert_eq!(site.login("anew", "before-the").status, 401);
    assert_eq!(site.login("anew", "before-the\u{0}").status, 401);
    assert_eq!(site.login("anew", "before-the\u{0}-and-afters").status, 401);
}

#[test]
fn p03_length() {
    let site = start();
    // Characters of four bytes: the limit counts code points.
    for (name, length) in [("anew", 64), ("bnew", 128), ("cnew", 1024)] {
        accepted(&site, name, &"\u{1F511}".repeat(length));
    }
    let too_long = site.register("dnew", &"\u{1F511}".repeat(1025));
    assert_eq!(too_long.status, 422);
    assert_eq!(too_long.detail()[0]["type"], "string_too_long");
    assert_eq!(too_long.detail()[0]["loc"], json!(["body", "password"]));
    assert_eq!(too_long.detail()[0]["ctx"], json!({"max_length": 1024}));

    for length in [1, 1025, 20_000] {
        assert_eq!(site.login("tim", &"x".repeat(length)).status, 401, "{length}");
    }
}

#[test]
fn p04_ten_mebibytes_start_no_hash() {
    let site = start();
    let body = format!("username=tim&password={}", "x".repeat(10 * 1024 * 1024));
    let request = Request::post("/token").body("application/x-www-form-urlencoded", body);
    let quickest = (0..5)
        .map(|_| {
            let start = Instant::now();
            // The server may close while we still write; that is a refusal too.
            if let Ok(response) = site.try_send(&request) {
                assert_eq!(response.status, 413);
            }
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
    site.alive();
}

/// The same status, body and headers; what differs by nature is left out.
fn shown(response: &crate::harness::Response) -> (u16, Vec<(String, String)>, String) {
    let headers = response
        .headers
        .iter()
        .filter(|(name, _)| name != "x-request-id" && name != "date")
        .cloned()
        .collect();
    (response.status, headers, response.text())
}

/// The least work that a refused log-in takes: noise only ever adds.
fn least_work(site: &Site, name: &str, password: &str, tries: usize) -> Duration {
    (0..tries).map(|_| site.work(|| assert_eq!(site.login(name, password).status, 401))).min().unwrap()
}

#[test]
fn p06_nobody_and_somebody_look_alike() {
    let site = Setup::new().config("[throttle]\nenabled = false").start();
    accepted(&site, "anew", "secret-123");
    accepted(&site, "dora", "secret-123");
    site.cli(&["user", "disable", "dora"]).ok();

    let wrong = site.login("anew", "wrong-password");
    for name in ["nobody", "nobody@example.com", "dora"] {
        assert_eq!(shown(&site.login(name, "wrong-password")), shown(&wrong), "{name}");
    }
    assert_eq!(shown(&site.login("dora", "secret-123")), shown(&wrong));

    let known = least_work(&site, "anew", "wrong-password", 6);
    for (name, password) in [("nobody", "wrong-password"), ("dora", "wrong-password"), ("dora", "secret-123")]
    {
        let other = least_work(&site, name, password, 6);
        let ratio = other.as_secs_f64() / known.as_secs_f64();
        assert!((0.6..1.67).contains(&ratio), "{name}: {other:?} against {known:?}");
    }
}

/// Half of the store is old and dear, half is new: an unknown name is as dear as one of them, and always the same.
#[test]
fn p06_unknown_names_in_a_mixed_store() {
    let config = "[throttle]\nenabled = false\n[password]\nrehash = false";
    let site = Setup::new().config(config).start();
    let cheap = ["anew", "bnew", "cnew", "dnew"];
    for name in cheap {
        assert_eq!(site.register(name, "secret-123").status, 200);
    }
    let dear = ["enew", "fnew", "gnew", "hnew"];
    for name in dear {
        assert_eq!(site.register(name, "secret-123").status, 200);
        let hash = "$2b$10$abcdefghijklmnopqrstuulRTuVrJTMmocMygWJ2Bik8jUflIVAhu";
        site.database().plant_hash(name, "bcrypt", "10", hash);
        site.database().execute("update sekisho_hash_schemes set n = 4");
        assert_eq!(site.login(name, "secret-123").status, 200);
    }
    let argon2 = least_work(&site, "anew", "wrong-password", 6);
    let bcrypt = least_work(&site, "enew", "wrong-password", 6);
    assert!(bcrypt > argon2.mul_f64(1.5), "the two must differ for this test to mean something");
    let between = (argon2 + bcrypt) / 2;

    let times: Vec<Duration> =
        (0..16).map(|n| least_work(&site, &format!("nobody{n}"), "wrong-password", 3)).collect();
    let slow = times.iter().filter(|time| **time > between).count();
    assert!((2..=14).contains(&slow), "{slow} of 16 unknown names are dear: {times:?}");
    for (n, time) in times.iter().enumerate() {
        let again = least_work(&site, &format!("nobody{n}"), "wrong-password", 3);
        assert_eq!(*time > between, again > between, "nobody{n}: {time:?}, then {again:?}");
    }
}

#[test]
fn p07_no_password_is_a_wrong_password() {
    let site = start();
    accepted(&site, "anew", "secret-123");
    site.database().execute(
        "delete from sekisho_credentials where user_id = (select id from sekisho_users where username = 'anew')",
    );
    let wrong = site.login("tim", "wrong-password");
    for password in ["secret-123", "", "wrong-password"] {
        let response =
            site.send(&Request::post("/token").form(&[("username", "anew"), ("password", password)]));
        if password.is_empty() {
            continue;
        }
        assert_eq!(shown(&response), shown(&wrong), "{password:?}");
    }
    site.wait_for_log("password_absent");
}

#[test]
fn p08_spellings_of_one_password() {
    let site = start();
    // As sent, then in NFC: the composed and the decomposed spelling are one password.
    accepted(&site, "anew", "Zo\u{eb}'s secret");
    assert_eq!(site.login("anew", "Zoe\u{308}'s secret").status, 200);
    accepted(&site, "bnew", "Zoe\u{308}'s secret");
    assert_eq!(site.login("bnew", "Zo\u{eb}'s secret").status, 200);
    // Not NFKC, no case folding, no trimming.
    accepted(&site, "cnew", "ﬁne secret Ⅷ");
    assert_eq!(site.login("cnew", "fine secret VIII").status, 401);
    assert_eq!(site.login("anew", "zo\u{eb}'s secret").status, 401);
    assert_eq!(site.login("anew", " Zo\u{eb}'s secret").status, 401);
    assert_eq!(site.login("anew", "Zo\u{eb}'s secret ").status, 401);
    accepted(&site, "dnew", "  in between  ");
    assert_eq!(site.login("dnew", "in between").status, 401);
}

#[test]
fn p09_any_script() {
    let site = start();
    for (name, password) in [
        ("anew", "🔑🚪🏯🗻🎌🎏"),
        ("bnew", "كلمة السر هنا"),
        ("cnew", "合言葉は山と川です"),
        ("dnew", "\u{10FFFD}\u{E000}\u{378}\u{379}-un"),
        ("enew", "a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}"),
    ] {
        accepted(&site, name, password);
    }
    for escape in [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"x\ud800x"] {
        let body = format!(
            r#"{{"user": {{"username": "fnew", "email": "fnew@example.com"}}, "password": "secret-{escape}"}}"#
        );
        let response = site.send(&Request::post("/users/").body("application/json", body));
        assert!(matches!(response.status, 400 | 422), "{escape}: {}", response.text());
    }
    // Bytes that are no UTF-8.
    for bytes in ["%ff%fe", "%c0%80", "%ed%a0%80", "%f8%88%80%80%80"] {
        let body = format!("username=tim&password=secret{bytes}");
        let response = site.send(&Request::post("/token").body("application/x-www-form-urlencoded", body));
        assert_eq!(response.status, 400, "{bytes}");
        assert_eq!(response.json()["error"], "invalid_request");
    }
}

#[test]
fn p16_one_address_and_many_accounts() {
    let config = "[throttle]\nper_address_burst = 5\nper_address_refill_seconds = 10";
    let site = Setup::new().demo().config(config).start();
    let refused =
        (0..12).filter(|n| site.login(&format!("nobody{n}"), "wrong-password").status == 429).count();
    assert!((1..=7).contains(&refused), "{refused}");
    // The right password is taken as soon as there is room again.
    crate::harness::until("a log-in", || (site.login("tim", "tim1234").status == 200).then_some(()));
}

#[test]
fn p16_many_addresses_and_one_account() {
    let config = "[http]\ntrusted_proxies = [\"127.0.0.1\"]\n[password]\nmin_length = 8\n\
                  [throttle]\nper_account_burst = 5\nper_account_refill_seconds = 3600";
    let site = Setup::new().production().config(config).start();
    site.register("anew", "secret-123");
    let from = |address: &str, password: &str| {
        let form = Request::post("/token").form(&[("username", "anew"), ("password", password)]);
        site.send(&form.header("x-forwarded-for", address)).status
    };
    // The owner has been here before.
    assert_eq!(from("198.51.100.7", "secret-123"), 200);

    let statuses: Vec<u16> = (0..12).map(|n| from(&format!("203.0.113.{n}"), "wrong-password")).collect();
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses[11], 429, "{statuses:?}");
    // A stranger's storm does not lock out the owner.
    assert_eq!(from("198.51.100.7", "secret-123"), 200);
}

#[test]
fn p19_line_breaks_and_spaces() {
    let site = start();
    accepted(&site, "anew", "line one\r\nline two");
    accepted(&site, "bnew", "plus + and space");
    let form = |body: &str| {
        site.send(&Request::post("/token").body("application/x-www-form-urlencoded", body)).status
    };
    assert_eq!(form("username=anew&password=line+one%0d%0aline+two"), 200);
    assert_eq!(form("username=anew&password=line%20one%0D%0Aline%20two"), 200);
    assert_eq!(form("username=anew&password=line+one%0aline+two"), 401);
    assert_eq!(form("username=bnew&password=plus+%2B+and+space"), 200);
    assert_eq!(form("username=bnew&password=plus%20%2b%20and%20space"), 200);
    assert_eq!(form("username=bnew&password=plus+++and+space"), 401);
}
