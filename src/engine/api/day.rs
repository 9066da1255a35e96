//! Days in this computer's time zone.

use crate::values::UnixTime;

/// The local date of a moment: `2026-11-12`. `None` if it is out of range.
pub fn day(time: UnixTime) -> Option<String> {
    let moment = jiff::Timestamp::from_second(time.0).ok()?;
    Some(moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d").to_string())
}
