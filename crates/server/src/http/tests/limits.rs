//! Sizes and times (ATTACKS H01, H02, H03, H07, H18, P04).

use super::*;
use sekisho_core::{Door, Refusal};

#[tokio::test]
async fn h01_header_blocks() {
    let server = start().await;
    let filler = |bytes: usize| format!("X-Filler: {}\r\n", "x".repeat(bytes));
    assert_eq!(status(&server.get("/", &filler(8 * 1024)).await), "200");
    let long = filler(64 * 1024);
    assert_eq!(status(&server.get("/", &long).await), "431");
    let many = "X: 1\r\n".repeat(10_000);
    assert_eq!(status(&server.get("/", &many).await), "431");
    assert_eq!(status(&server.get("/", &"X: 1\r\n".repeat(150)).await), "431", "more than a hundred lines");
    assert_eq!(status(&server.get(&format!("/{}", "p".repeat(9_000)), "").await), "414");
    assert_eq!(status(&server.get("/", "").await), "200");
}

#[tokio::test]
async fn h02_p04_a_body_over_the_limit_is_refused_by_its_length_and_by_its_bytes() {
    let server = start_with(|settings| settings.http.body_limit = 1024).await;
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
    let at_once = server.talk(format!("{head}Content-Length: 10485760\r\n\r\n")).await;
    assert_eq!((status(&at_once), header(&at_once, "connection")), ("413", Some("close")));
    assert!(at_once.contains("\"detail\""), "{at_once}");

    // The client that sends all of it first, and only then reads, gets its answer too.
    let body = "x".repeat(10 * 1024 * 1024);
    let sent_whole = server.talk(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).await;
    assert_eq!(status(&sent_whole), "413");

    let chunk = format!("400\r\n{}\r\n", "x".repeat(1024));
    let chunked = server.talk(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}{chunk}")).await;
    assert_eq!(status(&chunked), "413");
    let fits = server.talk(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n")).await;
    assert_eq!(status(&fits), "200");
}

#[tokio::test]
async fn a_client_that_waits_for_100_is_told_to_go_on_only_if_its_body_fits() {
    let server = start_with(|settings| settings.http.body_limit = 1024).await;
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\n";
    let mut tcp = server.connect().await;
    tcp.write_all(format!("{head}Content-Length: 2\r\n\r\n").as_bytes()).await.unwrap();
    read_until(&mut tcp, "HTTP/1.1 100 Continue\r\n\r\n").await;
    tcp.write_all(b"ok").await.unwrap();
    assert!(read_to_end(&mut tcp).await.ends_with("\r\n\r\nok"));
    let refused = server.talk(format!("{head}Content-Length: 2000\r\n\r\n")).await;
    assert_eq!(status(&refused), "413");
    assert!(!refused.contains(" 100 "));
}

#[tokio::test]
async fn h07_encoded_bodies_are_not_taken() {
    let server = start().await;
    for encoding in ["gzip", "deflate", "br", "zstd", "identity, gzip", ""] {
        let answer = server
            .talk(format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: {encoding}\r\nContent-Length: 2\r\n\r\nab"))
            .await;
        assert_eq!(status(&answer), "415", "{encoding:?}");
    }
    let identity = "Content-Encoding: identity\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab";
    assert_eq!(
        status(&server.talk(format!("POST /echo HTTP/1.1\r\nHost: localhost\r\n{identity}")).await),
        "200"
    );
}

/// Sends one byte at a time until the server has had enough; returns what it said.
async fn drip(server: &Server, start: &str, drop: &[u8]) -> String {
    let mut tcp = server.connect().await;
    tcp.write_all(start.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let mut piece = [0; 1024];
        match timeout(Duration::from_millis(100), tcp.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => return String::from_utf8_lossy(&answer).into_owned(),
            Ok(Ok(read)) => answer.extend_from_slice(&piece[..read]),
            Err(_) => {
                let _ = tcp.write_all(drop).await;
            }
        }
    }
}

#[tokio::test]
async fn h03_slow_clients_are_closed() {
    let server = start_with(|settings| {
        settings.http.header_timeout = Duration::from_secs(1);
        settings.http.body_timeout = Duration::from_secs(1);
        settings.http.idle_timeout = Duration::from_secs(2);
    })
    .await;
    let slow_head = drip(&server, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"x");
    let silent = drip(&server, "", b"");
    let slow_second = drip(&server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nG", b"E");
    let slow_body =
        drip(&server, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n", b"x");
    let idle = drip(&server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"");
    let all = async {
        let (slow_head, silent, second, body, idle) =
            tokio::join!(slow_head, silent, slow_second, slow_body, idle);
        assert_eq!((slow_head.as_str(), silent.as_str()), ("", ""));
        assert_eq!(second.matches("HTTP/1.1 200").count(), 1);
        assert_eq!((status(&body), header(&body, "connection")), ("408", Some("close")));
        assert_eq!(idle.matches("HTTP/1.1 200").count(), 1);
    };
    timeout(SOON, all).await.expect("all are closed");
    let closed = server.gate.connections().closed;
    assert_eq!(closed, [("slow_head", 3), ("idle", 1), ("slow_reader", 0), ("displaced", 0)]);
    assert_eq!(status(&server.get("/", "").await), "200", "a fresh client is served");
}

#[tokio::test]
async fn h03_a_client_that_does_not_read_its_answer_is_closed() {
    let server = start_with(|settings| settings.http.write_timeout = Duration::from_secs(1)).await;
    let mut tcp = server.connect().await;
    tcp.write_all(b"GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    tcp.readable().await.unwrap();
    // Nothing is read until the server has stopped: it stops only when the connection has been given up.
    let Server { stop, running, gate, .. } = server;
    stop.send(()).unwrap();
    timeout(Duration::from_secs(8), running).await.expect("given up before the stop's own patience").unwrap();
    let mut answer = Vec::new();
    let _ = tcp.read_to_end(&mut answer).await;
    assert!(answer.len() < 64 * 1024 * 1024, "{}", answer.len());
    assert!(gate.connections().closed.contains(&("slow_reader", 1)));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_503() {
    let server = start_with(|settings| settings.http.request_timeout = Duration::from_millis(50)).await;
    let answer = server.get("/never", "").await;
    assert_eq!((status(&answer), header(&answer, "retry-after")), ("503", Some("1")));
}

#[tokio::test]
async fn h18_when_there_is_no_room_those_who_wait_longest_go() {
    let server = start_with(|settings| settings.http.max_connections = 4).await;
    let mut idle = Vec::new();
    for _ in 0..4 {
        idle.push(server.connect().await);
    }
    // Refused while all four are new; served once one of them has waited for a tick.
    let served = async {
        loop {
            let answer = server.get("/", "").await;
            match status(&answer) {
                "200" => return,
                "503" => assert_eq!(header(&answer, "retry-after"), Some("5")),
                _ => assert_eq!(answer, "", "reset before the refusal was read"),
            }
        }
    };
    timeout(SOON, served).await.expect("a fresh client is served");
}

#[tokio::test]
async fn the_refusal_of_a_connection_has_the_body_of_every_refusal() {
    let server = start_with(|settings| settings.http.max_connections = 1).await;
    let _only = server.connect().await;
    let mut refused = server.connect().await;
    let answer = read_to_end(&mut refused).await;
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    let usual = crate::error::answer(Refusal::TooManyConnections, Door::Other).into_body();
    assert_eq!(body.as_bytes(), axum::body::to_bytes(usual, 1024).await.unwrap());
    assert_eq!(header(&answer, "content-length"), Some(body.len().to_string().as_str()));
}

/// A request whose body never comes.
const WITHOUT_BODY: &[u8] = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n";

/// Asks until a fresh client is served, sooner than any limit of time makes room.
async fn a_fresh_client_is_served(server: &Server) {
    let served = async { while status(&server.get("/", "").await) != "200" {} };
    timeout(Duration::from_secs(8), served).await.expect("a fresh client is served");
}

#[tokio::test]
async fn h18_bodies_that_do_not_come_lock_nobody_out() {
    let server = start_with(|settings| {
        settings.http.max_connections = 4;
        settings.http.body_timeout = Duration::from_secs(60);
    })
    .await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut tcp = server.connect().await;
        tcp.write_all(WITHOUT_BODY).await.unwrap();
        slow.push(tcp);
    }
    a_fresh_client_is_served(&server).await;
}

#[tokio::test]
async fn h18_room_is_made_in_the_address_that_holds_the_most() {
    let server = start_with(|settings| {
        settings.http.max_connections = 4;
        settings.http.body_timeout = Duration::from_secs(60);
    })
    .await;
    // Alone at its address, and the one that has waited longest.
    let elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut quiet = elsewhere.connect(server.address).await.unwrap();
    let hello = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    quiet.write_all(hello).await.unwrap();
    read_until(&mut quiet, "hello").await;
    let mut many = Vec::new();
    for _ in 0..3 {
        let mut tcp = server.connect().await;
        tcp.write_all(WITHOUT_BODY).await.unwrap();
        many.push(tcp);
    }
    for _ in 0..3 {
        a_fresh_client_is_served(&server).await;
        many.push(server.connect().await);
    }
    quiet.write_all(hello).await.unwrap();
    read_until(&mut quiet, "hello").await;
}

#[tokio::test]
async fn h18_ten_thousand_requests_on_one_connection() {
    let server = start().await;
    let mut tcp = server.connect().await;
    let (mut reader, mut writer) = tcp.split();
    let write = async {
        for _ in 0..100 {
            writer
                .write_all("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100).as_bytes())
                .await
                .unwrap();
        }
        writer.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    };
    let mut answers = String::new();
    let (_, read) = tokio::join!(write, timeout(SOON, reader.read_to_string(&mut answers)));
    read.unwrap().unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 10_001);
}
