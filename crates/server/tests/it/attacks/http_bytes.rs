//! H: bytes that are no honest request, or more of them than anybody needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::{Request, Setup, Site, start};

/// The status codes of all answers in what came back.
pub(super) fn statuses(answer: &str) -> Vec<u16> {
    answer
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|rest| rest.split(' ').next().unwrap().parse().expect("a status"))
        .collect()
}

pub(super) fn raw(site: &Site, text: &str) -> Vec<u16> {
    statuses(&site.raw(text.as_bytes()))
}

#[test]
fn h01_header_block() {
    let site = start();
    let with = |headers: &str| {
        format!("GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n{headers}\r\n")
    };
    let eight = format!("x-long: {}\r\n", "x".repeat(8 * 1024));
    assert_eq!(raw(&site, &with(&eight)), [200]);

    let big = format!("x-long: {}\r\n", "x".repeat(64 * 1024));
    let many: String = (0..10_000).map(|n| format!("x-{n}: 1\r\n")).collect();
    for headers in [big, many] {
        let answer = raw(&site, &with(&headers));
        // Closed while we still wrote: the answer may have been lost with the connection.
        assert!(answer == [431] || answer.is_empty(), "{answer:?}");
    }
    let long =
        format!("GET /{} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n", "x".repeat(20 * 1024));
    assert!(matches!(raw(&site, &long)[..], [414 | 431]), "{:?}", raw(&site, &long));
    site.alive();
}

#[test]
fn h02_body_over_the_limit() {
    let site = Setup::new().demo().config("[http]\nbody_limit_bytes = 65536").start();
    let before = site.resident();
    let declared = "POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                    content-length: 100000000\r\n\r\nusername=tim";
    assert_eq!(raw(&site, declared), [413]);

    let mut stream = TcpStream::connect(site.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = "POST /users/ HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    // What comes after the refusal is read and dropped for a while, so that the client reads the refusal.
    let _ = (0..2000).try_for_each(|_| stream.write_all(chunk.as_bytes()));
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.starts_with("HTTP/1.1 413") || answer.is_empty(), "{answer}");
    assert!(site.resident() < before + 16 * 1024 * 1024);

    // Just below the limit a body is read.
    let padding = "x".repeat(65_536 - 64);
    let response = site.send(&Request::post("/token").form(&[("username", "tim"), ("password", &padding)]));
    assert_eq!(response.status, 401);
    site.alive();
}

#[test]
fn h03_slow_clients() {
    let config = "[http]\nheader_timeout_seconds = 1\nbody_timeout_seconds = 1\nwrite_timeout_seconds = 1\n\
                  idle_timeout_seconds = 2";
    let site = Setup::new().demo().config(config).start();
    let starts = [
        // Half a request line, half a header block, half a body, nothing at all.
        "GET /liv",
        "GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow:",
        "POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\nusername",
        "",
    ];
    let mut slow: Vec<TcpStream> = starts
        .iter()
        .cycle()
        .take(400)
        .map(|text| {
            let mut stream = TcpStream::connect(site.address()).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream
        })
        .collect();
    // A fresh client is answered meanwhile.
    site.alive();
    let start = Instant::now();
    for stream in &mut slow {
        let mut rest = Vec::new();
        let closed = stream.read_to_end(&mut rest);
        assert!(
            closed.is_ok() || closed.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset,
            "left open"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    site.alive();
}

/// A client that asks and asks and never reads.
#[test]
fn h03_slow_readers() {
    let site = Setup::new().demo().config("[http]\nwrite_timeout_seconds = 1").start();
    let before = site.resident();
    let asks = "GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: 127.0.0.1\r\naccept-encoding: gzip\r\n\r\n"
        .repeat(50);
    let readers: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(site.address()).unwrap();
            stream.write_all(asks.as_bytes()).unwrap();
            stream
        })
        .collect();
    crate::harness::until("the unread connections to be closed", || {
        let gone = readers.iter().all(|stream| {
            stream.set_nonblocking(true).unwrap();
            // A reset shows as an error on the socket, without reading what is buffered.
            stream.take_error().unwrap().is_some() || (&*stream).write(b"x").is_err()
        });
        gone.then_some(())
    });
    assert!(site.resident() < before + 64 * 1024 * 1024);
    site.alive();
}

