use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use super::actor::JobContext;
use super::log::now;
use super::passwords::Passwords;
use super::sign_in_job::Attempt;
use super::start::Proof;
use super::{MailboxProgressState, UserError, explain};
use crate::plan::{CopyOptions, MailboxId, MailboxPlan};
use crate::project::Ledger;
use crate::transfer::{self, CopyController, CopyRequest, Progress};
use crate::values::{Secret, UnixTime, with_thousands};

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
    pub(super) options: CopyOptions,
    /// Beside the project file.
    pub(super) export_folder: Option<PathBuf>,
}

/// Pause, resume and stop, shared between the engine and the running copy.
#[derive(Clone)]
pub(super) struct CopyControl {
    controller: Arc<CopyController>,
    control: transfer::CopyControl,
    /// What each mailbox does. A board and not a queue: the newest word counts, and none gets lost.
    board: Arc<Mutex<BTreeMap<MailboxId, MailboxProgressState>>>,
}

impl CopyControl {
    pub(super) fn new() -> Self {
        let (controller, control) = transfer::copy_control(CancellationToken::new());
        Self { controller: Arc::new(controller), control, board: Arc::default() }
    }

    /// What each mailbox does now.
    pub(super) fn states(&self) -> BTreeMap<MailboxId, MailboxProgressState> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says what a mailbox does.
    pub(super) fn set_state(&self, mailbox: MailboxId, state: MailboxProgressState) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).insert(mailbox, state);
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
                        end = one(mailbox, settings, control) => end,
                    }
                };
                let state = match &end {
                    End::Done(_) => MailboxProgressState::Done,
                    End::Stopped => MailboxProgressState::Queued,
                    End::Failed(error) => MailboxProgressState::Stopped((**error).clone()),
                };
                control.set_state(id, state);
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

async fn one(work: MailboxWork, settings: &Settings, control: &CopyControl) -> End {
    let id = work.mailbox;
    control.set_state(id, MailboxProgressState::Running(CONNECTIONS));
    let (source_secret, destination_secret) = match passwords(&work, settings).await {
        Ok(secrets) => secrets,
        Err(error) => return End::Failed(error),
    };
    let request = CopyRequest {
        source: work.source.access(source_secret),
        destination: work.destination.access(destination_secret),
        plan: work.plan,
        ledger: work.ledger,
        limits: super::daily_limits::with_daily_limits(
            &work.source.server,
            &work.destination.server,
            &settings.options,
        ),
        options: settings.options.clone(),
        export_folder: settings.export_folder.clone(),
    };
    let sink = |progress: Progress| {
        if let Some(state) = state_after(&progress, now()) {
            control.set_state(id, state);
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
    match transfer::prove_mailbox(&request, depth, control.control.clone(), &sink).await {
        Ok(None) => End::Stopped,
        Ok(Some(report)) if cannot_be_confirmed(&report, depth) => {
            End::Failed(Box::new(explain::differences(&report)))
        }
        Ok(report) => End::Done(report),
        Err(error) => End::Failed(Box::new(explain::transfer(&work.source, &work.destination, &error))),
    }
}

/// Whether a proof says that the copy is not what it should be.
fn cannot_be_confirmed(report: &transfer::VerifyReport, depth: transfer::Depth) -> bool {
    report.difference_count > 0 || (depth == transfer::Depth::Full && report.not_placed > 0)
}

async fn passwords(work: &MailboxWork, settings: &Settings) -> Result<(Secret, Secret), Box<UserError>> {
    Ok((password(&work.source, settings).await?, password(&work.destination, settings).await?))
}

/// The password of one side, or the words that ask for it.
pub(super) async fn password(attempt: &Attempt, settings: &Settings) -> Result<Secret, Box<UserError>> {
    let found = settings.passwords.of(&settings.project, attempt).await;
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

/// One sentence about the proof of all mailboxes together; only what was really compared counts as compared.
fn proof_words(ends: &[End], proof: Proof) -> Option<String> {
    let mut sum = transfer::VerifyReport::default();
    let mut has_report = false;
    for end in ends {
        if let End::Done(Some(report)) = end {
            has_report = true;
            sum.checked += report.checked;
            sum.bytes_equal += report.bytes_equal;
            sum.not_compared += report.not_compared;
            sum.not_placed += report.not_placed;
            sum.moved_or_removed += report.moved_or_removed;
        }
    }
    has_report.then(|| words_of(&sum, proof))
}

fn words_of(sum: &transfer::VerifyReport, proof: Proof) -> String {
    let mut parts = Vec::new();
    if proof == Proof::Full && sum.bytes_equal > 0 {
        parts.push(format!(
            "{} copies were read again at the destination and compared by SHA-256",
            with_thousands(sum.bytes_equal)
        ));
    }
    let not_looked_up = sum.bytes_equal + sum.not_placed + sum.moved_or_removed;
    let looked_up = sum.checked.saturating_sub(not_looked_up);
    if looked_up > 0 {
        parts.push(format!("{} copies were compared by size, date and flags", with_thousands(looked_up)));
    }
    let mut words = if parts.is_empty() { "Nothing had to be compared".to_owned() } else { parts.join("; ") };
    words.push_str(match sum.not_placed {
        0 if sum.checked > 0 => ": all agree",
        _ => "",
    });
    if sum.moved_or_removed > 0 {
        let moved = with_thousands(sum.moved_or_removed);
        let moved = format!("; people at the destination have moved or removed {moved} copies");
        words.push_str(&moved);
    }
    if sum.not_placed > 0 {
        let places = format!("; the place of {} copies at the destination is not known", sum.not_placed);
        words.push_str(&places);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_claims_only_what_was_compared() {
        let report = |checked, bytes_equal, not_compared, not_placed| transfer::VerifyReport {
            checked,
            bytes_equal,
            not_compared,
            not_placed,
            ..transfer::VerifyReport::default()
        };
        let full = |report| words_of(&report, Proof::Full);
        assert_eq!(
            full(report(20, 20, 0, 0)),
            "20 copies were read again at the destination and compared by SHA-256: all agree"
        );
        assert_eq!(full(report(20, 0, 20, 0)), "20 copies were compared by size, date and flags: all agree");
        assert!(
            full(report(5, 3, 1, 1)).ends_with("; the place of 1 copies at the destination is not known")
        );
        assert_eq!(full(report(0, 0, 0, 0)), "Nothing had to be compared");
        assert!(!words_of(&report(9, 0, 0, 0), Proof::Quick).contains("SHA-256"));
    }
}
