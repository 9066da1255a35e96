//! Waiting for a server, as long as it makes progress and the computer has not slept.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::Session;
use crate::imap::protocol::error::ImapError;

/// Slowest server that is waited for while it stores what it was sent, in bytes per second.
const SLOWEST_STORE: u64 = 64 * 1024;
/// How long an answer is waited for once the server has said BAD to a command without its tag: most such servers never
/// answer it (RFC 3501 section 7.1.3).
pub(super) const AFTER_BAD: Duration = Duration::from_secs(10);

impl Session {
    /// Polls until ready, as long as the server makes progress and the computer has not slept.
    pub(super) async fn wait_for<T>(
        &mut self,
        mut poll: impl FnMut(&mut Self, &mut Context<'_>) -> Poll<Result<T, ImapError>>,
    ) -> Result<T, ImapError> {
        self.check_awake()?;
        if let Poll::Ready(ready) = poll_fn(|context| Poll::Ready(poll(self, context))).await {
            return ready;
        }
        loop {
            let began = Instant::now();
            // What an answer ends is judged by what was waited for before it came.
            let limit = self.limit();
            let look_after = self.pace.look_after(limit);
            let ready = timeout(look_after, poll_fn(|context| poll(self, context))).await.ok();
            let judged = self.judge(began.elapsed(), limit);
            if let Some(Err(error)) = ready {
                return Err(error);
            }
            self.check_awake()?;
            judged?;
            if let Some(ready) = ready {
                return ready;
            }
        }
    }

    fn check_awake(&mut self) -> Result<(), ImapError> {
        match self.suspend_detector.look() {
            Some(slept) => Err(ImapError::Slept { seconds: slept.as_secs() }),
            None => Ok(()),
        }
    }

    /// How long the server may be silent.
    pub(super) fn limit(&self) -> Duration {
        // What was sent has to be stored before it is answered.
        let oldest = self.unanswered.values().map(|command| command.queued_before).min();
        let stored = oldest.map_or(0, |before| self.queued_bytes.saturating_sub(before));
        let storing = Duration::from_secs(stored / SLOWEST_STORE);
        let patience = self.timeouts.reply + storing;
        if self.bad.is_some() { patience.min(AFTER_BAD) } else { patience }
    }

    fn judge(&mut self, waited: Duration, limit: Duration) -> Result<(), ImapError> {
        let (now, is_sending) = (self.gate.counters(), self.gate.queued() > 0);
        let judged = self.pace.judge(waited, now, is_sending, limit);
        match &self.bad {
            Some(words) => judged.map_err(|_slow| ImapError::NotUnderstood(words.clone())),
            None => judged,
        }
    }
}
