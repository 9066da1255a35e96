use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::{Semaphore, watch};

use super::actor::JobContext;
use super::copy_control::{Again, CopyControl};
use super::copy_meter::Stopwatch;
use super::log::now;
use super::passwords::Passwords;
use super::sign_in_job::Attempt;
use super::start::Proof;
use super::{MailboxProgressState, UserError, explain};
use crate::plan::{CopyOptions, MailboxId, MailboxPlan, Measured, ProofSummary};
use crate::project::{AccountLock, Ledger};
use crate::transfer::{self, CopyRequest, Progress};
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
    /// Keeps others from writing to the destination meanwhile. Mailboxes that go into one account share it.
    pub(super) _lock: Option<Arc<AccountLock>>,
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

/// How the whole copy ended.
#[derive(Default)]
pub(super) struct Outcome {
    /// Whether every mailbox came to its end.
    pub(super) is_complete: bool,
    /// What the proof compared; `None` where there was none.
    pub(super) proof: Option<ProofSummary>,
    /// How fast mailboxes were copied, where it can be told.
    pub(super) measured: BTreeMap<MailboxId, Measured>,
}

/// How one mailbox ended.
enum End {
    Done(Option<transfer::VerifyReport>),
    Stopped,
    Failed(Box<UserError>),
}

/// Copies all mailboxes, some at a time. One that is paused leaves its seat to the others; one that has come to its end
/// can be asked for once more as long as others go on.
pub(super) async fn run(
    work: Vec<MailboxWork>,
    settings: Settings,
    (control, mut again): (CopyControl, Again),
    context: JobContext,
) -> Outcome {
    let seats = Semaphore::new(settings.parallel.max(1));
    let job = CopyRun { settings: &settings, control: &control, context: &context, seats: &seats };
    let mut running: FuturesUnordered<_> = work.iter().map(|mailbox| job.mailbox(mailbox)).collect();
    let mut ends: BTreeMap<MailboxId, End> = BTreeMap::new();
    let mut measured = BTreeMap::new();
    loop {
        tokio::select! {
            biased;
            Some(id) = again.recv() => {
                let has_ended = ends.remove(&id).is_some();
                if let Some(mailbox) = work.iter().find(|mailbox| mailbox.mailbox == id && has_ended) {
                    running.push(job.mailbox(mailbox));
                }
            }
            ended = running.next() => {
                let Some((id, end, speed)) = ended else { break };
                ends.insert(id, end);
                measured.extend(speed.map(|speed| (id, speed)));
            }
        }
    }
    let reports =
        ends.values().filter_map(|end| if let End::Done(report) = end { report.as_ref() } else { None });
    Outcome {
        is_complete: ends.values().all(|end| matches!(end, End::Done(_))),
        proof: reports.map(|report| summary(report, settings.proof)).reduce(ProofSummary::plus),
        measured,
    }
}

/// What all mailboxes of one run share.
struct CopyRun<'a> {
    settings: &'a Settings,
    control: &'a CopyControl,
    context: &'a JobContext,
    /// One for each mailbox that may be copied at the same time.
    seats: &'a Semaphore,
}

impl CopyRun<'_> {
    async fn mailbox(&self, work: &MailboxWork) -> (MailboxId, End, Option<Measured>) {
        let id = work.mailbox;
        let mut measured = None;
        let end = tokio::select! {
            () = self.context.token.cancelled() => End::Stopped,
            end = self.to_its_end(work, &mut measured) => end,
        };
        let state = match &end {
            End::Done(_) => MailboxProgressState::Done,
            End::Stopped => MailboxProgressState::Queued,
            End::Failed(error) => MailboxProgressState::Stopped((**error).clone()),
        };
        self.control.set_state(id, state);
        (id, end, measured)
    }

    /// Waits for a seat, copies, and begins anew after a pause of this mailbox alone.
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
            let seat = tokio::select! {
                () = control.stopped() => return End::Stopped,
                () = until(&mut paused, true) => continue,
                seat = self.seats.acquire() => seat,
            };
            let (own, stop) = control.child();
            let mut copy = std::pin::pin!(one(work, self.settings, self.control, own, measured));
            let end = tokio::select! {
                end = &mut copy => end,
                () = until(&mut paused, true) => {
                    stop.cancel();
                    copy.await
                }
            };
            drop(seat);
            if !matches!(end, End::Stopped) || control.is_stopped() {
                return end;
            }
        }
    }
}

/// Waits until a mailbox is paused, or until it goes on. The sender lives as long as the control, so nothing else ends it.
async fn until(paused: &mut watch::Receiver<bool>, wanted: bool) {
    let _sender_lives = paused.wait_for(|is_paused| *is_paused == wanted).await.is_ok();
}

async fn one(
    work: &MailboxWork,
    settings: &Settings,
    control: &CopyControl,
    own: transfer::CopyControl,
    measured: &mut Option<Measured>,
) -> End {
    let id = work.mailbox;
    control.set_state(id, MailboxProgressState::Running(CONNECTIONS));
    let (source_secret, destination_secret) = match passwords(work, settings).await {
        Ok(secrets) => secrets,
        Err(error) => return End::Failed(error),
    };
    let request = CopyRequest {
        source: work.source.access(source_secret),
        destination: work.destination.access(destination_secret),
        plan: work.plan.clone(),
        ledger: work.ledger.clone(),
        limits: super::daily_limits::with_daily_limits(
            &work.source.server,
            &work.destination.server,
            &settings.options,
        ),
        options: settings.options.clone(),
        export_folder: settings.export_folder.clone(),
    };
    let watch = Stopwatch::default();
    let sink = |progress: Progress| {
        watch.hear(&progress);
        if let Some(state) = state_after(&progress, now()) {
            control.set_state(id, state);
        }
    };
    let before = work.ledger.totals();
    let outcome = transfer::copy_mailbox(&request, own.clone(), &sink).await;
    if let (Ok(before), Ok(after)) = (before, work.ledger.totals()) {
        *measured = watch.measured(&before, &after).or(*measured);
    }
    let outcome = match outcome {
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
    match transfer::prove_mailbox(&request, depth, own, &sink).await {
        Ok(None) => End::Stopped,
        Ok(Some(report)) if !report.is_proof(depth) => End::Failed(Box::new(explain::differences(&report))),
        Ok(report) => End::Done(report),
        Err(error) => End::Failed(Box::new(explain::transfer(&work.source, &work.destination, &error))),
    }
}

fn summary(report: &transfer::VerifyReport, proof: Proof) -> ProofSummary {
    ProofSummary {
        is_full: proof == Proof::Full,
        checked: report.checked,
        bytes_equal: report.bytes_equal,
        not_compared: report.not_compared,
        not_placed: report.not_placed,
        moved_or_removed: report.moved_or_removed,
        shared: report.shared,
        parts_equal: report.parts_equal,
        resized: report.resized,
    }
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
