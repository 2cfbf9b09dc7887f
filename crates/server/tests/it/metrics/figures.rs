//! What is counted, and who is not named.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::json;

use super::{address, now, page, samples, start, with_figures};
use crate::harness::{Connection, Db, Request, Site};

fn requests(site: &Site, route: &str, method: &str, status: u16) -> f64 {
    let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
    now(site, &format!("sekisho_http_requests_total{{{labels}}}"))
}

fn refused(site: &Site, reason: &str) -> f64 {
    now(site, &format!("sekisho_refusals_total{{reason=\"{reason}\"}}"))
}

#[test]
fn requests_by_route_method_and_status() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for _ in 0..3 {
        site.me(&token);
    }
    site.get_as(&token, "/users/me/");
    site.send(&Request::new("HEAD", "/users/me").bearer(&token));
    site.get("/users/me");
    site.get("/nowhere");
    site.get("/docs/swagger-ui.css");
    site.send(&Request::new("DELETE", "/users/me"));
    site.send(&Request::new("BREW", "/users/me"));
    assert_eq!(requests(&site, "/users/me", "GET", 200), 4.0);
    assert_eq!(requests(&site, "/users/me", "HEAD", 200), 1.0);
    assert_eq!(requests(&site, "/users/me", "GET", 401), 1.0);
    assert_eq!(requests(&site, "/users/me", "DELETE", 405), 1.0);
    assert_eq!(requests(&site, "/users/me", "other", 405), 1.0);
    assert_eq!(requests(&site, "/token", "POST", 200), 1.0);
    assert_eq!(requests(&site, "unmatched", "GET", 404), 1.0);
    let all = samples(&page(&site));
    let duration = |part: &str| all[&format!("sekisho_http_request_duration_seconds_{part}")];
    assert_eq!(duration("count{route=\"/users/me\"}"), 8.0);
    assert_eq!(duration("bucket{route=\"/users/me\",le=\"+Inf\"}"), 8.0);
    // A password is hashed in it.
    assert!(duration("sum{route=\"/token\"}") > 0.001);
    assert_eq!(duration("bucket{route=\"/token\",le=\"0.001\"}"), 0.0);
}

#[test]
fn refusals_by_reason_and_every_reason_from_the_start() {
    let site = start();
    let all = samples(&page(&site));
    let codes: BTreeSet<String> = site
        .cli(&["explain"])
        .ok()
        .stdout
        .lines()
        .map(|line| line.split(' ').next().unwrap().into())
        .collect();
    let counted = |name: &String| {
        Some(name.strip_prefix("sekisho_refusals_total{reason=\"")?.strip_suffix("\"}")?.to_owned())
    };
    assert_eq!(all.keys().filter_map(counted).collect::<BTreeSet<_>>(), codes);

    site.login("tim", "wrong-password");
    site.login("nobody", "wrong-password");
    site.get("/users/me");
    site.me("not-a-token");
    site.get("/nowhere");
    site.send(&Request::new("PUT", "/token"));
    site.register("tim", "another-password");
    site.send(&Request::post("/users/").json(&json!({})));
    site.send(&Request::get("/livez").header("content-encoding", "gzip"));
    for reason in [
        "password_wrong",
        "user_unknown",
        "token_missing",
        "token_malformed",
        "not_found",
        "method_not_allowed",
        "username_taken",
        "fields_invalid",
        "content_encoding_unsupported",
    ] {
        assert_eq!(refused(&site, reason), 1.0, "{reason}");
    }
    assert_eq!(refused(&site, "token_expired"), 0.0);
}

