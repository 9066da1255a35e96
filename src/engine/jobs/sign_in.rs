use crate::engine::open_project::passwords::{FoundPassword, Passwords};
use std::collections::BTreeSet;

use futures::StreamExt as _;

use crate::engine::api::snapshot::{CountedFolder, PasswordPlace, SignInState, SignInView};
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::engine::jobs::{Ended, contained};
use crate::imap::{Folder, SignInError};
use crate::plan::{FolderPath, MailVolume, special_use_by_name};
use crate::transfer::{self, Progress, TransferError};
use crate::values::{AccountIdentity, Bytes, MailboxId, Secret, Side, SignInWay};

/// Tries all sign-ins, a few at a time, and reports each result.
pub(in crate::engine) async fn run(
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

/// What a successful sign-in found.
#[derive(Default)]
pub(in crate::engine) struct Found {
    /// The mail of the source.
    pub(in crate::engine) counted: Option<MailVolume>,
    /// The same by folder, those with mail in them.
    pub(in crate::engine) folders: Vec<CountedFolder>,
    /// The account it opened.
    pub(in crate::engine) account: Option<AccountIdentity>,
    /// The form of the admin's name that the server takes, where it is not the one that was asked for.
    pub(in crate::engine) way: Option<SignInWay>,
    /// Its folders, as the server spells them.
    pub(in crate::engine) known: BTreeSet<String>,
}

/// A sign-in that worked.
struct SignedIn {
    server_words: String,
    found: Found,
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
    let FoundPassword { secret, place } = passwords.look_for(project, attempt).await;
    let Some(secret) = secret else { return (needs_password(attempt, place), Found::default()) };
    match Box::pin(sign_in_anyhow(attempt, secret, context)).await {
        Ok(SignedIn { server_words, mut found }) => {
            let view = SignInView {
                password: place,
                state: SignInState::SignedIn,
                error: None,
                server_words,
                token_until: attempt.tokens.token_until(&attempt.way.credential, &attempt.user),
            };
            if attempt.side != Side::Source {
                found.counted = None;
                found.folders = Vec::new();
            }
            (view, found)
        }
        Err(error) => {
            let (state, error) = match &error {
                TransferError::SignIn { source, .. } => explain::sign_in(attempt, source),
                TransferError::Server { source, .. } => explain::talk(attempt, source),
                other => (SignInState::Failed, explain::transfer(attempt, attempt, other)),
            };
            let view = SignInView { password: place, state, error: Some(error), ..SignInView::default() };
            (view, Found::default())
        }
    }
}

/// Signs in as the owner said. An admin who is refused as one who signs in for others is tried once more with both names in
/// one, which is as far as servers differ without being told how.
async fn sign_in_anyhow(
    attempt: &Attempt,
    secret: Secret,
    context: &JobContext,
) -> Result<SignedIn, TransferError> {
    let refused = match Box::pin(sign_in(attempt, secret.clone(), context)).await {
        Err(TransferError::SignIn { source, side }) if is_about_the_form(&source) => {
            TransferError::SignIn { source, side }
        }
        outcome => return outcome,
    };
    let Some(way) = attempt.way.next_of_admin() else { return Err(refused) };
    tracing::info!(user = attempt.user, "the admin is tried with both names in one: {refused}");
    let other = Attempt { way: way.clone(), ..attempt.clone() };
    match Box::pin(sign_in(&other, secret, context)).await {
        Ok(SignedIn { server_words, found }) => {
            Ok(SignedIn { server_words, found: Found { way: Some(way), ..found } })
        }
        // What the first form met says more: it is the one of the standard.
        Err(error) => {
            tracing::info!(user = attempt.user, "that was refused as well: {error}");
            Err(refused)
        }
    }
}

/// Whether another form of the admin's name may help.
const fn is_about_the_form(error: &SignInError) -> bool {
    matches!(
        error,
        SignInError::AdminRefused { .. }
            | SignInError::AdminsOwnMailbox { .. }
            | SignInError::NotOffered { .. }
            | SignInError::PasswordRefused { .. }
            | SignInError::Refused { .. }
    )
}

/// Signs in and lists the folders; only then does the sign-in count.
async fn sign_in(attempt: &Attempt, secret: Secret, context: &JobContext) -> Result<SignedIn, TransferError> {
    let (access, side) = (attempt.access(secret), attempt.side);
    let sink = waits_of(context, attempt.mailbox, JobKind::SignIn);
    let (mut session, folders) = transfer::look_in(&access, (side, &attempt.uncounted), &sink).await?;
    let server_words = session.server_words();
    let account = access.account(&mut session, &folders).await;
    let account = Some(account.map_err(|source| TransferError::Server { side, source })?);
    // The next step usually follows at once and can reuse this connection.
    access.leave(session);
    let mut messages = 0;
    let mut bytes = Some(0_u64);
    for status in folders.iter().filter_map(|folder| folder.status) {
        messages += status.messages.unwrap_or(0);
        bytes = bytes.zip(status.bytes).map(|(sum, more)| sum.saturating_add(more));
    }
    let counted = bytes.map(|bytes| MailVolume { messages, bytes: Bytes(bytes) });
    let by_folder = folders.iter().filter_map(counted_folder).collect();
    let known = folders.into_iter().filter(Folder::is_selectable).map(|folder| folder.raw).collect();
    Ok(SignedIn { server_words, found: Found { counted, folders: by_folder, account, way: None, known } })
}

/// What the server says of a folder; `None` where it has no mail, or is not told of.
fn counted_folder(folder: &Folder) -> Option<CountedFolder> {
    let status = folder.status?;
    let (messages, bytes) = (status.messages.filter(|messages| *messages > 0)?, status.bytes?);
    let path = FolderPath(folder.parts());
    let special_use = transfer::special_use(folder).or_else(|| special_use_by_name(&path));
    Some(CountedFolder { path, special_use, messages, bytes: Bytes(bytes) })
}

/// Reports what is being waited for before anything is copied.
pub(in crate::engine) fn waits_of(
    context: &JobContext,
    mailbox: MailboxId,
    kind: JobKind,
) -> impl Fn(Progress) + Send + Sync + '_ {
    move |progress| {
        if let Progress::Waiting { seconds, words, .. } = progress {
            let number = context.number;
            context.tell_soon(Message::Waits { kind, number, mailbox, seconds, words });
        }
    }
}

/// Without a password nothing is tried. If the keyring did not answer, it may have one, so the row gets no error.
fn needs_password(attempt: &Attempt, place: PasswordPlace) -> SignInView {
    let (state, error) = match place {
        PasswordPlace::NoAnswer => (SignInState::NotTried, None),
        _ => (SignInState::NeedsPassword, Some(explain::needs_password(attempt))),
    };
    SignInView { password: place, state, error, ..SignInView::default() }
}
