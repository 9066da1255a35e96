//! The date-time of RFC 3501 section 9: `"17-Jul-1996 02:44:25 -0700"`.

use crate::values::UnixTime;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const SECONDS_PER_DAY: i64 = 86_400;

/// Writes a moment in UTC, as Dovecot does on a server that runs in UTC.
pub(in crate::rehearsal) fn format(moment: UnixTime) -> String {
    let (year, month, day) = date_of_day(moment.0.div_euclid(SECONDS_PER_DAY));
    let second = moment.0.rem_euclid(SECONDS_PER_DAY);
    let month = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).unwrap_or(&"Jan");
    format!(
        "{day:02}-{month}-{year:04} {:02}:{:02}:{:02} +0000",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Parses the text between the quotes. Every field must be in range, and the zone is mandatory.
pub(super) fn parse(text: &str) -> Option<UnixTime> {
    let mut parts = text.trim_start().split(' ');
    let (date, time, zone) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let day = parse_date(date)?;
    let [hour, minute, second] = fields(time, ':')?;
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let zone = number(digits, 4)?;
    let offset_seconds = sign * (zone / 100 * 3600 + zone % 100 * 60);
    Some(UnixTime(day * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - offset_seconds))
}

/// Days since 1970-01-01 of `17-Jul-1996`.
fn parse_date(text: &str) -> Option<i64> {
    let [day, month, year] = fields(text, '-')?;
    let day = number(day, day.len())?;
    let month = MONTHS.iter().position(|known| known.eq_ignore_ascii_case(month))?;
    let year = number(year, 4)?;
    let days = day_of_date(year, i64::try_from(month).ok()? + 1, day);
    (date_of_day(days) == (year, i64::try_from(month).ok()? + 1, day)).then_some(days)
}

/// Days since 1970-01-01 of `1996-07-17`, the form that the grammar's date type prints.
pub(super) fn parse_iso_day(text: &str) -> Option<i64> {
    let [year, month, day] = fields(text, '-')?;
    Some(day_of_date(number(year, 4)?, number(month, 2)?, number(day, 2)?))
}

/// Days since 1970-01-01 of a moment in UTC.
pub(super) fn day(moment: UnixTime) -> i64 {
    moment.0.div_euclid(SECONDS_PER_DAY)
}

fn fields(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.split(separator);
    let fields = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(fields)
}

fn number(digits: &str, length: usize) -> Option<i64> {
    let is_number =
        digits.len() == length && digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// The proleptic Gregorian calendar, with years that begin in March so that the leap day is the last one.
pub(in crate::rehearsal) fn day_of_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a number of days since 1970-01-01.
pub(in crate::rehearsal) fn date_of_day(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        for (text, seconds, shown) in [
            ("17-Jul-1996 02:44:25 -0700", 837_596_665, "17-Jul-1996 09:44:25 +0000"),
            ("01-Jan-1970 00:00:00 +0000", 0, "01-Jan-1970 00:00:00 +0000"),
            (" 9-Mar-2024 23:30:00 +0530", 1_710_007_200, "09-Mar-2024 18:00:00 +0000"),
            ("29-Feb-2024 12:00:00 +0000", 1_709_208_000, "29-Feb-2024 12:00:00 +0000"),
            ("31-Dec-1969 23:59:59 +0000", -1, "31-Dec-1969 23:59:59 +0000"),
        ] {
            assert_eq!(parse(text), Some(UnixTime(seconds)), "{text}");
            assert_eq!(format(UnixTime(seconds)), shown);
        }
    }

    #[test]
    fn wrong_dates_are_refused() {
        for text in [
            "",
            "17-Jul-96 02:44:25 -0700",
            "31-Feb-2024 02:44:25 +0000",
            "17-Jul-1996 24:00:00 +0000",
            "17-Jul-1996 02:44:25",
            "17-Jul-1996 02:44:25 0000",
            "17-Jux-1996 02:44:25 +0000",
            "17-Jul-1996 02:44:25 +0000 x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