#[test]
fn the_hashing_lane_and_the_database() {
    let site = start();
    // The seeds' hash is replaced at his first log-in.
    assert_eq!(now(&site, "sekisho_stored_hashes{scheme=\"bcrypt\"}"), 1.0);
    site.token("tim", "tim1234");
    let before = samples(&page(&site));
    site.token("tim", "tim1234");
    site.register("anew", "seven grey herons");
    let after = samples(&page(&site));
    let grew = |name: &str| after[name] - before[name];
    assert_eq!(grew("sekisho_hashing_hashes_total"), 2.0);
    assert_eq!(grew("sekisho_hashing_duration_seconds_count"), 2.0);
    assert_eq!(grew("sekisho_hashing_wait_seconds_count"), 2.0);
    assert_eq!((after["sekisho_hashing_running"], after["sekisho_hashing_queue_length"]), (0.0, 0.0));
    assert_eq!(after["sekisho_hashing_queue_limit"], 512.0);
    assert!(after["sekisho_hashing_memory_bytes"] >= 19_456.0 * 1024.0);
    assert_eq!(after["sekisho_stored_hashes{scheme=\"argon2id\"}"], 2.0);

    assert_eq!(grew("sekisho_database_commit_seconds_count"), 1.0);
    assert_eq!(grew("sekisho_database_transaction_seconds_count"), 1.0);
    assert!(grew("sekisho_database_statement_seconds_count{kind=\"read\"}") >= 2.0);
    assert!(grew("sekisho_database_statement_seconds_count{kind=\"write\"}") >= 2.0);
    assert_eq!((after["sekisho_database_up"], after["sekisho_database_writes_stopped"]), (1.0, 0.0));
    match Db::tested() {
        Db::Sqlite => {
            assert_eq!(grew("sekisho_database_commit_group_size_sum"), 1.0);
            assert!(after["sekisho_database_file_bytes{file=\"database\"}"] > 0.0);
            assert!(after["sekisho_database_free_bytes"] > 0.0);
        }
        Db::Postgres => assert!(after["sekisho_database_pool_limit"] > 0.0),
    }
    assert_eq!(after["sekisho_log_lines_dropped_total"], 0.0);
    assert!(after["process_resident_memory_bytes"] > 1e6 && after["process_open_fds"] > 5.0);
    let started = after["process_start_time_seconds"];
    assert!((started - crate::harness::now() as f64).abs() < 600.0, "{started}");
    assert_eq!(after[&format!("sekisho_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))], 1.0);
}

#[test]
fn another_process_that_holds_the_lock_is_seen() {
    let site = start();
    let other = site.database().lock();
    assert_eq!(site.register("anew", "seven grey herons").status, 503);
    drop(other);
    let all = samples(&page(&site));
    assert_eq!(all["sekisho_database_lock_wait_seconds_count"], 1.0);
    assert!(all["sekisho_database_lock_wait_seconds_sum"] >= 5.0);
    assert_eq!(all["sekisho_database_errors_total{kind=\"busy\"}"], 1.0);
    assert_eq!(refused(&site, "storage_unavailable"), 1.0);
}

#[test]
fn throttled_log_ins_by_the_counter_that_was_full() {
    let site = with_figures()
        .config(
            "[throttle]\nper_account_and_address_burst = 2\nper_account_and_address_refill_seconds = 3600\n\
             per_address_burst = 3\nper_address_refill_seconds = 3600",
        )
        .start();
    for _ in 0..3 {
        site.login("tim", "wrong-password");
    }
    for name in ["ann", "bea", "cid"] {
        site.login(name, "wrong-password");
    }
    let throttled =
        |counter: &str| now(&site, &format!("sekisho_log_ins_throttled_total{{counter=\"{counter}\"}}"));
    assert_eq!(
        (throttled("account_and_address"), throttled("address"), throttled("account")),
        (1.0, 2.0, 0.0)
    );
    assert_eq!(refused(&site, "log_ins_throttled"), 3.0);
    assert_eq!(requests(&site, "/token", "POST", 429), 3.0);
}

#[test]
fn connections_are_counted_and_those_without_room_too() {
    // The listener for figures has as many, and each look at them takes one that may not have been given back yet.
    let site = with_figures().config("[http]\nmax_connections = 8").start();
    let mut held: Vec<Connection> = (0..8).map(|_| site.connect()).collect();
    for connection in &mut held {
        assert_eq!(connection.exchange(&Request::get("/livez")).unwrap().status, 200);
    }
    assert_eq!(
        (now(&site, "sekisho_http_connections"), now(&site, "sekisho_http_connections_limit")),
        (8.0, 8.0)
    );
    let another = site.connect().exchange(&Request::get("/livez"));
    let all = samples(&page(&site));
    let refused = all["sekisho_http_connections_refused_total"];
    let displaced = all["sekisho_http_connections_closed_total{reason=\"displaced\"}"];
    // One of those that are idle may have to make room, as soon as they are no longer new; the newcomer waits for it a moment.
    assert!(refused + displaced >= 1.0 && refused <= 1.0, "{refused} {displaced} {another:?}");
    assert_eq!(all["sekisho_refusals_total{reason=\"too_many_connections\"}"], refused);
    drop(held);
    crate::harness::until("the end of all", || (now(&site, "sekisho_http_connections") == 0.0).then_some(()));
}

#[test]
fn a_client_that_leaves_is_counted_as_such() {
    let site = start();
    let other = site.database().lock();
    let body =
        json!({"user": {"username": "anew", "email": "anew@example.com"}, "password": "seven grey herons"});
    let request = Request::post("/users/").json(&body);
    let mut connection = site.connect();
    connection.send(&request.bytes(site.address())).unwrap();
    crate::harness::until("its hash", || (now(&site, "sekisho_hashing_hashes_total") == 1.0).then_some(()));
    drop(connection);
    crate::harness::until("the count", || {
        (now(&site, "sekisho_http_requests_abandoned_total") == 1.0).then_some(())
    });
    drop(other);
}

#[test]
fn l08_nobody_is_named_and_the_page_does_not_grow_with_who_asks() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let ask = |round: usize| {
        for n in 0..40 {
            let name = format!("canary{round}x{n}");
            site.get(&format!("/{name}"));
            site.get(&format!("/users/{name}?{name}={token}"));
            site.get(&format!("/docs/{name}"));
            site.send(&Request::new(&format!("CANARY{n}"), "/token"));
            site.send(&Request::get("/livez").header("user-agent", &name).header("x-request-id", &name));
        }
        site.login(&format!("canary{round}"), "canary-password");
        site.register(&format!("canary{round}"), "canary-password-7f3a");
        site.token(&format!("canary{round}@example.com"), "canary-password-7f3a");
        site.me(&token);
    };
    ask(1);
    let first = page(&site);
    ask(2);
    let second = page(&site);
    assert_eq!(samples(&first).len(), samples(&second).len());
    let id = site.cli(&["user", "show", "tim", "--json"]).ok().json()["id"].as_str().unwrap().to_owned();
    for text in
        ["canary", "CANARY", "tim", "example.com", "127.0.0.1", &id, token.rsplit('.').next().unwrap()]
    {
        let line = second.lines().find(|line| line.replace("time", "").contains(text));
        assert_eq!(line, None, "{text}");
    }
    // Every label and each of its values is a word of the program.
    for name in samples(&second).keys() {
        let Some((_, labels)) = name.split_once('{') else { continue };
        for label in labels.trim_end_matches('}').split(',').filter(|label| label.contains('=')) {
            let (label, value) = label.split_once('=').unwrap();
            let known = [
                "route", "method", "status", "reason", "counter", "kind", "file", "outcome", "scheme",
                "state", "job", "version", "le",
            ];
            assert!(known.contains(&label), "{name}");
            assert!(value.len() < 40, "{name}");
        }
    }
}

#[test]
fn an_applications_own_routes_are_counted_by_their_templates() {
    let orders = Path::new(env!("CARGO_BIN_EXE_sekisho")).with_file_name("examples").join("orders");
    let instead = format!("exec '{}' \"$@\"", orders.display());
    let site = with_figures().under(&["sh", "-c", &instead]).start();
    let token = site.token("tim", "tim1234");
    site.get_as(&token, "/orders");
    site.get("/orders");
    site.get("/orders/nowhere");
    assert_eq!(requests(&site, "/orders", "GET", 200), 1.0);
    assert_eq!(requests(&site, "/orders", "GET", 401), 1.0);
    assert_eq!(requests(&site, "unmatched", "GET", 404), 1.0);
    assert_eq!(now(&site, "sekisho_http_request_duration_seconds_count{route=\"/orders\"}"), 2.0);
    assert!(address(&site) != site.address());
}
