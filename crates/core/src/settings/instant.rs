//! A point in time in a setting: RFC 3339 or seconds since the epoch.

use crate::time::Timestamp;

const WRONG: &str = "must be a time such as 2026-12-31T00:00:00Z, or seconds since 1970";

/// Reads `2026-12-31T00:00:00Z`, `2026-12-31 09:00:00+09:00`, `1798675200`; a leap second counts as the next second.
pub(super) fn parse_instant(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if !text.is_empty() && text.len() <= 11 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Timestamp::from_seconds).map_err(|_| WRONG.to_owned());
    }
    rfc3339(text).ok_or_else(|| WRONG.to_owned())
}

/// RFC 3339, 5.6; fractions of a second are dropped.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let shape = |i: usize, allowed: &[u8]| bytes.get(i).is_some_and(|b| allowed.contains(b));
    let separators = [(4, &b"-"[..]), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")];
    if !text.is_ascii() || !separators.iter().all(|(i, allowed)| shape(*i, allowed)) {
        return None;
    }
    let (year, month, day) = (number(text, 0..4)?, number(text, 5..7)?, number(text, 8..10)?);
    let (hour, minute, second) = (number(text, 11..13)?, number(text, 14..16)?, number(text, 17..19)?);
    if !(1..=12).contains(&month)
        || !(1..=days_in(year, month)).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let mut zone = &text[19..];
    if let Some(fraction) = zone.strip_prefix('.') {
        let end = fraction.find(|c: char| !c.is_ascii_digit())?;
        if end == 0 {
            return None;
        }
        zone = &fraction[end..];
    }
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(zone, 1..3)?, number(zone, 4..6)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 60 + minutes) * if *sign == b'+' { 60 } else { -60 }
        }
        _ => return None,
    };
    let seconds = days_since_epoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp::from_seconds(seconds))
}

fn number(text: &str, range: std::ops::Range<usize>) -> Option<i64> {
    let digits = text.get(range)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let leap_days = |y: i64| y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    let years = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969);
    years + (1..month).map(|m| days_in(year, m)).sum::<i64>() + day - 1
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
