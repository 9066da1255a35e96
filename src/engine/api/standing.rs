//! What may be said of a project: one judge for the rail, the pages, the footer and the report. A page that says "done",
//! "saved" or "unlocked" asks here first.

use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::copy_snapshot::MailboxProgressState;
use crate::engine::api::snapshot::KeyringStatus;
use crate::engine::api::snapshot::MailboxView;
use crate::engine::api::snapshot::PasswordPlace;
use crate::engine::api::snapshot::ProjectView;
use crate::records::{Change, SwitchStage};

/// How the copy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStanding {
    /// Never started.
    NotStarted,
    /// What was copied went between other servers than those that are chosen now. Nothing was copied between these.
    Elsewhere,
    /// Runs.
    Running,
    /// Finishes what is under way before a pause.
    Pausing,
    /// Paused by the user.
    Paused,
    /// Finishes what is under way before a stop.
    Stopping,
    /// The program ended while it ran: it goes on as soon as it has what it needs.
    Interrupted,
    /// A trial with so many messages per folder is over; the rest waits for the whole copy.
    Tried(u32),
    /// Stopped before its end.
    Stopped,
    /// It came to its end, and since then mailboxes were added or changed that have not come to theirs.
    Outgrown,
    /// Every chosen mailbox has come to its end.
    Finished,
}

/// How the copy stands, by everything that is known.
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

/// Whether mail was copied, and between other servers than those that are chosen now.
fn is_elsewhere(project: &ProjectView) -> bool {
    let (source, destination) = (&project.domain.source_server, &project.destination.server);
    let route = project.copy.route.as_ref();
    // The servers of a practice project are other ones after each start, and the same mail.
    route
        .is_some_and(|route| !project.is_practice && !route.is_between(source.as_ref(), destination.as_ref()))
}

/// Whether every chosen mailbox has come to its end.
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

/// What the destination of the copy was called: the provider that was copied to, which another choice does not change.
pub fn copied_to(project: &ProjectView) -> Option<&str> {
    project.copy.route.as_ref().map(|route| route.provider_name.as_str())
}

/// Chosen mailboxes whose passwords are not there.
pub fn missing_passwords(project: &ProjectView) -> usize {
    let is_missing =
        |row: &&MailboxView| [&row.source, &row.destination].iter().any(|side| !side.has_password());
    chosen(project).filter(is_missing).count()
}

/// Whether it is still asked which passwords the keyring has.
pub fn is_asking_keyring(project: &ProjectView) -> bool {
    let is_asked = |row: &MailboxView| {
        [&row.source, &row.destination].iter().any(|side| side.password == PasswordPlace::Asked)
    };
    chosen(project).any(is_asked)
}

/// Stages with something to change whose zone lines lie in a file as they are on show, and all such stages.
pub fn saved_stages(project: &ProjectView) -> (usize, usize) {
    let records = &project.records;
    let Some(plan) = &records.plan else { return (0, 0) };
    let lines = || plan.groups.iter().flat_map(|group| &group.lines);
    let has_changes =
        |stage: &SwitchStage| lines().any(|line| line.stage == *stage && line.change != Change::Keep);
    let stages: Vec<SwitchStage> = SwitchStage::ALL.into_iter().filter(has_changes).collect();
    let is_saved = |stage: &&SwitchStage| records.saved.get(stage).is_some_and(|saved| saved.is_current);
    (stages.iter().filter(is_saved).count(), stages.len())
}

/// Whether the zone lines on show lie in files, those of every stage.
pub fn is_zone_saved(project: &ProjectView) -> bool {
    let (saved, all) = saved_stages(project);
    all > 0 && saved == all
}

/// Whether the report as it would be made now lies in a file.
pub fn is_report_saved(project: &ProjectView) -> bool {
    project.report_saved.as_ref().is_some_and(|saved| saved.is_current)
}

/// Whether the keyring has handed out or taken a password, which it does only unlocked.
pub const fn is_keyring_unlocked(keyring: &KeyringStatus) -> bool {
    matches!(keyring, KeyringStatus::System)
}

/// Whole percent of what is to be at the destination; full only where the copy is whole.
pub fn copy_percent(project: &ProjectView) -> u64 {
    let copy = &project.copy;
    let (done, total) =
        if copy.is_verifying { copy.verified } else { (copy.bytes_done.0, copy.bytes_total.0) };
    if copy_standing(project) == CopyStanding::Finished {
        return 100;
    }
    let share = u128::from(done.min(total)) * 100 / u128::from(total.max(1));
    u64::try_from(share).unwrap_or(99).min(99)
}
