//! Reads from the ledger what the Copy page shows.

use crate::engine::api::snapshot::{MailboxView, PartDone, ProjectView};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::api::copy_snapshot::{
    Connections, CopyPhase, FolderProgress, MailboxProgress, MailboxProgressState, PauseGroup, ProblemGroup,
    UnderWayView,
};
use crate::engine::api::standing::{CopyStanding, copy_standing};
use crate::engine::explain;
use crate::plan::{FolderChoice, FolderPath, LedgerSum, MailboxPlan, MessageState};
use crate::project::{BoundSides, LedgerTotals, Pause, Project, ProjectError, Spelling};
use crate::transfer::UnderWay;
use crate::values::{Bytes, Endpoint, MailboxId};

/// What the ledger shows about the copy, for the page.
pub(in crate::engine) struct Fresh {
    pub(in crate::engine) sum: LedgerSum,
    pub(in crate::engine) bytes_done: Bytes,
    pub(in crate::engine) bytes_total: Bytes,
    /// Bytes sent, confirmed or not.
    pub(in crate::engine) bytes_sent: Bytes,
    pub(in crate::engine) mailboxes: Vec<MailboxProgress>,
    pub(in crate::engine) connections: Connections,
    pub(in crate::engine) verified: PartDone,
    pub(in crate::engine) under_way: Vec<UnderWayView>,
}

/// What is known about the copy besides the ledger.
pub(in crate::engine) struct Known<'a> {
    pub(in crate::engine) states: &'a BTreeMap<MailboxId, MailboxProgressState>,
    pub(in crate::engine) done: &'a BTreeSet<MailboxId>,
    pub(in crate::engine) bound: &'a BTreeMap<MailboxId, BoundSides>,
    /// The messages in progress of each mailbox being copied.
    pub(in crate::engine) under_way: BTreeMap<MailboxId, Arc<UnderWay>>,
}

impl Fresh {
    /// Adds the connections of a mailbox and the progress of its verification.
    fn count(&mut self, state: &MailboxProgressState, sum: &LedgerSum) {
        let copies = sum.arrived();
        let done = match state {
            MailboxProgressState::Running(own) => {
                self.connections.source += own.source;
                self.connections.destination += own.destination;
                0
            }
            MailboxProgressState::Verifying { done, .. } => {
                self.connections.destination += 1;
                *done
            }
            MailboxProgressState::Done => copies,
            _ => 0,
        };
        self.verified.done += done;
        self.verified.total += copies;
    }
}

/// What went wrong, by cause. More expensive than the sums, so it is not read every time.
pub(in crate::engine) fn problems(project: &Project) -> Result<Vec<ProblemGroup>, ProjectError> {
    Ok(project.problems()?.iter().map(explain::problem).collect())
}

