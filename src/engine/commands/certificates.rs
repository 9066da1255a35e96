use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::copy_snapshot::MailboxProgressState;
use crate::engine::api::snapshot::CertificateView;
use crate::engine::api::snapshot::SignInState;
use crate::engine::api::snapshot::SignInView;
use crate::engine::api::snapshot::sign_in_of;
use crate::engine::api::user_error::UserError;
use crate::engine::job_kind::JobKind;
use crate::project::Pin;
use crate::values::{Endpoint, Fingerprint, UnixTime};
use crate::values::{MailboxId, Side};

impl Actor {
    /// Approves a certificate for one server, replacing the previous one, and resumes everything that stopped
    /// because of it.
    pub(super) fn trust_certificate(&mut self, server: &Endpoint, fingerprint: Fingerprint) {
        let shown = self.shown_certificate(server, fingerprint);
        let pin = Pin {
            fingerprint,
            approved_at: UnixTime::now(),
            issuer: shown.as_ref().map(|view| view.issuer.clone()),
            valid_until: shown.map(|view| view.valid_until),
        };
        if self.store(|project| project.pin_certificate(server, &pin)).is_none() {
            return;
        }
        let Some(open) = self.open.as_mut() else { return };
        open.pins.approve(server, pin);
        self.notice(format!("The certificate of {server} is now trusted"), None);
        let waiting = self.sign_ins_about(server);
        if !waiting.is_empty() {
            self.test_sign_in(&waiting);
        }
        self.count_again(server);
        self.copy_again(|_, error| is_about(error, server));
    }

    /// The certificate as it was shown with its question.
    fn shown_certificate(&self, server: &Endpoint, fingerprint: Fingerprint) -> Option<CertificateView> {
        let project = &self.open.as_ref()?.view;
        let mut questions = crate::engine::certificate_questions(project).into_iter();
        let asked = questions.find(|question| {
            question.certificate.server == *server && question.certificate.fingerprint == fingerprint
        })?;
        Some(asked.certificate)
    }

    /// Removes the question from the waiting rows and returns them.
    fn sign_ins_about(&mut self, server: &Endpoint) -> Vec<MailboxId> {
        let Some(open) = self.open.as_mut() else { return Vec::new() };
        let mut waiting = Vec::new();
        for row in Arc::make_mut(&mut open.view.mailboxes) {
            let id = row.id;
            for side in [Side::Source, Side::Destination] {
                let view: &mut SignInView = sign_in_of(row, side);
                let is_asked = matches!(
                    &view.state,
                    SignInState::CertificateNotKnown(certificate) if certificate.server == *server
                );
                if is_asked {
                    view.state = SignInState::NotTried;
                    view.error = None;
                    waiting.push(id);
                }
            }
        }
        waiting.dedup();
        waiting
    }

    /// Counts the mailboxes again that failed because of this server's certificate.
    fn count_again(&mut self, server: &Endpoint) {
        let Some(open) = self.open.as_mut() else { return };
        let errors = &mut open.view.plan.errors;
        let before = errors.len();
        errors.retain(|_, error| !is_about(error, server));
        let is_busy = self.jobs.is_running(JobKind::Plan) || self.jobs.is_running(JobKind::Copy);
        if errors.len() < before && !is_busy {
            self.build_plan();
        }
    }

    /// Resumes the mailboxes that stopped because of such an error, after its cause was mended.
    pub(super) fn copy_again(&mut self, is_mended: impl Fn(MailboxId, &UserError) -> bool) {
        let is_running = self.jobs.is_running(JobKind::Copy);
        let Some(open) = self.open.as_mut() else { return };
        open.take_copy_states();
        let is_stopped = |id: MailboxId, state: &MailboxProgressState| matches!(state, MailboxProgressState::Stopped(error) if is_mended(id, error));
        let states = open.copy_states.iter();
        let stopped: Vec<MailboxId> =
            states.filter(|(id, state)| is_stopped(**id, state)).map(|(id, _)| *id).collect();
        if stopped.is_empty() {
            return;
        }
        // A mailbox that is neither done nor stopped was paused by its owner and stays paused.
        let was_left = open.copy_states.values().any(|state| *state == MailboxProgressState::Queued);
        let is_left = !is_running && (was_left || open.view.copy.phase == CopyPhase::Paused);
        for id in &stopped {
            open.copy_states.insert(*id, MailboxProgressState::Queued);
        }
        match &open.copy {
            Some(control) if is_running => {
                for id in stopped {
                    control.set_state(id, MailboxProgressState::Queued);
                    control.once_more(id);
                }
            }
            _ if is_left => open.refresh_copy_totals(),
            _ => self.copy_once_more(),
        }
    }
}

/// Whether an error is about this server's certificate.
fn is_about(error: &UserError, server: &Endpoint) -> bool {
    error.certificate.as_ref().is_some_and(|certificate| certificate.server == *server)
}
