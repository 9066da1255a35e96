use std::sync::Arc;

use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::actor::JobContext;
use super::log::now;
use super::messages::Message;
use super::passwords::Passwords;
use super::sign_in_job::Attempt;
use super::start::Proof;
use super::{MailboxProgressState, UserError, explain};
use crate::plan::{MailboxId, MailboxPlan};
use crate::project::Ledger;
use crate::transfer::{self, CopyController, CopyLimits, CopyRequest, Progress};
use crate::values::{Secret, UnixTime};

/// Connection pairs that a mailbox begins with.
const CONNECTIONS: usize = 1;

/// What the copy of one mailbox needs, but for the passwords.
pub(super) struct MailboxWork {
    pub(super) mailbox: MailboxId,
    pub(super) ledger: Ledger,
    pub(super) plan: MailboxPlan,
    pub(super) source: Attempt,
    pub(super) destination: Attempt,
}

/// How the whole copy goes about it.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) parallel: usize,
    pub(super) proof: Proof,
    pub(super) project: String,
    pub(super) passwords: Passwords,
}

/// Pause, resume and stop, shared between the engine and the running copy.
#[derive(Clone)]
pub(super) struct CopyControl {
    controller: Arc<CopyController>,
    control: transfer::CopyControl,
}

impl CopyControl {
    pub(super) fn new() -> Self {
        let (controller, control) = transfer::copy_control(CancellationToken::new());
        Self { controller: Arc::new(controller), control }
    }

    /// Messages under way are finished, then every mailbox waits.
    pub(super) fn pause(&self) {
        self.controller.pause();
    }

    /// Every mailbox goes on.
    pub(super) fn resume(&self) {
        self.controller.resume();
    }

    /// Messages under way are finished, then every mailbox ends.
    pub(super) fn stop(&self) {
        self.controller.stop();
    }
}

/// How the whole copy ended.
#[derive(Default)]
pub(super) struct Outcome {
    /// Whether every mailbox came to its end.
    pub(super) is_complete: bool,
    /// What the proof said, in words; `None` where there was none.
    pub(super) proof: Option<String>,
}

/// How one mailbox ended.
enum End {
    Done(Option<transfer::VerifyReport>),
    Stopped,
    Failed(Box<UserError>),
}

/// Copies all mailboxes, some at a time.
pub(super) async fn run(
    work: Vec<MailboxWork>,
    settings: Settings,
    control: CopyControl,
    context: JobContext,
) -> Outcome {
    let parallel = settings.parallel.max(1);
    let ends: Vec<End> = futures::stream::iter(work)
        .map(|mailbox| {
            let (settings, control, context) = (&settings, &control, &context);
            async move {
                let id = mailbox.mailbox;
                let end = if control.control.is_stopped() {
                    End::Stopped
                } else {
                    tokio::select! {
                        () = context.token.cancelled() => End::Stopped,
                        end = one(mailbox, settings, control, context) => end,
                    }
                };
                let state = match &end {
                    End::Done(_) => MailboxProgressState::Done,
                    End::Stopped => MailboxProgressState::Queued,
                    End::Failed(error) => MailboxProgressState::Stopped((**error).clone()),
                };
                tell(context, id, state).await;
                end
            }
        })
        .buffer_unordered(parallel)
        .collect()
        .await;
    Outcome {
        is_complete: ends.iter().all(|end| matches!(end, End::Done(_))),
        proof: proof_words(&ends, settings.proof),
    }
}

async fn tell(context: &JobContext, mailbox: MailboxId, state: MailboxProgressState) {
    context.tell(Message::CopyState { number: context.number, mailbox, state: Box::new(state) }).await;
}

