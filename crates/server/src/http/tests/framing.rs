//! Requests whose bounds are in doubt: 400, close, and nothing behind them is run (ATTACKS H04, H08, H11,
//! H13).

use super::*;

/// One whole request, hidden behind a doubtful one.
const SMUGGLED: &str = "GET /client HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends header lines and a body to `/echo`, a request behind them, and expects one refusal and the end.
async fn refused(server: &Server, lines: &str, body: &str, expected: &str) {
    let request = format!("POST /echo HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n{body}{SMUGGLED}");
    let answer = server.talk(&request).await;
    assert_eq!(status(&answer), expected, "{lines:?}: {answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{lines:?}: {answer}");
}

#[tokio::test]
async fn h04_two_lengths_or_a_strange_one() {
    let server = start().await;
    for lines in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length:",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding:\x0bchunked",
        "Content-Length : 5",
        "X: 1\r\n folded: 2",
        "X: 1\r\n\tfolded: 2",
        " X: 1",
        "X\x00: 1",
        "X: a\x00b",
        "X: a\rb",
        "X Y: 1",
        ": 1",
        "nocolon",
    ] {
        refused(&server, lines, "0\r\n\r\n", "400").await;
    }
}

#[tokio::test]
async fn h04_chunks_that_are_none() {
    let server = start().await;
    for body in [
        "5_\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
    ] {
        refused(&server, "Transfer-Encoding: chunked", body, "400").await;
    }
}

#[tokio::test]
async fn behind_a_chunked_request_the_connection_is_closed() {
    let server = start().await;
    let chunked = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: x\r\n\r\n";
    let answer = server.talk(format!("{chunked}{SMUGGLED}")).await;
    assert_eq!((status(&answer), header(&answer, "connection")), ("200", Some("close")));
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1);
}

#[tokio::test]
async fn h08_chunk_bombs() {
    let server = start_with(|settings| settings.http.body_limit = 64 * 1024).await;
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let ones = format!("{head}{}", "1\r\nx\r\n".repeat(400_000));
    assert_eq!(status(&server.talk(&ones).await), "413");
    let extension = format!("{head}1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(1024 * 1024));
    assert_eq!(status(&server.talk(&extension).await), "400");
}

#[tokio::test]
async fn h13_hosts() {
    let server = start_with(|settings| {
        settings.profile = sekisho_core::settings::Profile::Production;
    })
    .await;
    for (lines, expected) in [
        ("Host: a\r\nHost: a", "400"),
        ("Host: a\r\nX: 1\r\nHost: b", "400"),
        ("X: no host", "400"),
        ("Host: anything.example", "200"),
    ] {
        let answer = server.talk(format!("GET / HTTP/1.1\r\n{lines}\r\nConnection: close\r\n\r\n")).await;
        assert_eq!(status(&answer), expected, "{lines}");
    }
    let absolute = "GET http://other.example/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&server.talk(absolute).await), "200");
    assert!(server.talk("GET / HTTP/1.0\r\n\r\n").await.contains(" 200 "));
}

#[tokio::test]
async fn h11_methods() {
    let server = start().await;
    for request in ["CONNECT localhost:80", "TRACE /", "FOO /", "DELETE /"] {
        let answer = server
            .talk(format!("{request} HTTP/1.1\r\nHost: localhost\r\nX-HTTP-Method-Override: GET\r\nConnection: close\r\n\r\n"))
            .await;
        assert_eq!(status(&answer), "405", "{request}: {answer}");
        assert!(!answer.contains("Override"), "nothing is echoed");
    }
    assert_eq!(
        status(&server.talk("get / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await),
        "405"
    );
    assert_eq!(status(&server.talk("GET / HTTP/9.9\r\nHost: localhost\r\n\r\n").await), "400");
    assert_eq!(status(&server.talk("nonsense\r\n\r\n").await), "400");
}

#[tokio::test]
async fn bare_line_feeds_end_lines_and_pipelined_requests_are_answered_in_order() {
    let server = start().await;
    let answer = server.talk("GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n").await;
    assert_eq!(status(&answer), "200");
    let one = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n";
    let mut requests = String::new();
    for n in 10..99 {
        requests += &format!("{one}{n}");
    }
    let answer = server
        .talk(format!("{requests}GET / HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n"))
        .await;
    let bodies: Vec<_> =
        answer.split("HTTP/1.1 200").skip(1).map(|one| one.split("\r\n\r\n").nth(1).unwrap()).collect();
    assert_eq!(bodies.len(), 90);
    assert!(bodies[..89].iter().zip(10..99).all(|(body, n)| **body == n.to_string()), "{bodies:?}");
}
