//! A point in time in a setting: RFC 3339 or seconds since the epoch.

use crate::rfc3339;
use crate::time::Timestamp;

const WRONG: &str = "must be a time such as 2026-12-31T00:00:00Z, or seconds since 1970";

/// Reads `2026-12-31T00:00:00Z`, `2026-12-31 09:00:00+09:00`, `1798675200`; fractions of a second are dropped.
pub(super) fn parse_instant(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if !text.is_empty() && text.len() <= 11 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Timestamp::from_seconds).map_err(|_| WRONG.to_owned());
    }
    let parsed = rfc3339::parse(text).ok_or_else(|| WRONG.to_owned())?;
    Ok(Timestamp::from_seconds(parsed.as_seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_name_the_same_second() {
        for (text, seconds) in [
            ("0", 0),
            ("1798675200", 1_798_675_200),
            ("1970-01-01T00:00:00Z", 0),
            ("2026-12-31T00:00:00Z", 1_798_675_200),
            ("2026-12-31 09:00:00.5+09:00", 1_798_675_200),
            ("2024-02-29t23:59:60z", 1_709_251_200),
            ("1969-12-31T23:59:59-00:01", 59),
            ("0001-01-01T00:00:00Z", -62_135_596_800),
        ] {
            assert_eq!(parse_instant(text).map(Timestamp::as_seconds), Ok(seconds), "{text}");
        }
        for wrong in [
            "",
            "soon",
            "2026-12-31",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-12-31T00:00:00",
            "2026-12-31T00:00:00+9",
            "-5",
            "2026-12-31T00:00:00.Z",
        ] {
            assert!(parse_instant(wrong).is_err(), "{wrong}");
        }
    }
}
