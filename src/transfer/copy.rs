//! The copy of one mailbox: list, look, copy, and begin anew when a connection breaks.

use std::collections::BTreeMap;

use futures::future::join_all;

use super::caution::{Caution, record_refusals};
use super::control::CopyControl;
use super::destination_name::{parents, raw_name};
use super::error::TransferError;
use super::lane::{Lane, is_asking};
use super::recovery::wait_after;
use super::request::{CopyOutcome, CopyRequest, FolderProblem, Progress, ProgressSink};
use super::source_listing::{Listed, SourceLister};
use super::work::{Unit, Work};
use crate::imap::{Folder, FolderStatus};
use crate::plan::{FolderChoice, FolderPath, FolderPlan, Governor, Side};
use crate::project::FolderId;

/// Waiting messages that are worth one more pair of connections.
const MESSAGES_PER_PAIR: u64 = 100;
/// Folders made before any is opened.
const MAX_FOLDERS_MADE: usize = 2_000;

/// Copies one mailbox. Safe to drop at any point and to call again: the ledger knows what was under way.
///
/// Many mailboxes at once are many calls at once. Within one, both sides work at the same time, and several pairs of
/// connections where there is enough to do.
pub async fn copy_mailbox(
    request: &CopyRequest,
    control: CopyControl,
    sink: ProgressSink<'_>,
) -> Result<CopyOutcome, TransferError> {
    let governor = Governor::new(request.limits.pairs.max(request.limits.appenders));
    let mut job =
        Job { request, control, sink, governor, problems: BTreeMap::new(), caution: Caution::default() };
    let mut finished_before = job.progress()?;
    loop {
        let error = match Box::pin(job.attempt()).await {
            Ok(()) => return Ok(job.outcome()),
            Err(error) => error,
        };
        if job.control.is_stopped() && error.is_connection_lost() {
            return Ok(job.outcome());
        }
        let finished = job.progress()?;
        if finished > finished_before {
            job.governor.progressed();
        }
        finished_before = finished;
        if !job.pause_for(error).await? {
            return Ok(job.outcome());
        }
    }
}

struct Job<'a> {
    request: &'a CopyRequest,
    control: CopyControl,
    sink: ProgressSink<'a>,
    /// Keeps the pace: fewer connections after each break and each request to slow down.
    governor: Governor,
    problems: BTreeMap<FolderPath, FolderProblem>,
    caution: Caution,
}

type FoldersByName = BTreeMap<String, Folder>;

