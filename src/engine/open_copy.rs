//! The copy of the open project: what it needs, how it begins and ends, and what the ledger says meanwhile.

use super::copy_control::CopyControl;
use super::copy_job::{self, MailboxWork};
use super::open_project::OpenProject;
use super::{Connections, CopyPhase, MailboxProgressState, UserError, explain};
use crate::plan::ProofSummary;
use crate::project::{CopyJob, CopyJobPhase};
use crate::values::UnixTime;

/// The problems of a running copy are read with every twelfth look, which is every three seconds.
const LOOKS_PER_PROBLEMS: u64 = 12;

impl OpenProject {
    /// What the copy of each chosen mailbox needs.
    pub(super) fn copy_work(&self) -> Result<Vec<MailboxWork>, Box<UserError>> {
        let mut work = Vec::new();
        for (source, destination) in self.both_sides()? {
            let Some(plan) = self.view.plan.mailboxes.get(&source.mailbox) else { continue };
            let change = self
                .project
                .bind_sides(source.mailbox, &source.account(), &destination.account())
                .map_err(|error| Box::new(explain::project(&error)))?;
            if change.is_source_changed || change.is_destination_changed {
                tracing::info!("the accounts of {} changed: its copies are looked for anew", source.user);
            }
            work.push(MailboxWork {
                mailbox: source.mailbox,
                ledger: self.project.ledger(source.mailbox),
                plan: plan.clone(),
                source,
                destination,
            });
        }
        Ok(work)
    }

    /// The copy begins, or a proof without one.
    pub(super) fn begin_copy(
        &mut self,
        control: CopyControl,
        (trial, is_proving): (Option<u32>, bool),
        at: UnixTime,
    ) {
        self.copy = Some(control);
        self.meter.restart();
        let copy = &mut self.view.copy;
        copy.phase = CopyPhase::Running;
        copy.trial = trial;
        copy.started_at = copy.started_at.or(Some(at));
        copy.is_proving = is_proving;
        // A proof takes nothing back of a copy that came to its end.
        copy.finished_at = copy.finished_at.filter(|_| is_proving);
        copy.proof = None;
        copy.proof_counts = None;
        self.copy_states.clear();
        for row in self.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen) {
            self.copy_states.insert(row.id, MailboxProgressState::Queued);
        }
        self.refresh_copy_totals();
    }

    /// Takes over what the mailboxes of the running copy do.
    pub(super) fn take_copy_states(&mut self) {
        if let Some(control) = &self.copy {
            self.copy_states.extend(control.states());
        }
        let rests = |state: &MailboxProgressState| {
            !matches!(
                state,
                MailboxProgressState::Running(_)
                    | MailboxProgressState::Proving { .. }
                    | MailboxProgressState::Reconnecting(_)
                    | MailboxProgressState::WaitsUntil(..)
            )
        };
        if self.view.copy.phase == CopyPhase::Pausing && self.copy_states.values().all(rests) {
            self.view.copy.phase = CopyPhase::Paused;
            self.view.copy.bytes_per_second = None;
            self.view.copy.seconds_left = None;
            self.meter.pause();
        }
    }

    /// The copy ended, for whichever reason.
    pub(super) fn end_copy(&mut self, outcome: &copy_job::Outcome, at: UnixTime) {
        self.take_copy_states();
        self.copy = None;
        // A chosen mailbox that could not even begin keeps the whole from being finished.
        let is_done = |id| self.copy_states.get(&id) == Some(&MailboxProgressState::Done);
        let all_done =
            self.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen).all(|row| is_done(row.id));
        let copy = &mut self.view.copy;
        // A trial leaves the most to do, whatever it came to.
        let was_whole = !copy.is_proving || copy.finished_at.is_some();
        let is_finished = outcome.is_complete && all_done && copy.trial.is_none() && was_whole;
        copy.phase = if is_finished { CopyPhase::Finished } else { CopyPhase::Stopped };
        copy.proof = outcome.proof.as_ref().map(ProofSummary::words);
        copy.proof_counts = outcome.proof;
        copy.finished_at = copy.finished_at.or(Some(at)).filter(|_| copy.phase == CopyPhase::Finished);
        copy.is_proving = false;
        copy.seconds_left = None;
        copy.bytes_per_second = None;
        copy.connections = Connections::default();
        let is_trial = self.view.copy.trial.is_some();
        for state in self.copy_states.values_mut() {
            let is_done = *state == MailboxProgressState::Done && !is_trial;
            if !is_done && !matches!(state, MailboxProgressState::Stopped(_)) {
                *state = MailboxProgressState::Queued;
            }
        }
        self.refresh_copy_totals();
        self.refresh_messages();
    }

    /// Sums and bars from the ledger; problems every few looks, as they cost more.
    pub(super) fn look_at_the_ledger(&mut self) {
        self.looks += 1;
        if self.looks.is_multiple_of(LOOKS_PER_PROBLEMS) {
            self.refresh_copy_totals();
            self.refresh_messages();
        } else {
            self.refresh_sums();
        }
    }

    /// Sums, bars and problems from the ledger.
    pub(super) fn refresh_copy_totals(&mut self) {
        self.refresh_sums();
        match super::copy_view::problems(&self.project) {
            Ok(problems) => self.view.copy.problems = problems,
            Err(error) => tracing::warn!("the problems of the ledger could not be read: {error}"),
        }
        match super::copy_view::pauses(&self.project) {
            Ok(pauses) => self.view.copy.pauses = pauses,
            Err(error) => tracing::warn!("the pauses of the ledger could not be read: {error}"),
        }
        self.refresh_forecasts();
    }

    fn refresh_sums(&mut self) {
        match super::copy_view::refresh(&self.project, &self.view, &self.copy_states) {
            Ok(fresh) => {
                let copy = &mut self.view.copy;
                copy.sum = fresh.sum;
                copy.bytes_done = fresh.bytes_done;
                copy.bytes_total = fresh.bytes_total;
                copy.mailboxes = fresh.mailboxes;
                copy.connections = fresh.connections;
                copy.proven = fresh.proven;
            }
            Err(error) => tracing::warn!("the ledger could not be read: {error}"),
        }
    }

    /// The phase of the copy as the file keeps it.
    pub(super) fn copy_job(&self) -> CopyJob {
        let copy = &self.view.copy;
        CopyJob {
            phase: match copy.phase {
                CopyPhase::NotStarted => CopyJobPhase::NotStarted,
                CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping => CopyJobPhase::Running,
                CopyPhase::Paused => CopyJobPhase::Paused,
                CopyPhase::Stopped => CopyJobPhase::Stopped,
                CopyPhase::Finished => CopyJobPhase::Finished,
            },
            started_at: copy.started_at,
            finished_at: copy.finished_at,
            proof: copy.proof.clone(),
            proof_counts: copy.proof_counts,
        }
    }

    /// A copy that ran while the project closes counts as stopped, not as interrupted.
    pub(super) fn remember_phase(&mut self) {
        if matches!(self.view.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping) {
            self.view.copy.phase = CopyPhase::Stopped;
            if let Err(error) = self.project.set_copy_job(&self.copy_job()) {
                tracing::warn!("the state of the copy was not saved: {error}");
            }
        }
    }
}
