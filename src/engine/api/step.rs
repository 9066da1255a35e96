//! The steps of a move. Which one is current follows from facts, so a reopened project shows the right one.

use crate::audit::Status;
use crate::audit::verdict::{Verdict, outcome_name};
use crate::engine::api::command::Command;
use crate::engine::api::copy_words::{copy_line, copy_readiness};
use crate::engine::api::snapshot::{AuditView, PartDone, ProjectView, SignInState, Snapshot};
use crate::engine::api::standing::{
    CopyStanding, SavedStages, copy_standing, is_asking_keyring, is_report_saved, is_zone_saved,
    missing_passwords, saved_stages,
};
use crate::engine::api::switch_words::{switch_line, switch_readiness, switch_state};
use crate::plan::open_decisions;
use crate::values::with_thousands;

/// The steps of the rail, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Domain and server.
    Domain,
    /// What is wrong today.
    Audit,
    /// Stay or move.
    Verdict,
    /// Where to.
    Destination,
    /// Who moves.
    Mailboxes,
    /// Which folder goes where.
    Plan,
    /// The copy.
    Copy,
    /// The new DNS records.
    Records,
    /// New mail goes to the new server.
    Switch,
    /// The report.
    Done,
}

impl Step {
    /// All steps in the order of the rail.
    pub const ALL: [Self; 10] = [
        Self::Domain,
        Self::Audit,
        Self::Verdict,
        Self::Destination,
        Self::Mailboxes,
        Self::Plan,
        Self::Copy,
        Self::Records,
        Self::Switch,
        Self::Done,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domain => "Domain",
            Self::Audit => "Audit",
            Self::Verdict => "Verdict",
            Self::Destination => "Destination",
            Self::Mailboxes => "Mailboxes",
            Self::Plan => "Plan",
            Self::Copy => "Copy",
            Self::Records => "Records",
            Self::Switch => "Switch",
            Self::Done => "Done",
        }
    }
}

/// The state of a step, for its marker in the rail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StepState {
    /// Its facts are there.
    Done,
    /// Can be worked on.
    Available,
    /// A job of it runs; share done from 0 to 1, where known.
    Running(Option<f32>),
    /// Paused by the user.
    Paused,
    /// It needs the user.
    NeedsYou,
    /// Waits for other steps; the page opens and says for which.
    Waiting,
}

/// What the footer says about a step.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Readiness {
    /// The next step is open; the sentence says what it is.
    Ready(String),
    /// Not yet: why, and a link that resolves it, if there is one.
    Blocked {
        /// Why.
        why: String,
        /// What would resolve it.
        cure: Option<Cure>,
    },
}

/// A link that resolves what blocks a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Cure {
    /// Its text.
    pub label: String,
    /// What it sends.
    pub command: Command,
}

impl Cure {
    /// A link of this text that sends this command.
    pub fn new(label: &str, command: Command) -> Self {
        Self { label: label.to_owned(), command }
    }
}

/// How a step stands.
pub fn step_state(step: Step, project: &ProjectView) -> StepState {
    match step {
        Step::Domain => domain_state(project),
        Step::Audit => audit_state(project),
        // It follows from the audit; nothing in it has to be done.
        Step::Verdict if verdict(project).is_some() => StepState::Done,
        Step::Verdict => StepState::Waiting,
        Step::Destination if project.destination.chosen.is_some() => StepState::Done,
        Step::Destination => StepState::Available,
        Step::Mailboxes => mailboxes_state(project),
        Step::Plan => plan_state(project),
        Step::Copy => copy_state(project),
        Step::Records => records_state(project),
        Step::Switch => switch_state(project),
        Step::Done => match copy_standing(project) {
            CopyStanding::Finished if is_report_saved(project) => StepState::Done,
            CopyStanding::Finished => StepState::Available,
            _ => StepState::Waiting,
        },
    }
}

/// The verdict of the newest audit.
fn verdict(project: &ProjectView) -> Option<&Verdict> {
    project.audit.report().and_then(|report| report.verdict.as_ref())
}

fn domain_state(project: &ProjectView) -> StepState {
    if project.domain.is_searching {
        StepState::Running(None)
    } else if project.domain.source_server.is_some() {
        StepState::Done
    } else if project.domain.search_error.is_some() {
        StepState::NeedsYou
    } else {
        StepState::Available
    }
}

fn audit_state(project: &ProjectView) -> StepState {
    match &project.audit {
        AuditView::NotRun => StepState::Available,
        AuditView::Running { done, total, .. } => StepState::Running(share(*done as u64, *total as u64)),
        AuditView::Done(_) => StepState::Done,
        AuditView::Failed(_) => StepState::NeedsYou,
    }
}

