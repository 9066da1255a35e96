//! Appends that broke off: how long they may still arrive, and what was sent again as they did not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::project::{FolderId, LedgerRow};
use crate::transfer::context::copy_context::Attempt;
use crate::values::UnixTime;

/// How long an append may still arrive. After a break in this run it may for the whole of `limit`. What an earlier run has
/// left under way had a part of that since its newest intent was written (seconds since 1970).
pub(in crate::transfer) fn late_append(
    limit: Duration,
    intent: Option<i64>,
    now: UnixTime,
    attempt: Attempt,
) -> Duration {
    if attempt == Attempt::AfterFailure {
        return limit;
    }
    let passed = intent.map_or(0, |intent| now.0.saturating_sub(intent));
    limit.saturating_sub(Duration::from_secs(u64::try_from(passed).unwrap_or(0)))
}

/// Messages whose append broke off, was not found, and was made again.
#[derive(Debug, Default)]
pub(in crate::transfer) struct SentAgain(Mutex<BTreeMap<FolderId, Vec<LedgerRow>>>);

impl SentAgain {
    /// These did not arrive, as far as could be seen, and are sent again.
    pub(in crate::transfer) fn add(&self, folder: FolderId, rows: Vec<LedgerRow>) {
        self.locked().entry(folder).or_default().extend(rows);
    }

    /// What was sent again in this folder, as it stood before.
    pub(in crate::transfer) fn of(&self, folder: FolderId) -> Vec<LedgerRow> {
        self.locked().get(&folder).cloned().unwrap_or_default()
    }

    /// The same, for the last time.
    pub(in crate::transfer) fn take(&self, folder: FolderId) -> Vec<LedgerRow> {
        self.locked().remove(&folder).unwrap_or_default()
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<FolderId, Vec<LedgerRow>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_append_is_waited_for_from_its_intent_on() {
        let limit = Duration::from_secs(30);
        for (intent, now, seconds) in [
            (Some(100), 100, 30),
            (Some(100), 112, 18),
            (Some(100), 500, 0),
            (Some(100), 50, 30),
            (None, 9, 30),
        ] {
            let wait = late_append(limit, intent, UnixTime(now), Attempt::First);
            assert_eq!(wait, Duration::from_secs(seconds), "{intent:?} {now}");
        }
        assert_eq!(late_append(limit, Some(100), UnixTime(500), Attempt::AfterFailure), limit);
    }
}
