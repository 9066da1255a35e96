use crate::engine::actor::Actor;
use crate::engine::jobs::JobKind;
use crate::engine::log::now;
use crate::engine::messages::Message;
use crate::engine::{CopyPhase, copy_job, explain};

impl Actor {
    /// Starts the copy of the chosen mailboxes, or goes on after a pause or a stop.
    pub(super) fn start_copy(&mut self) {
        if self.jobs.is_running(JobKind::Copy) {
            return;
        }
        let Some(open) = self.open.as_mut() else { return };
        if open.view.plan.mailboxes.is_empty() {
            return self.fail(explain::no_plan());
        }
        let accesses = match open.accesses(&self.secrets) {
            Ok(accesses) => accesses,
            Err(error) => return self.fail(error),
        };
        let control = copy_job::CopyControl::new();
        let settings = copy_job::Settings {
            parallel: self.config.parallel_mailboxes,
            proof: self.config.proof,
        };
        let work = match open.copy_work(accesses) {
            Ok(work) => work,
            Err(error) => return self.fail(explain::project(&error)),
        };
        open.begin_copy(control.clone(), now());
        if !self.remember_copy_phase() {
            return;
        }
        self.launch(
            JobKind::Copy,
            |context| copy_job::run(work, settings, control, context),
            |number, outcome| Message::CopyEnded { number, outcome },
        );
    }

    /// Finishes the messages under way and waits.
    pub(super) fn pause_copy(&mut self) {
        self.ask_copy_to_end(CopyPhase::Pausing);
    }

    /// Finishes the messages under way and ends the job.
    pub(super) fn stop_copy(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        if open.view.copy.phase == CopyPhase::Paused {
            open.view.copy.phase = CopyPhase::Stopped;
            self.remember_copy_phase();
        } else {
            self.ask_copy_to_end(CopyPhase::Stopping);
        }
    }

    fn ask_copy_to_end(&mut self, phase: CopyPhase) {
        if !self.jobs.is_running(JobKind::Copy) {
            return;
        }
        if let Some(open) = self.open.as_mut()
            && let Some(control) = &open.copy
        {
            control.stop();
            open.view.copy.phase = phase;
        }
    }

    /// Gives refused messages another try.
    pub(super) fn retry_failed(&mut self) {
        if self.jobs.is_running(JobKind::Copy) {
            return self.fail(explain::not_while_copying("try refused messages again"));
        }
        if self.store(crate::project::Project::retry_refused).is_some() {
            self.start_copy();
        }
    }

    /// Writes the phase of the copy into the project file; false when that failed.
    pub(in crate::engine) fn remember_copy_phase(&mut self) -> bool {
        let Some(job) = self.open.as_ref().map(crate::engine::open_project::OpenProject::copy_job) else {
            return false;
        };
        self.store(|project| project.set_copy_job(&job)).is_some()
    }
}
