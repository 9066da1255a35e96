//! The copy of the open project: what it needs, how it begins and ends, and what the ledger says meanwhile.

use super::copy_control::CopyControl;
use super::copy_job::{self, MailboxWork};
use super::open_project::OpenProject;
use super::sign_in_job::Attempt;
use super::{Connections, CopyPhase, MailboxProgressState, UserError, explain};
use crate::plan::{CopyMode, MailboxId, ProofSummary, Side};
use crate::project::{AccountClaims, ClaimError, CopyJob, CopyJobPhase, Spelling};
use crate::values::{AccountIdentity, UnixTime};

/// The problems of a running copy are read with every twelfth look, which is every three seconds.
const LOOKS_PER_PROBLEMS: u64 = 12;

impl OpenProject {
    /// What the copy of each chosen mailbox needs. Nothing is begun where it is not clear whether the ledger is about these
    /// accounts, or where somebody else writes to one of them.
    pub(super) fn copy_work(
        &self,
        mode: CopyMode,
        claims: Option<&AccountClaims>,
    ) -> Result<Vec<MailboxWork>, Box<UserError>> {
        let sides = self.both_sides()?;
        for (source, destination) in &sides {
            self.ask_about_accounts(mode, source, destination)?;
        }
        if let Some(claims) = claims {
            self.refuse_busy(claims, &sides)?;
        }
        let mut work = Vec::new();
        for (source, destination) in sides {
            let Some(plan) = self.view.plan.mailboxes.get(&source.mailbox) else { continue };
            let change = self
                .project
                .bind_sides(source.mailbox, &source.account(), &destination.account())
                .map_err(|error| Box::new(explain::project(&error)))?;
            if change.is_change() {
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

    /// Nothing is begun where another run writes into one of these accounts, as far as sign-ins have told which these are.
    fn refuse_busy(
        &self,
        claims: &AccountClaims,
        sides: &[(Attempt, Attempt)],
    ) -> Result<(), Box<UserError>> {
        let known: Vec<(&Attempt, &AccountIdentity)> = sides
            .iter()
            .filter_map(|(_, destination)| Some((destination, self.account_of(destination)?)))
            .collect();
        let accounts: Vec<&AccountIdentity> = known.iter().map(|(_, account)| *account).collect();
        match claims.find_busy(&accounts) {
            Ok(None) => Ok(()),
            Ok(Some((index, pid))) => match known.get(index) {
                Some((busy, _)) => Err(Box::new(explain::not_claimed(busy, &ClaimError::Busy { pid }))),
                None => Ok(()),
            },
            Err(error) => Err(Box::new(explain::no_account_lock(&error))),
        }
    }

    /// The account that this side was found to be when it was signed in to, in this session and under these names.
    fn account_of(&self, attempt: &Attempt) -> Option<&AccountIdentity> {
        let known = self.accounts.get(&(attempt.mailbox, attempt.side))?;
        let is_of = known.host == attempt.server.host
            && known.port == attempt.server.port
            && known.user == attempt.user;
        is_of.then_some(known)
    }

    /// Remembers which account a sign-in has led to. An error where the other side of the mailbox has led to the same.
    pub(super) fn learn_account(
        &mut self,
        mailbox: MailboxId,
        side: Side,
        account: Option<AccountIdentity>,
    ) -> Result<(), Box<UserError>> {
        match account {
            Some(account) => self.accounts.insert((mailbox, side), account),
            None => self.accounts.remove(&(mailbox, side)),
        };
        let attempts =
            self.sign_in_attempts(&[mailbox]).map_err(|error| Box::new(explain::project(&error)))?;
        let [source, destination] = attempts.as_slice() else { return Ok(()) };
        match (self.account_of(source), self.account_of(destination)) {
            (Some(from), Some(to)) if from.is_itself(to) => {
                Err(Box::new(explain::same_account(source, destination)))
            }
            _ => Ok(()),
        }
    }

    /// The owner has to say whether accounts that are named in another way are the same ones, where the ledger would
    /// forget what nobody could find out again.
    fn ask_about_accounts(
        &self,
        mode: CopyMode,
        source: &Attempt,
        destination: &Attempt,
    ) -> Result<(), Box<UserError>> {
        let failed = |error| Box::new(explain::project(&error));
        let Some(before) = self.project.bound_sides(source.mailbox).map_err(failed)? else { return Ok(()) };
        let sides = [(&before.source, source), (&before.destination, destination)];
        // Before the switch another account is taken for what it is: all mail is compared and copied into it.
        let is_asked = |spelling| match spelling {
            Spelling::Same => false,
            Spelling::Likely => true,
            Spelling::Other => mode != CopyMode::BeforeSwitch,
        };
        let doubtful =
            sides.into_iter().find(|(known, now)| is_asked(Spelling::compare(known, &now.account())));
        let Some((known, now)) = doubtful.filter(|_| !self.project.is_practice()) else { return Ok(()) };
        let sum = self.project.ledger(source.mailbox).sum().map_err(failed)?;
        if sum.copied + sum.already_there + sum.repaired == 0 {
            return Ok(());
        }
        Err(Box::new(explain::accounts_renamed(known, now, mode)))
    }

    /// The owner says whether accounts that are named in another way are the same ones: then the ledger stays true, else it
    /// begins anew.
    pub(super) fn name_accounts(&self, are_same: bool) -> Result<(), Box<UserError>> {
        for (source, destination) in self.both_sides()? {
            let (from, to) = (source.account(), destination.account());
            let named = if are_same {
                match self.project.bound_sides(source.mailbox) {
                    Ok(Some(_)) => self.project.rename_sides(source.mailbox, &from, &to),
                    Ok(None) => Ok(()),
                    Err(error) => Err(error),
                }
            } else {
                self.project.bind_sides(source.mailbox, &from, &to).map(drop)
            };
            named.map_err(|error| Box::new(explain::project(&error)))?;
        }
        Ok(())
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
        if !copy.is_proving {
            self.is_copied = outcome.is_copied && copy.trial.is_none();
        }
        let was_whole = !copy.is_proving || self.is_copied || copy.finished_at.is_some();
        let is_finished = outcome.is_complete && all_done && copy.trial.is_none() && was_whole;
        copy.phase = if is_finished { CopyPhase::Finished } else { CopyPhase::Stopped };
        copy.proof = outcome.proof.as_ref().map(ProofSummary::words);
        copy.proof_counts = outcome.proof.clone();
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
            is_copied: self.is_copied,
            proof: copy.proof.clone(),
            proof_counts: copy.proof_counts.clone(),
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
