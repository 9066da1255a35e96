//! How the actor handles job results.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::audit::AuditReport;
use crate::engine::actor::Actor;
use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::copy_words::result_words;
use crate::engine::api::event::Event;
use crate::engine::api::snapshot::AuditView;
use crate::engine::api::snapshot::MailboxView;
use crate::engine::api::snapshot::PasswordPlace;
use crate::engine::api::snapshot::ServerCandidate;
use crate::engine::api::snapshot::SignInState;
use crate::engine::api::snapshot::SignInView;
use crate::engine::api::snapshot::sign_in_of;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::{KnownPassword, Message};
use crate::engine::jobs::sign_in::Found;
use crate::engine::open_project::copy_work::Outcome;
use crate::plan::MailboxPlan;
use crate::plan::Measured;
use crate::plan::Oversize;
use crate::project::SignInFact;
use crate::project::StoredPlan;
use crate::records::CurrentZone;
use crate::values::MailboxId;
use crate::values::Side;
use crate::values::UnixTime;
use crate::values::counted;

/// From this many messages on, a new measurement replaces an older one of any size.
const TELLING_MESSAGES: u64 = 200;

impl Actor {
    /// Handles one result, unless it is stale.
    pub(in crate::engine) async fn handle(&mut self, message: Message) {
        let (kind, number) = message.job();
        if !self.jobs.is_current(kind, number) {
            return;
        }
        if !message.is_progress() {
            self.jobs.end(kind, number);
        }
        match message {
            Message::ServersFound { result, .. } => self.servers_found(result),
            Message::AuditProgress { done, total, what, .. } => self.audit_progress(done, total, what),
            Message::AuditDone { result, .. } => self.audit_done(result),
            Message::PasswordsRecalled { known, .. } => self.passwords_recalled(&known),
            Message::ClientsRecalled { known, .. } => self.clients_recalled(known),
            Message::Asked { asked, .. } => self.consent_asked(asked),
            Message::Consented { outcome, .. } => self.consented(outcome),
            Message::SignedIn { mailbox, side, view, found, .. } => {
                self.signed_in(mailbox, side, *view, *found);
            }
            Message::Waits { mailbox, seconds, words, .. } => self.tell_wait(mailbox, seconds, &words),
            Message::SignInsEnded { .. } => {}
            Message::Planned { mailbox, result, .. } => self.planned(mailbox, result),
            Message::PlansEnded { .. } => self.plans_ended(),
            Message::CopyEnded { outcome, .. } => self.copy_ended(outcome).await,
            Message::MessagesSaved { path, result, .. } => self.messages_saved(&path, result),
            Message::ZoneRead { result, .. } => self.zone_read(result),
            Message::SwitchAsked { done, all, .. } => self.switch_asked(done, all),
            Message::SwitchLooked { result, .. } => self.switch_looked(result),
            Message::TestsJudged { result, .. } => self.tests_judged(result),
            Message::PracticeEnded { .. } => self.fail(explain::practice_ended()),
            Message::Panicked { kind, words, .. } => self.panicked(kind, &words),
        }
    }

    /// A notice that a server is being retried.
    fn tell_wait(&self, mailbox: MailboxId, seconds: u64, words: &str) {
        let Some(row) = self.open.as_ref().and_then(|open| open.mailbox(mailbox)) else { return };
        let again = counted(seconds, "second");
        self.notice(format!("{}: {words}; tried again in {again}", row.mailbox.address), None);
    }

    fn servers_found(&mut self, result: Result<Vec<ServerCandidate>, Box<UserError>>) {
        let Some(open) = self.open.as_mut() else { return };
        open.view.domain.is_searching = false;
        open.has_new_reach = true;
        match result {
            Ok(mut candidates) => {
                // The practice DNS names mail.weber-familie.example; the embedded server is on this computer.
                if let Some(practice) = &open.practice {
                    for candidate in &mut candidates {
                        candidate.server = practice.source();
                    }
                    candidates.truncate(1);
                }
                let best = candidates.first().map(|candidate| candidate.server.clone());
                open.view.domain.candidates = candidates;
                match (best, &open.view.domain.source_server) {
                    (Some(server), None) => self.set_source_server(server),
                    (None, None) => {
                        open.view.domain.search_error = Some(explain::no_server_found(open.project.domain()));
                    }
                    _ => {}
                }
            }
            Err(error) => open.view.domain.search_error = Some(*error),
        }
    }

    fn audit_progress(&mut self, done: usize, total: usize, what: String) {
        if let Some(open) = self.open.as_mut()
            && let AuditView::Running { done: shown_done, total: shown_total, what: shown_what, .. } =
                &mut open.view.audit
        {
            (*shown_done, *shown_total, *shown_what) = (done, total, what);
        }
    }

