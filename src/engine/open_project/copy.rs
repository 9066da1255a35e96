//! The copy of the open project: its preparation, start and end, and what the ledger shows meanwhile.

use crate::project::{
    AccountClaims, BoundSides, BusyAccount, ClaimError, CopyJob, CopyJobPhase, EarlierCopy, Spelling,
    WholeCopy,
};
use std::sync::Arc;

use crate::engine::api::copy_snapshot::{Connections, CopyPhase, MailboxProgressState};
use crate::engine::api::snapshot::{SignInState, sign_in_of};
use crate::engine::api::standing::{CopyStanding, copy_standing};
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::{Attempt, AttemptPair};
use crate::engine::explain;
use crate::engine::open_project::copy_board::CopyBoard;
use crate::engine::open_project::copy_meter::CopyMeter;
use crate::engine::open_project::copy_view::Known;
use crate::engine::open_project::copy_work::MailboxWork;
use crate::engine::open_project::switch::RunStart;
use crate::engine::open_project::{OpenProject, copy_view};
use crate::plan::{CopyMode, VerifySummary};
use crate::values::{AccountIdentity, MailboxId, Side, UnixTime};

/// The problems of a running copy are read every twelfth time, that is, every three seconds.
const LOOKS_PER_PROBLEMS: u64 = 12;

