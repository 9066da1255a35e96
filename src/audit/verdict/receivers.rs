//! How many of the receivers are known, and how much confidence that gives.

use std::collections::BTreeSet;

use super::rules::Situation;
use super::{Confidence, Coverage};
use crate::audit::Status;
use crate::audit::evidence::{EvidenceFacts, day_of_time};
use crate::values::UnixTime;

/// What was seen in the last 30 days.
pub(super) fn coverage(situation: &Situation<'_>, evidence: &EvidenceFacts, at: UnixTime) -> Coverage {
    let today = day_of_time(at);
    let is_seen = |tally: &crate::audit::evidence::DayTally| {
        tally.delivered + tally.later + tally.refused + tally.bounced + tally.deferred > 0
    };
    let days: BTreeSet<i64> = evidence
        .receivers
        .iter()
        .flat_map(|receiver| receiver.days.range(today - 30..=today + 1))
        .filter(|(_, tally)| is_seen(tally))
        .map(|(day, _)| *day)
        .collect();
    let named = |is_known: bool| {
        situation
            .top()
            .filter(|receiver| situation.trust(receiver).is_known() == is_known)
            .map(|receiver| receiver.name.clone())
            .collect()
    };
    Coverage {
        known: named(true),
        unknown: named(false),
        days: days.len(),
        attempts: situation.receivers.iter().map(|receiver| receiver.attempts).sum(),
        unmeasured: situation.findings.iter().filter(|finding| finding.status == Status::Unknown).count(),
    }
}

/// How sure a verdict can be. It counts voices, days and messages, and nothing that becomes more when one of these is
/// taken away.
pub(super) fn confidence(situation: &Situation<'_>, coverage: &Coverage) -> Confidence {
    let voices = situation.receivers.iter().filter(|receiver| situation.trust(receiver).is_known()).count();
    match (voices, coverage.days, coverage.attempts) {
        (3.., 14.., 50..) => Confidence::High,
        (2.., 4.., 20..) => Confidence::Medium,
        _ => Confidence::Low,
    }
}
