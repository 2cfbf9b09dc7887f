//! `application/x-www-form-urlencoded` (WHATWG URL, 5.1).

use crate::refusal::Refusal;

/// No form has more fields than this; FastAPI has the same bound.
pub(super) const MOST_FIELDS: usize = 1000;

/// A field of a form, however it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// What a field of a form holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// A file: its name and its size in bytes. Nothing here wants one.
    File {
        /// As the client called it.
        filename: String,
        /// In bytes.
        size: usize,
    },
}

/// A field may hold a password: only its length is printed.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Content::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Content::File { size, .. } => write!(f, "File({size} bytes)"),
        }
    }
}

/// Reads a form: `+` is a space, `%` without two hex digits stands for itself, a field without `=` is empty.
///
/// More than 1,000 fields, or bytes that are not UTF-8 once decoded, are [`Refusal::InvalidRequest`].
pub fn parse_form(body: &[u8]) -> Result<Vec<Field>, Refusal> {
    let mut fields = Vec::new();
    for pair in body.split(|b| *b == b'&').filter(|p| !p.is_empty()) {
        if fields.len() == MOST_FIELDS {
            return Err(Refusal::InvalidRequest);
        }
        let end = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let name = decode(&pair[..end])?;
        let value = decode(pair.get(end + 1..).unwrap_or_default())?;
        fields.push(Field { name, content: Content::Text(value) });
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, Refusal> {
    let hex =
        |i: usize| text.get(i).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut i = 0;
    while i < text.len() {
        match (text[i], hex(i + 1), hex(i + 2)) {
            (b'+', ..) => bytes.push(b' '),
            (b'%', Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                i += 2;
            }
            (b, ..) => bytes.push(b),
        }
        i += 1;
    }
    String::from_utf8(bytes).map_err(|_| Refusal::InvalidRequest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &[u8]) -> Result<Vec<(String, String)>, Refusal> {
        let fields = parse_form(body)?.into_iter().map(|f| match f.content {
            Content::Text(text) => (f.name, text),
            Content::File { .. } => unreachable!("a form has no files"),
        });
        Ok(fields.collect())
    }

    #[test]
    fn o38_decoding() {
        for (body, fields) in [
            (&b""[..], &[][..]),
            (b"&&a=1&&", &[("a", "1")]),
            (b"a&b=&=c", &[("a", ""), ("b", ""), ("", "c")]),
            (b"a=b=c", &[("a", "b=c")]),
            (b"a=x+y%20z%2B", &[("a", "x y z+")]),
            (b"a=%zz&b=%4&c=%", &[("a", "%zz"), ("b", "%4"), ("c", "%")]),
            (b"a=1;b=2", &[("a", "1;b=2")]),
            ("a=é%C3%A9".as_bytes(), &[("a", "éé")]),
            (b"a=%00\r\n", &[("a", "\0\r\n")]),
        ] {
            let fields: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(parsed(body), Ok(fields), "{}", String::from_utf8_lossy(body));
        }
        for wrong in [&b"a=%ff"[..], b"a=%c0%af", b"a=\xff", b"%ed%a0%80=x"] {
            assert_eq!(parsed(wrong), Err(Refusal::InvalidRequest));
        }
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let of = |n: usize| vec!["a=1"; n].join("&").into_bytes();
        assert_eq!(parsed(&of(1000)).map(|f| f.len()), Ok(1000));
        assert_eq!(parsed(&of(1001)), Err(Refusal::InvalidRequest));
    }
}
