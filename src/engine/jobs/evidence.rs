//! Reads what the owner gives as evidence: files, and mailboxes at the old server.

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::audit::evidence::EvidenceFacts;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::engine::open_project::passwords::Passwords;
use crate::survey::{
    self, EvidenceMailbox, EvidenceProgress, EvidenceSubject, FoundTests, MailboxBounds, MailboxProgress,
};
use crate::values::{DomainName, UnixTime};

/// Mailboxes at the old server, and where their passwords are.
#[derive(Clone, Debug)]
pub(in crate::engine) struct MailboxesToRead {
    /// UUID of the project.
    pub(in crate::engine) project: String,
    pub(in crate::engine) mailboxes: Vec<NamedAttempt>,
    pub(in crate::engine) passwords: Passwords,
}

/// A sign-in, and the address that names its mailbox in the evidence.
#[derive(Clone, Debug)]
pub(in crate::engine) struct NamedAttempt {
    pub(in crate::engine) address: String,
    pub(in crate::engine) attempt: Attempt,
}

impl MailboxesToRead {
    /// Reads them all. `progress` is told of mailboxes and of the folder that is being read.
    pub(in crate::engine) async fn read(
        &self,
        subject: &EvidenceSubject<'_>,
        progress: &mut (dyn FnMut(MailboxProgress) + Send),
        cancel: &CancellationToken,
    ) -> Result<EvidenceFacts, Box<UserError>> {
        let mailboxes = self.with_access().await;
        let bounds = MailboxBounds::default();
        survey::read_mailboxes(subject, &mailboxes, &bounds, progress, cancel)
            .await
            .map_err(|error| Box::new(explain::evidence(&error)))
    }

    /// Looks in all of them for messages with this subject.
    pub(in crate::engine) async fn find_tests(
        &self,
        subject: &str,
        cancel: &CancellationToken,
    ) -> Result<FoundTests, Box<UserError>> {
        survey::find_test_messages(&self.with_access().await, subject, UnixTime::now(), cancel)
            .await
            .map_err(|error| Box::new(explain::evidence(&error)))
    }

    async fn with_access(&self) -> Vec<EvidenceMailbox> {
        let mut mailboxes = Vec::new();
        for NamedAttempt { address, attempt } in &self.mailboxes {
            let password = self.passwords.of(&self.project, attempt).await;
            let access = password.map(|secret| attempt.access(secret));
            mailboxes.push(EvidenceMailbox { address: address.clone(), access });
        }
        mailboxes
    }
}

/// Reads mailboxes for the window, beside the owner's files.
pub(in crate::engine) async fn read_mailboxes(
    domain: &DomainName,
    files: Option<&EvidenceFacts>,
    mailboxes: &MailboxesToRead,
    context: &JobContext,
) -> Result<EvidenceFacts, Box<UserError>> {
    let number = context.number;
    let mut tell = |heard: MailboxProgress| {
        let MailboxProgress { done, total, what } = heard;
        let what = format!("{what} (in mailboxes)");
        context.tell_soon(Message::AuditProgress { number, done, total, what });
    };
    let subject = EvidenceSubject { domain, now: UnixTime::now(), beside: files };
    mailboxes.read(&subject, &mut tell, &context.token).await
}

/// Reads the owner's files, beside the mailboxes, on a thread that may wait for a disk.
pub(in crate::engine) async fn read_files(
    domain: &DomainName,
    mailboxes: Option<&EvidenceFacts>,
    paths: &[PathBuf],
    context: &JobContext,
) -> Result<EvidenceFacts, Box<UserError>> {
    let (domain, mailboxes, paths) = (domain.clone(), mailboxes.cloned(), paths.to_vec());
    let (answers, number, token) = (context.answers.clone(), context.number, context.token.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let kilobytes = |bytes: u64| usize::try_from(bytes / 1000).unwrap_or(usize::MAX);
        let mut tell = |heard: EvidenceProgress| {
            let (done, total) = (kilobytes(heard.done), kilobytes(heard.total));
            let what = format!("{} (in kB)", heard.what);
            let _overtaken = answers.try_send(Message::AuditProgress { number, done, total, what }).is_err();
        };
        let subject = EvidenceSubject { domain: &domain, now: UnixTime::now(), beside: mailboxes.as_ref() };
        survey::read_evidence(&subject, &paths, &mut tell, &token)
    });
    match reading.await {
        Ok(outcome) => outcome.map_err(|error| Box::new(explain::evidence(&error))),
        Err(error) => Err(Box::new(explain::defect("The evidence could not be read", &error))),
    }
}
