//! The words of the step Switch for rail and footer.

use crate::cutover::{KeepReason, Sees, keep_words};
use crate::engine::api::command::Command;
use crate::engine::api::day::{date_time, day};
use crate::engine::api::snapshot::ProjectView;
use crate::engine::api::standing::{CopyStanding, copy_standing, saved_stages};
use crate::engine::api::step::{Cure, Readiness, StepState};

/// How the step stands.
pub(in crate::engine) fn switch_state(project: &ProjectView) -> StepState {
    let switch = &project.switch;
    if switch.finished_at.is_some() {
        return StepState::Done;
    }
    if switch.route.is_none() {
        return StepState::Waiting;
    }
    let Some(reading) = &switch.reading else {
        return match switch.looking {
            Some(_) => StepState::Running(None),
            None if switch.error.is_some() => StepState::NeedsYou,
            None if is_ready(project) => StepState::Available,
            None => StepState::Waiting,
        };
    };
    let is_wrong = |sees: &Sees| matches!(sees, Sees::Other | Sees::Lying(_));
    if switch.error.is_some() || reading.sights.iter().any(|sight| is_wrong(&sight.sees)) {
        StepState::NeedsYou
    } else if switch.published_at.is_some() && !reading.is_over {
        StepState::Running(seen(project).map(|(new, all)| share(new, all)))
    } else {
        StepState::Available
    }
}

/// The copy is complete and zone lines are saved, so that the switch may come.
fn is_ready(project: &ProjectView) -> bool {
    copy_standing(project) == CopyStanding::Finished && saved_stages(project).saved > 0
}

#[expect(clippy::cast_precision_loss, reason = "a share of some dozen for an arc of a few points")]
fn share(part: usize, whole: usize) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

/// How many see the new mail hosts, of how many.
fn seen(project: &ProjectView) -> Option<(usize, usize)> {
    let sights = &project.switch.reading.as_ref()?.sights;
    Some((sights.iter().filter(|sight| sight.sees == Sees::New).count(), sights.len()))
}

/// The line under the step's name.
pub(in crate::engine) fn switch_line(project: &ProjectView) -> String {
    let switch = &project.switch;
    if let Some(at) = switch.finished_at {
        return day(at).map_or_else(|| "Finished".to_owned(), |day| format!("Finished {day}"));
    }
    match (switch_state(project), &switch.reading, seen(project)) {
        (StepState::Waiting, ..) => "After Copy, Records".to_owned(),
        (_, None, _) if switch.looking.is_some() => "Asking name servers".to_owned(),
        (_, None, _) => "Not checked yet".to_owned(),
        (_, Some(reading), _) if reading.is_over => match switch.keep {
            None => "Old server may stop".to_owned(),
            Some(KeepReason::LateMail | KeepReason::LastSweep) => "Late mail is next".to_owned(),
            Some(_) => "Nobody sees the old MX".to_owned(),
        },
        (_, Some(_), Some((new, all))) if switch.published_at.is_some() => {
            format!("{new} of {all} see the new MX")
        }
        (_, Some(_), _) => "Mail still goes to you".to_owned(),
    }
}

/// Whether the move may be finished, and what the footer says about it.
pub(in crate::engine) fn switch_readiness(project: &ProjectView) -> Readiness {
    let switch = &project.switch;
    if switch.finished_at.is_some() {
        return Readiness::Ready("Next: the report, and what remains to do".to_owned());
    }
    let blocked = |why: &str, cure: Option<Cure>| Readiness::Blocked { why: why.to_owned(), cure };
    if switch.route.is_none() {
        return blocked("The records plan no switch yet", None);
    }
    if switch.reading.is_none() {
        return blocked("Nobody was asked yet", None);
    }
    match switch.keep {
        None => Readiness::Ready("Your old server may be stopped".to_owned()),
        Some(reason @ (KeepReason::LateMail | KeepReason::LastSweep)) if switch.late.can_begin => {
            blocked(&keep_words(reason, date_time), Some(Cure::new("Bring it over", Command::SweepLateMail)))
        }
        Some(reason) => blocked(&keep_words(reason, date_time), None),
    }
}
