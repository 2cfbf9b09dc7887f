//! H: who asks, and under which name: origins, hosts and addresses.

use super::http_bytes::raw;
use crate::harness::{Request, Setup, start};

#[test]
fn h12_foreign_pages() {
    let config = "[http]\ncors_allowed_origins = [\"https://good.example\"]";
    let site = Setup::new().demo().config(config).start();
    let token = site.token("tim", "tim1234");
    let from = |origin: &str| site.send(&Request::get("/users/me").bearer(&token).header("origin", origin));
    let good = from("https://good.example");
    assert_eq!(good.header("access-control-allow-origin"), Some("https://good.example"));
    assert!(good.header("vary").unwrap().to_lowercase().contains("origin"));
    for origin in [
        "null",
        "https://good.example.evil",
        "https://evil.good.example",
        "http://good.example",
        "https://good.example:444",
        "https://GOOD.example.",
        "https://good.example@evil",
        "*",
        "",
    ] {
        let response = from(origin);
        assert_eq!(response.status, 200);
        assert_eq!(response.header("access-control-allow-origin"), None, "{origin:?}");
        assert_eq!(response.header("access-control-allow-credentials"), None);
        // Caches must not mix the two.
        assert!(response.header("vary").unwrap().to_lowercase().contains("origin"));
    }
    let preflight = |origin: &str| {
        let ask = Request::new("OPTIONS", "/users/me").header("origin", origin);
        site.send(
            &ask.header("access-control-request-method", "GET")
                .header("access-control-request-headers", "authorization"),
        )
    };
    let allowed = preflight("https://good.example");
    assert!(matches!(allowed.status, 200 | 204));
    assert!(allowed.header("access-control-allow-headers").unwrap().to_lowercase().contains("authorization"));
    assert!(allowed.header("access-control-allow-methods").unwrap().contains("GET"));
    assert_eq!(preflight("https://evil.example").header("access-control-allow-origin"), None);

    // Off unless it is configured.
    let site = start();
    let response = site.send(&Request::get("/livez").header("origin", "https://good.example"));
    assert!(response.headers.iter().all(|(name, _)| !name.starts_with("access-control")));
}

#[test]
fn h13_hosts() {
    let site = Setup::new()
        .production()
        .config("[server]\npublic_url = \"https://login.example.com\"\n[password]\nmin_length = 8")
        .start();
    site.register("anew", "secret-123");
    let log_in = Request::post("/token").form(&[("username", "anew"), ("password", "secret-123")]);
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-forwarded-proto", "http"),
        ("x-original-url", "/users/you"),
        ("x-rewrite-url", "/users/you"),
    ] {
        let response = site.send(&log_in.clone().header(name, value));
        assert_eq!(response.status, 200, "{name}");
        let token = response.json()["access_token"].as_str().unwrap().to_owned();
        let shown = site.cli_with(&["token", "inspect", "--json"], &token).ok().json();
        assert_eq!(shown["payload"]["iss"], "https://login.example.com", "{name}");
    }
    let two = "GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nhost: evil.example\r\n\r\n";
    assert_eq!(raw(&site, two), [400]);
    assert_eq!(raw(&site, "GET /livez HTTP/1.1\r\n\r\n"), [400]);
    let absolute = "GET http://evil.example/livez HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n";
    assert!(matches!(raw(&site, absolute)[..], [200 | 400]));
}

/// Development listens on loopback alone: a foreign host or a forwarding header means a proxy, or DNS rebinding.
#[test]
fn h13_development_is_alone() {
    let site = start();
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "127.0.0.1.evil.example"),
        ("host", "localhost.evil.example:8000"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-host", "login.example.com"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
    ] {
        let response = site.send(&Request::get("/livez").header(name, value));
        assert_eq!(response.status, 403, "{name}: {value}");
        assert!(response.json()["detail"].is_string());
    }
    let port = site.address().port();
    for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            assert_eq!(site.send(&Request::get("/livez").header("host", &host)).status, 200, "{host}");
        }
    }
}

#[test]
fn h14_forged_addresses() {
    let config = "[password]\nmin_length = 8\n[throttle]\nper_account_and_address_burst = 3\n\
                  per_account_and_address_refill_seconds = 3600";
    let site = Setup::new().production().config(config).start();
    site.register("anew", "secret-123");
    let attempt = |name: &str, value: &str| {
        let form = Request::post("/token").form(&[("username", "anew"), ("password", "wrong-password")]);
        site.send(&form.header(name, value)).status
    };
    // An untrusted peer's headers say nothing: the fourth failure is one too many.
    let statuses: Vec<u16> = (0..8).map(|n| attempt("x-forwarded-for", &format!("203.0.113.{n}"))).collect();
    assert_eq!(statuses, [401, 401, 401, 429, 429, 429, 429, 429]);
    let long = "198.51.100.1, ".repeat(600);
    for value in [
        "a",
        "::gg",
        "127.0.0.1",
        long.trim_end_matches(", "),
        "unknown",
        "203.0.113.5:99",
        "::ffff:203.0.113.6",
        "",
    ] {
        assert_eq!(attempt("x-forwarded-for", value), 429, "{value:.30}");
        assert_eq!(attempt("forwarded", &format!("for={value}")), 429, "{value:.30}");
    }
    assert_eq!(attempt("forwarded", "for=\"[2001:db8::1]:8000\";proto=https"), 429);
}

/// From a trusted proxy the last address that is not a proxy's counts; what is no address counts as the proxy's.
#[test]
fn h14_a_trusted_proxy() {
    let config = "[password]\nmin_length = 8\n[http]\ntrusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n\
                  [throttle]\nper_account_and_address_burst = 2\nper_account_and_address_refill_seconds = 3600";
    let site = Setup::new().production().config(config).start();
    site.register("anew", "secret-123");
    let attempt = |value: &str| {
        let form = Request::post("/token").form(&[("username", "anew"), ("password", "wrong-password")]);
        site.send(&form.header("x-forwarded-for", value)).status
    };
    assert_eq!(attempt("203.0.113.1"), 401);
    assert_eq!(attempt("9.9.9.9, 203.0.113.1"), 401, "what the client itself claims is no part of it");
    assert_eq!(attempt("8.8.8.8, 203.0.113.1, 10.1.2.3"), 429);
    assert_eq!(attempt("203.0.113.2"), 401);
    for garbage in ["a", "::gg", "unknown", "203.0.113.3, nonsense"] {
        let status = attempt(garbage);
        assert!(matches!(status, 401 | 429), "{garbage}");
    }
    assert_eq!(attempt("zzz"), 429, "garbage counts for the proxy itself");
}
