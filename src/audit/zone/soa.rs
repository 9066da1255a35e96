//! Judges the timers of the SOA record, and compares serials.

use crate::audit::draft::Draft;
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Lookups, Status};
use crate::values::{DnsAnswer, RecordData, UnixTime, counted_as};

/// An hour: what was forgotten at the switch hurts no longer than that.
const GOOD_NEGATIVE_TTL_SECS: u32 = 3_600;
/// A day: what was forgotten at the switch hurts until the day after.
const LONG_NEGATIVE_TTL_SECS: u32 = 86_400;
/// A week: secondaries go on that long without the primary (RFC 1912 section 2.2 wants two to four).
const SHORT_EXPIRE_SECS: u32 = 604_800;
/// Unix times of serials begin here (2001), and dates as `YYYYMMDDnn` lie above all of them until 2033.
const FIRST_UNIX_SERIAL: u32 = 1_000_000_000;

/// Version of the zone in a SOA answer.
pub(super) fn serial(answer: &DnsAnswer) -> Option<u32> {
    answer.records.iter().find_map(|record| match record {
        RecordData::Soa { serial, .. } => Some(*serial),
        _ => None,
    })
}

/// How far the older version is behind at least, where serials are moments or dates; `None` if they only count.
pub(super) fn lag_secs(old: u32, new: u32, at: UnixTime) -> Option<u64> {
    let today = u64::try_from(at.0).unwrap_or(0) + 86_400;
    let is_moment = |serial: u32| (FIRST_UNIX_SERIAL..).contains(&serial) && u64::from(serial) <= today;
    if is_moment(old) && is_moment(new) {
        return Some(u64::from(new.saturating_sub(old)));
    }
    let date = |serial: u32| {
        let day = serial / 100;
        let (year, month, day) = (day / 10_000, day / 100 % 100, day % 100);
        let is_date = (1990..2042).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        // Months of 31 days count too many days rather than too few, so only a difference of months matters.
        is_date.then_some((year, month, day))
    };
    let (old, new) = (date(old)?, date(new)?);
    if old == new {
        return None;
    }
    // The older one was made before its day ended, so a day less is sure.
    let days =
        |(year, month, day): (u32, u32, u32)| u64::from(year) * 365 + u64::from(month) * 30 + u64::from(day);
    Some(days(new).saturating_sub(days(old)).saturating_sub(1) * 86_400)
}

/// Whether the timers fit each other (RFC 1912 section 2.2).
pub(super) fn judge_timers(soa: &DnsAnswer, lookups: &Lookups<'_>, findings: &mut Vec<Finding>) {
    let Some(RecordData::Soa { mailbox, refresh_secs, retry_secs, expire_secs, .. }) = soa.records.first()
    else {
        return;
    };
    lookups.begin();
    lookups.see(soa);
    let mut odd = Vec::new();
    if retry_secs >= refresh_secs {
        odd.push(format!("a failed look is tried again after {retry_secs} seconds, later than the next regular one ({refresh_secs})"));
    }
    if *expire_secs < SHORT_EXPIRE_SECS {
        odd.push(format!(
            "secondary servers give up after {}",
            counted_as(expire_secs / 3_600, "hour", "hours")
        ));
    }
    if expire_secs.saturating_sub(*retry_secs) < *refresh_secs {
        odd.push("secondary servers give up before they have looked twice".to_owned());
    }
    if mailbox.labels().count() < 2 {
        odd.push(format!("“{mailbox}” is not a mailbox of whoever runs the zone"));
    }
    let draft = if odd.is_empty() {
        Draft::new(
            "zone.timers",
            Area::Zone,
            Status::Pass,
            Importance::Minor,
            "The timers of the zone fit each other",
        )
        .words("Secondary servers check often enough, and keep serving long enough.")
    } else {
        Draft::new("zone.timers", Area::Zone, Status::Warn, Importance::Minor, "The timers of the zone are odd")
            .words(format!("In the SOA record, {}.", odd.join("; ")))
            .remedy(Effort::Low, Changer::YouInTheZone, "Usual are a refresh of 7200, a retry of 3600 and an expire of 1209600 seconds. Many DNS hosts set them by themselves.")
    };
    findings.push(draft.rfc(1912, "2.2").done(lookups));
}

/// How long it is remembered that a record is not there (RFC 2308 section 5). `direct` comes from an authoritative server.
pub(super) fn judge_negative_ttl(
    soa: &DnsAnswer,
    is_direct: bool,
    lookups: &Lookups<'_>,
    findings: &mut Vec<Finding>,
) {
    let Some(RecordData::Soa { minimum_secs, .. }) = soa.records.first() else { return };
    lookups.begin();
    lookups.see(soa);
    // The TTL of the record itself counts as well, and through a memory it is only a lower bound.
    let own_ttl = soa.ttl_secs.unwrap_or(0);
    let secs = if is_direct { (*minimum_secs).min(own_ttl) } else { *minimum_secs };
    let is_sure = is_direct || secs <= GOOD_NEGATIVE_TTL_SECS || own_ttl >= secs;
    let hours = secs.div_ceil(3_600);
    let new = |status: Status, importance: Importance, title: String| {
        Draft::new("zone.negative-ttl", Area::Zone, status, importance, title)
            .group(Group::MattersForTheSwitch)
    };
    let draft = if !is_sure {
        new(Status::Unknown, Importance::Minor, "How long missing records are remembered could not be measured".to_owned())
            .words("The zone's own servers could not be asked, and a resolver's cache only shows what is left. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again from a network that lets DNS questions through.")
    } else if secs <= GOOD_NEGATIVE_TTL_SECS {
        new(
            Status::Pass,
            Importance::Minor,
            format!(
                "Missing records are remembered for {} at most",
                counted_as(secs.div_ceil(60), "minute", "minutes")
            ),
        )
        .words("Anyone who asks for a record before you publish it asks again soon.")
    } else {
        let is_long = secs > LONG_NEGATIVE_TTL_SECS;
        let (status, importance) =
            if is_long { (Status::Fail, Importance::Important) } else { (Status::Warn, Importance::Minor) };
        new(status, importance, format!("Missing records are remembered for {}", counted_as(hours, "hour", "hours")))
            .words("Anyone who asks for a record before you publish it continues to believe for this long that there is none.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Set the last number of the SOA record to 3600 a few days before the switch.")
    };
    findings.push(draft.rfc(2308, "4").done(lookups));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_that_are_moments_or_dates_tell_how_far_behind() {
        let at = UnixTime(1_700_000_000);
        for (old, new, lag) in [
            (7, 9, None),
            (1_699_990_000, 1_699_999_000, Some(9_000)),
            (2_023_110_101, 2_023_110_102, None),
            (2_023_110_101, 2_023_110_201, Some(0)),
            (2_023_110_101, 2_023_110_401, Some(172_800)),
            (2_023_113_001, 2_023_120_101, Some(0)),
            (2_023_990_101, 2_023_110_401, None),
        ] {
            assert_eq!(lag_secs(old, new, at), lag, "{old} {new}");
        }
    }
}
