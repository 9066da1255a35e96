//! How long a server is waited for, and how slowly it may answer.
//!
//! Two clocks run while something is waited for, and only then. One counts silence: a server may compute for as long as
//! [`Timeouts::reply`](crate::imap::protocol::limits::Timeouts::reply) before it says a word. The other runs once a reply has begun, or while a
//! command is being sent: from there on it has to go on at [`LEAST_SPEED`], averaged over the same time. The end of a
//! command sets both back.

use std::time::Duration;

use crate::imap::protocol::error::ImapError;
use crate::imap::transport::gate::Counters;

/// Slowest reply that is waited for, in bytes per second. Fifteen connections at once over a modem of the second
/// generation (some 2.5 kB/s) still get more each; below it a message of one megabyte would take two hours.
pub(in crate::imap) const LEAST_SPEED: u64 = 128;
/// What a reply that was asked for counts beside its bytes: a server may compute for seconds before each of them, such as
/// for the size of a folder.
pub(in crate::imap) const COMPUTED_BYTES: u64 = 512;
/// A look at the clocks while a reply is waited for.
pub(in crate::imap) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How the waiting goes.
#[derive(Debug, Default)]
pub(in crate::imap) struct Pace {
    /// What had gone over the line at the last look.
    seen: Counters,
    /// Waited since something went over the line.
    silent: Duration,
    /// Waited since the reply began, or the sending.
    under_way: Duration,
    /// What has come and gone meanwhile.
    moved: u64,
    has_begun: bool,
}

impl Pace {
    /// When to look next.
    pub(in crate::imap) fn look_after(&self, limit: Duration) -> Duration {
        let left = limit.saturating_sub(self.silent).min(limit.saturating_sub(self.under_way));
        LOOK_EVERY.min(left).max(Duration::from_millis(1))
    }

    /// A command was answered; what has come up to now belongs to it.
    pub(in crate::imap) fn start_anew(&mut self, now: Counters) {
        *self = Self { seen: now, ..Self::default() };
    }

    /// A reply has come that a command asked for.
    pub(in crate::imap) fn computed(&mut self) {
        self.moved = self.moved.saturating_add(COMPUTED_BYTES);
    }

    /// Judges after some more time of waiting. `limit` is both the longest silence and the time that the speed is
    /// averaged over.
    pub(in crate::imap) fn judge(
        &mut self,
        waited: Duration,
        now: Counters,
        is_sending: bool,
        limit: Duration,
    ) -> Result<(), ImapError> {
        let received = now.received.saturating_sub(self.seen.received);
        let moved = received.saturating_add(now.sent.saturating_sub(self.seen.sent));
        self.seen = now;
        self.silent = if moved == 0 { self.silent.saturating_add(waited) } else { Duration::ZERO };
        if self.silent >= limit {
            return Err(ImapError::Silent { seconds: limit.as_secs() });
        }
        if !self.has_begun && received == 0 && !is_sending {
            // What was sent has to be worked on before anything comes.
            return Ok(());
        }
        self.has_begun |= received > 0;
        self.moved = self.moved.saturating_add(moved);
        self.under_way = self.under_way.saturating_add(waited);
        if self.under_way < limit {
            return Ok(());
        }
        let (bytes, least) = (self.moved, u128::from(LEAST_SPEED) * limit.as_millis() / 1_000);
        if u128::from(bytes) < least {
            let seconds = limit.as_secs();
            // Who said a word at the beginning and nothing more is silent, and not slow.
            let is_silent = self.silent >= limit.saturating_sub(limit / 10);
            return Err(if is_silent {
                ImapError::Silent { seconds }
            } else {
                ImapError::TooSlow { bytes, seconds }
            });
        }
        *self = Self { seen: now, silent: self.silent, ..Self::default() };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_mins(1);

    /// Waits second by second for what a server sends in each; how long it took to be given up.
    fn outlived(seconds: u64, received: impl Fn(u64) -> u64) -> Option<(u64, ImapError)> {
        let (mut pace, mut now) = (Pace::default(), Counters::default());
        (1..=seconds).find_map(|second| {
            now.received += received(second);
            let judged = pace.judge(Duration::from_secs(1), now, false, LIMIT);
            judged.err().map(|error| (second, error))
        })
    }

    #[test]
    fn a_drip_ends_and_a_slow_line_does_not() {
        for drip in [1, 60, 100, LEAST_SPEED - 1] {
            let (after, error) = outlived(1_000, |_| drip).unwrap();
            assert!(matches!(error, ImapError::TooSlow { seconds: 60, .. }), "{drip}: {error}");
            assert_eq!(after, 60, "{drip}");
        }
        let (after, error) = outlived(1_000, |second| if second == 1 { 30 } else { 0 }).unwrap();
        assert!(matches!(error, ImapError::Silent { seconds: 60 }), "{error}");
        assert_eq!(after, 60);
        assert!(outlived(10_000, |_| LEAST_SPEED).is_none());
        // In bursts, with pauses in between.
        assert!(outlived(10_000, |second| if second % 30 == 0 { 5_000 } else { 0 }).is_none());
        // A drip now and then.
        assert!(outlived(10_000, |second| if second % 50 == 0 { 100 } else { 0 }).is_some());
    }

    #[test]
    fn a_server_may_compute_before_its_reply_begins() {
        // Nothing for nearly as long as it may be silent; then the reply, at the least speed.
        assert!(outlived(600, |second| if second < 59 { 0 } else { LEAST_SPEED }).is_none());
        let (after, error) = outlived(600, |_| 0).unwrap();
        assert!(matches!(error, ImapError::Silent { seconds: 60 }) && after == 60, "{error}");
    }

    #[test]
    fn replies_that_were_asked_for_may_take_seconds_each() {
        let (mut pace, mut now) = (Pace::default(), Counters::default());
        for second in 1..=1_000_u64 {
            if second.is_multiple_of(4) {
                now.received += 90;
                pace.computed();
            }
            assert!(pace.judge(Duration::from_secs(1), now, false, LIMIT).is_ok(), "{second}");
        }
    }

    #[test]
    fn sending_has_to_continue_and_storing_may_take_its_time() {
        let (mut pace, mut now) = (Pace::default(), Counters::default());
        let given_up = (1..=100_u64).find(|_| {
            now.sent += 50;
            pace.judge(Duration::from_secs(1), now, true, LIMIT).is_err()
        });
        assert_eq!(given_up, Some(60), "who takes a few bytes a second holds the copy up as well");
        let mut pace = Pace::default();
        now.sent += 1_000_000;
        assert!((1..=60).all(|_| pace.judge(Duration::from_secs(1), now, false, LIMIT).is_ok()));
        assert!(matches!(
            pace.judge(Duration::from_secs(1), now, false, LIMIT),
            Err(ImapError::Silent { .. })
        ));
    }
}
