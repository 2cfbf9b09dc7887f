//! Finds header blocks that tell a body's length twice, before the parser sees them.
//!
//! The parser beneath (hyper) takes `Transfer-Encoding` over `Content-Length` silently. A server in front
//! of this one may decide the other way, and the rest of the body becomes a request that nobody sent
//! (request smuggling, RFC 9112 §6.1 and §11.2). Here the second of two such lines is made unreadable, so
//! that the parser itself answers 400 and closes, whichever comes first.
//!
//! Only line beginnings are looked at. The scan follows bodies of known length; it ends with the first
//! chunked body, behind which the connection is closed (`front`), and with HTTP/2, which frames otherwise.

use super::chunks::Chunks;

const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";
const CONTENT_LENGTH: &[u8] = b"content-length";

/// What HTTP/2 with prior knowledge begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r";

/// Where in the stream of one connection the scan stands.
pub(super) struct Framing {
    at: At,
    first_request: bool,
    transfer_encoding: bool,
    length: Option<u64>,
}

#[derive(Clone, Copy)]
enum At {
    /// The beginning of a request, where empty lines are skipped.
    Request,
    /// In a request line that is the preface as far as it goes.
    Preface { matched: usize },
    /// The beginning of a header line.
    Line,
    /// Behind a carriage return at the beginning of a line.
    LineEnd { request: bool },
    /// In a header's name that is this one as far as it goes.
    Name { name: &'static [u8], matched: usize },
    /// In the value of `Content-Length`.
    Length,
    /// In a line that does not matter.
    Rest,
    /// In a body with so many bytes to come.
    Body { left: u64 },
    /// In a chunked body.
    Chunked(Chunks),
    /// The stream is no longer followed.
    Over { http2: bool },
}

impl Framing {
    /// The beginning of a connection.
    pub(super) fn new() -> Framing {
        Framing { at: At::Request, first_request: true, transfer_encoding: false, length: None }
    }

    /// Whether the connection turned out to speak HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        matches!(self.at, At::Over { http2: true })
    }

    /// Looks at the next bytes of the stream, and spoils the second of two lines that tell a length.
    pub(super) fn scan(&mut self, bytes: &mut [u8]) {
        let mut i = 0;
        while i < bytes.len() {
            match self.at {
                At::Over { .. } => return,
                At::Chunked(ref mut chunks) => return chunks.scan(&mut bytes[i..]),
                At::Body { left } => {
                    let here = (bytes.len() - i) as u64;
                    if here < left {
                        self.at = At::Body { left: left - here };
                        return;
                    }
                    i += left as usize;
                    self.at = At::Request;
                    continue;
                }
                At::Rest => match memchr::memchr(b'\n', &bytes[i..]) {
                    None => return,
                    Some(newline) => {
                        i += newline;
                        self.at = At::Line;
                    }
                },
                _ => self.step(&mut bytes[i]),
            }
            i += 1;
        }
    }

