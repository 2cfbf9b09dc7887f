//! HTTP/2 in the clear, frame by frame: enough to speak it properly and to misuse it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const ACK: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// One frame (RFC 9113 section 4.1).
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// A connection with prior knowledge.
pub(crate) struct Http2 {
    stream: TcpStream,
    authority: String,
    next: u32,
}

impl Http2 {
    /// Connects and sends preface and settings.
    pub(crate) fn open(address: SocketAddr) -> io::Result<Http2> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_write_timeout(Some(Duration::from_secs(60)))?;
        let mut http2 = Http2 { stream, authority: address.to_string(), next: 1 };
        http2.stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")?;
        http2.send(SETTINGS, 0, 0, &[])?;
        Ok(http2)
    }

    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        self.stream.write_all(&frame(kind, flags, stream, payload))
    }

    pub(crate) fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub(crate) fn receive(&mut self) -> io::Result<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
        Ok(Frame { kind: head[3], flags: head[4], stream, payload })
    }

    /// The next stream of ours.
    pub(crate) fn stream_id(&mut self) -> u32 {
        let id = self.next;
        self.next += 2;
        id
    }

    /// A header block for a request without a body, every field a literal.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
        let mut block = Vec::new();
        for (name, value) in
            [(":method", method), (":scheme", "http"), (":authority", &self.authority), (":path", path)]
                .iter()
                .chain(headers)
        {
            literal(&mut block, name, value);
        }
        block
    }

    /// `GET path`; the first byte of the answer's header block tells the status where it is one of the table's.
    pub(crate) fn get(&mut self, path: &str, headers: &[(&str, &str)]) -> io::Result<(u16, Vec<u8>)> {
        let id = self.stream_id();
        let block = self.request("GET", path, headers);
        self.send(HEADERS, END_STREAM | END_HEADERS, id, &block)?;
        self.answer(id)
    }

    /// Waits for the answer on a stream, confirming settings and pings meanwhile.
    pub(crate) fn answer(&mut self, id: u32) -> io::Result<(u16, Vec<u8>)> {
        let mut status = 0;
        let mut body = Vec::new();
        loop {
            let frame = self.receive()?;
            match frame.kind {
                SETTINGS if frame.flags & ACK == 0 => self.send(SETTINGS, ACK, 0, &[])?,
                PING if frame.flags & ACK == 0 => self.send(PING, ACK, 0, &frame.payload)?,
                GOAWAY => return Err(io::Error::other("GOAWAY")),
                RST_STREAM if frame.stream == id => return Err(io::Error::other("RST_STREAM")),
                HEADERS if frame.stream == id => status = status_of(&frame.payload),
                DATA if frame.stream == id => body.extend_from_slice(&frame.payload),
                _ => {}
            }
            if frame.stream == id && matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0 {
                return Ok((status, body));
            }
        }
    }
}

/// The bytes of one frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// A literal header field without indexing (RFC 7541 section 6.2.2).
pub(crate) fn literal(block: &mut Vec<u8>, name: &str, value: &str) {
    block.push(0);
    for text in [name, value] {
        length(block, text.len());
        block.extend_from_slice(text.as_bytes());
    }
}

/// An integer with a seven-bit prefix (RFC 7541 section 5.1).
fn length(block: &mut Vec<u8>, mut n: usize) {
    if n < 127 {
        block.push(n as u8);
        return;
    }
    block.push(127);
    n -= 127;
    while n >= 128 {
        block.push((n % 128 + 128) as u8);
        n /= 128;
    }
    block.push(n as u8);
}

/// The status in the first field of a header block (RFC 7541 appendix A); 0 where it is none of the table's.
fn status_of(block: &[u8]) -> u16 {
    // A table size update may come first.
    let block = if block.first().is_some_and(|byte| byte & 0xe0 == 0x20) { &block[1..] } else { block };
    match block.first() {
        Some(0x88) => 200,
        Some(0x89) => 204,
        Some(0x8a) => 206,
        Some(0x8b) => 304,
        Some(0x8c) => 400,
        Some(0x8d) => 404,
        Some(0x8e) => 500,
        // A literal with the indexed name `:status` and three digits, Huffman-coded: two bytes of them.
        Some(0x48 | 0x08) => 1,
        _ => 0,
    }
}
