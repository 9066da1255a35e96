//! Commands that start, try, verify, pause and stop a copy.

use crate::engine::actor::Actor;
use crate::engine::api::copy_snapshot::{CopyPhase, MailboxProgressState};
use crate::engine::api::snapshot::export_folder;
use crate::engine::api::standing::{CopyStanding, copy_standing, missing_passwords};
use crate::engine::api::user_error::UserError;
use crate::engine::config::Verify;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::Message;
use crate::engine::open_project::copy_board::CopyBoard;
use crate::engine::open_project::copy_limits::RunLimits;
use crate::plan::{CopyMode, CopyOptions, Rest, VerifyDepth};
use crate::project::AccountClaims;
use crate::values::{MailboxId, UnixTime};

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RunKind {
    /// Copies everything that is missing.
    Copy,
    /// The same after the switch, for what still reached the old server.
    Sweep,
    /// Copies this many messages of each folder.
    Trial(u32),
    /// Compares what was copied.
    Verification(VerifyDepth),
}

impl Actor {
    /// Starts the copy of the chosen mailboxes, or continues after a pause or a stop.
    pub(super) fn start_copy(&mut self) {
        if self.jobs.is_running(JobKind::Copy) {
            return self.resume_copy();
        }
        self.begin_copy(RunKind::Copy);
    }

    /// Brings over what still reached the old server. It is a copy in which nothing at the destination is touched, as people
    /// work there now.
    pub(super) fn sweep_late_mail(&mut self) {
        if self.refuse_while_copying("bring over late mail") {
            return;
        }
        if self.open.as_ref().is_some_and(|open| open.copy_done().finished_at.is_none()) {
            return self.fail(explain::nothing_to_sweep());
        }
        self.begin_copy(RunKind::Sweep);
    }

    /// Verifies the copy again.
    pub(super) fn verify_copy(&mut self, depth: VerifyDepth) {
        if self.refuse_while_copying("start a verification") {
            return;
        }
        let is_begun = self.open.as_ref().is_some_and(|open| open.view.copy.phase != CopyPhase::NotStarted);
        if !is_begun {
            return self.fail(explain::nothing_to_verify());
        }
        self.begin_copy(RunKind::Verification(depth));
    }

    /// Copies a few messages per folder, to test the copy and estimate its duration.
    pub(super) fn try_copy(&mut self, messages: u32) {
        if messages == 0 {
            return self.fail(explain::empty_trial());
        }
        if !self.refuse_while_copying("start a trial") {
            self.begin_copy(RunKind::Trial(messages));
        }
    }

    /// Repeats the last run: a copy, a trial or a verification.
    pub(super) fn copy_once_more(&mut self) {
        let Some((trial, was_verify)) =
            self.open.as_ref().map(|open| (open.view.copy.trial, open.was_verify_only))
        else {
            return;
        };
        let depth = self.job_settings().and_then(|settings| settings.verify).unwrap_or_default();
        self.begin_copy(match trial {
            _ if was_verify => RunKind::Verification(depth),
            Some(messages) => RunKind::Trial(messages),
            None => RunKind::Copy,
        });
    }

    /// Starts a copy, a trial or a verification.
    fn begin_copy(&mut self, kind: RunKind) {
        let Some(mut settings) = self.job_settings() else { return };
        let trial = match kind {
            RunKind::Trial(messages) => Some(messages),
            RunKind::Copy | RunKind::Sweep | RunKind::Verification(_) => None,
        };
        settings.options.trial_messages = trial;
        if let RunKind::Verification(depth) = kind {
            settings.is_verify_only = true;
            settings.verify = Some(depth);
        }
        if kind == RunKind::Sweep && settings.options.mode == CopyMode::BeforeSwitch {
            settings.options.mode = CopyMode::AfterSwitch;
        }
        settings.claims = match self.account_claims(settings.is_verify_only) {
            Ok(claims) => claims,
            Err(error) => return self.fail(*error),
        };
        let Some(open) = self.open.as_mut() else { return };
        if open.view.plan.mailboxes.is_empty() {
            return self.fail(explain::no_plan());
        }
        let work = match open.copy_work(settings.options.mode, settings.claims.as_ref()) {
            Ok(work) if work.is_empty() => return self.fail(explain::no_mailboxes()),
            Ok(work) => work,
            Err(error) => return self.fail(*error),
        };
        let (control, again) = CopyBoard::new();
        let before = open.view.copy.clone();
        open.begin_copy(control.clone(), trial, settings.is_verify_only, UnixTime::now());
        if !self.remember_copy_phase() {
            // Nothing runs unless the file records it: restore the previous state.
            if let Some(open) = self.open.as_mut() {
                open.view.copy = before;
                open.copy = None;
                open.meter.rest();
            }
            return;
        }
        self.remember_recent();
        self.launch(
            JobKind::Copy,
            |context| crate::engine::jobs::copy::run(work, settings, control, again, context),
            |number, outcome| Message::CopyEnded { number, outcome },
        );
    }

