//! H: HTTP/2 in the clear, honest and not.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use crate::harness::{Http2, Setup, Site, http2::*, start, until};

/// Processor time that the server has used, in clock ticks.
fn ticks(site: &mut Site) -> u64 {
    let pid = site.process().pid();
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Fails unless the server comes to rest within a few seconds and answers.
fn rests(site: &mut Site) {
    until("the processor to come to rest", || {
        let before = ticks(site);
        std::thread::sleep(Duration::from_millis(300));
        (ticks(site) - before <= 6).then_some(())
    });
    site.alive();
}

/// Sends until the server has had enough, or `count` times.
fn flood(http2: &mut Http2, count: usize, mut frames: impl FnMut(usize) -> Vec<u8>) -> bool {
    (0..count).all(|n| http2.send_raw(&frames(n)).is_ok())
}

#[test]
fn http2_with_prior_knowledge() {
    let site = start();
    let token = site.token("tim", "tim1234");
    let mut http2 = Http2::open(site.address()).unwrap();
    let bearer = format!("Bearer {token}");
    let (status, body) = http2.get("/users/me", &[("authorization", &bearer)]).unwrap();
    assert_eq!(status, 200);
    assert!(String::from_utf8(body).unwrap().contains("tim@gmail.com"));
    for _ in 0..100 {
        assert_eq!(http2.get("/livez", &[]).unwrap().0, 200);
    }
    assert_eq!(http2.get("/nowhere", &[]).unwrap().0, 404);
}

#[test]
fn h09_rapid_reset() {
    let mut site = start();
    let before = site.resident();
    let mut http2 = Http2::open(site.address()).unwrap();
    let block = http2.request("GET", "/users/me", &[]);
    let all = flood(&mut http2, 20_000, |n| {
        let id = 2 * n as u32 + 1;
        [frame(HEADERS, END_STREAM | END_HEADERS, id, &block), frame(RST_STREAM, 0, id, &8u32.to_be_bytes())]
            .concat()
    });
    // Told to go away, or cut off.
    let end = std::iter::repeat_with(|| http2.receive()).find(|frame| match frame {
        Ok(frame) => frame.kind == GOAWAY,
        Err(_) => true,
    });
    assert!(end.unwrap().is_ok_and(|frame| frame.kind == GOAWAY) || !all, "20,000 resets were taken");
    rests(&mut site);
    assert!(site.resident() < before + 64 * 1024 * 1024);
}

#[test]
fn h09_continuation_flood() {
    let mut site = start();
    let before = site.resident();
    let mut http2 = Http2::open(site.address()).unwrap();
    let block = http2.request("GET", "/users/me", &[]);
    http2.send(HEADERS, END_STREAM, 1, &block).unwrap();
    let mut field = Vec::new();
    literal(&mut field, "x-flood", &"x".repeat(4000));
    let all = flood(&mut http2, 20_000, |_| frame(CONTINUATION, 0, 1, &field));
    assert!(!all, "80 MB of continuation frames were taken");
    assert!(site.resident() < before + 64 * 1024 * 1024);
    rests(&mut site);
}

#[test]
fn h09_settings_and_ping_flood() {
    let mut site = start();
    let before = site.resident();
    for kind in [SETTINGS, PING] {
        let mut http2 = Http2::open(site.address()).unwrap();
        let payload: &[u8] = if kind == PING { &[0; 8] } else { &[] };
        let many = frame(kind, 0, 0, payload).repeat(1000);
        // The answers are never read.
        let start = Instant::now();
        let _ = flood(&mut http2, 1000, |_| {
            if start.elapsed() < Duration::from_secs(5) { many.clone() } else { vec![] }
        });
    }
    assert!(site.resident() < before + 64 * 1024 * 1024);
    rests(&mut site);
}

#[test]
fn h09_no_window() {
    let mut site = Setup::new().demo().config("[http]\nwrite_timeout_seconds = 1").start();
    let before = site.resident();
    let mut held: Vec<Http2> = (0..50)
        .map(|_| {
            let mut http2 = Http2::open(site.address()).unwrap();
            // SETTINGS_INITIAL_WINDOW_SIZE = 0: nothing may be sent to us.
            http2.send(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]).unwrap();
            for _ in 0..10 {
                let id = http2.stream_id();
                let block = http2.request("GET", "/docs/swagger-ui-bundle.js", &[]);
                http2.send(HEADERS, END_STREAM | END_HEADERS, id, &block).unwrap();
            }
            http2
        })
        .collect();
    site.alive();
    assert!(site.resident() < before + 64 * 1024 * 1024);
    for http2 in held.drain(..10) {
        drop(http2);
    }
    rests(&mut site);
}

#[test]
fn h09_header_bombs() {
    let mut site = start();
    let before = site.resident();
    let mut http2 = Http2::open(site.address()).unwrap();
    // One large field put into the table, then named thousands of times.
    let mut block = http2.request("GET", "/livez", &[]);
    block.push(0x40);
    block.push(6);
    block.extend_from_slice(b"x-bomb");
    block.extend_from_slice(&[127, 0xe1, 0x1e]); // 4,000
    block.extend_from_slice(&[b'x'; 4000]);
    block.extend(std::iter::repeat_n(0xbe, 10_000));
    let id = http2.stream_id();
    let sent = http2.send(HEADERS, END_STREAM | END_HEADERS, id, &block);
    if sent.is_ok() {
        match http2.answer(id) {
            Ok((status, _)) => assert_ne!(status, 200),
            Err(error) => assert_ne!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    assert!(site.resident() < before + 64 * 1024 * 1024);
    rests(&mut site);
}

#[test]
fn h09_nonsense_frames() {
    let mut site = start();
    for bytes in [
        frame(DATA, 0, 1, b"before any headers"),
        frame(HEADERS, END_HEADERS, 2, b"\x82"),
        frame(HEADERS, END_HEADERS, 1, &[0xff; 64]),
        frame(HEADERS, END_HEADERS, 0, b"\x82"),
        frame(SETTINGS, 0, 1, &[]),
        frame(SETTINGS, 0, 0, &[1, 2, 3]),
        frame(SETTINGS, ACK, 0, &[0; 6]),
        frame(PING, 0, 0, &[0; 7]),
        frame(RST_STREAM, 0, 9, &[0; 4]),
        frame(CONTINUATION, END_HEADERS, 1, b"\x82"),
        frame(GOAWAY, 0, 0, &[0; 8]),
        frame(200, 0, 0, b"unknown"),
        vec![0xff; 9],
    ] {
        let mut http2 = Http2::open(site.address()).unwrap();
        let _ = http2.send_raw(&bytes);
        let _ = http2.get("/livez", &[]);
    }
    // The same refusals as over HTTP/1.1: a foreign host in development.
    let mut http2 = Http2::open(site.address()).unwrap();
    let id = http2.stream_id();
    let mut block = Vec::new();
    for (name, value) in
        [(":method", "GET"), (":scheme", "http"), (":authority", "evil.example"), (":path", "/livez")]
    {
        literal(&mut block, name, value);
    }
    http2.send(HEADERS, END_STREAM | END_HEADERS, id, &block).unwrap();
    let (status, body) = http2.answer(id).unwrap();
    assert_ne!(status, 200, "{}", String::from_utf8_lossy(&body));
    rests(&mut site);
}