impl OpenProject {
    /// The input for the copy of each chosen mailbox. Nothing starts if it is unclear whether the ledger belongs to these
    /// accounts, or if another process writes to one of them.
    pub(in crate::engine) fn copy_work(
        &mut self,
        mode: CopyMode,
        claims: Option<&AccountClaims>,
    ) -> Result<Vec<MailboxWork>, Box<UserError>> {
        let sides = self.both_sides()?;
        for AttemptPair { source, destination } in &sides {
            self.ask_about_accounts(mode, source, destination)?;
        }
        if let Some(claims) = claims {
            self.refuse_busy(claims, &sides)?;
        }
        let mut work = Vec::new();
        for AttemptPair { source, destination } in sides {
            let Some(plan) = self.view.plan.mailboxes.get(&source.mailbox) else { continue };
            let change = self
                .project
                .bind_sides(source.mailbox, &source.account(), &destination.account())
                .map_err(|error| Box::new(explain::project(&error)))?;
            if change.is_change() {
                tracing::info!("the accounts of {} changed: its copies are searched again", source.user);
                self.done.remove(&source.mailbox);
                self.copy_states.remove(&source.mailbox);
            }
            let sides = BoundSides { source: source.account(), destination: destination.account() };
            self.bound.insert(source.mailbox, sides);
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

    /// Nothing starts if another run writes into one of these accounts, as far as earlier sign-ins have identified them.
    fn refuse_busy(&self, claims: &AccountClaims, sides: &[AttemptPair]) -> Result<(), Box<UserError>> {
        let known: Vec<(&Attempt, &AccountIdentity)> = sides
            .iter()
            .filter_map(|pair| Some((&pair.destination, self.account_of(&pair.destination)?)))
            .collect();
        let accounts: Vec<&AccountIdentity> = known.iter().map(|(_, account)| *account).collect();
        match claims.find_busy(&accounts) {
            Ok(None) => Ok(()),
            Ok(Some(BusyAccount { index, pid })) => match known.get(index) {
                Some((busy, _)) => Err(Box::new(explain::not_claimed(busy, &ClaimError::Busy { pid }))),
                None => Ok(()),
            },
            Err(error) => Err(Box::new(explain::no_account_lock(&error))),
        }
    }

    /// The account that a sign-in on this side opened, in this session and under these names.
    fn account_of(&self, attempt: &Attempt) -> Option<&AccountIdentity> {
        let known = self.accounts.get(&(attempt.mailbox, attempt.side))?;
        let is_of = known.host == attempt.server.host
            && known.port == attempt.server.port
            && known.user == attempt.user;
        is_of.then_some(known)
    }

    /// Remembers which account a sign-in opened. An error if the other side of the mailbox opened the same one.
    pub(in crate::engine) fn learn_account(
        &mut self,
        mailbox: MailboxId,
        side: Side,
        account: Option<AccountIdentity>,
    ) -> Result<(), Box<UserError>> {
        match account {
            Some(account) => self.accounts.insert((mailbox, side), account),
            None => self.accounts.remove(&(mailbox, side)),
        };
        let attempts = self.sign_in_attempts(&[mailbox]);
        let [source, destination] = attempts.as_slice() else { return Ok(()) };
        match (self.account_of(source), self.account_of(destination)) {
            (Some(from), Some(to)) if from.is_itself(to) => {
                Err(Box::new(explain::same_account(source, destination)))
            }
            _ => Ok(()),
        }
    }

    /// Whether the user must confirm that accounts with changed names are the same, because the ledger would otherwise
    /// lose information that cannot be recovered.
    fn ask_about_accounts(
        &self,
        mode: CopyMode,
        source: &Attempt,
        destination: &Attempt,
    ) -> Result<(), Box<UserError>> {
        let failed = |error| Box::new(explain::project(&error));
        let Some(before) = self.project.bound_sides(source.mailbox).map_err(failed)? else { return Ok(()) };
        let sides = [(&before.source, source), (&before.destination, destination)];
        // Before the switch no question is needed: all mail is compared and copied into the other account.
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

    /// The user answers whether accounts with changed names are the same. If so, the ledger stays valid; otherwise it
    /// starts afresh.
    pub(in crate::engine) fn name_accounts(&mut self, are_same: bool) -> Result<(), Box<UserError>> {
        for AttemptPair { source, destination } in self.both_sides()? {
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
            if are_same {
                self.bound.insert(source.mailbox, BoundSides { source: from, destination: to });
            }
        }
        if are_same {
            // The copies have not moved; only their server's name has changed.
            self.view.copy.route = self.route_now().filter(|_| self.view.copy.route.is_some());
        }
        Ok(())
    }

    /// Starts a copy, or a verification alone.
    pub(in crate::engine) fn begin_copy(
        &mut self,
        control: CopyBoard,
        trial: Option<u32>,
        is_verifying: bool,
        at: UnixTime,
    ) {
        self.copy = Some(control);
        let sum = &self.view.copy.sum;
        let is_whole = trial.is_none() && !is_verifying;
        self.run = is_whole.then_some(RunStart { began_at: at, copied: sum.copied + sum.repaired });
        self.was_verify_only = is_verifying;
        self.begin_route();
        let copy = &mut self.view.copy;
        copy.phase = CopyPhase::Running;
        copy.trial = trial;
        copy.started_at = copy.started_at.or(Some(at));
        copy.is_verifying = is_verifying;
        // A verification does not undo a finished copy.
        copy.finished_at = copy.finished_at.filter(|_| is_verifying);
        copy.verification = None;
        copy.verification_counts = None;
        self.copy_states.clear();
        for row in self.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen) {
            // A finished mailbox stays finished until its turn comes again.
            let was_done = self.done.contains(&row.id);
            let state = if was_done { MailboxProgressState::Done } else { MailboxProgressState::Queued };
            self.copy_states.insert(row.id, state);
        }
        self.refresh_copy_totals();
        self.begin_to_measure();
    }

    /// Starts measuring the speed.
    pub(in crate::engine) fn begin_to_measure(&mut self) {
        self.meter.begin(&self.view.copy);
        self.refresh_sums();
    }

    /// A copy between other servers replaces the previous one, which is kept as history.
    fn begin_route(&mut self) {
        let Some(now) = self.route_now() else { return };
        let is_other = copy_standing(&self.view) == CopyStanding::Elsewhere;
        let copy = &mut self.view.copy;
        if let Some(route) = copy.route.replace(now).filter(|_| is_other) {
            copy.earlier.push(EarlierCopy {
                route,
                started_at: copy.started_at.take(),
                finished_at: copy.finished_at.take(),
                mailboxes: copy.mailboxes.iter().filter(|shown| shown.sum.source_count > 0).count(),
                sum: copy.sum,
                verification: copy.verification.take(),
            });
            self.meter = CopyMeter::default();
            self.whole = None;
        }
    }

    /// A mailbox whose sign-in at a provider ended while it was copied says so in its row as well.
    fn show_ended_consents(&mut self) {
        let mut ended = Vec::new();
        for (id, state) in &self.copy_states {
            let MailboxProgressState::Stopped(error) = state else { continue };
            let Some((_, side)) = error.asks_to_sign_in() else { continue };
            let known = self.mailbox(*id).map(|row| &row.sign_in(side).state);
            if matches!(known, Some(SignInState::SignedIn | SignInState::NotTried)) {
                ended.push((*id, side, error.clone()));
            }
        }
        for (id, side, error) in ended {
            if let Some(row) = self.mailbox_mut(id) {
                let view = sign_in_of(row, side);
                (view.state, view.error, view.token_until) = (SignInState::ConsentEnded, Some(error), None);
            }
        }
    }

    /// Takes over the states of the running mailboxes. True if one has finished or is no longer finished.
    pub(in crate::engine) fn take_copy_states(&mut self) -> bool {
        let before = self.done.clone();
        if let Some(control) = &self.copy {
            let waits = |id: &MailboxId, state: &MailboxProgressState| {
                *state == MailboxProgressState::Queued && before.contains(id)
            };
            self.copy_states.extend(control.states().into_iter().filter(|(id, state)| !waits(id, state)));
        }
        for (id, state) in &self.copy_states {
            match state {
                // The result of a trial is known only at its end.
                MailboxProgressState::Done if self.view.copy.trial.is_none() => _ = self.done.insert(*id),
                MailboxProgressState::Stopped(_) => _ = self.done.remove(id),
                _ => {}
            }
        }
        self.show_ended_consents();
        let rests = |state: &MailboxProgressState| {
            !matches!(
                state,
                MailboxProgressState::Running(_)
                    | MailboxProgressState::Verifying { .. }
                    | MailboxProgressState::Reconnecting(_)
                    | MailboxProgressState::WaitsUntil(..)
            )
        };
        if self.view.copy.phase == CopyPhase::Pausing && self.copy_states.values().all(rests) {
            self.view.copy.phase = CopyPhase::Paused;
            self.view.copy.bytes_per_second = None;
            self.view.copy.time_left = None;
            self.meter.rest();
        }
        self.done != before
    }

    /// Shows folders under their learned names.
    fn show_learnt_names(&mut self) {
        for (mailbox, plan) in Arc::make_mut(&mut self.view.plan.mailboxes) {
            match self.project.name_lessons(*mailbox) {
                Ok(lessons) => lessons.apply(plan),
                Err(error) => tracing::warn!(%error, "learned folder names could not be read"),
            }
        }
    }

    /// The copy ended, for whatever reason.
    pub(in crate::engine) fn end_copy(
        &mut self,
        outcome: &crate::engine::open_project::copy_work::Outcome,
        at: UnixTime,
    ) {
        self.take_copy_states();
        self.copy = None;
        self.show_learnt_names();
        self.refresh_sums();
        self.end_trial_states();
        // A chosen mailbox that could not start keeps the copy unfinished.
        let is_done = |id| self.copy_states.get(&id) == Some(&MailboxProgressState::Done);
        let all_done =
            self.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen).all(|row| is_done(row.id));
        let copy = &mut self.view.copy;
        // A trial is never a complete copy.
        let is_whole = copy.trial.is_none();
        if !copy.is_verifying {
            self.is_copied = outcome.is_copied && is_whole;
        }
        let was_whole = !copy.is_verifying || self.is_copied || copy.finished_at.is_some();
        let is_finished = outcome.is_complete && all_done && is_whole && was_whole;
        copy.phase = if is_finished { CopyPhase::Finished } else { CopyPhase::Stopped };
        copy.verification = outcome.verification.as_ref().map(VerifySummary::words);
        copy.verification_counts.clone_from(&outcome.verification);
        copy.finished_at = copy.finished_at.or(Some(at)).filter(|_| copy.phase == CopyPhase::Finished);
        let is_verified = outcome.verification.as_ref().is_some_and(VerifySummary::is_clean);
        // Mailboxes that never began do not count as an end.
        let has_end = |id| {
            let state = self.copy_states.get(&id);
            matches!(state, Some(MailboxProgressState::Done | MailboxProgressState::Stopped(_)))
        };
        let all_ended =
            self.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen).all(|row| has_end(row.id));
        match (&self.run, &mut self.whole) {
            (Some(run), _) if self.is_copied && all_ended => {
                self.whole = Some(WholeCopy { began_at: run.began_at, finished_at: at, is_verified });
            }
            // A verification alone.
            (None, Some(whole)) if copy.trial.is_none() => whole.is_verified = is_verified,
            _ => {}
        }
        copy.is_verifying = false;
        copy.time_left = None;
        copy.bytes_per_second = None;
        copy.connections = Connections::default();
        copy.under_way.clear();
        for state in self.copy_states.values_mut() {
            if !matches!(state, MailboxProgressState::Done | MailboxProgressState::Stopped(_)) {
                *state = MailboxProgressState::Queued;
            }
        }
        self.meter.rest();
        self.view.copy.throughput = Arc::new(self.meter.points());
        self.refresh_copy_totals();
        self.refresh_messages();
    }

