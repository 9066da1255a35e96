//! Reads the dates in logs and mails as UTC.

use super::facts::Day;
use crate::values::UnixTime;

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
const DAY: i64 = 86_400;

/// Days since 1970-01-01 of a date of the Gregorian calendar.
pub const fn day_of(year: i64, month: i64, day: i64) -> Day {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year in which a day lies.
const fn year_of(day: Day) -> i64 {
    // Long enough after its first day, and before its last, for any year.
    let guess = 1970 + day.div_euclid(366);
    let mut year = guess;
    while day_of(year + 1, 1, 1) <= day {
        year += 1;
    }
    year
}

/// The day of a moment.
pub const fn day_of_time(at: UnixTime) -> Day {
    at.0.div_euclid(DAY)
}

fn number(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 6 {
        return None;
    }
    bytes.iter().try_fold(0, |sum: i64, byte| match byte {
        b'0'..=b'9' => Some(sum * 10 + i64::from(byte - b'0')),
        _ => None,
    })
}

/// `06:25:03` as seconds.
fn clock(bytes: &[u8]) -> Option<i64> {
    let (hours, minutes, seconds) =
        (number(bytes.get(0..2)?)?, number(bytes.get(3..5)?)?, number(bytes.get(6..8)?)?);
    let is_time = bytes.get(2) == Some(&b':') && bytes.get(5) == Some(&b':');
    (is_time && hours < 24 && minutes < 60 && seconds <= 60).then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Reads the date at the beginning of a log line, and returns what follows.
///
/// Known forms: `Nov 12 06:25:03 ` (its year is the newest that is not later than a day after `written`),
/// `2026-11-12T06:25:03.5+01:00 `, `2026-11-12 06:25:03 ` with or without `+0100`, and `@1794464703 ` of our own.
pub fn line_date(line: &[u8], written: UnixTime) -> Option<(UnixTime, &[u8])> {
    match line.first()? {
        b'@' => {
            let end = memchr::memchr(b' ', line)?;
            let seconds: i64 = std::str::from_utf8(line.get(1..end)?).ok()?.parse().ok()?;
            Some((UnixTime(seconds), line.get(end + 1..)?))
        }
        b'0'..=b'9' => iso(line),
        _ => {
            let month = MONTHS.iter().position(|name| line.starts_with(name))? + 1;
            let month = i64::try_from(month).ok()?;
            let day = line.get(4..6)?;
            let day = number(day.strip_prefix(b" ").unwrap_or(day)).filter(|day| (1..=31).contains(day))?;
            let seconds = clock(line.get(7..15)?)?;
            let latest = day_of_time(written) + 1;
            let mut year = year_of(latest);
            if day_of(year, month, day) > latest {
                year -= 1;
            }
            Some((UnixTime(day_of(year, month, day) * DAY + seconds), line.get(16..).unwrap_or_default()))
        }
    }
}

fn iso(line: &[u8]) -> Option<(UnixTime, &[u8])> {
    let (year, month, day) = (number(line.get(0..4)?)?, number(line.get(5..7)?)?, number(line.get(8..10)?)?);
    let is_date = line.get(4) == Some(&b'-')
        && line.get(7) == Some(&b'-')
        && matches!(line.get(10), Some(b'T' | b' '))
        && (1970..2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day);
    if !is_date {
        return None;
    }
    let seconds = clock(line.get(11..19)?)?;
    let mut rest = line.get(19..)?;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = fraction.get(digits..)?;
    }
    let spaced = rest.strip_prefix(b" ").unwrap_or(rest);
    let mut offset = 0;
    if let Some(after) = rest.strip_prefix(b"Z") {
        rest = after;
    } else if let Some((found, after)) = zone_offset(spaced) {
        (offset, rest) = (found, after);
    }
    let at = day_of(year, month, day) * DAY + seconds - offset;
    Some((UnixTime(at), rest.strip_prefix(b" ").unwrap_or(rest)))
}

/// `+01:00` or `-0530` as seconds.
fn zone_offset(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let sign = match bytes.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let hours = number(bytes.get(1..3)?)?;
    let at = if bytes.get(3) == Some(&b':') { 4 } else { 3 };
    let minutes = number(bytes.get(at..at + 2)?)?;
    (hours < 24 && minutes < 60).then_some((sign * (hours * 3600 + minutes * 60), bytes.get(at + 2..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-29T01:00:00Z.
    const NOW: UnixTime = UnixTime(1_795_914_000);

    #[test]
    fn dates_of_logs_are_read() {
        let at = |line: &str| line_date(line.as_bytes(), NOW).map(|(at, rest)| (at.0, rest.to_vec()));
        let day = day_of(2026, 11, 12) * DAY;
        let morning = day + 6 * 3600 + 25 * 60 + 3;
        for (line, expected) in [
            ("Nov 12 06:25:03 mail x", Some((morning, "mail x"))),
            ("Nov  2 06:25:03 mail x", Some((morning - 10 * DAY, "mail x"))),
            ("Dec 12 06:25:03 mail", Some((day_of(2025, 12, 12) * DAY + morning - day, "mail"))),
            ("2026-11-12T06:25:03.123456+01:00 mail x", Some((morning - 3600, "mail x"))),
            ("2026-11-12T06:25:03Z mail", Some((morning, "mail"))),
            ("2026-11-12 06:25:03 1kX =>", Some((morning, "1kX =>"))),
            ("2026-11-12 06:25:03.441 +0100 1kX =>", Some((morning - 3600, "1kX =>"))),
            ("@1795914000 host x", Some((NOW.0, "host x"))),
            ("2026-13-12 06:25:03 x", None),
            ("Nov 99 06:25:03 x", None),
            ("Nov 12 26:25:03 x", None),
            ("hello", None),
            ("", None),
        ] {
            let expected = expected.map(|(at, rest)| (at, rest.as_bytes().to_vec()));
            assert_eq!(at(line), expected, "{line}");
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        for (date, day) in [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2026, 11, 29), 20_786)] {
            assert_eq!(day_of(date.0, date.1, date.2), day);
            assert_eq!(year_of(day), date.0);
        }
    }
}
