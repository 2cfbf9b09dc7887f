//! What every answer carries, who the client is, and whom the development profile turns away.

use sekisho_core::settings::{Cors, Profile};

use super::*;

#[tokio::test]
async fn every_answer_has_a_name_and_the_security_headers() {
    let server = start().await;
    let answer = server.get("/", "").await;
    let lines: Vec<_> =
        answer.split("\r\n\r\n").next().unwrap().lines().filter(|line| !line.starts_with("date")).collect();
    assert_eq!(
        lines,
        [
            "HTTP/1.1 200 OK",
            "content-type: text/plain; charset=utf-8",
            "content-length: 5",
            "x-request-id: 17c2b5db8d5e9cba",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "connection: close",
        ]
    );
    let page = server.get("/page", "").await;
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(header(&page, name), Some(value));
    }
}

#[tokio::test]
async fn a_request_keeps_its_name_if_it_is_well_formed() {
    let server = start().await;
    let answer = server.get("/client", "X-Request-Id: mine-1.2_3\r\n").await;
    assert_eq!(header(&answer, "x-request-id"), Some("mine-1.2_3"));
    assert!(answer.ends_with("[\"mine-1.2_3\",\"127.0.0.1\"]"));
    for bad in ["a b", "<script>", "", &"x".repeat(65)] {
        let answer = server.get("/nowhere", &format!("X-Request-Id: {bad}\r\n")).await;
        let name = header(&answer, "x-request-id").unwrap();
        assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
    let two = "GET /client HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned()
        + "GET /client HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answers = server.talk(two).await;
    let (first, second) = answers.split_at(answers.rfind("HTTP/1.1").unwrap());
    assert_ne!(header(first, "x-request-id"), header(second, "x-request-id"));
}

#[tokio::test]
async fn head_answers_as_get_without_a_body() {
    let server = start().await;
    let answer = server.talk("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    assert_eq!((status(&answer), header(&answer, "content-length")), ("200", Some("5")));
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    let refused = server.talk("HEAD / HTTP/1.1\r\nHost: evil.example\r\n\r\n").await;
    assert_eq!(status(&refused), "403");
    assert!(refused.ends_with("\r\n\r\n"), "{refused}");
}

#[tokio::test]
async fn l06_a_panic_is_a_plain_500_and_others_go_on() {
    let server = start().await;
    let answer = server.get("/panic", "").await;
    assert_eq!(status(&answer), "500");
    assert!(answer.ends_with("{\"detail\":\"Internal Server Error\"}"), "{answer}");
    assert!(header(&answer, "x-request-id").is_some());
    assert_eq!(status(&server.get("/", "").await), "200");
}

#[tokio::test]
async fn development_serves_this_machine_alone() {
    let server = start().await;
    for lines in [
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: auth.example",
        "Forwarded: for=203.0.113.9",
        "X-Real-IP: 203.0.113.9",
        "Via: 1.1 proxy",
    ] {
        let answer = server.get("/", &format!("{lines}\r\n")).await;
        assert_eq!(status(&answer), "403", "{lines}");
        assert!(answer.contains("proxy_in_development") && answer.contains("profile ="), "{answer}");
    }
    for host in ["evil.example", "localhost.evil.example", "10.0.0.1:8000"] {
        let answer = server.talk(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert_eq!(status(&answer), "403", "{host}");
        assert!(answer.contains("host_in_development"));
    }
    let absolute = server.talk("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status(&absolute), "403");
}

#[tokio::test]
async fn h14_only_a_trusted_proxy_tells_the_client() {
    let trusting = start_with(|settings| {
        settings.profile = Profile::Production;
        settings.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let told = trusting.get("/client", "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\n").await;
    assert!(told.ends_with(",\"203.0.113.9\"]"), "{told}");
    let garbage = trusting.get("/client", "X-Forwarded-For: 203.0.113.9, unknown\r\n").await;
    assert!(garbage.ends_with(",\"127.0.0.1\"]"), "{garbage}");
    let alone = start_with(|settings| settings.profile = Profile::Production).await;
    let ignored = alone.get("/client", "X-Forwarded-For: 203.0.113.9\r\n").await;
    assert!(ignored.ends_with(",\"127.0.0.1\"]"), "{ignored}");
}

fn cors(origins: &[&str], allow_credentials: bool) -> Cors {
    Cors {
        allowed_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
        allow_credentials,
        allowed_headers: vec!["authorization".to_owned(), "content-type".to_owned()],
        max_age: Duration::from_secs(600),
    }
}

async fn preflight(server: &Server, origin: &str) -> String {
    server
        .talk(format!(
            "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\
             Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n"
        ))
        .await
}

#[tokio::test]
async fn h12_only_the_origins_configured_may_read() {
    let server = start_with(|settings| settings.http.cors = cors(&["https://good.example"], true)).await;
    for origin in [
        "null",
        "https://good.example.evil",
        "http://good.example",
        "https://good.example:8443",
        "https://GOOD.example",
        "https://evilgood.example",
        "*",
    ] {
        let answer = server.get("/", &format!("Origin: {origin}\r\n")).await;
        assert_eq!(status(&answer), "200");
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{origin}");
        assert_eq!(header(&answer, "vary"), Some("origin"));
        let asked = preflight(&server, origin).await;
        assert_eq!((status(&asked), header(&asked, "access-control-allow-origin")), ("405", None));
    }
    let answer = server.get("/", "Origin: https://good.example\r\n").await;
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("https://good.example"));
    assert_eq!(header(&answer, "access-control-allow-credentials"), Some("true"));
    let asked = preflight(&server, "https://good.example").await;
    assert_eq!(status(&asked), "204");
    assert_eq!(header(&asked, "access-control-allow-headers"), Some("authorization, content-type"));
    assert_eq!(header(&asked, "access-control-max-age"), Some("600"));
    let refused = server
        .talk("POST /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: https://good.example\r\nContent-Length: 999999999\r\n\r\n")
        .await;
    assert_eq!(status(&refused), "413");
    assert_eq!(header(&refused, "access-control-allow-origin"), Some("https://good.example"));
}

#[tokio::test]
async fn h12_any_origin_never_means_credentials_and_cors_is_off_by_default() {
    let any = start_with(|settings| settings.http.cors = cors(&["*"], true)).await;
    let answer = any.get("/", "Origin: https://x.example\r\n").await;
    assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"));
    assert_eq!(header(&answer, "access-control-allow-credentials"), None);
    let off = start().await;
    let answer = off.get("/", "Origin: https://x.example\r\n").await;
    assert_eq!((header(&answer, "access-control-allow-origin"), header(&answer, "vary")), (None, None));
    assert_eq!(status(&preflight(&off, "https://x.example").await), "405");
}

#[tokio::test]
async fn h06_a_path_is_what_was_sent() {
    let server = start().await;
    for path in
        ["/%2e%2e/page", "//page", "/x/..;/page", "/PAGE", "/page.", "/page/", "/page;a=b", "/%70age%00"]
    {
        assert_eq!(status(&server.get(path, "").await), "404", "{path}");
    }
}

#[tokio::test]
async fn rules_change_for_connections_already_open() {
    let server = start().await;
    let mut tcp = server.connect().await;
    let request = b"GET /client HTTP/1.1\r\nHost: auth.example\r\nConnection: keep-alive\r\n\r\n";
    tcp.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut tcp, "hello").await;
    server.gate.apply(&settings(|settings| settings.profile = Profile::Production));
    tcp.write_all(request).await.unwrap();
    assert_eq!(status(&read_until(&mut tcp, "\"]").await), "200");
}
