use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::plan::{LedgerSum, Measured};
use crate::project::LedgerTotals;
use crate::transfer::Progress;
use crate::values::Bytes;

/// One in this many messages may have been found at the destination, which takes no measurable time.
const ADOPTED_SHARE: u64 = 10;

/// The time a mailbox is actually being copied, without signing in, pauses and throttling.
#[derive(Default)]
pub(in crate::engine) struct Stopwatch(Mutex<Running>);

#[derive(Default)]
struct Running {
    since: Option<Instant>,
    sum: Duration,
    pairs: u64,
}

impl Running {
    fn rest(&mut self) {
        if let Some(since) = self.since.take() {
            self.sum += since.elapsed();
        }
    }
}

impl Stopwatch {
    /// Handles a progress report.
    pub(in crate::engine) fn hear(&self, progress: &Progress) {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Pairs { count } => {
                running.pairs = running.pairs.max(u64::try_from(*count).unwrap_or(u64::MAX));
            }
            Progress::Paused | Progress::Waiting { .. } | Progress::Reconnecting { .. } => {
                return running.rest();
            }
            Progress::Connected
            | Progress::Appenders { .. }
            | Progress::Verified { .. }
            | Progress::Resumed
            | Progress::Listing { .. }
            | Progress::Folder { .. }
            | Progress::Advanced { .. } => {}
        }
        if running.since.is_none() {
            running.since = Some(Instant::now());
        }
    }

    /// What was copied between two reads of the ledger; `None` if it says nothing about the speed.
    pub(in crate::engine) fn measured(
        &self,
        before: &LedgerTotals,
        after: &LedgerTotals,
    ) -> Option<Measured> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        running.rest();
        let new = |count: fn(&LedgerSum) -> u64| count(&after.sum).saturating_sub(count(&before.sum));
        let messages = new(|sum| sum.copied) + new(|sum| sum.repaired);
        if new(|sum| sum.already_there).saturating_mul(ADOPTED_SHARE) > messages {
            return None;
        }
        let measured = Measured {
            messages,
            bytes: Bytes(after.bytes_done.0.saturating_sub(before.bytes_done.0)),
            millis: u64::try_from(running.sum.as_millis()).unwrap_or(u64::MAX),
            pairs: running.pairs.max(1),
        };
        measured.is_telling().then_some(measured)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::WaitCause;
    use crate::values::Side;

    fn totals(copied: u64, already_there: u64, bytes: u64) -> LedgerTotals {
        let sum = LedgerSum { copied, already_there, ..LedgerSum::default() };
        LedgerTotals { sum, bytes_done: Bytes(bytes), bytes_total: Bytes(bytes), ..LedgerTotals::default() }
    }

    fn timed() -> Stopwatch {
        Stopwatch(Mutex::new(Running { since: None, sum: Duration::from_secs(3), pairs: 2 }))
    }

    #[test]
    fn only_what_was_copied_in_between_is_measured() {
        let measured = timed().measured(&totals(100, 5, 1_000), &totals(400, 5, 9_000)).unwrap();
        let expected = Measured { messages: 300, bytes: Bytes(8_000), millis: 3_000, pairs: 2 };
        assert_eq!(measured, expected);
        assert_eq!(
            timed().measured(&totals(100, 0, 0), &totals(200, 90, 9_000)),
            None,
            "most were there before"
        );
        assert_eq!(
            timed().measured(&totals(100, 0, 0), &totals(102, 0, 9_000)),
            None,
            "two messages say nothing"
        );
    }

    #[test]
    fn pauses_and_waiting_are_no_copying() {
        let watch = Stopwatch::default();
        watch.hear(&Progress::Connected);
        watch.hear(&Progress::Paused);
        let rested = watch.0.lock().unwrap().since;
        assert!(rested.is_none());
        watch.hear(&Progress::Resumed);
        assert!(watch.0.lock().unwrap().since.is_some());
        watch.hear(&Progress::Waiting {
            seconds: 60,
            side: Side::Destination,
            cause: WaitCause::Asked,
            words: String::new(),
        });
        assert!(watch.0.lock().unwrap().since.is_none());
    }
}
