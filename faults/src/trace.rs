//! What `strace -f -y -xx` wrote, as the few events that the order of sync and answer is read from.

use std::collections::HashMap;

/// A call, with the lines of the trace at which it began and ended.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// What the descriptor is: a path, or `socket:[…]`.
    pub(crate) target: String,
    /// The bytes written, all pieces joined.
    pub(crate) data: Vec<u8>,
    /// Whether the kernel really carried it out, with success.
    pub(crate) real: bool,
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

/// The calls of a trace in the order in which they began. A call that never ended is left out.
pub(crate) fn calls(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, (String, usize)> = HashMap::new();
    let mut calls = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix("<... ") {
            let tail = rest.split_once("resumed>").map_or("", |(_, tail)| tail);
            if let Some((head, begin)) = open.remove(thread) {
                calls.extend(call(&(head + tail), begin, at));
            }
        } else if let Some(head) = rest.strip_suffix("<unfinished ...>") {
            open.insert(thread, (head.to_owned(), at));
        } else {
            calls.extend(call(rest, at, at));
        }
    }
    calls.sort_by_key(|call| call.begin);
    calls
}

fn call(text: &str, begin: usize, end: usize) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let target =
        arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(target, _)| target);
    let data = arguments.split('"').skip(1).step_by(2).flat_map(bytes).collect();
    let success = !result.trim_start().starts_with('-');
    Some(Call {
        name: name.to_owned(),
        target: String::from_utf8_lossy(&bytes(target.unwrap_or_default())).into_owned(),
        data,
        real: success && !result.contains("INJECTED"),
        begin,
        end,
    })
}

/// `\x2f\x74…` as bytes; a text without escapes as it is.
fn bytes(text: &str) -> Vec<u8> {
    if !text.starts_with("\\x") {
        return text.as_bytes().to_vec();
    }
    text.split("\\x").skip(1).filter_map(|pair| u8::from_str_radix(pair.get(..2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::calls;

    #[test]
    fn reads_whole_and_interrupted_lines() {
        let trace = r#"11 pwrite64(4<\x2f\x61\x2d\x77\x61\x6c>, "\x00\x01", 2, 32) = 2
12 fdatasync(4<\x2f\x61\x2d\x77\x61\x6c> <unfinished ...>
11 writev(9<socket:[77]>, [{iov_base="\x48\x54", iov_len=2}, {iov_base="\x54", iov_len=1}], 2) = 3
12 <... fdatasync resumed>)            = 0 (INJECTED)
11 fsync(5<\x2f\x62>) = -1 EIO (Input/output error)
12 +++ exited with 0 +++"#;
        let calls = calls(trace);
        let seen: Vec<_> = calls
            .iter()
            .map(|c| (c.name.as_str(), c.target.as_str(), c.data.len(), c.real, c.begin, c.end))
            .collect();
        assert_eq!(
            seen,
            [
                ("pwrite64", "/a-wal", 2, true, 0, 0),
                ("fdatasync", "/a-wal", 0, false, 1, 3),
                ("writev", "socket:[77]", 3, true, 2, 2),
                ("fsync", "/b", 0, false, 4, 4),
            ]
        );
        assert_eq!(calls[2].data, b"HTT");
    }
}