async fn one(work: MailboxWork, settings: &Settings, control: &CopyControl, context: &JobContext) -> End {
    let id = work.mailbox;
    tell(context, id, MailboxProgressState::Running(CONNECTIONS)).await;
    let (source_secret, destination_secret) = match passwords(&work, settings).await {
        Ok(secrets) => secrets,
        Err(error) => return End::Failed(error),
    };
    let request = CopyRequest {
        source: work.source.access(source_secret),
        destination: work.destination.access(destination_secret),
        plan: work.plan,
        ledger: work.ledger,
        limits: CopyLimits::default(),
    };
    let sink = |progress: Progress| {
        if let Some(state) = state_after(&progress, now()) {
            let message = Message::CopyState { number: context.number, mailbox: id, state: Box::new(state) };
            // The queue is drained all the time; a state that finds no room is overtaken by the next one.
            let _overtaken = context.answers.try_send(message).is_err();
        }
    };
    let outcome = match transfer::copy_mailbox(&request, control.control.clone(), &sink).await {
        Ok(outcome) => outcome,
        Err(error) => {
            return End::Failed(Box::new(explain::transfer(&work.source, &work.destination, &error)));
        }
    };
    if outcome.is_stopped {
        return End::Stopped;
    }
    if let Some(problem) = outcome.folder_problems.first() {
        return End::Failed(Box::new(explain::folders(problem, outcome.folder_problems.len())));
    }
    let depth = match settings.proof {
        Proof::None => return End::Done(None),
        Proof::Quick => transfer::Depth::Quick,
        Proof::Full => transfer::Depth::Full,
    };
    match transfer::verify_mailbox(&request, depth).await {
        Ok(report) => End::Done(Some(report)),
        Err(error) => End::Failed(Box::new(explain::transfer(&work.source, &work.destination, &error))),
    }
}

async fn passwords(work: &MailboxWork, settings: &Settings) -> Result<(Secret, Secret), Box<UserError>> {
    Ok((password(&work.source, settings).await?, password(&work.destination, settings).await?))
}

/// The password of one side, or the words that ask for it.
pub(super) async fn password(attempt: &Attempt, settings: &Settings) -> Result<Secret, Box<UserError>> {
    let found = settings.passwords.get(&settings.project, attempt.mailbox, attempt.side).await;
    found.ok_or_else(|| Box::new(explain::needs_password(attempt)))
}

/// What the row shows after this progress; `None` where nothing changes.
fn state_after(progress: &Progress, at: UnixTime) -> Option<MailboxProgressState> {
    Some(match progress {
        Progress::Connected | Progress::Resumed => MailboxProgressState::Running(CONNECTIONS),
        Progress::Pairs { count } => MailboxProgressState::Running(*count),
        Progress::Paused => MailboxProgressState::Paused,
        Progress::Waiting { seconds, words } => {
            let until = UnixTime(at.0.saturating_add(i64::try_from(*seconds).unwrap_or(i64::MAX)));
            MailboxProgressState::WaitsUntil(until, words.clone())
        }
        Progress::Reconnecting { words } => MailboxProgressState::WaitsUntil(at, words.clone()),
        Progress::Listing { .. } | Progress::Folder { .. } | Progress::Advanced { .. } => return None,
    })
}

/// One sentence about the proof of all mailboxes together.
fn proof_words(ends: &[End], proof: Proof) -> Option<String> {
    let reports: Vec<_> = ends
        .iter()
        .filter_map(|end| match end {
            End::Done(report) => report.as_ref(),
            End::Stopped | End::Failed(_) => None,
        })
        .collect();
    if reports.is_empty() {
        return None;
    }
    let checked: u64 = reports.iter().map(|report| report.checked).sum();
    let differing: u64 = reports.iter().map(|report| report.difference_count).sum();
    let how = match proof {
        Proof::Full => "read again at the destination and compared by SHA-256",
        Proof::Quick | Proof::None => "looked up at the destination by number, size, date and flags",
    };
    Some(if differing == 0 {
        format!("{checked} copies were {how}: all agree")
    } else {
        format!("{checked} copies were {how}: {differing} differ")
    })
}