    /// The account claims of this run. A verification writes into no account, and practice servers are nobody
    /// else's.
    fn account_claims(&self, is_verify_only: bool) -> Result<Option<AccountClaims>, Box<UserError>> {
        let is_practice = self.open.as_ref().is_some_and(|open| open.project.is_practice());
        if is_verify_only || is_practice || self.config.is_without_account_lock {
            return Ok(None);
        }
        let begun = AccountClaims::begin(&self.config.accounts_folder);
        begun.map(Some).map_err(|error| Box::new(explain::no_account_lock(&error)))
    }

    /// The user has made sure that nothing else writes into the accounts.
    pub(super) fn go_without_account_lock(&mut self) {
        self.config.is_without_account_lock = true;
        self.notice("Mailferry no longer checks for another copy into the same accounts", None);
    }

    /// The user answers whether accounts with changed names are those of the ledger.
    pub(super) fn name_accounts(&mut self, are_same: bool) {
        if self.refuse_while_copying("confirm the accounts") {
            return;
        }
        match self.open.as_mut().map(|open| open.name_accounts(are_same)) {
            Some(Err(error)) => self.fail(*error),
            Some(Ok(())) => _ = self.remember_copy_phase(),
            None => {}
        }
    }

    /// Whether a copy runs; if so, refuses `what` with an error.
    pub(super) fn refuse_while_copying(&self, what: &str) -> bool {
        let is_copying = self.jobs.is_running(JobKind::Copy);
        if is_copying {
            self.fail(explain::not_while_copying(what));
        }
        is_copying
    }

    /// The context of jobs that sign in.
    pub(super) fn job_settings(&self) -> Option<crate::engine::jobs::copy::Settings> {
        let options = self.store(crate::project::Project::copy_options)?;
        let run = self.limit_connections()?;
        let open = self.open.as_ref()?;
        Some(crate::engine::jobs::copy::Settings {
            run,
            known: open.provider_limits(&self.catalogue),
            verify: match self.config.verify {
                Verify::None => None,
                Verify::Quick => Some(VerifyDepth::Quick),
                Verify::Full => Some(VerifyDepth::Full),
                Verify::AsChosen => Some(options.verify),
            },
            is_verify_only: false,
            project: open.project.uuid().to_owned(),
            passwords: self.passwords(),
            samples_dates: self.config.samples_dates,
            options,
            export_folder: Some(
                self.config.export_folder.clone().unwrap_or_else(|| export_folder(open.project.path())),
            ),
            claims: None,
        })
    }

    /// The limits of the next run; all connections of the open project observe them.
    pub(super) fn limit_connections(&self) -> Option<RunLimits> {
        let open = self.open.as_ref()?;
        let run = open.run_limits();
        open.idle.limit_connections(run.connections);
        Some(run)
    }

    /// Saves the user's options for the copy.
    pub(super) fn set_copy_options(&mut self, mut options: CopyOptions) {
        if self.refuse_while_copying("change what is copied") {
            return;
        }
        if let Err(error) = options.filter.check() {
            return self.fail(explain::filter(&error));
        }
        // A trial belongs to one run and must not limit later copies.
        options.trial_messages = None;
        if self.store(|project| project.set_copy_options(&options)).is_some()
            && let Some(open) = self.open.as_mut()
        {
            open.view.plan.options = options;
            open.refresh_forecasts();
        }
    }

    /// Finishes the messages in progress and waits; the job stays.
    pub(super) fn pause_copy(&mut self) {
        if let Some(open) = self.open.as_mut()
            && let Some(control) = &open.copy
            && open.view.copy.phase == CopyPhase::Running
        {
            control.pause();
            open.view.copy.phase = CopyPhase::Pausing;
        }
    }

    /// Connects again at once, wherever a connection was lost.
    pub(super) fn try_now(&mut self) {
        if let Some(control) = self.open.as_ref().and_then(|open| open.copy.as_ref()) {
            control.try_now();
        }
    }

