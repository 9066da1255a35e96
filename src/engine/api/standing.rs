//! The standing of a project, for the rail, the pages, the footer and the report. A page that says "done",
//! "saved" or "unlocked" must ask here first.

use crate::engine::api::copy_snapshot::{CopyPhase, MailboxProgressState};
use crate::engine::api::snapshot::{KeyringStatus, MailboxView, PartDone, PasswordPlace, ProjectView};
use crate::records::{Change, SwitchStage};

/// How the copy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStanding {
    /// Never started.
    NotStarted,
    /// Earlier copies were between other servers; nothing has been copied between the chosen ones.
    Elsewhere,
    /// Runs.
    Running,
    /// Finishing messages in progress before a pause.
    Pausing,
    /// Paused by the user.
    Paused,
    /// Finishing messages in progress before a stop.
    Stopping,
    /// The program ended while it ran; it continues as soon as it has what it needs.
    Interrupted,
    /// A trial with this many messages per folder is over; the rest waits for the whole copy.
    Tried(u32),
    /// Stopped before its end.
    Stopped,
    /// Finished, but mailboxes were added or changed since and are not finished.
    Outgrown,
    /// Every chosen mailbox is finished.
    Finished,
}

/// The standing of the copy, from all known facts.
pub fn copy_standing(project: &ProjectView) -> CopyStanding {
    let copy = &project.copy;
    match copy.phase {
        CopyPhase::NotStarted => CopyStanding::NotStarted,
        CopyPhase::Running => CopyStanding::Running,
        CopyPhase::Pausing => CopyStanding::Pausing,
        CopyPhase::Stopping => CopyStanding::Stopping,
        _ if is_elsewhere(project) => CopyStanding::Elsewhere,
        CopyPhase::Paused => CopyStanding::Paused,
        CopyPhase::Interrupted => CopyStanding::Interrupted,
        CopyPhase::Stopped => copy.trial.map_or(CopyStanding::Stopped, CopyStanding::Tried),
        CopyPhase::Finished if is_whole(project) => CopyStanding::Finished,
        CopyPhase::Finished => CopyStanding::Outgrown,
    }
}

/// Whether mail was copied, but between servers other than the chosen ones.
fn is_elsewhere(project: &ProjectView) -> bool {
    let (source, destination) = (&project.domain.source_server, &project.destination.server);
    let route = project.copy.route.as_ref();
    // A practice project gets new servers at each start, with the same mail.
    route
        .is_some_and(|route| !project.is_practice && !route.is_between(source.as_ref(), destination.as_ref()))
}

/// Whether every chosen mailbox is finished.
fn is_whole(project: &ProjectView) -> bool {
    let copy = &project.copy;
    let is_done = |row: &MailboxView| {
        let shown = copy.mailboxes.iter().find(|shown| shown.id == row.id);
        shown.is_some_and(|shown| shown.state == MailboxProgressState::Done)
    };
    copy.sum.waiting() == 0 && chosen(project).all(is_done)
}

fn chosen(project: &ProjectView) -> impl Iterator<Item = &MailboxView> {
    project.mailboxes.iter().filter(|row| row.mailbox.is_chosen)
}

/// The provider that was copied to; choosing another one does not change it.
pub fn copied_to(project: &ProjectView) -> Option<&str> {
    project.copy.route.as_ref().map(|route| route.provider_name.as_str())
}

/// How many chosen mailboxes lack a password.
pub fn missing_passwords(project: &ProjectView) -> usize {
    let is_missing =
        |row: &&MailboxView| [&row.source, &row.destination].iter().any(|side| !side.has_password());
    chosen(project).filter(is_missing).count()
}

/// Whether the keyring is still being asked for passwords.
pub fn is_asking_keyring(project: &ProjectView) -> bool {
    let is_asked = |row: &MailboxView| {
        [&row.source, &row.destination].iter().any(|side| side.password == PasswordPlace::Asked)
    };
    chosen(project).any(is_asked)
}

/// How many stages of the records are saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SavedStages {
    /// Stages whose current zone lines are saved.
    pub saved: usize,
    /// Stages with changes.
    pub all: usize,
}

/// Stages whose current zone lines are saved, and the number of stages with changes.
pub fn saved_stages(project: &ProjectView) -> SavedStages {
    let records = &project.records;
    let Some(plan) = &records.plan else { return SavedStages::default() };
    let lines = || plan.groups.iter().flat_map(|group| &group.lines);
    let has_changes =
        |stage: &SwitchStage| lines().any(|line| line.stage == *stage && line.change != Change::Keep);
    let stages: Vec<SwitchStage> = SwitchStage::ALL.into_iter().filter(has_changes).collect();
    let is_saved = |stage: &&SwitchStage| records.saved.get(stage).is_some_and(|saved| saved.is_current);
    SavedStages { saved: stages.iter().filter(is_saved).count(), all: stages.len() }
}

/// Whether the current zone lines of every stage are saved.
pub fn is_zone_saved(project: &ProjectView) -> bool {
    let SavedStages { saved, all } = saved_stages(project);
    all > 0 && saved == all
}

/// Whether the current report is saved.
pub fn is_report_saved(project: &ProjectView) -> bool {
    project.report_saved.as_ref().is_some_and(|saved| saved.is_current)
}

/// Whether the keyring has returned or stored a password, which requires it to be unlocked.
pub const fn is_keyring_unlocked(keyring: &KeyringStatus) -> bool {
    matches!(keyring, KeyringStatus::System)
}

/// Whole percent of what should be at the destination; 100 only if the copy is complete.
pub fn copy_percent(project: &ProjectView) -> u64 {
    let copy = &project.copy;
    let PartDone { done, total } = copy.part_done();
    if copy_standing(project) == CopyStanding::Finished {
        return 100;
    }
    let share = u128::from(done.min(total)) * 100 / u128::from(total.max(1));
    u64::try_from(share).unwrap_or(99).min(99)
}
