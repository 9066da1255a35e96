//! The background job that copies every chosen mailbox, several at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::{Semaphore, watch};

use crate::engine::api::copy_snapshot::{Connections, MailboxProgressState};
use crate::engine::api::copy_words::{lost_words, wait_words};
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::mailbox_watch::MailboxWatch;
use crate::engine::jobs::{Ended, contained};
use crate::engine::open_project::copy_board::{Again, CopyBoard};
use crate::engine::open_project::copy_limits::{RunLimits, copy_limits};
use crate::engine::open_project::copy_work::{MailboxWork, Outcome};
use crate::engine::open_project::passwords::Passwords;
use crate::engine::open_project::provider::ProviderLimits;
use crate::engine::open_project::stopwatch::Stopwatch;
use crate::plan::{CopyOptions, Measured, VerifyDepth, VerifySummary};
use crate::project::{AccountClaims, Ledger};
use crate::transfer::{self, CopyControl, CopyRequest, FolderProblem, Progress, UnderWay, VerifyReport};
use crate::values::{MailboxId, Secret, UnixTime};

/// The settings of the whole copy.
#[derive(Clone)]
pub(in crate::engine) struct Settings {
    /// What the mailboxes share.
    pub(in crate::engine) run: RunLimits,
    /// What the catalogue knows of the providers.
    pub(in crate::engine) known: ProviderLimits,
    /// How a finished copy is verified; `None`: not at all.
    pub(in crate::engine) verify: Option<VerifyDepth>,
    /// Copies nothing and only verifies earlier copies.
    pub(in crate::engine) is_verify_only: bool,
    pub(in crate::engine) project: String,
    pub(in crate::engine) passwords: Passwords,
    pub(in crate::engine) options: CopyOptions,
    /// Whether counting looks at a few dates of each folder.
    pub(in crate::engine) samples_dates: bool,
    /// Beside the project file.
    pub(in crate::engine) export_folder: Option<PathBuf>,
    /// The accounts being written into, visible to other processes.
    pub(in crate::engine) claims: Option<AccountClaims>,
}

/// How one mailbox ended.
enum End {
    Done(Option<VerifyReport>),
    Stopped,
    /// With the result of the verification, if there was one.
    Failed(Box<UserError>, Option<VerifyReport>),
    /// It was copied completely, but the verification did not confirm all of it.
    Unverified(Box<UserError>, VerifyReport),
}

impl End {
    const fn report(&self) -> Option<&VerifyReport> {
        match self {
            Self::Done(report) | Self::Failed(_, report) => report.as_ref(),
            Self::Unverified(_, report) => Some(report),
            Self::Stopped => None,
        }
    }
}

/// Copies all mailboxes, a few at a time. A paused one releases its permit to the others; a finished one
/// can be requested again while others are running.
pub(in crate::engine) async fn run(
    work: Vec<MailboxWork>,
    settings: Settings,
    control: CopyBoard,
    mut again: Again,
    context: JobContext,
) -> Outcome {
    let permits = Semaphore::new(settings.run.mailboxes);
    let unfinished = AtomicUsize::new(work.len());
    let job = CopyRun {
        settings: &settings,
        control: &control,
        context: &context,
        permits: &permits,
        unfinished: &unfinished,
    };
    let mut running: FuturesUnordered<_> = work.iter().map(|mailbox| job.mailbox(mailbox)).collect();
    let mut ends: BTreeMap<MailboxId, End> = BTreeMap::new();
    let mut measured = BTreeMap::new();
    loop {
        tokio::select! {
            biased;
            Some(id) = again.recv() => {
                let has_ended = ends.remove(&id).is_some();
                if let Some(mailbox) = work.iter().find(|mailbox| mailbox.mailbox == id && has_ended) {
                    unfinished.fetch_add(1, Ordering::Relaxed);
                    running.push(job.mailbox(mailbox));
                }
            }
            ended = running.next() => {
                let Some(EndedMailbox { id, end, measured: speed }) = ended else { break };
                unfinished.fetch_sub(1, Ordering::Relaxed);
                ends.insert(id, end);
                measured.extend(speed.map(|speed| (id, speed)));
            }
        }
    }
    let reports = ends.values().filter_map(End::report);
    Outcome {
        is_complete: ends.values().all(|end| matches!(end, End::Done(_))),
        is_copied: ends.values().all(|end| matches!(end, End::Done(_) | End::Unverified(..))),
        verification: reports.map(|report| report.counts.clone()).reduce(VerifySummary::plus),
        measured,
    }
}

/// A mailbox that has ended.
struct EndedMailbox {
    id: MailboxId,
    end: End,
    measured: Option<Measured>,
}

/// State shared by all mailboxes of one run.
struct CopyRun<'a> {
    settings: &'a Settings,
    control: &'a CopyBoard,
    context: &'a JobContext,
    /// One for each mailbox that may be copied at the same time.
    permits: &'a Semaphore,
    /// Unfinished mailboxes.
    unfinished: &'a AtomicUsize,
}

