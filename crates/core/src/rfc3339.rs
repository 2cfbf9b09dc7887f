//! Points in time as text: RFC 3339, to the microsecond.

use crate::time::Timestamp;

/// Reads `2026-12-31T00:00:00Z`, `2026-12-31 09:00:00.5+09:00` (RFC 3339, 5.6); a leap second counts as the next second.
///
/// Digits beyond the microsecond are dropped.
pub fn parse(text: &str) -> Option<Timestamp> {
    let (local, zone) = local(text)?;
    Some(Timestamp::from_micros(local - offset(zone)? * MICROS))
}

/// The same, where a text without a zone means UTC, as databases and Python's `datetime` write it.
pub fn parse_or_utc(text: &str) -> Option<Timestamp> {
    match local(text)? {
        (micros, "") => Some(Timestamp::from_micros(micros)),
        _ => parse(text),
    }
}

/// Writes a time in UTC, `2024-03-14T04:37:28.244486Z`; what is written is read back as the same microsecond.
///
/// Only years 0 to 9999 can be written so: a time outside becomes the nearest one inside.
pub fn write(at: Timestamp) -> String {
    let first = days_since_epoch(0, 1, 1) * DAY * MICROS;
    let last = days_since_epoch(10_000, 1, 1) * DAY * MICROS - 1;
    let micros = at.as_micros().clamp(first, last);
    let (seconds, fraction) = (micros.div_euclid(MICROS), micros.rem_euclid(MICROS));
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}") };
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{fraction}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// Microseconds since the epoch as if the clock were UTC's, and what follows: the zone.
fn local(text: &str) -> Option<(i64, &str)> {
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
    let mut micros = 0;
    if let Some(fraction) = zone.strip_prefix('.') {
        let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        let digits = &fraction[..end.min(6)];
        micros = digits.parse::<i64>().ok()? * 10_i64.pow(6 - digits.len() as u32);
        zone = &fraction[end..];
    }
    let seconds = days_since_epoch(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Some((seconds * MICROS + micros, zone))
}

/// How many seconds the zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    match zone.as_bytes() {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (number(zone, 1..3)?, number(zone, 4..6)?);
            let ahead = (hours * 60 + minutes) * if *sign == b'+' { 60 } else { -60 };
            (hours <= 23 && minutes <= 59).then_some(ahead)
        }
        _ => None,
    }
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

/// Year, month and day of a day counted from the epoch.
fn civil(days: i64) -> (i64, i64, i64) {
    // Never too late, and at most a year too early.
    let mut year = 1970 + days.div_euclid(366);
    if days < 0 {
        year = 1970 + days.div_euclid(365);
    }
    while days_since_epoch(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut day = days - days_since_epoch(year, 1, 1);
    let mut month = 1;
    while day >= days_in(year, month) {
        day -= days_in(year, month);
        month += 1;
    }
    (year, month, day + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_to_the_microsecond() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-12-31T00:00:00Z", 1_798_675_200_000_000),
            ("2026-12-31 09:00:00.5+09:00", 1_798_675_200_500_000),
            ("2024-03-14T04:37:28.244486Z", 1_710_391_048_244_486),
            ("2024-03-14T04:37:28.244486999Z", 1_710_391_048_244_486),
            ("1969-12-31T23:59:59.999999z", -1),
        ] {
            assert_eq!(parse(text).map(Timestamp::as_micros), Some(micros), "{text}");
            assert_eq!(parse_or_utc(text), parse(text), "{text}");
        }
        for wrong in
            ["", "2026-12-31", "2026-12-31T00:00:00.Z", "2026-12-31T00:00:00+9", "2025-02-29T00:00:00Z"]
        {
            assert_eq!((parse(wrong), parse_or_utc(wrong)), (None, None), "{wrong}");
        }
        let bare = "2024-03-14 04:37:28.244486";
        assert_eq!(
            (parse(bare), parse_or_utc(bare)),
            (None, Some(Timestamp::from_micros(1_710_391_048_244_486)))
        );
    }

    #[test]
    fn a_year_that_can_not_be_written_becomes_the_nearest() {
        assert_eq!(write(Timestamp::from_micros(i64::MAX)), "9999-12-31T23:59:59.999999Z");
        assert_eq!(write(Timestamp::from_micros(i64::MIN)), "0000-01-01T00:00:00Z");
        assert_eq!(write(Timestamp::from_seconds(1_709_251_199)), "2024-02-29T23:59:59Z");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            let at = Timestamp::from_micros(micros);
            prop_assert_eq!(parse(&write(at)), Some(at));
        }
    }
}
