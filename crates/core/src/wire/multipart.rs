//! `multipart/form-data` (RFC 7578, RFC 2046 §5.1), as browsers send FormData.
//!
//! Where the RFCs leave room, this reads what FastAPI's parser reads: line ends in front of the first boundary and
//! anything behind the last one are passed over; a part whose end is missing does not count; a line that begins with
//! the boundary and goes on is content.

use super::content_type::parameter;
use super::form::{Content, Field, MOST_FIELDS};
use crate::refusal::Refusal;

/// Header lines of a part, and bytes in them.
const MOST_HEADERS: usize = 16;
const LONGEST_HEADERS: usize = 4096;

/// Why a multipart body was not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// No boundary, or one that RFC 2046 does not allow.
    #[error("the boundary is missing or malformed")]
    Boundary,
    /// The body does not begin with the boundary.
    #[error("the body does not begin with its boundary")]
    Start,
    /// Header lines that are none, too many, or too long.
    #[error("a part has malformed headers")]
    Headers,
    /// A part without a name.
    #[error("a part has no name")]
    Name,
    /// A text that is not UTF-8.
    #[error("a part is not UTF-8")]
    Text,
    /// More parts than a form has fields.
    #[error("too many parts")]
    TooMany,
}

impl From<MultipartError> for Refusal {
    fn from(error: MultipartError) -> Refusal {
        match error {
            MultipartError::Boundary | MultipartError::Start | MultipartError::Headers => {
                Refusal::MultipartInvalid
            }
            MultipartError::Name => Refusal::PartNameMissing,
            MultipartError::Text | MultipartError::TooMany => Refusal::InvalidRequest,
        }
    }
}

/// Reads the parts of a body, with the boundary that its content type named.
pub fn parse_multipart(boundary: &str, body: &[u8]) -> Result<Vec<Field>, MultipartError> {
    if !is_boundary(boundary) {
        return Err(MultipartError::Boundary);
    }
    let delimiter = [b"\r\n--", boundary.as_bytes()].concat();
    let start = body.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(body.len());
    let mut rest = &body[start..];
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    rest = rest.strip_prefix(&delimiter[2..]).ok_or(MultipartError::Start)?;
    let mut fields = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(fields);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or(MultipartError::Start)?;
        let Some((disposition, after)) = headers(rest)? else {
            return Ok(fields);
        };
        let Some(end) = end_of_part(after, &delimiter) else {
            return Ok(fields);
        };
        if fields.len() == MOST_FIELDS {
            return Err(MultipartError::TooMany);
        }
        fields.push(field(disposition, &after[..end])?);
        rest = &after[end + delimiter.len()..];
    }
}

/// RFC 2046, 5.1.1: 1 to 70 of these characters, the last one no space.
fn is_boundary(text: &str) -> bool {
    (1..=70).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b))
        && !text.ends_with(' ')
}

/// `Content-Disposition` of a part, and what follows its headers; `None` if the body ends in the middle of them.
fn headers(part: &[u8]) -> Result<Option<(&str, &[u8])>, MultipartError> {
    let mut disposition = None;
    let mut rest = part;
    for _ in 0..=MOST_HEADERS {
        let Some(end) = find(rest, b"\r\n", LONGEST_HEADERS) else {
            return if rest.len() > LONGEST_HEADERS { Err(MultipartError::Headers) } else { Ok(None) };
        };
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| MultipartError::Headers)?;
        rest = &rest[end + 2..];
        if line.is_empty() {
            return Ok(Some((disposition.unwrap_or_default(), rest)));
        }
        let (name, value) = line.split_once(':').ok_or(MultipartError::Headers)?;
        if name.is_empty()
            || name.contains(|c: char| c.is_whitespace() || c.is_control())
            || value.contains(['\r', '\n', '\0'])
        {
            return Err(MultipartError::Headers);
        }
        if name.eq_ignore_ascii_case("content-disposition") && disposition.replace(value).is_some() {
            return Err(MultipartError::Headers);
        }
    }
    Err(MultipartError::Headers)
}

/// Where the content ends: at a delimiter that is a whole line, or the last one.
fn end_of_part(content: &[u8], delimiter: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(&content[from..], delimiter, usize::MAX)?;
        let after = &content[at + delimiter.len()..];
        if after.starts_with(b"\r\n") || after.starts_with(b"--") {
            return Some(at);
        }
        from = at + 1;
    }
}

fn field(disposition: &str, content: &[u8]) -> Result<Field, MultipartError> {
    let (_, parameters) = disposition.split_once(';').ok_or(MultipartError::Name)?;
    let name = parameter(parameters, "name").ok_or(MultipartError::Name)?;
    let content = match parameter(parameters, "filename").or_else(|| parameter(parameters, "filename*")) {
        Some(filename) => Content::File { filename, size: content.len() },
        None => {
            let text = std::str::from_utf8(content).map_err(|_| MultipartError::Text)?;
            Content::Text(text.to_owned())
        }
    };
    Ok(Field { name, content })
}