    /// After a trial, a mailbox is done if the trial put nothing of it off.
    fn end_trial_states(&mut self) {
        if self.view.copy.trial.is_none() {
            return;
        }
        for shown in &self.view.copy.mailboxes {
            let is_whole = shown.sum.waiting() == 0;
            match self.copy_states.get_mut(&shown.id) {
                Some(MailboxProgressState::Done) if is_whole => _ = self.done.insert(shown.id),
                Some(state @ MailboxProgressState::Done) => {
                    *state = MailboxProgressState::Queued;
                    self.done.remove(&shown.id);
                }
                _ => {}
            }
        }
    }

    /// Sums and bars from the ledger; problems only every few times, as they cost more.
    pub(in crate::engine) fn look_at_the_ledger(&mut self) {
        self.looks += 1;
        if self.looks.is_multiple_of(LOOKS_PER_PROBLEMS) {
            self.refresh_copy_totals();
            self.refresh_messages();
        } else {
            self.refresh_sums();
        }
    }

    /// Sums, bars and problems from the ledger.
    pub(in crate::engine) fn refresh_copy_totals(&mut self) {
        self.refresh_sums();
        match copy_view::problems(&self.project) {
            Ok(problems) => self.view.copy.problems = problems,
            Err(error) => tracing::warn!("the problems of the ledger could not be read: {error}"),
        }
        match copy_view::pauses(&self.project) {
            Ok(pauses) => self.view.copy.pauses = pauses,
            Err(error) => tracing::warn!("the pauses of the ledger could not be read: {error}"),
        }
        self.refresh_forecasts();
    }

