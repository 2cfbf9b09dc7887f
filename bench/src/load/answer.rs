//! Finds the end of an HTTP/1.1 answer with as little work as possible: the generator shares the
//! server's cores.

use memchr::memmem;

/// How far an answer has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More bytes must come.
    Partial,
    /// All of it is there: its status and its length in bytes, head and body.
    Whole { status: u16, length: usize },
    /// Not an answer that this generator reads (it knows `content-length`, no chunks).
    Strange,
}

/// Looks at what has been received of one answer.
pub(crate) fn progress(received: &[u8]) -> Progress {
    let Some(head) = memmem::find(received, b"\r\n\r\n") else { return Progress::Partial };
    let Some(status) = status(received) else { return Progress::Strange };
    let Some(body) = body_length(&received[..head + 2]) else { return Progress::Strange };
    let length = head + 4 + body;
    if received.len() < length { Progress::Partial } else { Progress::Whole { status, length } }
}

fn status(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// hyper and uvicorn send the name in lower case, so that spelling is looked for first.
fn body_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length: ";
    let at = memmem::find(head, NAME)
        .or_else(|| head.windows(NAME.len()).position(|part| part.eq_ignore_ascii_case(NAME)))?;
    let value = &head[at + NAME.len()..];
    let end = value.iter().position(|byte| *byte == b'\r')?;
    std::str::from_utf8(&value[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 5\r\n\r\nhello";
        assert_eq!(progress(answer), Progress::Whole { status: 401, length: answer.len() });
        assert_eq!(progress(&answer[..answer.len() - 1]), Progress::Partial);
        assert_eq!(progress(b"HTTP/1.1 200 OK\r\n"), Progress::Partial);
        assert_eq!(progress(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), Progress::Strange);
        let capital = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(progress(capital), Progress::Whole { status: 204, length: capital.len() });
    }
}