fn mailboxes_state(project: &ProjectView) -> StepState {
    if project.destination.chosen.is_none() || project.domain.source_server.is_none() {
        return StepState::Waiting;
    }
    let chosen = || project.mailboxes.iter().filter(|row| row.mailbox.is_chosen);
    let is_signed_in = |state: &SignInState| *state == SignInState::SignedIn;
    if chosen().next().is_none() {
        StepState::Available
    } else if chosen().all(|row| is_signed_in(&row.source.state) && is_signed_in(&row.destination.state)) {
        StepState::Done
    } else if chosen().any(|row| {
        row.source.state == SignInState::SigningIn || row.destination.state == SignInState::SigningIn
    }) {
        StepState::Running(None)
    } else if chosen().any(|row| row.source.error.is_some() || row.destination.error.is_some()) {
        StepState::NeedsYou
    } else {
        StepState::Available
    }
}

fn plan_state(project: &ProjectView) -> StepState {
    if let Some(PartDone { done, total }) = project.plan.counting {
        StepState::Running(share(done, total))
    } else if !project.plan.errors.is_empty() || decisions(project) > 0 {
        StepState::NeedsYou
    } else if !project.plan.mailboxes.is_empty() {
        StepState::Done
    } else if mailboxes_state(project) == StepState::Done {
        StepState::Available
    } else {
        StepState::Waiting
    }
}

fn copy_state(project: &ProjectView) -> StepState {
    match copy_standing(project) {
        CopyStanding::NotStarted | CopyStanding::Elsewhere if project.plan.mailboxes.is_empty() => {
            StepState::Waiting
        }
        CopyStanding::NotStarted
        | CopyStanding::Elsewhere
        | CopyStanding::Tried(_)
        | CopyStanding::Outgrown => StepState::Available,
        CopyStanding::Running | CopyStanding::Pausing | CopyStanding::Stopping => {
            StepState::Running(share(project.copy.bytes_done.0, project.copy.bytes_total.0))
        }
        CopyStanding::Interrupted if missing_passwords(project) > 0 && !is_asking_keyring(project) => {
            StepState::NeedsYou
        }
        CopyStanding::Paused | CopyStanding::Interrupted => StepState::Paused,
        CopyStanding::Stopped => StepState::NeedsYou,
        CopyStanding::Finished if project.copy.sum.refused > 0 => StepState::NeedsYou,
        CopyStanding::Finished => StepState::Done,
    }
}

fn records_state(project: &ProjectView) -> StepState {
    if project.destination.chosen.is_none() {
        StepState::Waiting
    } else if project.records.is_preparing {
        StepState::Running(None)
    } else if project.records.error.is_some() {
        StepState::NeedsYou
    } else if is_zone_saved(project) {
        StepState::Done
    } else {
        StepState::Available
    }
}

/// Share done from 0 to 1; `None` if the total is unknown.
fn share(done: u64, total: u64) -> Option<f32> {
    #[expect(clippy::cast_precision_loss, reason = "a share for an arc of a few points")]
    (total > 0).then(|| (done as f32 / total as f32).clamp(0.0, 1.0))
}

/// The line under a step's name: a fact, never the word “step”.
pub fn step_line(step: Step, project: &ProjectView) -> String {
    match step {
        Step::Domain => match &project.domain.source_server {
            Some(server) => server.host.clone(),
            None if project.domain.is_searching => "Looking for the server".to_owned(),
            None => "Server not known yet".to_owned(),
        },
        Step::Audit => match &project.audit {
            AuditView::NotRun => "Not run yet".to_owned(),
            AuditView::Running { done, total, .. } => format!("{done} of {total} answers"),
            AuditView::Done(report) => {
                format!("{} fail, {} warnings", report.count(Status::Fail), report.count(Status::Warn))
            }
            AuditView::Failed(_) => "Failed".to_owned(),
        },
        Step::Verdict => match verdict(project) {
            Some(verdict) => {
                let decided = verdict.overruled.as_ref().map_or(verdict.outcome, |owner| owner.outcome);
                outcome_name(decided).to_owned()
            }
            None => "After Audit".to_owned(),
        },
        Step::Destination => match &project.destination.chosen {
            Some((_, name)) => name.clone(),
            None => format!("{} providers to compare", project.destination.comparisons.len()),
        },
        Step::Mailboxes => mailboxes_line(project),
        Step::Plan => plan_line(project),
        Step::Copy => copy_line(project),
        Step::Records => match records_state(project) {
            StepState::Waiting => "After Destination".to_owned(),
            StepState::Running(_) => "Reading the zone".to_owned(),
            StepState::NeedsYou => "Needs you".to_owned(),
            StepState::Done => "All stages saved".to_owned(),
            StepState::Available | StepState::Paused => {
                match (&project.records.plan, saved_stages(project)) {
                    (None, _) => "Ready to prepare".to_owned(),
                    (Some(_), SavedStages { saved: 0, .. }) => "Prepared, not saved yet".to_owned(),
                    (Some(_), SavedStages { saved, all }) => format!("{saved} of {all} stages saved"),
                }
            }
        },
        Step::Switch => switch_line(project),
        Step::Done => match step_state(Step::Done, project) {
            StepState::Waiting => "After Copy".to_owned(),
            StepState::Done => "Report saved".to_owned(),
            _ if project.report_saved.is_some() => "Saved report is older".to_owned(),
            _ => "Report ready".to_owned(),
        },
    }
}

