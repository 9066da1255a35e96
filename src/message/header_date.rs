/// Reads an INTERNALDATE (RFC 3501 section 9, `date-time`) as seconds since 1970, or `None`. Servers write the same
/// moment in different ways: ` 1-Mar-2023` and `01-Mar-2023`, each in a time zone of its own.
pub fn internal_date_secs(text: &str) -> Option<i64> {
    parse_header_date(text)
}

/// Reads a `Date` header (RFC 5322 section 3.3 with its obsolete forms) as seconds since 1970, or `None`.
///
/// Lenient where servers and old programs differ: weekday, seconds and comments are optional, years may have two
/// digits, unknown zone names count as UTC. Kept here, and small, because identity keys are stored and the reading must never change.
pub(in crate::message) fn parse_header_date(text: &str) -> Option<i64> {
    let plain = without_comments(text);
    let mut words = plain
        .split(|character: char| character.is_ascii_whitespace() || character == ',')
        .filter(|word| !word.is_empty())
        .peekable();
    if words.peek()?.chars().all(|character| character.is_ascii_alphabetic() || character == '.') {
        words.next();
    }
    // `3-Mar-2025` is not RFC 5322, but programs wrote it.
    let first = words.next()?;
    let (day, month, year) = match first.split('-').collect::<Vec<_>>().as_slice() {
        [day, month, year] => (number(day, 31)?, month_number(month)?, year_number(year)?),
        [day] => (number(day, 31)?, month_number(words.next()?)?, year_number(words.next()?)?),
        _ => return None,
    };
    let mut clock = words.next()?.split([':', '.']);
    let hour = number(clock.next()?, 23)?;
    let minute = number(clock.next()?, 59)?;
    // A leap second counts as the second before it.
    let second = clock.next().map_or(Some(0), |second| number(second, 60))?.min(59);
    let offset_secs = words.next().map_or(Some(0), zone_offset_secs)?;
    if day == 0 {
        return None;
    }
    Some(days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_secs)
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_u32;
    let mut plain = String::with_capacity(text.len().min(128));
    for character in text.chars().take(256) {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
}

fn number(word: &str, largest: i64) -> Option<i64> {
    let is_number = !word.is_empty() && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|number| is_number && *number <= largest)
}

fn month_number(word: &str) -> Option<i64> {
    let short = word.get(..3)?.to_ascii_lowercase();
    let index = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        .iter()
        .position(|month| *month == short)?;
    i64::try_from(index + 1).ok()
}

/// RFC 5322 section 4.3: two digits below 50 are of this century, other short years count from 1900.
fn year_number(word: &str) -> Option<i64> {
    let year = number(word, 9_999)?;
    match (word.len(), year) {
        (2, 0..=49) => Some(year + 2_000),
        (2 | 3, _) => Some(year + 1_900),
        (4, _) => Some(year),
        _ => None,
    }
}

fn zone_offset_secs(word: &str) -> Option<i64> {
    let sign = match word.bytes().next()? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(named_zone_hours(word) * 3_600),
    };
    let digits = word.get(1..)?.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    Some(sign * (number(hours, 99)? * 3_600 + number(minutes, 59)? * 60))
}

/// The North American names of RFC 5322 section 4.3; every other name means nothing certain, so UTC.
fn named_zone_hours(word: &str) -> i64 {
    match word.to_ascii_uppercase().as_str() {
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => 0,
    }
}

/// Days between 1970-01-01 and this day of the proleptic Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Counting years from March puts the leap day at the end, so month lengths follow one formula.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::parse_header_date;

    #[test]
    fn dates_as_programs_write_them() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 +0000", Some(0)),
            ("Mon, 3 Mar 2025 10:00:00 +0100", Some(1_740_992_400)),
            ("3 Mar 2025 09:00 GMT", Some(1_740_992_400)),
            ("Mon, 3 March 2025 04:00:00 EST", Some(1_740_992_400)),
            ("Mon,3-Mar-25 09:00:00 (a comment (nested)) +0000 (UTC)", Some(1_740_992_400)),
            ("03 Mar 2025 10.00.00 +01:00", Some(1_740_992_400)),
            ("Tue, 29 Feb 2000 23:59:60 -0000", Some(951_868_799)),
            ("1 Jan 101 00:00:00 Z", Some(978_307_200)),
            ("31 Dec 1969 23:59:59 +0000", Some(-1)),
            ("", None),
            ("yesterday", None),
            ("Mon, 32 Mar 2025 10:00:00 +0100", None),
            ("0 Mar 2025 10:00:00 +0100", None),
            ("Mon, 3 Mar 2025", None),
            ("Mon, 3 Mär 2025 10:00:00", None),
            ("3 Mar 2025 10:00:00 +1", None),
        ] {
            assert_eq!(parse_header_date(text), expected, "{text:?}");
        }
    }
}
