use std::collections::BTreeSet;

use futures::StreamExt as _;

use super::actor::JobContext;
use super::jobs::{Ended, JobKind, contained};
use super::messages::Message;
use super::passwords::{Passwords, Whose};
use super::pins::PinBook;
use super::{PasswordPlace, SignInState, SignInView, UserError, explain};
use crate::imap::{Access, AccessOptions, Compression, Folder, IdleSessions, Timeouts, Uncounted};
use crate::transfer::{self, Progress, TransferError};
use crate::values::{AccountIdentity, Bytes, Endpoint, Secret, SignInWay};
use crate::values::{MailboxId, Side};

/// One sign-in to try: everything but the password.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) mailbox: MailboxId,
    pub(super) side: Side,
    pub(super) server: Endpoint,
    pub(super) pins: PinBook,
    pub(super) user: String,
    pub(super) way: SignInWay,
    pub(super) compression: Compression,
    pub(super) timeouts: Timeouts,
    pub(super) idle: IdleSessions,
    /// Folders that nobody wants counted.
    pub(super) uncounted: Uncounted,
}

impl Attempt {
    /// The account, as the ledger names it.
    pub(super) fn account(&self) -> String {
        format!("{} {}", self.server, self.user)
    }

    /// Whose password or token is asked for: the mailbox's, or that of the admin who signs in for it.
    pub(super) fn signs_in(&self) -> &str {
        self.way.admin().unwrap_or(&self.user)
    }

    /// Whose password it takes.
    pub(super) fn whose(&self, project: &str) -> Whose {
        Whose {
            project: project.to_owned(),
            mailbox: self.mailbox,
            side: self.side,
            server: Some(self.server.clone()),
            user: self.signs_in().to_owned(),
        }
    }

    /// The way in, with its password.
    pub(super) fn access(&self, secret: Secret) -> Access {
        Access {
            endpoint: self.server.clone(),
            trust: self.pins.trust(&self.server),
            user: self.user.clone(),
            secret,
            timeouts: self.timeouts,
            idle: self.idle.clone(),
            options: AccessOptions { way: self.way.clone(), compression: self.compression },
        }
    }
}

/// Tries all sign-ins, some at a time, and tells each outcome.
pub(super) async fn run(
    attempts: Vec<Attempt>,
    project: String,
    passwords: Passwords,
    parallel: usize,
    context: JobContext,
) {
    let all = futures::stream::iter(attempts)
        .map(|attempt| {
            let (project, passwords, context) = (&project, &passwords, &context);
            async move {
                let (view, found) = tokio::select! {
                    () = context.token.cancelled() => (SignInView::default(), Found::default()),
                    ended = contained(one(&attempt, project, passwords, context)) => match ended {
                        Ended::Normally(outcome) => outcome,
                        Ended::Panicked(words) => {
                            (failed(explain::panicked(JobKind::SignIn, &words)), Found::default())
                        }
                    },
                };
                context
                    .tell(Message::SignedIn {
                        number: context.number,
                        mailbox: attempt.mailbox,
                        side: attempt.side,
                        view: Box::new(view),
                        found: Box::new(found),
                    })
                    .await;
            }
        })
        .buffer_unordered(parallel.max(1))
        .for_each(|()| std::future::ready(()));
    all.await;
}

/// What a sign-in has brought beside the way in.
#[derive(Default)]
pub(super) struct Found {
    /// Messages and bytes of the source.
    pub(super) counted: Option<(u64, Bytes)>,
    /// The account that it has led to.
    pub(super) account: Option<AccountIdentity>,
    /// The folders that it has, as the server spells them.
    pub(super) known: BTreeSet<String>,
}

fn failed(error: UserError) -> SignInView {
    SignInView { state: SignInState::Failed, error: Some(error), ..SignInView::default() }
}

async fn one(
    attempt: &Attempt,
    project: &str,
    passwords: &Passwords,
    context: &JobContext,
) -> (SignInView, Found) {
    let (secret, place) = passwords.look_for(project, attempt).await;
    let Some(secret) = secret else { return (needs_password(attempt, place), Found::default()) };
    match sign_in(attempt, secret, context).await {
        Ok((words, mut found)) => {
            let view = SignInView {
                password: place,
                state: SignInState::SignedIn,
                error: None,
                server_words: words,
            };
            found.counted = found.counted.filter(|_| attempt.side == Side::Source);
            (view, found)
        }
        Err(error) => {
            let (state, error) = match &error {
                TransferError::SignIn { source, .. } => explain::sign_in(attempt, source),
                TransferError::Server { source, .. } => explain::talk(attempt, source),
                other => (SignInState::Failed, explain::transfer(attempt, attempt, other)),
            };
            let view = SignInView { password: place, state, error: Some(error), server_words: String::new() };
            (view, Found::default())
        }
    }
}

/// Signs in, and lists the folders: only then does a sign-in count.
async fn sign_in(
    attempt: &Attempt,
    secret: Secret,
    context: &JobContext,
) -> Result<(String, Found), TransferError> {
    let (access, side) = (attempt.access(secret), attempt.side);
    let sink = waits_of(context, attempt.mailbox, JobKind::SignIn);
    let (mut session, folders) = transfer::look_in(&access, (side, &attempt.uncounted), &sink).await?;
    let words = session.server_words();
    let account = access.account(&mut session, &folders).await;
    let account = Some(account.map_err(|source| TransferError::Server { side, source })?);
    // What follows a sign-in most often follows at once, and begins with this connection.
    access.leave(session);
    let mut messages = 0;
    let mut bytes = Some(0_u64);
    for status in folders.iter().filter_map(|folder| folder.status) {
        messages += status.messages.unwrap_or(0);
        bytes = bytes.zip(status.bytes).map(|(sum, more)| sum.saturating_add(more));
    }
    let known = folders.into_iter().filter(Folder::is_selectable).map(|folder| folder.raw).collect();
    Ok((words, Found { counted: bytes.map(|bytes| (messages, Bytes(bytes))), account, known }))
}

/// Tells what is waited for before anything is copied.
pub(super) fn waits_of(
    context: &JobContext,
    mailbox: MailboxId,
    kind: JobKind,
) -> impl Fn(Progress) + Send + Sync + '_ {
    move |progress| {
        if let Progress::Waiting { seconds, words } = progress {
            let number = context.number;
            context.tell_soon(Message::Waits { kind, number, mailbox, seconds, words });
        }
    }
}

/// Without a password nothing is tried. A keyring that did not answer may have it: then nothing is said against the row.
fn needs_password(attempt: &Attempt, place: PasswordPlace) -> SignInView {
    let (state, error) = match place {
        PasswordPlace::NoAnswer => (SignInState::NotTried, None),
        _ => (SignInState::NeedsPassword, Some(explain::needs_password(attempt))),
    };
    SignInView { password: place, state, error, server_words: String::new() }
}
