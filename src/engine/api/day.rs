//! Days and times in this computer's time zone.

use crate::values::UnixTime;

/// The local date of a moment: `2026-11-12`. `None` if it is out of range.
pub fn day(time: UnixTime) -> Option<String> {
    let moment = jiff::Timestamp::from_second(time.0).ok()?;
    Some(moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d").to_string())
}

/// The local date and time of a moment: `2026-11-12 07:15`; empty if it is out of range.
pub fn date_time(time: UnixTime) -> String {
    jiff::Timestamp::from_second(time.0).map_or_else(
        |_out_of_range| String::new(),
        |moment| moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string(),
    )
}