/// Pauses that servers asked for, by their words.
pub(in crate::engine) fn pauses(project: &Project) -> Result<Vec<PauseGroup>, ProjectError> {
    let mut groups: Vec<PauseGroup> = Vec::new();
    for Pause { words, times, seconds, .. } in project.pauses()? {
        match groups.iter_mut().find(|group| group.words == words) {
            Some(group) => {
                group.times += times;
                group.seconds += seconds;
                group.mailboxes += 1;
            }
            None => groups.push(PauseGroup { words, times, seconds, mailboxes: 1 }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.seconds));
    Ok(groups)
}

/// Reads sums and folders from the ledger. Planned messages that are not in the ledger yet count as to do.
pub(in crate::engine) fn refresh(
    project: &Arc<Project>,
    view: &ProjectView,
    known: &Known<'_>,
) -> Result<Fresh, ProjectError> {
    let mut fresh = Fresh {
        sum: LedgerSum::default(),
        bytes_done: Bytes::ZERO,
        bytes_total: Bytes::ZERO,
        bytes_sent: Bytes::ZERO,
        mailboxes: Vec::new(),
        connections: Connections::default(),
        verified: PartDone::default(),
        under_way: Vec::new(),
    };
    // A copy to another destination is history: neither the new plan nor a new account applies to it.
    let is_history = copy_standing(view) == CopyStanding::Elsewhere;
    for row in view.mailboxes.iter().filter(|row| row.mailbox.is_chosen) {
        let is_moved = !is_history && is_moved(view, row, known.bound.get(&row.id));
        let folders = project.ledger(row.id).folder_totals()?;
        let mut totals = folders.iter().fold(LedgerTotals::default(), |sum, folder| sum.plus(folder.totals));
        let listed: Vec<FolderProgress> = folders
            .iter()
            .map(|folder| FolderProgress {
                folder: folder.source.clone(),
                name: folder.source.to_string(),
                sum: folder.totals.sum,
            })
            .collect();
        if let Some(plan) = view.plan.mailboxes.get(&row.id).filter(|_| !is_history) {
            let listed: BTreeSet<_> = folders.iter().map(|folder| &folder.source).collect();
            add_what_is_not_listed(plan, &listed, &mut totals);
        }
        if is_moved {
            totals = as_to_do(&totals);
        }
        if let Some(under_way) = known.under_way.get(&row.id) {
            let left = Bytes(under_way.bytes_left());
            totals.bytes_sent = totals.bytes_sent.plus(left);
            totals.bytes_done = totals.bytes_done.plus(left).min(totals.bytes_total);
            let large = under_way.large().into_iter();
            fresh.under_way.extend(large.map(|message| UnderWayView { mailbox: row.id, message }));
        }
        let was_done = known.done.contains(&row.id) && totals.sum.waiting() == 0 && !is_moved;
        let state = known.states.get(&row.id).filter(|_| !is_moved).cloned();
        let state = state.unwrap_or_else(|| resting_state(view, row, was_done));
        fresh.count(&state, &totals.sum);
        fresh.sum = fresh.sum.plus(totals.sum);
        fresh.bytes_done = fresh.bytes_done.plus(totals.bytes_done);
        fresh.bytes_total = fresh.bytes_total.plus(totals.bytes_total);
        fresh.bytes_sent = fresh.bytes_sent.plus(totals.bytes_sent);
        let ledger = project.ledger(row.id);
        fresh.mailboxes.push(MailboxProgress {
            id: row.id,
            address: row.mailbox.address.to_string(),
            state,
            sum: totals.sum,
            bytes_done: totals.bytes_done,
            bytes_total: totals.bytes_total,
            was_done,
            folders: listed,
            rest: ledger.rest()?,
            renamed: ledger.name_lessons()?.refused().cloned().collect(),
        });
    }
    Ok(fresh)
}

/// Whether the ledger of a mailbox belongs to accounts other than the current ones.
fn is_moved(view: &ProjectView, row: &MailboxView, bound: Option<&BoundSides>) -> bool {
    let Some(bound) = bound.filter(|_| !view.is_practice) else { return false };
    let is_other = |known: &str, server: Option<&Endpoint>, user: &str| {
        server.is_some_and(|server| Spelling::compare(known, &format!("{server} {user}")) == Spelling::Other)
    };
    is_other(&bound.source, view.domain.source_server.as_ref(), &row.mailbox.source_user)
        || is_other(&bound.destination, view.destination.server.as_ref(), &row.mailbox.destination_user)
}

/// The same messages as not copied: the next run looks for them in another account.
fn as_to_do(totals: &LedgerTotals) -> LedgerTotals {
    let mut sum = LedgerSum::default();
    sum.add(MessageState::LeftOut, totals.sum.left_out);
    sum.add(MessageState::ToDo, totals.sum.source_count - totals.sum.left_out);
    LedgerTotals { sum, bytes_total: totals.bytes_total, ..LedgerTotals::default() }
}

fn add_what_is_not_listed(plan: &MailboxPlan, listed: &BTreeSet<&FolderPath>, totals: &mut LedgerTotals) {
    use MessageState::{LeftOut, ToDo};
    for folder in plan.folders.iter().filter(|folder| !listed.contains(&folder.source)) {
        match folder.choice {
            FolderChoice::Copy => {
                totals.sum.add(ToDo, folder.messages);
                totals.bytes_total = totals.bytes_total.plus(folder.bytes);
            }
            FolderChoice::LeaveOut(_) => totals.sum.add(LeftOut, folder.messages),
            FolderChoice::ContainerOnly => {}
        }
    }
}

/// The state of a mailbox that no copy of this session has touched.
fn resting_state(view: &ProjectView, row: &MailboxView, was_done: bool) -> MailboxProgressState {
    let error = row.source.error.as_ref().or(row.destination.error.as_ref());
    match (view.copy.phase, error) {
        (CopyPhase::NotStarted, _) => MailboxProgressState::Queued,
        _ if was_done => MailboxProgressState::Done,
        (_, Some(error)) => MailboxProgressState::Stopped(error.clone()),
        (CopyPhase::Paused, None) => MailboxProgressState::Paused,
        _ => MailboxProgressState::Queued,
    }
}