impl Job<'_> {
    fn outcome(&mut self) -> CopyOutcome {
        CopyOutcome {
            is_stopped: self.control.is_stopped(),
            folder_problems: std::mem::take(&mut self.problems).into_values().collect(),
        }
    }

    /// Messages that are listed, and once more those that are finished: grows with every step forward.
    fn progress(&self) -> Result<u64, TransferError> {
        let sum = self.request.ledger.sum()?;
        Ok(sum.source_count + sum.finished())
    }

    /// Waits as the error asks for. False on stop; the error itself where waiting does not help.
    async fn pause_for(&mut self, error: TransferError) -> Result<bool, TransferError> {
        self.caution.failed();
        wait_after(error, &mut self.governor, (self.request.limits, &self.control), self.sink).await
    }

    /// Refusals whose meaning was not clear when something else failed: their messages are tried again.
    fn forget_suspects(&self) -> Result<(), TransferError> {
        for suspect in self.caution.take_suspects() {
            suspect.take_back(&self.request.ledger)?;
        }
        Ok(())
    }

    async fn rest(&mut self) {
        if self.control.is_paused() {
            (self.sink)(Progress::Paused);
            self.control.wait_while_paused().await;
            (self.sink)(Progress::Resumed);
        }
    }

    async fn attempt(&mut self) -> Result<(), TransferError> {
        self.rest().await;
        if self.control.is_stopped() {
            return Ok(());
        }
        self.heed_choices()?;
        let mut lane = self.connect().await?;
        let namespace = lane.destination.namespace().await.map_err(TransferError::at(Side::Destination))?;
        (self.sink)(Progress::Connected);
        let (source, destination) = list_both(&mut lane).await?;
        let work = Work::new(self.request, &self.control, self.sink, namespace, &self.caution);
        work.pair_opened();
        let waiting = self.waiting(&source)?;
        let asks = is_asking(&lane.destination);
        if asks {
            work.share_folders();
        }
        let limits = self.request.limits;
        let affordable = usize::try_from(waiting / MESSAGES_PER_PAIR).unwrap_or(usize::MAX);
        let allowed = self.governor.connections();
        let pairs = allowed.min(if asks { limits.asking_pairs } else { limits.pairs }).min(1 + affordable);
        let (pairs, may_append) = if self.caution.is_careful_anywhere() {
            (1, false)
        } else {
            (pairs, waiting > MESSAGES_PER_PAIR)
        };
        let appenders = if asks && may_append { limits.appenders.min(allowed) } else { 0 };
        let others = join_all((1..pairs).map(|_| more_lane(&work, appenders)));
        let first = self.first_lane(&work, &mut lane, (&source, &destination), appenders);
        tokio::join!(first, others);
        let (problems, error) = work.into_outcome();
        self.problems.extend(problems);
        if let Some(error) = error {
            self.forget_suspects()?;
            return Err(error);
        }
        record_refusals(&self.caution, &self.request.ledger, self.sink)?;
        self.finish(lane).await;
        Ok(())
    }

    /// Says goodbye at the source, and leaves the destination to the proof.
    async fn finish(&self, lane: Lane) {
        let Lane { source, destination, appenders } = lane;
        self.request.destination.leave(destination);
        tokio::join!(source.logout(), join_all(appenders.into_iter().map(crate::imap::Session::logout)));
    }

    /// Folders that the owner has left out or taken in again since they were listed.
    fn heed_choices(&self) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let choices: BTreeMap<&FolderPath, FolderChoice> =
            self.request.plan.folders.iter().map(|plan| (&plan.source, plan.choice)).collect();
        for known in ledger.folder_totals()? {
            match choices.get(&known.source) {
                Some(FolderChoice::Copy) if known.totals.sum.left_out > 0 => {
                    ledger.set_left_out(known.id, false)?;
                }
                Some(FolderChoice::LeaveOut(_)) if known.totals.sum.to_do > 0 => {
                    ledger.set_left_out(known.id, true)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Lane, TransferError> {
        let failed = |side| move |source| TransferError::SignIn { side, source };
        let (source, destination) = tokio::try_join!(
            async { self.request.source.open().await.map_err(failed(Side::Source)) },
            async { self.request.destination.open().await.map_err(failed(Side::Destination)) },
        )?;
        Ok(Lane { source, destination, appenders: Vec::new() })
    }

    fn chosen(&self) -> impl Iterator<Item = &FolderPlan> {
        self.request.plan.folders.iter().filter(|plan| plan.choice == FolderChoice::Copy)
    }

    /// Messages that are to do, as far as the counts of the source and the ledger tell.
    fn waiting(&self, source: &FoldersByName) -> Result<u64, TransferError> {
        let known: BTreeMap<FolderPath, _> = self
            .request
            .ledger
            .folder_totals()?
            .into_iter()
            .map(|folder| (folder.source, folder.totals.sum))
            .collect();
        let waiting = self.chosen().map(|plan| {
            let counted = source.get(&plan.source_raw).and_then(|folder| folder.status?.messages);
            let sum = known.get(&plan.source).copied().unwrap_or_default();
            sum.to_do + counted.unwrap_or(plan.messages).saturating_sub(sum.source_count)
        });
        Ok(waiting.sum())
    }

    /// Lists the source while the other lanes begin with what is listed, then works as one of them.
    async fn first_lane<'a>(
        &self,
        work: &'a Work<'a>,
        lane: &mut Lane,
        (source, destination): (&FoldersByName, &FoldersByName),
        appenders: usize,
    ) {
        let prepared = async {
            let Lane { source: session, destination: other, .. } = &mut *lane;
            // An error here ends both halves; the other one is not needed any more.
            tokio::try_join!(
                async {
                    let mut lister = SourceLister::new(session, &self.request.ledger, &self.caution);
                    self.list_all(work, &mut lister, (source, destination)).await
                },
                async {
                    let missing = self.missing(work, destination);
                    let made = other.create_many(&missing).await;
                    made.map_err(TransferError::at(Side::Destination))
                },
            )
        };
        match prepared.await {
            Ok(_) => {
                work.all_listed();
                lane.add_appenders(self.request, appenders).await;
                if let Err(error) = lane.run(work).await {
                    work.fail(error);
                }
            }
            Err(error) => work.fail(error),
        }
    }

    /// Folders that the destination has not, and the folders above them, outermost first.
    fn missing(&self, work: &Work<'_>, destination: &FoldersByName) -> Vec<String> {
        let mut missing: Vec<String> = Vec::new();
        for plan in self.chosen().filter(|plan| plan.messages > 0) {
            let mut paths = parents(&plan.destination);
            paths.push(plan.destination.clone());
            for path in paths {
                let raw = raw_name(&path, &work.namespace);
                let is_inbox = raw.eq_ignore_ascii_case("INBOX");
                if !is_inbox && !destination.contains_key(&raw) && !missing.contains(&raw) {
                    missing.push(raw);
                }
            }
        }
        missing.truncate(MAX_FOLDERS_MADE);
        missing
    }

    async fn list_all<'a, 'p>(
        &'p self,
        work: &'a Work<'a>,
        lister: &mut SourceLister<'p>,
        (source, destination): (&FoldersByName, &FoldersByName),
    ) -> Result<(), TransferError> {
        let mut failed = None;
        let mut tell = |plan: &FolderPlan, listed: Listed| {
            let folder = match listed {
                Listed::All(folder) => folder,
                Listed::Some(folder, words) => {
                    work.note_problem(plan, Side::Source, words);
                    folder
                }
                Listed::Closed(words) => return work.note_problem(plan, Side::Source, words),
            };
            let raw = raw_name(&plan.destination, &work.namespace);
            let known = destination.get(&raw).and_then(|known| known.status);
            match self.needs_copy(folder, known) {
                Ok(true) => match self.request.ledger.newest_intent(folder) {
                    Ok(intent) => {
                        work.add(Unit { plan: plan.clone(), folder, raw, is_late: intent.is_some() });
                    }
                    Err(error) => failed = Some(error.into()),
                },
                Ok(false) => {}
                Err(error) => failed = Some(error),
            }
        };
        for plan in self.chosen() {
            if work.control.is_stopped() {
                break;
            }
            (self.sink)(Progress::Listing { folder: plan.source.clone() });
            lister.list(plan, source.get(&plan.source_raw), &mut tell).await?;
        }
        lister.finish(&mut tell).await?;
        failed.map_or(Ok(()), Err)
    }

    /// Whether there is something to do, or the destination folder is not the one that the copies were made in, as far
    /// as its counts tell.
    fn needs_copy(&self, folder: FolderId, known: Option<FolderStatus>) -> Result<bool, TransferError> {
        let ledger = &self.request.ledger;
        let totals = ledger.folder_totals()?;
        let sum = totals.iter().find(|known| known.id == folder).map(|known| known.totals.sum);
        let sum = sum.unwrap_or_default();
        if sum.to_do > 0 {
            return Ok(true);
        }
        let Some(uid_validity) = known.and_then(|status| status.uid_validity) else { return Ok(true) };
        let forgotten = ledger.fence_destination(folder, uid_validity)?;
        Ok(forgotten > 0 || (sum.source_count > 0 && ledger.needs_match(folder)?))
    }
}

/// The folders of both sides with their counts, by their names in commands.
async fn list_both(lane: &mut Lane) -> Result<(FoldersByName, FoldersByName), TransferError> {
    let by_name = |folders: Vec<Folder>| folders.into_iter().map(|one| (one.raw.clone(), one)).collect();
    let (source, destination) = tokio::try_join!(
        async { lane.source.list_folders_unsized().await.map_err(TransferError::at(Side::Source)) },
        async { lane.destination.list_folders_unsized().await.map_err(TransferError::at(Side::Destination)) },
    )?;
    Ok((by_name(source), by_name(destination)))
}

/// One more pair of connections. Where a server lets no more in, the copy goes on without it.
async fn more_lane<'a>(work: &'a Work<'a>, appenders: usize) {
    let mut lane = match Lane::open_new(work.request).await {
        Ok(lane) => lane,
        Err(error) => {
            tracing::info!(%error, "going on with fewer connections");
            return;
        }
    };
    work.pair_opened();
    lane.add_appenders(work.request, appenders).await;
    match lane.run(work).await {
        Ok(()) => lane.close().await,
        Err(error) => work.fail(error),
    }
}