fn mailboxes_line(project: &ProjectView) -> String {
    if mailboxes_state(project) == StepState::Waiting {
        return match project.destination.chosen {
            None => "After Destination".to_owned(),
            Some(_) => "After Domain".to_owned(),
        };
    }
    let chosen = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).count();
    let signed_in = project
        .mailboxes
        .iter()
        .filter(|row| {
            row.mailbox.is_chosen
                && row.source.state == SignInState::SignedIn
                && row.destination.state == SignInState::SignedIn
        })
        .count();
    match (chosen, signed_in) {
        (0, _) => "None yet".to_owned(),
        (all, some) if all == some => format!("{all} signed in"),
        (all, some) => format!("{some} of {all} signed in"),
    }
}

/// Folders that need a decision; a copy that has started uses the proposed names.
fn decisions(project: &ProjectView) -> usize {
    match copy_standing(project) {
        CopyStanding::NotStarted | CopyStanding::Elsewhere => {
            project.plan.mailboxes.values().map(open_decisions).sum()
        }
        _ => 0,
    }
}

fn plan_line(project: &ProjectView) -> String {
    if let Some(PartDone { done, total }) = project.plan.counting {
        return format!("Counting, {done} of {total}");
    }
    if project.plan.mailboxes.is_empty() {
        let can_begin = mailboxes_state(project) == StepState::Done;
        return if can_begin { "Ready to build" } else { "After Mailboxes" }.to_owned();
    }
    match decisions(project) {
        0 => {}
        1 => return "1 decision open".to_owned(),
        open => return format!("{} decisions open", with_thousands(u64::try_from(open).unwrap_or(u64::MAX))),
    }
    let messages: u64 = project.plan.mailboxes.values().map(|plan| plan.chosen().messages).sum();
    format!("{} to copy", with_thousands(messages))
}

/// Whether the next step is open, and what the footer says about it.
pub fn readiness(step: Step, snapshot: &Snapshot) -> Readiness {
    let Some(project) = &snapshot.project else {
        return Readiness::Ready(String::new());
    };
    let blocked = |why: &str, cure: Option<Cure>| Readiness::Blocked { why: why.to_owned(), cure };
    match step {
        Step::Domain => Readiness::Ready("Next: what receivers see of your domain".to_owned()),
        Step::Audit => match &project.audit {
            AuditView::Running { .. } => blocked("The audit is still running", None),
            _ => Readiness::Ready("Next: the verdict".to_owned()),
        },
        Step::Verdict => Readiness::Ready("Next: where your mail could go".to_owned()),
        Step::Destination => match project.destination.chosen {
            Some(_) if project.destination.server.is_none() => {
                blocked("Enter the IMAP server of your destination", None)
            }
            Some(_) => Readiness::Ready("Next: the mailboxes that move".to_owned()),
            None => blocked("Choose a provider first", None),
        },
        Step::Mailboxes => mailboxes_readiness(project),
        Step::Plan => {
            if project.plan.counting.is_some() {
                blocked("Folders are still being counted", None)
            } else if project.plan.mailboxes.is_empty() {
                blocked("No folders have been counted yet", None)
            } else if decisions(project) > 0 {
                let words = "A colliding folder keeps a separate name until you decide";
                Readiness::Ready(words.to_owned())
            } else {
                Readiness::Ready("Nothing is deleted on your server".to_owned())
            }
        }
        Step::Copy => copy_readiness(project),
        Step::Records => match (&project.records.plan, saved_stages(project).saved) {
            (None, _) => blocked("The records are not prepared yet", None),
            (Some(_), 0) => {
                Readiness::Ready("Save the zone lines, then publish them at your DNS host".to_owned())
            }
            (Some(_), _) => Readiness::Ready("Next: the switch".to_owned()),
        },
        Step::Switch => switch_readiness(project),
        Step::Done => Readiness::Ready(String::new()),
    }
}

fn mailboxes_readiness(project: &ProjectView) -> Readiness {
    match mailboxes_state(project) {
        StepState::Done => Readiness::Ready("Next: which folder goes where".to_owned()),
        StepState::Waiting if project.destination.chosen.is_none() => {
            Readiness::Blocked { why: "Choose a provider first".to_owned(), cure: None }
        }
        StepState::Waiting => {
            Readiness::Blocked { why: "Enter the server that holds your mail first".to_owned(), cure: None }
        }
        StepState::Running(_) => Readiness::Blocked { why: "Still signing in".to_owned(), cure: None },
        _ if !project.mailboxes.iter().any(|row| row.mailbox.is_chosen) => {
            Readiness::Blocked { why: "Add and tick at least one mailbox".to_owned(), cure: None }
        }
        _ => Readiness::Blocked {
            why: "Some mailboxes are not signed in yet".to_owned(),
            cure: Some(Cure::new(
                if mailboxes_state(project) == StepState::NeedsYou { "Sign in again" } else { "Sign in" },
                Command::TestSignIn { mailboxes: Vec::new() },
            )),
        },
    }
}
