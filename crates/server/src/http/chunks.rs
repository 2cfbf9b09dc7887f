//! Follows the chunks of one body, for their sizes' sake.

/// No length of a body needs more digits. The parser beneath takes more of them while the first are zeros;
/// another parser may count them.
const DIGITS: u8 = 16;

/// Where in a chunked body (RFC 9112 §7.1) the scan stands.
#[derive(Clone, Copy)]
pub(super) enum Chunks {
    /// In the digits of a size.
    Size { digits: u8, size: u64 },
    /// Behind them, up to the end of the line.
    Line { size: u64 },
    /// In the data and the line end behind it.
    Data { left: u64 },
    /// Behind the last chunk; trailers and what follows do not matter.
    Over,
}

impl Chunks {
    /// The beginning of a body.
    pub(super) const START: Chunks = Chunks::Size { digits: 0, size: 0 };

    /// Looks at the next bytes of the body, and spoils a size that is too long.
    pub(super) fn scan(&mut self, bytes: &mut [u8]) {
        let mut i = 0;
        while i < bytes.len() {
            match *self {
                Chunks::Over => return,
                Chunks::Data { left } => {
                    let here = (bytes.len() - i) as u64;
                    if here < left {
                        *self = Chunks::Data { left: left - here };
                        return;
                    }
                    i += left as usize;
                    *self = Chunks::START;
                    continue;
                }
                Chunks::Size { digits, size } => *self = after_digit(digits, size, &mut bytes[i]),
                Chunks::Line { size: 0 } if bytes[i] == b'\n' => *self = Chunks::Over,
                Chunks::Line { size } if bytes[i] == b'\n' => {
                    *self = Chunks::Data { left: size.saturating_add(2) };
                }
                Chunks::Line { .. } => {}
            }
            i += 1;
        }
    }
}

fn after_digit(digits: u8, size: u64, byte: &mut u8) -> Chunks {
    match (*byte as char).to_digit(16) {
        Some(_) if digits == DIGITS => {
            *byte = 0;
            Chunks::Over
        }
        Some(digit) => Chunks::Size { digits: digits + 1, size: size << 4 | u64::from(digit) },
        // A line end here lacks its carriage return: the parser refuses it.
        None if *byte == b'\n' => Chunks::Over,
        None => Chunks::Line { size },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoiled(body: &str) -> bool {
        let outcome = |piece: usize| {
            let mut chunks = Chunks::START;
            let mut bytes = body.as_bytes().to_vec();
            bytes.chunks_mut(piece).for_each(|piece| chunks.scan(piece));
            bytes != body.as_bytes()
        };
        let whole = outcome(body.len());
        assert!((1..body.len()).all(|piece| outcome(piece) == whole));
        whole
    }

    #[test]
    fn h04_a_size_of_seventeen_digits_is_spoiled_in_whichever_chunk() {
        assert!(spoiled("00000000000000005\r\nhello\r\n0\r\n\r\n"));
        assert!(spoiled("5\r\nhello\r\n00000000000000005;x=y\r\nhello\r\n0\r\n\r\n"));
        assert!(!spoiled(
            "0000000000000005\r\nhello\r\nA ;x\r\n0123456789\r\n0\r\n\r\n00000000000000005\r\n"
        ));
        assert!(!spoiled("13\r\n00000000000000005\r\n\r\n0\r\n\r\n"));
    }
}