/// Finds `needle`, looking at no more than `within` bytes.
fn find(haystack: &[u8], needle: &[u8], within: usize) -> Option<usize> {
    let haystack = &haystack[..haystack.len().min(within)];
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let at = from + haystack.get(from..)?.iter().position(|b| *b == first)?;
        if haystack[at..].starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(head: &str, content: &str) -> String {
        format!("--xyz\r\n{head}\r\n\r\n{content}\r\n")
    }

    fn named(name: &str, content: &str) -> String {
        part(&format!("Content-Disposition: form-data; name=\"{name}\""), content)
    }

    fn texts(body: &str) -> Result<Vec<(String, String)>, MultipartError> {
        let fields = parse_multipart("xyz", body.as_bytes())?.into_iter().map(|f| match f.content {
            Content::Text(text) => (f.name, text),
            Content::File { filename, size } => (f.name, format!("file {filename} of {size} bytes")),
        });
        Ok(fields.collect())
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn what_fastapi_reads() {
        let (u, p, end) = (named("u", "tim"), named("p", "pw"), "--xyz--\r\n");
        let both = pairs(&[("u", "tim"), ("p", "pw")]);
        for (what, body, fields) in [
            ("whole", format!("{u}{p}{end}"), both.clone()),
            ("line ends in front", format!("\r\n{u}{p}{end}"), both.clone()),
            ("something behind", format!("{u}{p}{end}bye"), both.clone()),
            ("nothing", String::new(), pairs(&[])),
            ("only the end", end.to_owned(), pairs(&[])),
            ("no end", format!("{u}{p}"), pairs(&[("u", "tim")])),
            ("cut in the headers", format!("{u}--xyz\r\nContent-Dis"), pairs(&[("u", "tim")])),
            ("empty", format!("{}{end}", named("u", "")), pairs(&[("u", "")])),
            ("boundary in a line", format!("{}{end}", named("u", "a--xyzb")), pairs(&[("u", "a--xyzb")])),
            (
                "longer boundary",
                format!("{}{end}", named("u", "a\r\n--xyzb")),
                pairs(&[("u", "a\r\n--xyzb")]),
            ),
            (
                "token as name",
                format!("{}{end}", part("content-disposition: attachment; name=u", "x")),
                pairs(&[("u", "x")]),
            ),
            (
                "further headers",
                format!(
                    "{}{end}",
                    part(
                        "Content-Type: text/plain\r\nContent-Disposition: form-data; name=u\r\nContent-Transfer-Encoding: base64",
                        "dGlt"
                    )
                ),
                pairs(&[("u", "dGlt")]),
            ),
            (
                "a file",
                format!(
                    "{}{end}",
                    part("Content-Disposition: form-data; name=\"u\"; filename=\"a.txt\"", "x")
                ),
                pairs(&[("u", "file a.txt of 1 bytes")]),
            ),
            (
                "a file without a name",
                format!("{}{end}", part("Content-Disposition: form-data; name=\"u\"; filename=\"\"", "x")),
                pairs(&[("u", "file  of 1 bytes")]),
            ),
        ] {
            assert_eq!(texts(&body), Ok(fields), "{what}");
        }
    }

    #[test]
    fn what_is_refused() {
        use MultipartError::*;
        let (u, end) = (named("u", "tim"), "--xyz--\r\n");
        for (what, body, error) in [
            ("text in front", format!("hello\r\n{u}{end}"), Start),
            ("bare line feeds", format!("{u}{end}").replace("\r\n", "\n"), Start),
            ("spaces behind the boundary", format!("{u}{end}").replacen("xyz\r", "xyz  \r", 1), Start),
            ("no name", format!("{}{end}", part("Content-Disposition: form-data", "x")), Name),
            ("name*", format!("{}{end}", part("Content-Disposition: form-data; name*=utf-8''u", "x")), Name),
            ("no disposition", format!("{}{end}", part("Content-Type: text/plain", "x")), Name),
            ("no headers", format!("--xyz\r\n\r\ntim\r\n{end}"), Name),
            ("a header without a colon", format!("{}{end}", part("Content-Disposition", "x")), Headers),
            (
                "two dispositions",
                format!(
                    "{}{end}",
                    part("Content-Disposition: a; name=u\r\nContent-Disposition: a; name=v", "x")
                ),
                Headers,
            ),
            ("many headers", format!("{}{end}", part(&["A: b"; 40].join("\r\n"), "x")), Headers),
            ("a long header", format!("{}{end}", part(&format!("A: {}", "b".repeat(5000)), "x")), Headers),
            ("many parts", format!("{}{end}", u.repeat(1001)), TooMany),
        ] {
            assert_eq!(texts(&body), Err(error), "{what}");
        }
        let body = b"--xyz\r\nContent-Disposition: form-data; name=u\r\n\r\n\xff\r\n--xyz--";
        assert_eq!(parse_multipart("xyz", body).unwrap_err(), Text);
        for boundary in ["", "a ", "a\"b", "é", &"x".repeat(71)] {
            assert_eq!(parse_multipart(boundary, b"").unwrap_err(), Boundary);
        }
    }
}