    /// Resumes after a pause; in a running copy, resumes the stopped mailboxes.
    fn resume_copy(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        let Some(control) = &open.copy else { return };
        match open.view.copy.phase {
            CopyPhase::Pausing | CopyPhase::Paused => {
                control.resume();
                open.view.copy.phase = CopyPhase::Running;
                open.begin_to_measure();
                self.remember_copy_phase();
            }
            CopyPhase::Running => {
                let states = control.states().into_iter();
                for (id, _) in states.filter(|(_, state)| matches!(state, MailboxProgressState::Stopped(_))) {
                    control.set_state(id, MailboxProgressState::Queued);
                    control.once_more(id);
                }
            }
            _ => {}
        }
    }

    /// Pauses or resumes one mailbox while others continue.
    pub(super) fn pause_mailbox(&mut self, mailbox: MailboxId, is_paused: bool) {
        let Some(open) = self.open.as_ref() else { return };
        match &open.copy {
            Some(control) if open.copy_states.contains_key(&mailbox) => control.pause_one(mailbox, is_paused),
            _ => self.fail(explain::nothing_is_copied()),
        }
    }

    /// Finishes the messages in progress and ends the job; what was copied stays.
    pub(super) fn stop_copy(&mut self) {
        let is_running = self.jobs.is_running(JobKind::Copy);
        let Some(open) = self.open.as_mut() else { return };
        match &open.copy {
            Some(control) if is_running => {
                control.stop();
                open.view.copy.phase = CopyPhase::Stopping;
            }
            _ => {
                // Paused in an earlier session, so there is no job to end.
                if open.view.copy.phase == CopyPhase::Paused {
                    open.view.copy.phase = CopyPhase::Stopped;
                    self.remember_copy_phase();
                }
            }
        }
    }

    /// Retries messages that were refused or saved as files.
    pub(super) fn retry_failed(&mut self) {
        if self.refuse_while_copying("retry refused messages") {
            return;
        }
        if self.store(crate::project::Project::retry_refused).is_some() {
            self.start_copy();
        }
    }

    /// Retries one mailbox including messages that were refused, saved or left out with the rest, while others continue.
    pub(super) fn retry_mailbox(&mut self, mailbox: MailboxId) {
        let Some(open) = self.open.as_mut() else { return };
        open.take_copy_states();
        let has_ended = match open.copy_states.get(&mailbox) {
            Some(MailboxProgressState::Done | MailboxProgressState::Stopped(_)) => true,
            Some(_) => open.copy.is_none(),
            None => open.copy.is_none() && open.mailbox(mailbox).is_some(),
        };
        if !has_ended {
            return self.fail(explain::not_while_copying("retry a mailbox"));
        }
        let ledger = open.project.ledger(mailbox);
        let is_stored = self.store(|_project| ledger.retry_refused()).is_some()
            && self.store(|_project| ledger.set_rest(Rest::Copy)).is_some();
        if !is_stored {
            return;
        }
        match self.open.as_mut() {
            Some(open) if open.copy.is_some() => {
                open.copy_states.insert(mailbox, MailboxProgressState::Queued);
                if let Some(control) = &open.copy {
                    control.set_state(mailbox, MailboxProgressState::Queued);
                    control.once_more(mailbox);
                }
            }
            _ => self.start_copy(),
        }
    }

    /// Stores what to do with the remaining messages of mailboxes, and resumes those that have stopped.
    pub(super) fn settle_rest(&mut self, mailboxes: &[MailboxId], rest: Rest) {
        for mailbox in mailboxes {
            let Some(ledger) = self.open.as_ref().map(|open| open.project.ledger(*mailbox)) else { return };
            if self.store(|_project| ledger.set_rest(rest)).is_none() {
                return;
            }
        }
        self.copy_again(|id, _| mailboxes.contains(&id));
    }

    /// Continues a copy that was running when the program ended, as soon as nothing is missing.
    pub(in crate::engine) fn go_on_by_itself(&mut self) {
        let Some(open) = self.open.as_ref().filter(|_| self.config.acts_by_itself) else { return };
        let is_due = open.view.unconfirmed.is_empty()
            && copy_standing(&open.view) == CopyStanding::Interrupted
            && missing_passwords(&open.view) == 0
            && !self.jobs.is_running(JobKind::Copy);
        if is_due {
            match open.view.copy.trial {
                Some(messages) => self.try_copy(messages),
                None => self.start_copy(),
            }
        }
    }

    /// Writes the phase of the copy into the project file; false if that failed.
    pub(in crate::engine) fn remember_copy_phase(&mut self) -> bool {
        let Some(job) = self.open.as_ref().map(crate::engine::open_project::OpenProject::copy_job) else {
            return false;
        };
        self.store(|project| project.set_copy_job(&job)).is_some()
    }
}
