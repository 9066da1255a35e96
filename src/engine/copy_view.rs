use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::actor::Actor;
use super::log::now;
use super::{
    Connections, CopyPhase, FolderProgress, MailboxProgress, MailboxProgressState, MailboxView, PauseGroup,
    ProblemGroup, ProjectView, explain,
};
use crate::plan::{EtaEstimator, FolderChoice, FolderPath, LedgerSum, MailboxId, MailboxPlan};
use crate::project::{LedgerTotals, Pause, Project, ProjectError};
use crate::values::{Bytes, UnixTime};

/// Measures the running copy: bytes over time, speed, and what is left.
#[derive(Default)]
pub(super) struct CopyMeter {
    began: Option<(Instant, UnixTime)>,
    estimator: EtaEstimator,
}

impl CopyMeter {
    /// A copy begins; what was measured of an earlier one says nothing about it.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// The time that passes while the copy is paused does not count.
    pub(super) fn pause(&mut self) {
        self.estimator.pause();
    }

    fn measure(&mut self, bytes_done: Bytes, at: UnixTime) {
        let instant = Instant::now();
        let (began, _) = *self.began.get_or_insert((instant, at));
        let elapsed = instant.duration_since(began).as_millis();
        self.estimator.add(u64::try_from(elapsed).unwrap_or(u64::MAX), bytes_done.0);
    }

    fn throughput(&self) -> Vec<(UnixTime, u64)> {
        let began = self.began.map_or(UnixTime(0), |(_, at)| at);
        self.estimator
            .throughput()
            .iter()
            .map(|point| {
                let seconds = i64::try_from(point.at_millis / 1_000).unwrap_or(i64::MAX);
                (UnixTime(began.0.saturating_add(seconds)), point.bytes_per_second)
            })
            .collect()
    }
}

/// What the ledger says about the copy, for the page.
pub(super) struct Fresh {
    pub(super) sum: LedgerSum,
    pub(super) bytes_done: Bytes,
    pub(super) bytes_total: Bytes,
    pub(super) mailboxes: Vec<MailboxProgress>,
    pub(super) connections: Connections,
    pub(super) proven: (u64, u64),
}

impl Fresh {
    /// Adds the connections of a mailbox, and how far its proof is.
    fn count(&mut self, state: &MailboxProgressState, sum: &LedgerSum) {
        let copies = sum.copied + sum.already_there + sum.repaired;
        let done = match state {
            MailboxProgressState::Running(own) => {
                self.connections.source += own.source;
                self.connections.destination += own.destination;
                0
            }
            MailboxProgressState::Proving { done, .. } => {
                self.connections.destination += 1;
                *done
            }
            MailboxProgressState::Done => copies,
            _ => 0,
        };
        self.proven.0 += done;
        self.proven.1 += copies;
    }
}

/// What went wrong, by cause. Costs more than the sums, so it is not asked with every look.
pub(super) fn problems(project: &Project) -> Result<Vec<ProblemGroup>, ProjectError> {
    Ok(project.problems()?.iter().map(explain::problem).collect())
}

/// Pauses that servers asked for, by their words.
pub(super) fn pauses(project: &Project) -> Result<Vec<PauseGroup>, ProjectError> {
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

/// Reads sums and folders from the ledger. What is planned and not yet in the ledger counts as to do.
pub(super) fn refresh(
    project: &Arc<Project>,
    view: &ProjectView,
    states: &BTreeMap<MailboxId, MailboxProgressState>,
) -> Result<Fresh, ProjectError> {
    let mut fresh = Fresh {
        sum: LedgerSum::default(),
        bytes_done: Bytes::ZERO,
        bytes_total: Bytes::ZERO,
        mailboxes: Vec::new(),
        connections: Connections::default(),
        proven: (0, 0),
    };
    for row in view.mailboxes.iter().filter(|row| row.mailbox.is_chosen) {
        let ledger = project.ledger(row.id);
        let folders = ledger.folder_totals()?;
        let mut totals = folders.iter().fold(LedgerTotals::default(), |sum, folder| sum.plus(folder.totals));
        let listed: Vec<FolderProgress> = folders
            .iter()
            .map(|folder| FolderProgress {
                folder: folder.source.clone(),
                name: folder.source.to_string(),
                sum: folder.totals.sum,
            })
            .collect();
        if let Some(plan) = view.plan.mailboxes.get(&row.id) {
            add_what_is_not_listed(plan, &folders.iter().map(|folder| &folder.source).collect(), &mut totals);
        }
        let state = states.get(&row.id).cloned().unwrap_or_else(|| resting_state(view, row, &totals));
        fresh.count(&state, &totals.sum);
        fresh.sum = fresh.sum.plus(totals.sum);
        fresh.bytes_done = fresh.bytes_done.plus(totals.bytes_done);
        fresh.bytes_total = fresh.bytes_total.plus(totals.bytes_total);
        fresh.mailboxes.push(MailboxProgress {
            id: row.id,
            address: row.mailbox.address.to_string(),
            state,
            sum: totals.sum,
            bytes_done: totals.bytes_done,
            bytes_total: totals.bytes_total,
            folders: listed,
        });
    }
    Ok(fresh)
}

fn add_what_is_not_listed(plan: &MailboxPlan, listed: &BTreeSet<&FolderPath>, totals: &mut LedgerTotals) {
    use crate::plan::MessageState::{LeftOut, ToDo};
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

/// What a mailbox does while no copy of this session has touched it.
fn resting_state(view: &ProjectView, row: &MailboxView, totals: &LedgerTotals) -> MailboxProgressState {
    let error = row.source.error.as_ref().or(row.destination.error.as_ref());
    match view.copy.phase {
        CopyPhase::NotStarted => MailboxProgressState::Queued,
        _ if error.is_some() => {
            error.map_or(MailboxProgressState::Queued, |error| MailboxProgressState::Stopped(error.clone()))
        }
        CopyPhase::Finished if totals.sum.to_do == 0 => MailboxProgressState::Done,
        CopyPhase::Paused => MailboxProgressState::Paused,
        _ => MailboxProgressState::Queued,
    }
}

impl Actor {
    /// Takes a fresh look at the ledger while a copy runs.
    pub(super) async fn watch_copy(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        if !matches!(open.view.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping) {
            return;
        }
        open.take_copy_states();
        open.look_at_the_ledger();
        let copy = &mut open.view.copy;
        open.meter.measure(copy.bytes_done, now());
        copy.bytes_per_second =
            open.meter.estimator.has_rate().then(|| open.meter.estimator.bytes_per_second());
        copy.throughput = Arc::new(open.meter.throughput());
        copy.seconds_left = open.meter.estimator.seconds_left(copy.bytes_total.0);
        self.touch();
        // Lets answers of jobs in between two looks at a large ledger.
        tokio::task::yield_now().await;
    }
}
