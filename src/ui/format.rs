//! Numbers, times and durations in words: ISO dates, local time, thousands with commas, two units at most.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{Timestamp, Zoned, tz::TimeZone};

use crate::values::{self, DomainName, UnixTime};

pub use crate::values::counted_as as counted;

fn zoned(at: UnixTime) -> Option<Zoned> {
    Timestamp::from_second(at.0).ok().map(|moment| moment.to_zoned(zone()))
}

static IS_UTC: AtomicBool = AtomicBool::new(cfg!(test));

/// Shows times in UTC from now on, so that pictures in tests do not depend on the time zone.
#[cfg(feature = "testing")]
pub fn use_utc() {
    IS_UTC.store(true, Ordering::Relaxed);
}

fn zone() -> TimeZone {
    if IS_UTC.load(Ordering::Relaxed) { TimeZone::UTC } else { TimeZone::system() }
}

/// `2026-11-12 18:40`.
pub fn date_time(at: UnixTime) -> String {
    zoned(at).map_or_else(String::new, |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

/// `2026-11-12`.
pub fn date(at: UnixTime) -> String {
    zoned(at).map_or_else(String::new, |moment| moment.strftime("%Y-%m-%d").to_string())
}

/// `17:06`.
pub fn time(at: UnixTime) -> String {
    zoned(at).map_or_else(String::new, |moment| moment.strftime("%H:%M").to_string())
}

/// `17:06:41`.
pub fn time_with_seconds(at: UnixTime) -> String {
    zoned(at).map_or_else(String::new, |moment| moment.strftime("%H:%M:%S").to_string())
}

/// `Today, 17:06` or `2026-10-28`.
pub fn when(at: UnixTime, now: UnixTime) -> String {
    if date(at) == date(now) { format!("Today, {}", time(at)) } else { date(at) }
}

/// `about 2 hours, 10 minutes`: two units at most, without false precision.
pub fn duration(seconds: u64) -> String {
    let two = |large: u64, unit: &str, small: u64, small_unit: &str| {
        if small == 0 {
            values::counted(large, unit)
        } else {
            format!("{}, {}", values::counted(large, unit), values::counted(small, small_unit))
        }
    };
    match seconds {
        0..10 => "a few seconds".to_owned(),
        10..60 => values::counted(seconds.div_ceil(10) * 10, "second"),
        60..3_600 => values::counted(seconds.div_ceil(60), "minute"),
        3_600..86_400 => two(seconds / 3_600, "hour", seconds % 3_600 / 600 * 10, "minute"),
        _ => two(seconds / 86_400, "day", seconds % 86_400 / 3_600, "hour"),
    }
}

/// `2.2 MB/s`, or `84 kB/s` for low speeds.
pub fn speed(bytes_per_second: u64) -> String {
    if bytes_per_second < 100_000 {
        return format!("{} kB/s", bytes_per_second.saturating_add(500) / 1_000);
    }
    let tenths = bytes_per_second.saturating_add(50_000) / 100_000;
    format!("{}.{} MB/s", tenths / 10, tenths % 10)
}

/// Whole percent of bytes; 100 only when everything is done.
pub fn percent(done: u64, total: u64) -> u64 {
    if total == 0 {
        return 0;
    }
    let share = u128::from(done.min(total)) * 100 / u128::from(total);
    u64::try_from(share).unwrap_or(100)
}

/// Share from 0 to 1 for a bar.
#[expect(clippy::cast_precision_loss, reason = "a share for a bar of a few hundred points")]
pub fn share(done: u64, total: u64) -> f32 {
    if total == 0 { 0.0 } else { (done as f32 / total as f32).clamp(0.0, 1.0) }
}

/// Which form of a domain to show first: the one that is safe to read.
///
/// Right-to-left or mixed scripts may be unreadable or ambiguous, so for those the A-label comes first.
pub fn domain_forms(domain: &DomainName) -> (String, Option<String>) {
    if !domain.is_internationalised() {
        return (domain.as_unicode().to_owned(), None);
    }
    if needs_a_label_first(domain.as_unicode()) {
        (domain.as_ascii().to_owned(), Some(domain.as_unicode().to_owned()))
    } else {
        (domain.as_unicode().to_owned(), Some(domain.as_ascii().to_owned()))
    }
}

fn needs_a_label_first(text: &str) -> bool {
    use unicode_script::{Script, UnicodeScript};
    let mut script = None;
    for found in text.chars().map(|character| character.script()) {
        match found {
            Script::Common | Script::Inherited => {}
            Script::Hebrew | Script::Arabic | Script::Syriac | Script::Thaana | Script::Nko => return true,
            _ if script.is_some_and(|earlier| earlier != found) && !is_east_asian(found) => return true,
            _ => script = Some(found),
        }
    }
    false
}

const fn is_east_asian(script: unicode_script::Script) -> bool {
    use unicode_script::Script;
    matches!(script, Script::Han | Script::Hiragana | Script::Katakana | Script::Hangul | Script::Bopomofo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, words) in [
            (3, "a few seconds"),
            (41, "50 seconds"),
            (61, "2 minutes"),
            (3_600, "1 hour"),
            (7_830, "2 hours, 10 minutes"),
            (90_000, "1 day, 1 hour"),
        ] {
            assert_eq!(duration(seconds), words);
        }
    }

    #[test]
    fn percent_is_full_only_at_the_end() {
        assert_eq!(percent(999, 1000), 99);
        assert_eq!(percent(1000, 1000), 100);
        assert_eq!(percent(u64::MAX - 1, u64::MAX), 99);
        assert_eq!(percent(5, 0), 0);
    }

    #[test]
    fn scripts_that_mislead_show_the_a_label_first() {
        let first = |text: &str| domain_forms(&DomainName::parse(text).unwrap()).0;
        assert_eq!(first("weber-köln.example"), "weber-köln.example");
        assert_eq!(first("example.org"), "example.org");
        assert!(first("מכתב.example").starts_with("xn--"));
        assert!(first("wеber.example").starts_with("xn--"), "the second letter is Cyrillic");
    }

    #[test]
    fn times_are_iso() {
        assert_eq!(date_time(UnixTime(0)), "1970-01-01 00:00");
        assert_eq!(when(UnixTime(60), UnixTime(3_600)), "Today, 00:01");
        assert_eq!(when(UnixTime(60), UnixTime(90_000)), "1970-01-01");
    }
}
