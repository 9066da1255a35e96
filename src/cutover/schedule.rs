//! The dated plan: which step is done, which is due, and when the others can begin.

use serde::Serialize;

use super::watch::{Reading, SHORT_TTL_SECS, Watch};
use crate::values::UnixTime;

/// What the project knows of the copy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyDone {
    /// When the last whole copy of every mailbox ended; `None` where there was none.
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
}

/// Computes the plan after a round, in the order of the steps.
pub fn schedule(watch: &Watch, reading: &Reading, copy: CopyDone, now: UnixTime) -> Vec<Step> {
    let is_published = reading.is_everywhere;
    let is_low = is_published || watch.old_ttl_secs.is_some_and(|ttl_secs| ttl_secs <= SHORT_TTL_SECS);
    let long_until = watch.long_until.filter(|until| *until > now);
    let is_copied = copy.finished_at.is_some();
    // While the project is watched nothing can copy, so a copy that ended later also began later.
    let is_swept = matches!((copy.finished_at, watch.over_at), (Some(end), Some(over)) if end > over);
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
    [
        (StepKind::LowerTtls, done_or(is_low, StepState::Due)),
        (StepKind::LongTtlOver, done_or(is_long_over, from(long_until, StepState::Waits))),
        (StepKind::Copy, done_or(is_copied, StepState::Due)),
        (StepKind::Verify, done_or(is_copied && copy.is_verified, if_then_due(is_copied))),
        (StepKind::Publish, done_or(is_published, publish)),
        (StepKind::OldAnswersGone, done_or(reading.is_over, gone)),
        (StepKind::Sweep, done_or(is_swept, if_then_due(reading.is_over))),
        (StepKind::StopOldServer, if_then_due(is_swept)),
    ]
    .into_iter()
    .map(|(kind, state)| Step { kind, state })
    .collect()
}
