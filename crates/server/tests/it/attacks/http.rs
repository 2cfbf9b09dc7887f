//! H: requests that are well-formed and mean harm.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use super::http_bytes::{raw, statuses};
use crate::harness::{Request, Setup, start};

#[test]
fn h11_methods() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for method in ["TRACE", "FOO", "PROPFIND", "get", "OPTIONS"] {
        let response = site.send(&Request::new(method, "/users/me").bearer(&token));
        assert!(matches!(response.status, 405 | 501), "{method}: {}", response.status);
        assert!(!response.text().contains("tim"), "{method}");
    }
    let connect = raw(&site, "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n");
    assert!(matches!(connect[..], [400 | 403 | 404 | 405 | 501]), "{connect:?}");
    // No header makes another method of it.
    for name in ["x-http-method-override", "x-method-override", "x-http-method"] {
        let response = site.send(&Request::post("/users/me").header(name, "GET").bearer(&token));
        assert_eq!(response.status, 405, "{name}");
    }
}

#[test]
fn h18_many_requests_on_one_connection() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let one = format!("GET /users/me HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n");
    let mut stream = TcpStream::connect(site.address()).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let last = one.replace("host:", "connection: close\r\nhost:");
    let text = one.repeat(999) + &last;
    let sender = std::thread::spawn(move || writer.write_all(text.as_bytes()).unwrap());
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    sender.join().unwrap();
    assert_eq!(statuses(&answers), vec![200; 1000]);

    let mut connection = site.connect();
    for _ in 0..10_000 {
        assert_eq!(connection.exchange(&Request::get("/livez")).unwrap().status, 200);
    }
}

#[test]
fn h18_more_connections_than_are_allowed() {
    let site = Setup::new().demo().config("[http]\nmax_connections = 64").start();
    let open = |text: &str| {
        let mut stream = TcpStream::connect(site.address()).unwrap();
        let _ = stream.write_all(text.as_bytes());
        stream
    };
    // Those that wait for nothing make room for whoever has a request.
    let idle: Vec<TcpStream> = (0..300).map(|_| open("")).collect();
    crate::harness::until("a place beside idle connections", || {
        site.try_send(&Request::get("/livez")).is_ok_and(|response| response.status == 200).then_some(())
    });
    drop(idle);

    // Those that are in the middle of one do not.
    let head = "POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\nusername=";
    let busy: Vec<TcpStream> = (0..80).map(|_| open(head)).collect();
    crate::harness::until("a refusal", || {
        let answer = site.connect().exchange(&Request::get("/livez"));
        answer.map_or(true, |response| response.status == 503).then_some(())
    });
    drop(busy);
    crate::harness::until("a free connection", || {
        site.try_send(&Request::get("/livez")).is_ok_and(|response| response.status == 200).then_some(())
    });
}

#[test]
fn h19_cookies() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let many: Vec<String> = (0..200).map(|n| format!("c{n}=1")).collect();
    let response = site.send(&Request::get("/users/me").header("cookie", &many.join("; ")).bearer(&token));
    assert_eq!(response.status, 200);
    assert_eq!(
        site.send(&Request::get("/users/me").header("cookie", &format!("access_token={token}"))).status,
        401
    );
    let huge = Request::get("/users/me").header("cookie", &format!("c={}", "x".repeat(40 * 1024)));
    assert!(
        matches!(site.try_send(&huge), Ok(response) if response.status == 431)
            || site.try_send(&huge).is_err()
    );
}

#[test]
fn h21_errors_reflect_nothing() {
    let site = start();
    let script = "<script>alert(1)</script>";
    let parts = ["<", "alert", "%3C"];
    for request in [
        Request::get("/%3Cscript%3Ealert(1)%3C/script%3E"),
        Request::get("/users/me?x=%3Cscript%3Ealert(1)%3C/script%3E"),
        Request::get("/users/me").bearer(script),
        Request::post("/token").form(&[("username", script), ("password", script)]),
        Request::post("/token").form(&[("username", script), ("password", script), ("grant_type", script)]),
        Request::new("FOO", "/users/me"),
    ] {
        let response = site.send(&request.header("accept", "text/html"));
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
        for part in parts {
            assert!(!response.text().contains(part), "{}", response.text());
        }
    }
}

#[test]
fn h22_json() {
    let site = start();
    let deep = "[".repeat(1_000_000);
    let deep_object = "{\"a\":".repeat(100_000);
    let utf16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let user = r#""user": {"username": "anew", "email": "anew@example.com"}"#;
    let bodies: Vec<(Vec<u8>, &str)> = vec![
        (format!(r#"{{{user}, "password": "secret-123", "password": "secret-124"}}"#).into(), "json_invalid"),
        (format!(r#"{{{user}, {user}, "password": "secret-123"}}"#).into(), "json_invalid"),
        (deep.into(), "json_invalid"),
        (deep_object.into(), "json_invalid"),
        (format!(r#"{{{user}, "password": 1e400}}"#).into(), ""),
        (format!(r#"{{{user}, "password": NaN}}"#).into(), ""),
        (format!(r#"{{{user}, "password": Infinity}}"#).into(), ""),
        (format!("\u{feff}{{{user}, \"password\": \"secret-123\"}}").into(), "json_invalid"),
        (utf16, "json_invalid"),
        (format!(r#"{{{user}, "password": "secret-123"}} x"#).into(), "json_invalid"),
        (format!(r#"{{{user}, "password": "secret-123"}}{{}}"#).into(), "json_invalid"),
        (format!(r#"{{{user}, "password": "secret-123",}}"#).into(), "json_invalid"),
        (format!(r#"{{{user}, "password": 'secret-123'}}"#).into(), "json_invalid"),
        (format!(r#"{{{user}, "password": "secret-123"}} // x"#).into(), "json_invalid"),
        (b"\xff\xfe".to_vec(), "json_invalid"),
        (format!(r#"{{{user}, "password": "{}"}}"#, "x".repeat(1024 * 1024)).into(), "json_invalid"),
    ];
    site.unchanged(|| {
        for (body, kind) in bodies {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            let response = site.send(&Request::post("/users/").body("application/json", body));
            assert_eq!(response.status, 422, "{shown}");
            let found = response.detail()[0]["type"].clone();
            assert!(kind.is_empty() || found == json!(kind), "{shown}: {found}");
        }
        // What is no text at all is no JSON at all: FastAPI's 400.
        let bytes = Request::post("/users/").body("application/json", b"{\"user\": \"\xff\"}".as_slice());
        let response = site.send(&bytes);
        assert_eq!((response.status, response.detail()), (400, json!("There was an error parsing the body")));
    });
    site.alive();
}

#[test]
fn h23_conditions_and_ranges() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for (name, value) in [
        ("range", "bytes=0-1"),
        ("range", "bytes=-1,0-,5-2"),
        ("if-none-match", "*"),
        ("if-match", "\"x\""),
        ("if-modified-since", "Sat, 29 Oct 2094 19:43:31 GMT"),
        ("if-range", "\"x\""),
    ] {
        let response = site.send(&Request::get("/users/me").header(name, value).bearer(&token));
        assert!(matches!(response.status, 200 | 412 | 416), "{name}: {}", response.status);
    }
    for expect in ["100-continue", "200-ok"] {
        let request = Request::post("/token").header("expect", expect);
        let response = site.send(&request.form(&[("username", "tim"), ("password", "tim1234")]));
        assert!(matches!(response.status, 200 | 417), "{expect}: {}", response.status);
    }
    site.alive();
}
