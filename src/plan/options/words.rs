//! Dates and sizes as people type them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use thiserror::Error;

/// Why a date or a size was not understood.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OptionWordsError {
    /// Not a day.
    #[error("“{0}” is not a date: write year, month and day, such as 2024-01-31")]
    Date(String),
    /// Not a size.
    #[error("“{0}” is not a size: write a number and B, kB, MB or GB, such as 25 MB")]
    Size(String),
}

/// The beginning of a day in UTC, from `2024-01-31`, in seconds since 1970.
pub fn parse_date(text: &str) -> Result<i64, OptionWordsError> {
    let wrong = || OptionWordsError::Date(text.to_owned());
    let trimmed = text.trim();
    let has_form = trimmed.len() == 10
        && trimmed.bytes().enumerate().all(|(index, byte)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !has_form {
        return Err(wrong());
    }
    let day: Date = trimmed.parse().map_err(|_error| wrong())?;
    let midnight = day.to_zoned(TimeZone::UTC).map_err(|_error| wrong())?;
    Ok(midnight.timestamp().as_second())
}

/// The day of a moment in UTC: `2024-01-31`.
pub fn date_words(secs: i64) -> String {
    Timestamp::from_second(secs)
        .map_or_else(|_| "an unknown day".to_owned(), |moment| moment.strftime("%Y-%m-%d").to_string())
}

/// A size in bytes, from `25 MB`, `1.5GB` or `4096`; decimal units, as providers use them.
pub fn parse_size(text: &str) -> Result<u64, OptionWordsError> {
    let wrong = || OptionWordsError::Size(text.to_owned());
    let trimmed = text.trim();
    let end = trimmed.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at_checked(end).ok_or_else(wrong)?;
    let unit_bytes: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && part.is_empty()) || part.len() > 9 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_error| wrong())?;
    let scale = 10_u64.pow(u32::try_from(part.len()).unwrap_or(9));
    let part: u64 = if part.is_empty() { 0 } else { part.parse().map_err(|_error| wrong())? };
    let bytes = whole.checked_mul(unit_bytes).ok_or_else(wrong)?;
    let more = u128::from(part) * u128::from(unit_bytes) / u128::from(scale);
    bytes.checked_add(u64::try_from(more).map_err(|_error| wrong())?).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_strictly() {
        for (text, secs) in [
            ("1970-01-01", 0),
            ("2024-02-29", 1_709_164_800),
            (" 2024-02-29 ", 1_709_164_800),
            ("1969-12-31", -86_400),
        ] {
            assert_eq!(parse_date(text), Ok(secs), "{text}");
            assert_eq!(date_words(secs), text.trim());
        }
        for text in [
            "",
            "2023-02-29",
            "2024-13-01",
            "01.02.2024",
            "2024-1-1",
            "2024-01-01T00:00",
            "+024-01-01",
            "２024-01-1",
        ] {
            assert!(parse_date(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_strictly() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4_096),
            ("25 MB", 25_000_000),
            ("25mb", 25_000_000),
            ("1.5GB", 1_500_000_000),
            ("10k", 10_000),
            ("0.0005 kB", 0),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "MB",
            "-1",
            "1,5 MB",
            "1. MB",
            ".5 MB",
            "1.2.3",
            "25 MiB",
            "99999999999999999999",
            "99999999999 GB",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