    fn step(&mut self, byte: &mut u8) {
        self.at = match (self.at, *byte) {
            (At::Request, b'\n') => At::Request,
            (At::Request, b'\r') => At::LineEnd { request: true },
            (At::Request, b'P') if self.first_request => At::Preface { matched: 1 },
            (At::Request, _) => At::Rest,
            (At::Preface { matched }, b) if b == PREFACE[matched] => match matched + 1 {
                whole if whole == PREFACE.len() => At::Over { http2: true },
                matched => At::Preface { matched },
            },
            (At::Preface { .. }, b'\n') => At::Line,
            (At::Preface { .. }, _) => At::Rest,
            (At::Line, b'\n') => self.end_of_head(),
            (At::Line, b'\r') => At::LineEnd { request: false },
            (At::Line, b't' | b'T') => At::Name { name: TRANSFER_ENCODING, matched: 1 },
            (At::Line, b'c' | b'C') => At::Name { name: CONTENT_LENGTH, matched: 1 },
            (At::Line, _) => At::Rest,
            (At::LineEnd { request: true }, b'\n') => At::Request,
            (At::LineEnd { request: false }, b'\n') => self.end_of_head(),
            // A carriage return alone: the parser refuses it and closes.
            (At::LineEnd { .. }, _) => At::Over { http2: false },
            (At::Name { name, matched }, b':') if matched == name.len() => self.named(name, byte),
            (At::Name { name, matched }, b) if name.get(matched) == Some(&b.to_ascii_lowercase()) => {
                At::Name { name, matched: matched + 1 }
            }
            (At::Name { .. }, b'\n') => At::Line,
            (At::Name { .. }, _) => At::Rest,
            (At::Length, b'\n') => At::Line,
            (At::Length, digit @ b'0'..=b'9') => {
                let value = self.length.unwrap_or(0);
                self.length = Some(value.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
                At::Length
            }
            // White space around the number; anything else in it the parser refuses.
            (At::Length, _) => At::Length,
            (at @ (At::Rest | At::Body { .. } | At::Chunked(_) | At::Over { .. }), _) => at,
        };
    }

    /// At the colon of one of the two names.
    fn named(&mut self, name: &'static [u8], colon: &mut u8) -> At {
        if self.transfer_encoding || self.length.is_some() {
            *colon = 0;
            return At::Over { http2: false };
        }
        if name == TRANSFER_ENCODING {
            self.transfer_encoding = true;
            At::Rest
        } else {
            self.length = Some(0);
            At::Length
        }
    }

    fn end_of_head(&mut self) -> At {
        self.first_request = false;
        match (self.transfer_encoding, self.length.take()) {
            (true, _) => At::Chunked(Chunks::START),
            (false, Some(left)) if left > 0 => At::Body { left },
            (false, _) => At::Request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a stream in pieces of each size and checks that the outcome is the same; returns it.
    fn scanned(stream: &str) -> Vec<u8> {
        let outcome = |size: usize| {
            let mut framing = Framing::new();
            let mut bytes = stream.as_bytes().to_vec();
            bytes.chunks_mut(size).for_each(|piece| framing.scan(piece));
            bytes
        };
        let whole = outcome(stream.len());
        for size in 1..stream.len() {
            assert_eq!(outcome(size), whole, "in pieces of {size}");
        }
        whole
    }

    fn spoiled(stream: &str) -> bool {
        scanned(stream) != stream.as_bytes()
    }

    #[test]
    fn h04_two_lengths_in_one_head_are_spoiled_in_either_order() {
        for pair in [
            ["Content-Length: 5", "Transfer-Encoding: chunked"],
            ["Content-Length: 5", "content-length: 5"],
            ["transfer-encoding: chunked", "TRANSFER-ENCODING: identity"],
            ["Transfer-Encoding: chunked", "Content-Length: 0"],
        ] {
            for [first, second] in [pair, [pair[1], pair[0]]] {
                assert!(spoiled(&format!("POST / HTTP/1.1\r\n{first}\r\nHost: a\r\n{second}\r\n\r\n")));
                assert!(spoiled(&format!("POST / HTTP/1.1\n{first}\n{second}\n\n")));
                assert!(spoiled(&format!("\r\n\r\nP / HTTP/1.1\r\n{first}\r\n{second}\r\n\r\n")));
            }
        }
    }

    #[test]
    fn the_second_line_becomes_one_that_no_parser_takes() {
        assert_eq!(
            scanned("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length\0 5\r\n\r\n"
        );
    }

    #[test]
    fn bodies_and_requests_behind_them_are_told_apart() {
        let body = "Content-Length: 1\r\nTransfer-Encoding: x\r\n\r\n";
        let post = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert!(!spoiled(&post));
        assert!(!spoiled(&format!("{post}{post}GET / HTTP/1.1\r\n\r\n{post}")));
        assert!(spoiled(&format!(
            "{post}POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"
        )));
        assert!(spoiled(&format!("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n{body}")));
    }

    #[test]
    fn names_that_only_begin_alike_do_not_matter() {
        let line = "Content-Length-Hint: 1\r\nTransfer: 2\r\nContent-Lengt: 3\r\nt\r\nContent-Length : 4\r\n";
        assert!(!spoiled(&format!("GET / HTTP/1.1\r\n{line}Content-Length: 0\r\n\r\n")));
    }

    #[test]
    fn http2_is_left_alone() {
        let mut framing = Framing::new();
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.chunks_mut(3).for_each(|piece| framing.scan(piece));
        assert!(framing.is_http2());
        assert!(!spoiled("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"));
        assert!(spoiled("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"));
    }
}
