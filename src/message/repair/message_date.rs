use super::mime::{field_values, split_head};
use crate::message::header_date::{internal_date_secs, parse_header_date};

/// A clock may go wrong by this much, in seconds.
const SLACK_SECONDS: i64 = 86_400;
/// Most `Received` fields read.
const MAX_RECEIVED: usize = 100;

/// A date for a message whose own cannot be, written as RFC 3501 section 9 asks; empty to let the server choose.
/// `None` where the date is as it should be.
///
/// A date that can be read and lies between 1970 and tomorrow is only written properly. Otherwise the newest
/// `Received` field counts, then `Date`, within the same bounds.
pub(super) fn repair(internal_date: &str, message: &[u8], now_seconds: i64) -> Option<String> {
    let is_possible = |moment: &i64| (0..=now_seconds.saturating_add(SLACK_SECONDS)).contains(moment);
    let own = internal_date_secs(internal_date).filter(is_possible);
    if own.is_some() && is_well_formed(internal_date) {
        return None;
    }
    let moment = own.or_else(|| from_header(message, is_possible));
    let repaired = moment.map(date_time).unwrap_or_default();
    (repaired != internal_date).then_some(repaired)
}

/// The date of the `Date` field of a header block as RFC 3501 writes it. `None` where the field cannot be read, lies
/// before 1970, or more than a day after the arrival: nothing arrives before it was written.
pub fn date_of_header(header: &[u8], internal_date: &str) -> Option<String> {
    let latest = internal_date_secs(internal_date)?.saturating_add(SLACK_SECONDS);
    let value = field_values(header, "Date").next()?;
    let moment = parse_header_date(&String::from_utf8_lossy(&value))?;
    (0..=latest).contains(&moment).then(|| date_time(moment))
}

fn from_header(message: &[u8], is_possible: impl Fn(&i64) -> bool) -> Option<i64> {
    let (head, _) = split_head(message);
    let received = field_values(head, "Received").take(MAX_RECEIVED).filter_map(|value| {
        let text = String::from_utf8_lossy(&value).into_owned();
        let (_, date) = text.rsplit_once(';')?;
        parse_header_date(date).filter(&is_possible)
    });
    received.max().or_else(|| {
        let value = field_values(head, "Date").next()?;
        parse_header_date(&String::from_utf8_lossy(&value)).filter(&is_possible)
    })
}

/// `dd-Mmm-yyyy hh:mm:ss +zzzz` with two digits or a blank for the day.
fn is_well_formed(text: &str) -> bool {
    const SHAPE: &[u8] = b"D9-AAA-9999 99:99:99 S9999";
    text.len() == SHAPE.len()
        && text.bytes().zip(SHAPE).all(|(byte, shape)| match shape {
            b'D' => byte.is_ascii_digit() || byte == b' ',
            b'9' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_alphabetic(),
            b'S' => matches!(byte, b'+' | b'-'),
            other => byte == *other,
        })
}

/// A moment in UTC as RFC 3501 writes it.
fn date_time(moment: i64) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, second) = (moment.div_euclid(86_400), moment.rem_euclid(86_400));
    // Days from 1 March of year 0 put the leap day at the end of a year.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = era * 400 + year_of_era + i64::from(month < 2);
    let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or("Jan");
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{day:02}-{name}-{year:04} {hour:02}:{minute:02}:{second:02} +0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_740_992_400; // 3 March 2025, 09:00 UTC

    #[test]
    fn dates_that_can_be_stay_and_others_come_from_the_header() {
        let dated = b"Received: by a; Mon, 3 Mar 2025 09:00:00 +0000\r\nReceived: by b;\r\n Sun, 2 Mar 2025 09:00:00 +0000\r\n\
            Date: Sat, 1 Mar 2025 09:00:00 +0000\r\n\r\nReceived: x; Tue, 4 Mar 2025 01:00:00 +0000\r\n";
        let only_date = b"Received: by a; tomorrow\r\nDate: 1 Mar 25 10:00 +0100\r\n\r\n";
        for (own, message, expected) in [
            ("03-Mar-2025 10:00:00 +0100", &dated[..], None),
            (" 3-Mar-2025 10:00:00 +0100", dated, None),
            ("3-Mar-2025 10:00:00 +0100", dated, Some("03-Mar-2025 09:00:00 +0000")),
            ("03-Mar-25 10:00:00 +0100", dated, Some("03-Mar-2025 09:00:00 +0000")),
            ("30-Dec-1899 00:00:00 +0000", dated, Some("03-Mar-2025 09:00:00 +0000")),
            ("01-Jan-2093 00:00:00 +0000", only_date, Some("01-Mar-2025 09:00:00 +0000")),
            ("00-000-0000 00:00:00 +0000", only_date, Some("01-Mar-2025 09:00:00 +0000")),
            ("never", b"Subject: x\r\n\r\n", Some("")),
            ("", b"Subject: x\r\n\r\n", None),
        ] {
            assert_eq!(repair(own, message, NOW).as_deref(), expected, "{own}");
        }
    }

    #[test]
    fn the_date_of_the_header_counts_where_it_can_be_true() {
        let arrival = "03-Mar-2025 10:00:00 +0100";
        for (header, expected) in [
            ("Date: Sat, 1 Mar 2003 09:00:00 -0200\r\n\r\n", Some("01-Mar-2003 11:00:00 +0000")),
            ("Subject: x\r\ndate:\r\n 4 Mar 2025 08:59:59 +0000\r\n\r\n", Some("04-Mar-2025 08:59:59 +0000")),
            ("Date: Tue, 4 Mar 2025 09:00:01 +0000\r\n\r\n", None),
            ("Date: Thu, 1 Jan 1969 00:00:00 +0000\r\n\r\n", None),
            ("Date: yesterday\r\n\r\n", None),
            ("Subject: x\r\n\r\n", None),
        ] {
            assert_eq!(date_of_header(header.as_bytes(), arrival).as_deref(), expected, "{header}");
        }
        assert_eq!(date_of_header(b"Date: 1 Mar 2003 09:00:00 +0000\r\n\r\n", "never"), None);
    }

    #[test]
    fn moments_are_written_as_they_are_read() {
        for moment in [0, 951_782_400, 951_868_799, 1_709_164_800, 4_102_444_799, NOW] {
            let text = date_time(moment);
            assert!(is_well_formed(&text), "{text}");
            assert_eq!(internal_date_secs(&text), Some(moment), "{text}");
        }
    }
}
