//! Days as the clocks of this computer have them.

use crate::values::UnixTime;

/// The day of a moment, as the clocks of this computer have it: `2026-11-12`. `None` outside all calendars.
pub fn day(time: UnixTime) -> Option<String> {
    let moment = jiff::Timestamp::from_second(time.0).ok()?;
    Some(moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d").to_string())
}
