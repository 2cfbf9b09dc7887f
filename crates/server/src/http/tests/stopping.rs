//! What a stop answers, and what it does not wait for.

use super::*;

#[tokio::test]
async fn s13_what_is_in_flight_is_answered_and_what_is_idle_is_closed() {
    let server = start().await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    read_until(&mut idle, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut body = server.connect().await;
    let head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    body.write_all(head.as_bytes()).await.unwrap();
    read_until(&mut body, "\r\n\r\n").await;

    let Server { address, stop, running, .. } = server;
    stop.send(()).unwrap();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert!(TcpStream::connect(address).await.is_err(), "nobody new is accepted");
    let answer = read_to_end(&mut busy).await;
    assert!(answer.ends_with("late"), "{answer}");
    body.write_all(b"body").await.unwrap();
    assert!(read_to_end(&mut body).await.ends_with("\r\n\r\nbody"));
    timeout(SOON, running).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn s13_a_stop_does_not_wait_for_ever() {
    let server = start_with(|settings| settings.server.shutdown = Duration::from_millis(300)).await;
    let mut tcp = server.connect().await;
    tcp.write_all(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // Answered on another connection: the first request has been read by then, or never will be.
    assert_eq!(status(&server.get("/late", "").await), "200");
    server.stop.send(()).unwrap();
    timeout(SOON, server.running).await.expect("it stops").unwrap();
    assert_eq!(read_to_end(&mut tcp).await, "");
}
