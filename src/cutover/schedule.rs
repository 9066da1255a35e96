//! Makes the dated plan: which step is done, which is due, and when the others can begin.

use serde::Serialize;

use super::watch::{Reading, Watch};
use crate::values::UnixTime;

/// How long the old server is kept after the last old answer ran out, in seconds: three days. Senders that could not deliver try
/// again from their queues, and mail that the old server itself has sent may still be under way.
const GRACE_SECS: i64 = 3 * 86_400;

/// What the project knows of the copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyDone {
    /// When the last whole copy of every mailbox began.
    pub began_at: Option<UnixTime>,
    /// When it ended; `None` where there was none.
    pub finished_at: Option<UnixTime>,
    /// Whether it was compared and agreed.
    pub is_verified: bool,
}

/// A step of the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// The waiting times of the old records are set to five minutes.
    LowerTtls,
    /// Whatever others keep with the long waiting time runs out.
    LongTtlOver,
    /// Every mailbox is copied.
    Copy,
    /// Both sides are compared.
    Verify,
    /// The new records are published at every server in charge.
    Publish,
    /// Nobody keeps the old records any more.
    OldAnswersGone,
    /// Mail that arrived at the old server meanwhile is brought over, after the last old answer ran out.
    Sweep,
    /// The old server may be stopped.
    StopOldServer,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "at")]
pub enum StepState {
    /// Done.
    Done,
    /// To be done now.
    Due,
    /// Can begin, or is over, at this moment at the earliest.
    From(UnixTime),
    /// Waits for steps before it.
    Waits,
}

/// A step with its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which one.
    pub kind: StepKind,
    /// How far it is.
    pub state: StepState,
    /// When it was done, as far as that was seen.
    pub done_at: Option<UnixTime>,
}

/// Why the old server must go on running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "until")]
pub enum KeepReason {
    /// Not every name server has the new records, so new mail still goes to it.
    NotPublished,
    /// Somebody may still have the old records, until this moment where it is known.
    OldAnswers(Option<UnixTime>),
    /// Mail that reached it meanwhile was not brought over.
    LateMail,
    /// Others may still have mail for it in their queues, until this moment.
    Queues(UnixTime),
    /// Mail that those queues brought was not brought over.
    LastSweep,
}

/// Why the old server must go on running; `None` when it may be stopped.
pub fn keep_reason(watch: &Watch, reading: &Reading, copy: CopyDone, now: UnixTime) -> Option<KeepReason> {
    if !reading.is_everywhere {
        return Some(KeepReason::NotPublished);
    }
    let Some(over) = watch.over_at.filter(|_| reading.is_over) else {
        return Some(KeepReason::OldAnswers(reading.old_until.filter(|until| *until > now)));
    };
    if !is_swept_since(copy, over) {
        return Some(KeepReason::LateMail);
    }
    let quiet = quiet_at(over);
    match () {
        () if now < quiet => Some(KeepReason::Queues(quiet)),
        () if !is_swept_since(copy, quiet) => Some(KeepReason::LastSweep),
        () => None,
    }
}

/// Whether a whole copy began at this moment or later, so that it has seen whatever had arrived by then.
pub(super) fn is_swept_since(copy: CopyDone, moment: UnixTime) -> bool {
    matches!((copy.began_at, copy.finished_at), (Some(began), Some(_)) if began >= moment)
}

/// When the queues of others are empty.
pub(super) const fn quiet_at(over: UnixTime) -> UnixTime {
    UnixTime(over.0.saturating_add(GRACE_SECS))
}

/// Computes the plan after a round, in the order of the steps.
pub fn schedule(watch: &Watch, reading: &Reading, copy: CopyDone, now: UnixTime) -> Vec<Step> {
    let is_published = reading.is_everywhere;
    let is_low = watch.lowered_at.is_some();
    let long_until = watch.long_until.filter(|until| *until > now);
    let is_copied = copy.finished_at.is_some();
    let is_swept = watch.over_at.is_some_and(|over| is_swept_since(copy, over));
    let done_or = |is_done: bool, otherwise: StepState| if is_done { StepState::Done } else { otherwise };
    let from = |until: Option<UnixTime>, otherwise: StepState| until.map_or(otherwise, StepState::From);
    let is_ready = is_low && long_until.is_none() && is_copied && copy.is_verified;
    let publish = if is_ready { StepState::Due } else { from(long_until, StepState::Waits) };
    let gone = if is_published {
        let ahead = reading.old_until.filter(|until| *until > now);
        // Past that moment only a resolver that keeps answers too long is left.
        from(ahead, StepState::Due)
    } else {
        StepState::Waits
    };
    let if_then_due = |is_due: bool| if is_due { StepState::Due } else { StepState::Waits };
    let is_long_over = is_published || (is_low && long_until.is_none());
    let stop = match keep_reason(watch, reading, copy, now) {
        None => StepState::Due,
        Some(KeepReason::Queues(until)) => StepState::From(until),
        Some(_) => StepState::Waits,
    };
    [
        (StepKind::LowerTtls, done_or(is_low, StepState::Due), watch.lowered_at),
        (
            StepKind::LongTtlOver,
            done_or(is_long_over, from(long_until, StepState::Waits)),
            watch.long_until.or(watch.lowered_at),
        ),
        (StepKind::Copy, done_or(is_copied, StepState::Due), copy.finished_at),
        (StepKind::Verify, done_or(is_copied && copy.is_verified, if_then_due(is_copied)), copy.finished_at),
        (StepKind::Publish, done_or(is_published, publish), watch.published_at),
        (StepKind::OldAnswersGone, done_or(reading.is_over, gone), watch.over_at),
        (StepKind::Sweep, done_or(is_swept, if_then_due(reading.is_over)), copy.finished_at),
        (StepKind::StopOldServer, stop, None),
    ]
    .into_iter()
    .map(|(kind, state, at)| Step { kind, state, done_at: at.filter(|_| state == StepState::Done) })
    .collect()
}