impl CopyRun<'_> {
    async fn mailbox(&self, work: &MailboxWork) -> EndedMailbox {
        let id = work.mailbox;
        let mut measured = None;
        let end = tokio::select! {
            () = self.context.token.cancelled() => End::Stopped,
            ended = contained(self.to_its_end(work, &mut measured)) => match ended {
                Ended::Normally(end) => end,
                Ended::Panicked(words) => {
                    End::Failed(Box::new(explain::panicked(JobKind::Copy, &words)), None)
                }
            },
        };
        let state = match &end {
            End::Done(_) => MailboxProgressState::Done,
            End::Stopped => MailboxProgressState::Queued,
            End::Failed(error, _) | End::Unverified(error, _) => {
                MailboxProgressState::Stopped((**error).clone())
            }
        };
        self.control.set_state(id, state);
        EndedMailbox { id, end, measured }
    }

    /// Waits for a permit, copies, and starts again after a pause of this mailbox alone.
    async fn to_its_end(&self, work: &MailboxWork, measured: &mut Option<Measured>) -> End {
        let (id, control) = (work.mailbox, &self.control.control);
        let mut paused = self.control.watch_one(id);
        loop {
            let is_paused = *paused.borrow();
            if is_paused {
                self.control.set_state(id, MailboxProgressState::Paused);
                tokio::select! {
                    () = control.stopped() => return End::Stopped,
                    () = until(&mut paused, false) => {}
                }
            }
            self.control.set_state(id, MailboxProgressState::Queued);
            let permit = tokio::select! {
                () = control.stopped() => return End::Stopped,
                () = until(&mut paused, true) => continue,
                permit = self.permits.acquire() => permit,
            };
            let (own, stop) = control.child();
            let mut copy = std::pin::pin!(self.one(work, own, measured));
            let end = tokio::select! {
                end = &mut copy => end,
                () = until(&mut paused, true) => {
                    stop.cancel();
                    copy.await
                }
            };
            drop(permit);
            if !matches!(end, End::Stopped) || control.is_stopped() {
                return end;
            }
        }
    }

    async fn one(&self, work: &MailboxWork, own: CopyControl, measured: &mut Option<Measured>) -> End {
        let (id, settings, control) = (work.mailbox, self.settings, self.control);
        let share = settings.run.share(self.unfinished.load(Ordering::Relaxed));
        control.set_state(id, MailboxProgressState::Running(Connections::default()));
        let request = match request(work, settings, share, control.under_way_of(id)).await {
            Ok(request) => request,
            Err(error) => return End::Failed(error, None),
        };
        let (clock, watch) = (Stopwatch::default(), MailboxWatch::new(&work.ledger));
        let sink = |progress: Progress| {
            clock.hear(&progress);
            if let Some(state) = watch.hear(&progress, UnixTime::now()) {
                log_state(&work.source.user, &state);
                control.set_state(id, state);
            }
        };
        let explained =
            |error| Box::new(explain::stopped_copy(&work.source, &work.destination, &work.ledger, &error));
        let mut problems = Vec::new();
        if !settings.is_verify_only {
            let before = work.ledger.totals();
            let outcome = transfer::copy_mailbox(&request, own.clone(), &sink).await;
            watch.end(UnixTime::now());
            if let (Ok(before), Ok(after)) = (before, work.ledger.totals()) {
                *measured = clock.measured(&before, &after).or(*measured);
            }
            match outcome {
                Ok(outcome) if outcome.is_stopped => return End::Stopped,
                Ok(outcome) => problems = outcome.folder_problems,
                Err(error) => return End::Failed(explained(error), None),
            }
        }
        let Some(depth) = settings.verify else { return ended(&problems, None) };
        control.set_state(id, watch.begin_verify(copies(&work.ledger)));
        // A problem with one folder says nothing about the copies in other folders, nor about those it already has.
        let verification = transfer::verify_mailbox_controlled(&request, depth, own, &sink).await;
        watch.end(UnixTime::now());
        match verification {
            Ok(None) => End::Stopped,
            Ok(Some(report)) => ended(&problems, Some(report)),
            Err(error) => End::Failed(explained(error), None),
        }
    }
}

/// Waits until a mailbox is paused or resumed. The sender lives as long as the control, so nothing else ends it.
async fn until(paused: &mut watch::Receiver<bool>, wanted: bool) {
    let _sender_lives = paused.wait_for(|is_paused| *is_paused == wanted).await.is_ok();
}

/// Lost connections and pauses are kept in the log, with the server's words.
fn log_state(user: &str, state: &MailboxProgressState) {
    match state {
        MailboxProgressState::Reconnecting(lost) => {
            tracing::warn!("{}: {}", lost_words(user, None), lost.words);
        }
        MailboxProgressState::WaitsUntil(_, wait) => {
            tracing::info!("{}: {}", wait_words(user, wait, &format!("the {}", wait.side)), wait.words);
        }
        _ => {}
    }
}

