//! Turns the progress of one mailbox into the state of its row, and records pauses.

use crate::engine::api::snapshot::PartDone;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::api::copy_snapshot::{Connections, LostLine, MailboxProgressState, ServerWait};
use crate::project::{Ledger, ProjectError};
use crate::transfer::Progress;
use crate::values::UnixTime;

/// Follows the copy of one mailbox and its verification.
pub(in crate::engine) struct MailboxWatch<'a> {
    ledger: &'a Ledger,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    pairs: usize,
    appenders: usize,
    /// Copies verified so far and in total; `None` while mail is copied.
    verified: Option<PartDone>,
    pause: Option<RunningPause>,
    /// Since when the connection is lost.
    lost_since: Option<UnixTime>,
}

/// A pause that a server asked for.
struct RunningPause {
    words: String,
    until: UnixTime,
}

impl Heard {
    fn at_work(&self) -> MailboxProgressState {
        match self.verified {
            Some(PartDone { done, total }) => MailboxProgressState::Verifying { done, total },
            None => MailboxProgressState::Running(Connections {
                source: self.pairs,
                destination: self.pairs + self.appenders,
            }),
        }
    }
}

impl<'a> MailboxWatch<'a> {
    pub(in crate::engine) fn new(ledger: &'a Ledger) -> Self {
        Self { ledger, heard: Mutex::default() }
    }

    /// Starts the verification of this many copies.
    pub(in crate::engine) fn begin_verify(&self, copies: u64) -> MailboxProgressState {
        let mut heard = self.heard();
        heard.verified = Some(PartDone { done: 0, total: copies });
        heard.at_work()
    }

    /// Handles a progress report; returns the new state of the row, or `None` if it does not change.
    pub(in crate::engine) fn hear(&self, progress: &Progress, at: UnixTime) -> Option<MailboxProgressState> {
        let mut heard = self.heard();
        self.end_pause(&mut heard, at);
        match progress {
            Progress::Connected => {
                (heard.pairs, heard.appenders) = (1, 0);
                heard.lost_since = None;
            }
            Progress::Pairs { count } => heard.pairs = *count,
            Progress::Appenders { count } => heard.appenders = *count,
            Progress::Verified { copies } => {
                heard.verified =
                    heard.verified.map(|known| PartDone { done: *copies, total: known.total.max(*copies) });
            }
            Progress::Resumed => {}
            Progress::Paused => return Some(MailboxProgressState::Paused),
            Progress::Reconnecting { milliseconds, side, words } => {
                let since = *heard.lost_since.get_or_insert(at);
                let next_try = after(at, milliseconds.div_ceil(1_000));
                let lost = LostLine { side: *side, since, next_try, words: words.clone() };
                return Some(MailboxProgressState::Reconnecting(lost));
            }
            Progress::Waiting { seconds, side, cause, words } => {
                let until = after(at, *seconds);
                heard.lost_since = None;
                note(self.ledger.add_pause(words, *seconds, at));
                heard.pause = Some(RunningPause { words: words.clone(), until });
                let wait = ServerWait { side: *side, cause: *cause, words: words.clone() };
                return Some(MailboxProgressState::WaitsUntil(until, wait));
            }
            Progress::Listing { .. } | Progress::Folder { .. } | Progress::Advanced { .. } => return None,
        }
        Some(heard.at_work())
    }

    /// If a pause is cut short, only the time actually waited is recorded.
    fn end_pause(&self, heard: &mut Heard, at: UnixTime) {
        if let Some(pause) = heard.pause.take() {
            let left = pause.until.seconds_since(at);
            if left > 0 {
                note(self.ledger.shorten_pause(&pause.words, left));
            }
        }
    }

    /// The mailbox ends now.
    pub(in crate::engine) fn end(&self, at: UnixTime) {
        self.end_pause(&mut self.heard(), at);
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(at: UnixTime, seconds: u64) -> UnixTime {
    UnixTime(at.0.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)))
}

/// Records a pause. A failure to record it must not end the copy.
fn note(written: Result<(), ProjectError>) {
    if let Err(error) = written {
        tracing::warn!("a pause was not recorded: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::samples::{add_mailbox, project};
    use crate::transfer::WaitCause;
    use crate::values::Side;

    #[test]
    fn connections_and_pauses_are_reported_as_they_were() {
        let temp = tempfile::tempdir().unwrap();
        let project = project(&temp);
        let ledger = add_mailbox(&project, "anna@example.org");
        let watch = MailboxWatch::new(&ledger);
        let hear = |progress: Progress, at| watch.hear(&progress, UnixTime(at));
        let running =
            |source, destination| Some(MailboxProgressState::Running(Connections { source, destination }));
        assert_eq!(hear(Progress::Connected, 0), running(1, 1));
        assert_eq!(hear(Progress::Appenders { count: 4 }, 0), running(1, 5));
        assert_eq!(hear(Progress::Pairs { count: 3 }, 0), running(3, 7));
        let (side, cause, words) = (Side::Destination, WaitCause::Asked, "slow down".to_owned());
        let wait = |seconds| Progress::Waiting { seconds, side, cause, words: words.clone() };
        let asked = ServerWait { side, cause, words: words.clone() };
        let waits = MailboxProgressState::WaitsUntil(UnixTime(310), asked);
        assert_eq!(hear(wait(300), 10), Some(waits));
        assert_eq!(hear(Progress::Connected, 310), running(1, 1), "another connection, other lanes");
        let broken = |milliseconds| Progress::Reconnecting {
            milliseconds,
            side: Some(Side::Source),
            words: "reset by peer".to_owned(),
        };
        let lost = |since, next_try| {
            let (side, words) = (Some(Side::Source), "reset by peer".to_owned());
            let (since, next_try) = (UnixTime(since), UnixTime(next_try));
            Some(MailboxProgressState::Reconnecting(LostLine { side, since, next_try, words }))
        };
        assert_eq!(hear(broken(1_500), 311), lost(311, 313));
        assert_eq!(hear(broken(60_000), 315), lost(311, 375), "lost since the first time");
        assert_eq!(hear(Progress::Connected, 375), running(1, 1));
        assert_eq!(hear(broken(0), 380), lost(380, 380), "there was a connection in between");
        assert_eq!(watch.begin_verify(9), MailboxProgressState::Verifying { done: 0, total: 9 });
        hear(Progress::Verified { copies: 4 }, 312);
        hear(wait(600), 320);
        watch.end(UnixTime(330));
        assert_eq!(
            hear(Progress::Connected, 331),
            Some(MailboxProgressState::Verifying { done: 4, total: 9 })
        );
        let [pause] = <[_; 1]>::try_from(project.pauses().unwrap()).unwrap();
        assert_eq!((pause.times, pause.seconds, pause.words.as_str()), (2, 310, "slow down"));
    }
}
