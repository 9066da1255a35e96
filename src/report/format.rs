//! Words and numbers of the report.

use jiff::Timestamp;

use crate::plan::LedgerSum;
use crate::values::{UnixTime, with_thousands};

/// A moment in UTC: `2026-11-15 09:12 UTC`.
pub(super) fn utc(time: UnixTime) -> String {
    Timestamp::from_second(time.0).map_or_else(
        |_| "at an unknown time".to_owned(),
        |time| time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

/// A moment in the format of RFC 3339: `2026-11-15T09:12:00Z`.
pub(super) fn rfc3339(time: UnixTime) -> Option<String> {
    Timestamp::from_second(time.0).ok().map(|time| time.to_string())
}

/// The states of a ledger with their counts and words, in reading order.
pub(super) fn states(sum: &LedgerSum) -> [(u64, &'static str); 9] {
    [
        (sum.copied, "copied"),
        (sum.already_there, "already there"),
        (sum.repaired, "repaired and copied"),
        (sum.exported, "saved as .eml"),
        (sum.refused, "refused"),
        (sum.vanished, "vanished at the source"),
        (sum.left_out, "left out by choice"),
        (sum.deferred, "put off by a trial"),
        (sum.to_do, "still to do"),
    ]
}

/// Whether every message at the source is in exactly one state.
pub(super) fn adds_up(sum: &LedgerSum) -> bool {
    states(sum).iter().map(|(count, _)| *count).fold(0_u64, u64::saturating_add) == sum.source_count
}

/// The ledger as a sum: `5,000 on the source = 4,990 copied + 10 already there`.
pub(super) fn equation(sum: &LedgerSum) -> String {
    let terms = states(sum)
        .iter()
        .filter(|(count, word)| *count > 0 || *word == "copied")
        .map(|(count, word)| format!("{} {word}", with_thousands(*count)))
        .collect::<Vec<_>>();
    let sign = if adds_up(sum) { "=" } else { "≠" };
    format!("{} on the source {sign} {}", with_thousands(sum.source_count), terms.join(" + "))
}