/// The outcome of a mailbox whose copy and verification both finished.
fn ended(problems: &[FolderProblem], report: Option<VerifyReport>) -> End {
    let differences = report.as_ref().filter(|report| !report.is_verified()).map(explain::differences);
    let is_proven = report.is_some() && differences.is_none();
    let open: Vec<FolderProblem> = problems
        .iter()
        .filter(|problem| !(is_proven && problem.trouble.is_disproved_by_proof()))
        .cloned()
        .collect();
    if open.len() < problems.len() {
        tracing::info!(
            "the server’s answers contradicted its own list; the verification has found every copy"
        );
    }
    match (differences, explain::folders(&open)) {
        (None, None) => End::Done(report),
        (Some(error), None) => match report {
            Some(report) => End::Unverified(Box::new(error), report),
            None => End::Failed(Box::new(error), None),
        },
        (Some(mut error), Some(folders)) => {
            error.details = format!("{}\n{}\n{}", error.details, folders.title, folders.details);
            error.folders.splice(0..0, folders.folders);
            End::Failed(Box::new(error), report)
        }
        (None, Some(error)) => End::Failed(Box::new(error), report),
    }
}

fn copies(ledger: &Ledger) -> u64 {
    ledger.sum().map_or(0, |sum| sum.copied + sum.already_there + sum.repaired)
}

async fn request(
    work: &MailboxWork,
    settings: &Settings,
    share: usize,
    under_way: Arc<UnderWay>,
) -> Result<CopyRequest, Box<UserError>> {
    let source_secret = password(&work.source, settings).await?;
    let destination_secret = password(&work.destination, settings).await?;
    // Now, as the owner may have decided since the run began.
    let rest = work.ledger.rest().map_err(|error| Box::new(explain::project(&error)))?;
    Ok(CopyRequest {
        source: work.source.access(source_secret),
        destination: work.destination.access(destination_secret),
        plan: work.plan.clone(),
        ledger: work.ledger.clone(),
        limits: copy_limits(&settings.known, &settings.options, share),
        options: CopyOptions { rest, ..settings.options.clone() },
        export_folder: settings.export_folder.clone(),
        claims: settings.claims.clone(),
        under_way,
    })
}

/// The password of one side, or the error that asks for it.
pub(in crate::engine) async fn password(
    attempt: &Attempt,
    settings: &Settings,
) -> Result<Secret, Box<UserError>> {
    let found = settings.passwords.of(&settings.project, attempt).await;
    found.ok_or_else(|| Box::new(explain::needs_password(attempt)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FolderPath;
    use crate::transfer::FolderTrouble;
    use crate::values::Side;

    #[test]
    fn remarks_about_folders_do_not_hide_the_verification() {
        let problem = |folder: &str, trouble, words: &str| FolderProblem {
            folder: FolderPath(vec![folder.to_owned()]),
            side: Side::Destination,
            trouble,
            words: words.to_owned(),
        };
        let problems = [
            problem("INBOX", FolderTrouble::FlagsRefused, "no such flag"),
            problem("Work", FolderTrouble::CreationRefused, "NO not allowed"),
        ];
        let counts = VerifySummary { is_full: true, checked: 9, bytes_equal: 9, ..VerifySummary::default() };
        let report = VerifyReport { counts, ..VerifyReport::default() };
        let End::Failed(error, Some(told)) = ended(&problems, Some(report.clone())) else {
            unreachable!("remarks are told, and so is what was verified")
        };
        assert_eq!(told, report);
        assert!(error.title.starts_with("The folder Work could not be"), "{error:?}");
        assert!(error.details.contains("no such flag") && error.details.contains("not allowed"), "{error:?}");
        // What a proof disproves is no trouble any more; everything else is.
        let wrong = problem("INBOX", FolderTrouble::WrongUids, "three more");
        let proven = ended(std::slice::from_ref(&wrong), Some(report.clone()));
        assert!(matches!(proven, End::Done(Some(_))), "every copy was found");
        let unproven = ended(std::slice::from_ref(&wrong), None);
        assert!(matches!(&unproven, End::Failed(error, None) if error.code == Some("folder-wrong-uids")));
        let both = [wrong, problems[1].clone()];
        let End::Failed(error, _) = ended(&both, Some(report.clone())) else {
            unreachable!("the other trouble is told")
        };
        assert!(
            error.title.starts_with("The folder Work") && !error.details.contains("three more"),
            "{error:?}"
        );
        let counts = VerifySummary { differences: 2, ..report.counts };
        let unverified = VerifyReport { counts, ..report };
        let End::Failed(error, Some(_)) = ended(&problems, Some(unverified)) else {
            unreachable!("a difference is told first")
        };
        assert!(error.title.starts_with("2 of 9 copies") && error.details.contains("Work"), "{error:?}");
    }
}
