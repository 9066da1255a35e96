//! Questions about certificates: one per server, however many mailboxes wait for the answer.

use crate::engine::api::copy_snapshot::MailboxProgressState;
use crate::engine::api::snapshot::CertificateView;
use crate::engine::api::snapshot::ProjectView;
use crate::engine::api::user_error::UserError;
use crate::values::{MailboxId, Side};

/// A certificate that the owner has to decide about.
#[derive(Clone, Debug, PartialEq)]
pub struct CertificateQuestion {
    /// The certificate.
    pub certificate: CertificateView,
    /// The error of the first of these mailboxes.
    pub error: UserError,
    /// The waiting mailboxes, each once.
    pub mailboxes: Vec<MailboxId>,
}

/// All open questions, in the order of the mailboxes.
pub fn certificate_questions(project: &ProjectView) -> Vec<CertificateQuestion> {
    let mut questions: Vec<CertificateQuestion> = Vec::new();
    let signing_in = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).flat_map(|row| {
        [Side::Source, Side::Destination].map(|side| (row.id, row.sign_in(side).error.as_ref()))
    });
    let counting = project.plan.errors.iter().map(|(id, error)| (*id, Some(error)));
    let copying = project.copy.mailboxes.iter().map(|progress| match &progress.state {
        MailboxProgressState::Stopped(error) => (progress.id, Some(error)),
        _ => (progress.id, None),
    });
    for (mailbox, error) in signing_in.chain(counting).chain(copying) {
        let Some(error) = error else { continue };
        let Some(certificate) = error.certificate.as_deref() else { continue };
        let is_about = |question: &&mut CertificateQuestion| {
            question.certificate.server == certificate.server
                && question.certificate.fingerprint == certificate.fingerprint
        };
        match questions.iter_mut().find(is_about) {
            Some(question) if question.mailboxes.contains(&mailbox) => {}
            Some(question) => question.mailboxes.push(mailbox),
            None => questions.push(CertificateQuestion {
                certificate: certificate.clone(),
                error: error.clone(),
                mailboxes: vec![mailbox],
            }),
        }
    }
    questions
}
