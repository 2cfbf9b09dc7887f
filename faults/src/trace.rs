//! What `strace -f -y -xx` wrote, as the calls that the order of syncs and answers is read from.

use std::collections::HashMap;

/// A call, with the lines of the trace at which it began and ended.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// The descriptor in the first argument, if it is one.
    pub(crate) fd: Option<i64>,
    /// What that descriptor is: a path, or `socket:[…]`.
    pub(crate) target: String,
    /// The bytes written, all pieces joined.
    pub(crate) data: Vec<u8>,
    /// The names that a call takes, in order.
    pub(crate) names: Vec<String>,
    /// The arguments after the last text, as they stand: flags, lengths, offsets.
    pub(crate) rest: String,
    /// What it returned.
    pub(crate) result: i64,
    /// Whether the kernel really carried it out, with success.
    pub(crate) real: bool,
    pub(crate) begin: usize,
    pub(crate) end: usize,
}

impl Call {
    /// The last argument as a number: an offset or a length.
    pub(crate) fn last_number(&self) -> Option<u64> {
        self.rest.rsplit(',').next()?.trim().parse().ok()
    }

    pub(crate) fn is_sync(&self) -> bool {
        matches!(self.name.as_str(), "fdatasync" | "fsync")
    }

    /// The name in the answer to a registration, if this call sends one.
    pub(crate) fn acknowledges(&self) -> Option<String> {
        if !self.data.starts_with(b"HTTP/1.1 2") {
            return None;
        }
        let text = String::from_utf8_lossy(&self.data);
        let (_, rest) = text.split_once("\"username\":\"")?;
        rest.split_once('"').map(|(name, _)| name.to_owned())
    }
}

/// How the names of calls that take names of files begin.
const NAMING: [&str; 8] = ["open", "creat", "link", "symlink", "unlink", "rename", "mkdir", "rmdir"];

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
    let result = result.trim_start();
    let target =
        arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(target, _)| target);
    let texts: Vec<Vec<u8>> = arguments.split('"').skip(1).step_by(2).map(bytes).collect();
    let rest = arguments.rsplit('"').next().unwrap_or(arguments);
    Some(Call {
        name: name.to_owned(),
        fd: arguments.split(|c: char| !c.is_ascii_digit()).next().and_then(|fd| fd.parse().ok()),
        target: String::from_utf8_lossy(&bytes(target.unwrap_or_default())).into_owned(),
        names: match NAMING.iter().any(|with_names| name.starts_with(with_names)) {
            true => texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect(),
            false => Vec::new(),
        },
        data: texts.concat(),
        rest: rest.trim_end().trim_end_matches(')').to_owned(),
        result: result.split(|c: char| c != '-' && !c.is_ascii_digit()).next()?.parse().unwrap_or(-1),
        real: !result.starts_with('-') && !result.contains("INJECTED"),
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
        assert_eq!((calls[0].fd, calls[0].last_number(), calls[0].result), (Some(4), Some(32), 2));
    }

    #[test]
    fn reads_names_and_what_a_call_returned() {
        let trace = r#"11 openat(AT_FDCWD<\x2f\x61>, "\x2f\x62", O_RDWR|O_CREAT, 0600) = 12<\x2f\x62>
11 linkat(AT_FDCWD<\x2f\x61>, "\x2f\x62", AT_FDCWD<\x2f\x61>, "\x2f\x63", 0) = 0
11 ftruncate(12<\x2f\x62>, 8192)      = 0"#;
        let calls = calls(trace);
        assert_eq!((calls[0].fd, calls[0].result, calls[0].names.len()), (None, 12, 1));
        assert!(calls[0].rest.contains("O_CREAT"));
        assert_eq!(calls[1].names, ["/b", "/c"]);
        assert_eq!((calls[2].fd, calls[2].last_number()), (Some(12), Some(8192)));
    }
}