    fn audit_done(&mut self, result: Result<Box<(AuditReport, String)>, Box<UserError>>) {
        let checked = self.open.as_mut().and_then(|open| open.checks_again.take());
        match result {
            Ok(done) => {
                let (report, facts) = *done;
                self.store(|project| project.set_audit(&report, &facts));
                let Some(open) = self.open.as_mut() else { return };
                open.end_audit_without_result();
                let before = open.view.audit.report().cloned();
                let told = checked.zip(before).map(|(id, before)| report.change_of(&id, &before));
                open.view.audit = AuditView::Done(Arc::new(report));
                if let Some(words) = told {
                    self.notice(words, None);
                }
            }
            Err(error) => {
                if let Some(open) = self.open.as_mut() {
                    if checked.is_some() {
                        // The other findings are as good as they were.
                        open.end_audit_without_result();
                    } else {
                        open.view.audit = AuditView::Failed((*error).clone());
                    }
                }
                self.fail(*error);
            }
        }
    }

    fn passwords_recalled(&mut self, known: &[KnownPassword]) {
        let Some(open) = self.open.as_mut() else { return };
        for KnownPassword { mailbox, side, place } in known {
            if let Some(row) = open.mailbox_mut(*mailbox) {
                let sign_in = sign_in_of(row, *side);
                let known = std::mem::replace(&mut sign_in.password, *place);
                if matches!(known, PasswordPlace::Keyring | PasswordPlace::Session) && !sign_in.has_password()
                {
                    // The user has entered something newer meanwhile.
                    sign_in.password = known;
                }
            }
        }
        self.watch_keyring();
        self.go_on_by_itself();
    }

    fn signed_in(&mut self, mailbox: MailboxId, side: Side, mut view: SignInView, found: Found) {
        // The row was reset because its user name, password or server changed; this result is about the old one.
        let is_awaited = self
            .open
            .as_ref()
            .and_then(|open| open.mailbox(mailbox))
            .is_some_and(|row| row.sign_in(side).state == SignInState::SigningIn);
        if !is_awaited {
            return;
        }
        let Found { counted, folders, account, way, known } = found;
        if let Some(way) = way {
            self.change_mailbox(mailbox, |row| *row.mailbox.way_mut(side) = way);
        }
        if let Some(Err(error)) = self.open.as_mut().map(|open| open.learn_account(mailbox, side, account)) {
            view.state = SignInState::Failed;
            view.error = Some(*error);
        }
        let fact = (view.state == SignInState::SignedIn)
            .then(|| SignInFact { server_words: view.server_words.clone(), at: UnixTime::now() });
        self.store(|project| project.set_sign_in(mailbox, side, fact.as_ref()));
        let catalogue = Arc::clone(&self.catalogue);
        let Some(open) = self.open.as_mut() else { return };
        if let Some(row) = open.mailbox(mailbox) {
            log_sign_in(row, side, &view);
        }
        if let Some(row) = open.mailbox_mut(mailbox) {
            if view.password == PasswordPlace::Unknown {
                view.password = row.sign_in(side).password;
            }
            *sign_in_of(row, side) = view;
            if counted.is_some() {
                row.counted = counted;
                row.folders = Arc::new(folders);
            }
        }
        if side == Side::Source && !known.is_empty() {
            open.seen_folders.insert(mailbox, known);
        }
        open.compare_providers(&catalogue);
        self.watch_keyring();
    }

    fn planned(&mut self, mailbox: MailboxId, result: Result<(MailboxPlan, Oversize), Box<UserError>>) {
        match result {
            Ok((plan, oversize)) => {
                let stored = StoredPlan { plan, counted_at: UnixTime::now(), oversize };
                if self.store(|project| project.set_plan(mailbox, &stored)).is_none() {
                    return;
                }
                let Some(overrides) = self.store(|project| project.folder_overrides(mailbox)) else { return };
                let mut plan = stored.plan;
                crate::plan::apply_overrides(&mut plan, &overrides);
                let Some(lessons) = self.store(|project| project.name_lessons(mailbox)) else { return };
                lessons.apply(&mut plan);
                if let Some(open) = self.open.as_mut() {
                    open.show_plan(mailbox, plan, stored.oversize);
                }
            }
            Err(error) => {
                if let Some(open) = self.open.as_mut() {
                    open.count_one_more();
                    open.view.plan.errors.insert(mailbox, *error);
                }
            }
        }
    }

