//! HTTP/2 with prior knowledge, in raw frames (RFC 9113; ATTACKS H09).

use super::*;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A GET of `/` at `localhost` over http, as HPACK has it (RFC 7541, static table and one literal).
fn get_root() -> Vec<u8> {
    let mut block = vec![0x82, 0x84, 0x86, 0x41, 9];
    block.extend(b"localhost");
    block
}

/// A connection whose opening has been sent.
async fn open(server: &Server) -> TcpStream {
    let mut tcp = server.connect().await;
    tcp.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    tcp
}

/// The next frame: kind, flags, stream, payload. `None`: the connection is closed.
async fn next(tcp: &mut TcpStream) -> Option<(u8, u8, u32, Vec<u8>)> {
    let read = async {
        let mut head = [0; 9];
        tcp.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        tcp.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, payload))
    };
    timeout(SOON, read).await.expect("a frame or the end")
}

/// Reads until the connection is closed; whether it said goodbye.
async fn said_goodbye(tcp: &mut TcpStream) -> bool {
    let mut goodbye = false;
    while let Some((kind, ..)) = next(tcp).await {
        goodbye |= kind == GOAWAY;
    }
    goodbye
}

#[tokio::test]
async fn a_request_over_http2_is_answered_and_named() {
    let server = start().await;
    let mut tcp = open(&server).await;
    tcp.write_all(&frame(HEADERS, 0x5, 1, &get_root())).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let (kind, flags, stream, payload) = next(&mut tcp).await.unwrap();
        if stream == 1 {
            seen.push((kind, payload));
            if flags & 1 == 1 {
                break;
            }
        }
    }
    assert_eq!(seen[0].0, HEADERS);
    assert_eq!(seen[0].1[0], 0x88, ":status 200");
    assert_eq!(seen[1], (0, b"hello".to_vec()));
}

#[tokio::test]
async fn h09_rapid_reset() {
    let server = start().await;
    let mut tcp = open(&server).await;
    let (mut reader, mut writer) = tcp.split();
    let flood = async {
        for n in 0..100_000_u32 {
            let stream = 2 * n + 1;
            let both = [
                frame(HEADERS, 0x5, stream, &get_root()),
                frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()),
            ]
            .concat();
            if writer.write_all(&both).await.is_err() {
                return true;
            }
        }
        false
    };
    let drain = async {
        let mut all = Vec::new();
        let _ = reader.read_to_end(&mut all).await;
    };
    let cut = timeout(SOON, async { tokio::join!(flood, drain).0 }).await.expect("closed");
    assert!(cut, "the server ends it before the flood does");
    assert_eq!(status(&server.get("/", "").await), "200");
}

#[tokio::test]
async fn h09_continuation_flood_and_header_bomb() {
    let server = start().await;
    let mut tcp = open(&server).await;
    tcp.write_all(&frame(HEADERS, 0x1, 1, &get_root())).await.unwrap();
    let literal = [&[0x40, 1, b'x', 0x7f, 0x81, 0x1f][..], &[b'y'; 4096]].concat();
    for _ in 0..2_000 {
        if tcp.write_all(&frame(CONTINUATION, 0, 1, &literal)).await.is_err() {
            break;
        }
    }
    said_goodbye(&mut tcp).await;

    // 4 KiB in the dynamic table, then named again and again: a small block that unpacks to 4 MiB.
    let mut tcp = open(&server).await;
    let mut block = get_root();
    block.extend([0x40, 1, b'x', 0x7f, 0xc1, 0x1e]);
    block.extend([b'y'; 4000]);
    block.extend([0xbe; 1000]);
    tcp.write_all(&frame(HEADERS, 0x5, 1, &block)).await.unwrap();
    loop {
        match next(&mut tcp).await {
            None | Some((RST_STREAM | GOAWAY, ..)) => break,
            Some((HEADERS, _, 1, payload)) => {
                assert_ne!(payload[0], 0x88, "not served");
                break;
            }
            Some(_) => {}
        }
    }
    assert_eq!(status(&server.get("/", "").await), "200");
}

#[tokio::test]
async fn h09_pings_alone_do_not_keep_a_connection_open() {
    let server = start_with(|settings| settings.http.idle_timeout = Duration::from_secs(1)).await;
    let mut tcp = open(&server).await;
    let closed = async {
        loop {
            if tcp.write_all(&frame(PING, 0, 0, &[0; 8])).await.is_err() {
                return;
            }
            while let Ok(read) = timeout(Duration::from_millis(50), tcp.read(&mut [0; 1024])).await {
                if !matches!(read, Ok(1..)) {
                    return;
                }
            }
        }
    };
    timeout(SOON, closed).await.expect("closed as idle");
}