    /// Reads from the ledger how far the copy is.
    pub(in crate::engine) fn refresh_sums(&mut self) {
        let known = Known {
            states: &self.copy_states,
            done: &self.done,
            bound: &self.bound,
            under_way: self.copy.as_ref().map(CopyBoard::under_way).unwrap_or_default(),
        };
        match copy_view::refresh(&self.project, &self.view, &known) {
            Ok(fresh) => {
                let copy = &mut self.view.copy;
                copy.sum = fresh.sum;
                copy.bytes_done = fresh.bytes_done;
                copy.bytes_total = fresh.bytes_total;
                copy.mailboxes = fresh.mailboxes;
                copy.connections = fresh.connections;
                copy.verified = fresh.verified;
                copy.under_way = fresh.under_way;
                self.meter.look(copy, fresh.bytes_sent);
            }
            Err(error) => tracing::warn!("the ledger could not be read: {error}"),
        }
    }

    /// The phase of the copy as stored in the file.
    pub(in crate::engine) fn copy_job(&self) -> CopyJob {
        let copy = &self.view.copy;
        CopyJob {
            phase: match copy.phase {
                CopyPhase::NotStarted => CopyJobPhase::NotStarted,
                CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping | CopyPhase::Interrupted => {
                    CopyJobPhase::Running
                }
                CopyPhase::Paused => CopyJobPhase::Paused,
                CopyPhase::Stopped => CopyJobPhase::Stopped,
                CopyPhase::Finished => CopyJobPhase::Finished,
            },
            started_at: copy.started_at,
            finished_at: copy.finished_at,
            is_copied: self.is_copied,
            whole: self.whole,
            verification: copy.verification.clone(),
            verification_counts: copy.verification_counts.clone(),
            route: copy.route.clone(),
            trial: copy.trial,
            is_verifying: copy.is_verifying,
            done: self.done.clone(),
            speeds: self.meter.points(),
            earlier: copy.earlier.clone(),
        }
    }

    /// A copy that runs when the project closes continues when it is reopened, unless it was about to pause or stop.
    pub(in crate::engine) fn remember_phase(&mut self) {
        self.view.copy.phase = match self.view.copy.phase {
            CopyPhase::Running => CopyPhase::Interrupted,
            CopyPhase::Pausing | CopyPhase::Paused => CopyPhase::Paused,
            CopyPhase::Stopping => CopyPhase::Stopped,
            _ => return,
        };
        self.take_copy_states();
        self.meter.rest();
        if let Err(error) = self.project.set_copy_job(&self.copy_job()) {
            tracing::warn!("the state of the copy was not saved: {error}");
        }
    }
}
