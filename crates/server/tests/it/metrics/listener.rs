//! The listener: where it is, what it answers, how it fails.

use std::net::TcpListener;

use rustix::process::Signal;

use super::{address, ask, page, start, with_figures};
use crate::harness::{Request, Scratch, Setup};

#[test]
fn there_are_none_unless_asked_for() {
    let site = Setup::new().start();
    assert!(!site.log().contains("/metrics"), "{}", site.log());
}

#[test]
fn l08_the_figures_are_on_their_own_listener_and_nothing_else_is() {
    let site = start();
    for path in ["/metrics", "/metrics/", "/metrics?x=1", "/debug"] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
    assert_ne!(address(&site), site.address());
    for path in ["/", "/metrics/", "/livez", "/users/me", "/token", "/docs", "/openapi.json"] {
        let answer = ask(&site, &Request::get(path));
        assert_eq!((answer.status, answer.text().as_str()), (404, r#"{"detail":"Not Found"}"#), "{path}");
    }
    let answer = ask(&site, &Request::post("/metrics"));
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET")));
    let answer = ask(&site, &Request::get("/metrics"));
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let head = ask(&site, &Request::new("HEAD", "/metrics"));
    assert_eq!((head.status, head.body.len()), (200, 0));
    // In development it answers this machine alone, as the server itself does.
    let foreign = Request::get("/metrics").header("host", "figures.example");
    assert_eq!(ask(&site, &foreign).status, 403);
}

#[test]
fn a_look_makes_no_line_in_the_access_log_and_no_request_among_the_requests() {
    let site = with_figures().config("[log]\naccess = true").start();
    page(&site);
    assert!(!page(&site).contains("route=\"/metrics\""));
    site.get("/livez");
    let log = site.settled_log();
    assert!(log.contains("/livez") && !log.contains("path=/metrics"), "{log}");
    assert!(!log.contains("\"path\":\"/metrics\""), "{log}");
}

#[test]
fn a_port_in_use_is_one_line_and_leaves_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = Scratch::new();
    let address = taken.local_addr().unwrap().to_string();
    let ran = Setup::new().env("SEKISHO_METRICS_LISTEN", &address).refused_in(folder.path());
    assert_eq!(ran.code, Some(2));
    let line = format!("sekisho: {address} is in use by another program; choose another in metrics.listen\n");
    assert_eq!(ran.stderr, line);
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_servers_own_address_is_refused() {
    let ran =
        Setup::new().env("SEKISHO_METRICS_LISTEN", "127.0.0.1:8000").arg("--host").arg("127.0.0.1").refused();
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let ran = Setup::new().config("[metrics]\nlisten = \"0.0.0.0:9464\"").refused();
    assert_eq!((ran.code, ran.stderr.lines().count()), (Some(2), 1), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("sekisho.toml:2: metrics.listen must be a loopback address"),
        "{}",
        ran.stderr
    );
}

#[test]
fn another_listener_needs_a_restart() {
    let mut site = Setup::new().config("[metrics]\nlisten = \"127.0.0.1:0\"").start();
    let toml = "[registration]\nmode = \"closed\"\n[metrics]\nlisten = \"127.0.0.1:1\"\n";
    std::fs::write(site.folder().join("sekisho.toml"), toml).unwrap();
    let reloaded = |site: &crate::harness::Site, outcome: &str| {
        super::now(site, &format!("sekisho_config_reloads_total{{outcome=\"{outcome}\"}}"))
    };
    site.process().signal(Signal::HUP);
    crate::harness::until("the reload", || (reloaded(&site, "taken") == 1.0).then_some(()));
    site.wait_for_log("needs a restart: metrics.listen");
    assert_eq!(super::now(&site, "sekisho_config_restart_needed"), 1.0);
    assert_eq!(super::now(&site, "sekisho_config_last_reload_successful"), 1.0);
    std::fs::write(site.folder().join("sekisho.toml"), "[registration]\nmode = \"clsed\"\n").unwrap();
    site.process().signal(Signal::HUP);
    crate::harness::until("the refusal", || (reloaded(&site, "refused") == 1.0).then_some(()));
    assert_eq!(super::now(&site, "sekisho_config_last_reload_successful"), 0.0);
}
