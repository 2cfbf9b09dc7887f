//! The `Accept` header (RFC 9110 §12.5.1), as far as one media type is weighed against another.

/// How much a client wants a media type, `type/subtype`: from 0, not at all, to 1000. The most specific range counts.
///
/// Parameters other than `q` are not looked at; what is malformed weighs nothing.
pub fn quality(accept: &str, media_type: &str) -> u16 {
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let specific = |range: &str| {
        if range.eq_ignore_ascii_case(media_type) {
            Some(3)
        } else {
            let kind_of = range.strip_suffix("/*")?;
            kind_of.eq_ignore_ascii_case(kind).then_some(2).or((kind_of == "*").then_some(1))
        }
    };
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let specific = specific(parts.next()?)?;
        let weight = parts.find_map(|part| part.strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('='));
        Some((specific, weight.map_or(1000, |weight| thousandths(weight.trim()))))
    });
    ranges.max().map_or(0, |(_, weight)| weight)
}

/// A weight: `0` or `1`, and up to three digits behind a point; never above one.
fn thousandths(text: &str) -> u16 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    match (whole, digits) {
        ("0", true) => format!("{part:0<3}").parse().unwrap_or(0),
        ("1", true) if part.bytes().all(|byte| byte == b'0') => 1000,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_counts() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.8,\
                          application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(quality(prometheus, "application/openmetrics-text"), 800);
        assert_eq!(quality(prometheus, "text/plain"), 500);
        assert_eq!(quality(prometheus, "text/html"), 100);
        for (accept, weight) in [
            ("", 0),
            ("*/*", 1000),
            ("text/*;q=0.3, */*", 300),
            ("TEXT/Plain ; Q = 0.25", 250),
            ("text/plain;q=0, */*", 0),
            ("text/plain;q=1.000", 1000),
            ("text/plain;q=1.5", 0),
            ("text/plain;q=0.1234", 0),
            ("text/plain;q=-1", 0),
            ("text/plain;q=", 0),
            ("text/html, application/json", 0),
            ("text/plainer", 0),
            ("text", 0),
            (";,;,*/*;q=0.5", 500),
        ] {
            assert_eq!(quality(accept, "text/plain"), weight, "{accept}");
        }
    }
}