#[test]
fn h04_one_request_or_two() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let smuggled =
        format!("GET /users/me HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\r\n");
    let head =
        "POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    for headers in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
        "content-length: 5\r\ncontent-length: 6",
        "content-length: 5\r\ncontent-length: 5",
        "content-length: 5, 6",
        "content-length: 5, 5",
        "content-length: +5",
        "content-length: 0x5",
        "content-length: -1",
        "content-length: 5 5",
        "content-length: 99999999999999999999999",
        "content-length:",
        "transfer-encoding: chunked, identity",
        "transfer-encoding: identity",
        "transfer-encoding: xchunked",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity",
        "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked, chunked",
        "transfer-encoding: \"chunked\"",
        "transfer-encoding : chunked",
        "content-length : 5",
        "x: 1\r\n content-length: 5",
        "x: 1\r\n\tfolded",
        "content-length: 5\r\n transfer-encoding: chunked",
        "x\0y: 1",
        "x: a\0b",
        "no-colon-here",
        ": no name",
        "bad name: 1",
    ] {
        let text = format!("{head}{headers}\r\n\r\n0\r\n\r\n{smuggled}");
        let answers = raw(&site, &text);
        assert_eq!(answers, [400], "{headers:?}");
    }
    for body in [
        "1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\nhello\n0\n\n",
        "\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
    ] {
        let text = format!("{head}transfer-encoding: chunked\r\n\r\n{body}{smuggled}");
        let answers = raw(&site, &text);
        assert!(matches!(answers[..], [400] | []), "{body:?}: {answers:?}");
    }
    // Honest chunks are read. Nothing is served after them on the same connection: their end is where parsers differ.
    let honest = format!("{head}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n{smuggled}");
    assert_eq!(raw(&site, &honest), [422]);
    for line in [
        "GET /livez HTTP/1.1 \r\n",
        "GET  /livez HTTP/1.1\r\n",
        "GET /liv ez HTTP/1.1\r\n",
        "GET /livez HTTP/1.2\r\n",
        "GET /livez\r\n",
        "GET /livez HTTP/3.0\r\n",
        "\0GET /livez HTTP/1.1\r\n",
    ] {
        let answers = site.raw(format!("{line}host: 127.0.0.1\r\n\r\n{smuggled}").as_bytes());
        assert!(!answers.contains("tim@gmail.com"), "{line:?}: {answers}");
    }
}

#[test]
fn h06_other_spellings_of_a_path() {
    let site = start();
    let token = site.token("tim", "tim1234");
    for path in [
        "/%2e%2e/users/me",
        "//users/me",
        "/users//me",
        "/users/..;/users/me",
        "/USERS/ME",
        "/users/me;jsessionid=1",
        "/users/me.",
        "/users/me%00",
        "/users/me%2f",
        "/users%2fme",
        "/users/me//",
        "/users/./me",
        "/users/x/../me",
        "/%75sers/me",
        "/users/me%20",
        "\\users\\me",
    ] {
        let request = Request::get(path);
        let with = site.try_send(&request.clone().bearer(&token));
        let without = site.try_send(&request);
        for response in [with, without].into_iter().flatten() {
            assert!(matches!(response.status, 400 | 401 | 404), "{path}: {}", response.status);
        }
    }
}

#[test]
fn h07_packed_bodies() {
    let site = start();
    for coding in ["gzip", "deflate", "br", "zstd", "identity, gzip", "GZIP", "x"] {
        for path in ["/token", "/users/"] {
            let request = Request::post(path)
                .header("content-encoding", coding)
                .body("application/json", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
            assert_eq!(site.send(&request).status, 415, "{coding} {path}");
        }
    }
    let plain = Request::post("/token")
        .header("content-encoding", "identity")
        .form(&[("username", "tim"), ("password", "tim1234")]);
    assert!(matches!(site.send(&plain).status, 200 | 415));
}

#[test]
fn h08_chunks() {
    let site = Setup::new().demo().config("[http]\nbody_limit_bytes = 65536").start();
    let before = site.resident();
    let head = "POST /token HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                transfer-encoding: chunked\r\n\r\n";
    for part in ["1\r\nx\r\n".to_owned(), format!("1;{}\r\nx\r\n", "e".repeat(1024 * 1024))] {
        let mut stream = TcpStream::connect(site.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        let block = part.repeat((65_536 / part.len()).max(1));
        let _ = (0..200).try_for_each(|_| stream.write_all(block.as_bytes()));
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let refused = answer.starts_with("HTTP/1.1 413") || answer.starts_with("HTTP/1.1 400");
        assert!(refused || answer.is_empty(), "{answer}");
    }
    assert!(site.resident() < before + 32 * 1024 * 1024);
    site.alive();
}