    fn plans_ended(&mut self) {
        let catalogue = Arc::clone(&self.catalogue);
        if let Some(open) = self.open.as_mut() {
            open.view.plan.counting = None;
            open.view.plan.counted_at = Some(UnixTime::now());
            open.compare_providers(&catalogue);
            open.refresh_copy_totals();
        }
    }

    async fn copy_ended(&mut self, outcome: Outcome) {
        self.watch_copy().await;
        self.remember_speeds(&outcome.measured);
        let catalogue = Arc::clone(&self.catalogue);
        if let Some(open) = self.open.as_mut() {
            open.end_copy(&outcome, UnixTime::now());
            if let Err(error) = open.measure_largest_message() {
                tracing::warn!("the largest message is not known: {error}");
            }
            open.compare_providers(&catalogue);
            open.note_sweep(UnixTime::now());
            open.count_practice_mail();
        }
        self.remember_copy_phase();
        self.remember_recent();
        if let Some(open) = &self.open {
            tracing::info!("copy ended: {}", result_words(&open.view.copy.sum));
        }
        let phase = self.open.as_ref().map(|open| open.view.copy.phase);
        if phase == Some(CopyPhase::Finished) {
            self.outlet.event(Event::CopyFinished);
        }
    }

    /// Stores a measurement, unless a larger one exists for the same route.
    fn remember_speeds(&mut self, measured: &BTreeMap<MailboxId, Measured>) {
        for (mailbox, new) in measured {
            let known = self.open.as_ref().and_then(|open| open.measured.get(mailbox));
            let tells_more = known.is_none_or(|known| new.messages >= known.messages.min(TELLING_MESSAGES));
            if tells_more
                && self.store(|project| project.set_measured(*mailbox, new)).is_some()
                && let Some(open) = self.open.as_mut()
            {
                open.measured.insert(*mailbox, *new);
            }
        }
    }

    fn zone_read(&mut self, result: Result<Box<CurrentZone>, Box<UserError>>) {
        let Some(open) = self.open.as_mut() else { return };
        open.view.records.is_preparing = false;
        match result {
            Ok(zone) => {
                open.zone = Some(*zone);
                self.remember_zone();
                self.compute_records();
            }
            Err(error) => {
                open.view.records.error = Some((*error).clone());
                self.fail(*error);
            }
        }
    }

    fn remember_zone(&mut self) {
        let Some(zone) = self.open.as_ref().and_then(|open| open.zone.as_ref()) else { return };
        match serde_json::to_string(zone) {
            Ok(json) => {
                self.store(|project| project.set_zone_facts(&json));
            }
            Err(error) => self.fail(explain::defect("The zone could not be saved in the project", &error)),
        }
    }

    fn panicked(&mut self, kind: JobKind, words: &str) {
        let error = explain::panicked(kind, words);
        let Some(open) = self.open.as_mut() else { return };
        match kind {
            JobKind::FindServer => {
                open.view.domain.is_searching = false;
                open.view.domain.search_error = Some(error.clone());
            }
            JobKind::Audit => open.view.audit = AuditView::Failed(error.clone()),
            JobKind::SignIn => open.fail_running_sign_ins(&error),
            JobKind::Consent => open.view.sign_ins.under_way = None,
            JobKind::Plan => open.view.plan.counting = None,
            JobKind::Copy => {
                open.end_copy(&Outcome::default(), UnixTime::now());
                open.note_sweep(UnixTime::now());
                self.remember_copy_phase();
            }
            JobKind::SaveMessages => open.view.messages.is_saving = false,
            JobKind::Records => {
                open.view.records.is_preparing = false;
                open.view.records.error = Some(error.clone());
            }
            JobKind::Switch => {
                open.switch.looking = None;
                open.switch.error = Some(error.clone());
            }
            JobKind::TestMessages => open.switch.is_judging = false,
            JobKind::Practice | JobKind::RecallPasswords | JobKind::RecallClients => {}
        }
        self.fail(error);
    }
}

/// Who signed in where, or why not.
fn log_sign_in(row: &MailboxView, side: Side, view: &SignInView) {
    let (address, whose) = (
        &row.mailbox.address,
        match side {
            Side::Source => "your server",
            Side::Destination => "the destination",
        },
    );
    match &view.error {
        None if view.state == SignInState::SignedIn => {
            tracing::info!("{address} signed in at {whose}: {}", view.server_words);
        }
        None => tracing::warn!("{address} did not sign in at {whose}"),
        Some(error) => {
            let said = error.server_words.as_deref().unwrap_or_default();
            tracing::warn!("{address} did not sign in at {whose}: {}. {said}", error.title);
        }
    }
}
