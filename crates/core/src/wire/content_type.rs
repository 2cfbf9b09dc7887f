//! `Content-Type`: the kind of a body and its boundary (RFC 9110, 8.3).

/// What kind of body a request says it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ContentType {
    /// `application/json` or `application/…+json`.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with its boundary if it has one.
    Multipart(Option<String>),
    /// Anything else, or nothing.
    Other,
}

impl ContentType {
    /// Reads the header's value; a charset is not looked at, since every body here is UTF-8.
    pub(super) fn parse(header: Option<&str>) -> ContentType {
        let (essence, parameters) = match header.unwrap_or_default().split_once(';') {
            Some((essence, parameters)) => (essence, parameters),
            None => (header.unwrap_or_default(), ""),
        };
        let essence = essence.trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => ContentType::Form,
            "multipart/form-data" => ContentType::Multipart(parameter(parameters, "boundary")),
            _ => match essence.strip_prefix("application/") {
                Some(subtype) if subtype == "json" || subtype.ends_with("+json") => ContentType::Json,
                _ => ContentType::Other,
            },
        }
    }
}

/// Finds a parameter in `; name=value; name="quoted"`; the first of its name counts.
pub(super) fn parameter(parameters: &str, wanted: &str) -> Option<String> {
    let mut rest = parameters;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ';']);
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        // A name without a value in front belongs to no parameter of ours.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

/// The text up to the closing quote, backslashes resolved, and what follows.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[i + 1..])),
            '\\' => match chars.next() {
                // Old browsers send a path with plain backslashes as a file's name.
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                Some((_, c)) => value.extend(['\\', c]),
                None => return None,
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_as_fastapi_tells_them() {
        use ContentType::*;
        for (header, kind) in [
            (None, Other),
            (Some(""), Other),
            (Some("text/plain"), Other),
            (Some("application/json"), Json),
            (Some(" application/json "), Json),
            (Some("APPLICATION/JSON"), Json),
            (Some("application/json;charset=utf-16"), Json),
            (Some("application/ld+json; x=y"), Json),
            (Some("application/jsonx"), Other),
            (Some("text/json"), Other),
            (Some("image/svg+json"), Other),
            (Some("application/json, text/plain"), Other),
            (Some("application/"), Other),
            (Some("application/x-www-form-urlencoded;"), Form),
            (Some("application/x-www-form-urlencodedx"), Other),
            (Some("multipart/form-data"), Multipart(None)),
            (Some("Multipart/Form-Data; Boundary=xyz"), Multipart(Some("xyz".into()))),
            (
                Some("multipart/form-data; a; b=\"x;boundary=no\"; boundary=\"x y\""),
                Multipart(Some("x y".into())),
            ),
            (Some("multipart/form-data; boundary="), Multipart(Some(String::new()))),
            (Some("multipart/form-data; boundary=\"x"), Multipart(None)),
        ] {
            assert_eq!(ContentType::parse(header), kind, "{header:?}");
        }
    }
}
