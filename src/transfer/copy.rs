//! The copy of one mailbox: list, look, copy, and begin anew when a connection breaks.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;

use super::adoption::Place;
use super::budget::Budget;
use super::control::CopyControl;
use super::destination_name::{parents, raw_name};
use super::error::TransferError;
use super::reader::Reader;
use super::request::{CopyOutcome, CopyRequest, FolderProblem, Progress, ProgressSink};
use super::source_listing::{Listed, list_source};
use super::writer::Writer;
use crate::imap::{Folder, FolderStatus, ImapError, Namespace, Opened, Session};
use crate::plan::{FolderChoice, FolderPath, FolderPlan, MessageState, Side};
use crate::project::{FolderId, LedgerTotals, MessageResult};

/// Messages that may wait between the two halves; the byte budget is what really bounds them.
const ITEMS_BETWEEN: usize = 512;
/// Longest wait between two tries to connect.
const MAX_BACK_OFF: Duration = Duration::from_mins(1);
/// Waits that the server asks for are kept up to this long; longer ones are for the engine to plan.
const MAX_OWN_WAIT_SECONDS: u64 = 15 * 60;

/// Copies one mailbox. Safe to drop at any point and to call again: the ledger knows what was under way.
///
/// Many mailboxes at once are many calls at once. Within one, both sides work at the same time.
pub async fn copy_mailbox(
    request: &CopyRequest,
    control: CopyControl,
    sink: ProgressSink<'_>,
) -> Result<CopyOutcome, TransferError> {
    let mut job = Job { request, control, sink, listed: BTreeMap::new(), problems: BTreeMap::new() };
    let mut breaks = 0;
    let mut finished_before = job.finished()?;
    loop {
        let error = match job.attempt().await {
            Ok(()) => return Ok(job.outcome()),
            Err(error) => error,
        };
        if job.control.is_stopped() && error.is_connection_lost() {
            return Ok(job.outcome());
        }
        let finished = job.finished()?;
        breaks = if finished > finished_before { 1 } else { breaks + 1 };
        finished_before = finished;
        if !job.pause_for(error, breaks).await? {
            return Ok(job.outcome());
        }
    }
}

struct Job<'a> {
    request: &'a CopyRequest,
    control: CopyControl,
    sink: ProgressSink<'a>,
    /// Ledger numbers of the folders whose source is listed in this run.
    listed: BTreeMap<String, FolderId>,
    problems: BTreeMap<FolderPath, FolderProblem>,
}

/// Both sides, signed in.
struct Sides {
    source: Session,
    destination: Session,
    namespace: Namespace,
}

impl Sides {
    /// The folders of both sides with their counts, by their names in commands.
    async fn list_folders(&mut self) -> Result<(FoldersByName, FoldersByName), TransferError> {
        let by_name = |folders: Vec<Folder>| folders.into_iter().map(|one| (one.raw.clone(), one)).collect();
        let (source, destination) = tokio::try_join!(
            async { self.source.list_folders().await.map_err(TransferError::at(Side::Source)) },
            async { self.destination.list_folders().await.map_err(TransferError::at(Side::Destination)) },
        )?;
        Ok((by_name(source), by_name(destination)))
    }
}

type FoldersByName = BTreeMap<String, Folder>;

impl Job<'_> {
    fn outcome(&mut self) -> CopyOutcome {
        CopyOutcome {
            is_stopped: self.control.is_stopped(),
            folder_problems: std::mem::take(&mut self.problems).into_values().collect(),
        }
    }

    fn finished(&self) -> Result<u64, TransferError> {
        Ok(self.request.ledger.sum()?.finished())
    }

    /// Waits as the error asks for. False on stop; the error itself where waiting does not help.
    async fn pause_for(&mut self, error: TransferError, breaks: u32) -> Result<bool, TransferError> {
        let (seconds, words) = match &error {
            TransferError::Throttled { seconds, words, .. } if *seconds <= MAX_OWN_WAIT_SECONDS => {
                (*seconds, words.clone())
            }
            lost if lost.is_connection_lost() && breaks <= self.request.limits.max_breaks => {
                (self.sink)(Progress::Reconnecting { words: lost.to_string() });
                let back_off = Duration::from_millis(250) * 2_u32.saturating_pow(breaks.min(10));
                return Ok(self.control.wait(back_off.min(MAX_BACK_OFF)).await);
            }
            _ => return Err(error),
        };
        (self.sink)(Progress::Waiting { seconds, words });
        Ok(self.control.wait(Duration::from_secs(seconds)).await)
    }

    async fn attempt(&mut self) -> Result<(), TransferError> {
        if self.control.is_stopped() {
            return Ok(());
        }
        self.heed_choices()?;
        let mut sides = self.connect().await?;
        (self.sink)(Progress::Connected);
        let (source_folders, destination_folders) = sides.list_folders().await?;
        let request = self.request;
        let chosen: Vec<&FolderPlan> =
            request.plan.folders.iter().filter(|plan| plan.choice == FolderChoice::Copy).collect();
        for plan in &chosen {
            if self.control.is_stopped() {
                return Ok(());
            }
            self.list(&mut sides, plan, source_folders.get(&plan.source_raw)).await?;
        }
        for plan in &chosen {
            if self.control.is_stopped() {
                return Ok(());
            }
            let Some(folder) = self.listed.get(&plan.source_raw).copied() else { continue };
            let raw = raw_name(&plan.destination, &sides.namespace);
            let known = destination_folders.get(&raw).and_then(|known| known.status);
            self.copy_folder(&mut sides, plan, folder, (&raw, known)).await?;
        }
        tokio::join!(sides.source.logout(), sides.destination.logout());
        Ok(())
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

    async fn connect(&self) -> Result<Sides, TransferError> {
        let failed = |side| move |source| TransferError::SignIn { side, source };
        let (source, destination) = tokio::try_join!(
            async { self.request.source.open().await.map_err(failed(Side::Source)) },
            async { self.request.destination.open().await.map_err(failed(Side::Destination)) },
        )?;
        let mut sides = Sides { source, destination, namespace: Namespace::default() };
        sides.namespace =
            sides.destination.namespace().await.map_err(TransferError::at(Side::Destination))?;
        Ok(sides)
    }

    async fn list(
        &mut self,
        sides: &mut Sides,
        plan: &FolderPlan,
        listed: Option<&Folder>,
    ) -> Result<(), TransferError> {
        (self.sink)(Progress::Listing { folder: plan.source.clone() });
        match list_source(&mut sides.source, &self.request.ledger, plan, listed).await? {
            Listed::All(folder) => {
                self.listed.insert(plan.source_raw.clone(), folder);
            }
            Listed::Some(folder, words) => {
                self.listed.insert(plan.source_raw.clone(), folder);
                self.note_problem(plan, Side::Source, words);
            }
            Listed::Closed(words) => self.note_problem(plan, Side::Source, words),
        }
        Ok(())
    }

    fn note_problem(&mut self, plan: &FolderPlan, side: Side, words: String) {
        let problem = FolderProblem { folder: plan.source.clone(), side, words };
        self.problems.insert(plan.source.clone(), problem);
    }

    fn totals(&self, folder: FolderId) -> Result<LedgerTotals, TransferError> {
        let all = self.request.ledger.folder_totals()?;
        Ok(all.into_iter().find(|known| known.id == folder).map(|known| known.totals).unwrap_or_default())
    }

    async fn copy_folder(
        &mut self,
        sides: &mut Sides,
        plan: &FolderPlan,
        folder: FolderId,
        (raw, known): (&str, Option<FolderStatus>),
    ) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let sum = self.totals(folder)?.sum;
        if sum.to_do == 0 && self.is_still_there(folder, known, sum.source_count)? {
            return Ok(());
        }
        (self.sink)(Progress::Folder { folder: plan.source.clone() });
        let opened = match open_destination(sides, raw, &plan.destination).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { completion, .. }) => {
                let words = completion.to_string();
                self.refuse_folder(folder, &words)?;
                self.note_problem(plan, Side::Destination, words);
                return Ok(());
            }
            Err(error) => return Err(TransferError::at(Side::Destination)(error)),
        };
        ledger.fence_destination(folder, opened.uid_validity)?;
        let mut place =
            Place { session: &mut sides.destination, ledger, folder, uid_validity: opened.uid_validity };
        place.resolve_in_flight(&self.control).await?;
        place.adopt_present(opened.exists).await?;
        if self.totals(folder)?.sum.to_do == 0 {
            return Ok(());
        }
        self.pump(sides, plan, (raw, opened)).await
    }

    /// Whether the destination folder is the one that the copies were made in, as far as its counts tell.
    fn is_still_there(
        &self,
        folder: FolderId,
        known: Option<FolderStatus>,
        source_count: u64,
    ) -> Result<bool, TransferError> {
        let ledger = &self.request.ledger;
        let Some(uid_validity) = known.and_then(|status| status.uid_validity) else { return Ok(false) };
        let forgotten = ledger.fence_destination(folder, uid_validity)?;
        Ok(forgotten == 0 && (source_count == 0 || !ledger.needs_match(folder)?))
    }

    /// The destination will not have this folder: its waiting messages are refused with the server's words.
    fn refuse_folder(&self, folder: FolderId, words: &str) -> Result<(), TransferError> {
        let rows = self.request.ledger.rows(folder, &[MessageState::ToDo])?;
        let results: Vec<MessageResult> = rows
            .into_iter()
            .map(|row| MessageResult {
                uid: row.uid,
                state: MessageState::Refused,
                destination_uid: None,
                sha256: None,
                cause: Some(format!("the folder could not be made: {words}")),
            })
            .collect();
        Ok(self.request.ledger.record_results(folder, &results)?)
    }

    async fn pump(
        &self,
        sides: &mut Sides,
        plan: &FolderPlan,
        (raw, opened): (&str, Opened),
    ) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let limits = self.request.limits;
        let examined =
            sides.source.examine(&plan.source_raw).await.map_err(TransferError::at(Side::Source))?;
        // Rows are bound to the UIDVALIDITY that they were listed under; another one has dropped them.
        let same = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, examined.uid_validity)?;
        if ledger.highest_uid(same)?.is_none() {
            let words = "the source folder was made anew while it was being copied".to_owned();
            let source = ImapError::Closed(Some(words));
            return Err(TransferError::Server { side: Side::Source, source });
        }
        let uid_validity = opened.uid_validity;
        let first = match opened.uid_next {
            Some(uid_next) => uid_next,
            None => highest_uid(&mut sides.destination, opened.exists).await?.saturating_add(1),
        };
        let (sender, receiver) = mpsc::channel(ITEMS_BETWEEN);
        let reader = Reader {
            session: &mut sides.source,
            ledger,
            folder: same,
            limits,
            budget: Budget::new(limits.budget_bytes),
            control: self.control.clone(),
            sink: self.sink,
            items: sender,
        };
        let writer = Writer {
            session: &mut sides.destination,
            ledger,
            folder: same,
            raw,
            opened,
            uid_next: first,
            limits,
            sink: self.sink,
            unplaced: Vec::new(),
        };
        let (read, written) = tokio::join!(reader.run(), writer.run(receiver));
        // The destination's error is the one that matters for what is under way.
        let unplaced = written?;
        read?;
        let mut place = Place { session: &mut sides.destination, ledger, folder: same, uid_validity };
        if !unplaced.is_empty() {
            place.session.noop().await.map_err(TransferError::at(Side::Destination))?;
            place.place_copies(unplaced, first).await?;
        }
        Ok(())
    }
}

async fn highest_uid(session: &mut Session, exists: u32) -> Result<u32, TransferError> {
    if exists == 0 {
        return Ok(0);
    }
    let uids = session.fetch_uids(1).await.map_err(TransferError::at(Side::Destination))?;
    Ok(uids.last().copied().unwrap_or(0))
}

/// Opens the destination folder, and makes it, with the folders above it, where it is not there.
async fn open_destination(sides: &mut Sides, raw: &str, path: &FolderPath) -> Result<Opened, ImapError> {
    match sides.destination.select(raw).await {
        Err(ImapError::Refused { .. }) => {}
        settled => return settled,
    }
    let made = sides.destination.create(raw).await;
    if matches!(made, Err(ImapError::Refused { .. })) {
        for parent in parents(path) {
            let parent = raw_name(&parent, &sides.namespace);
            match sides.destination.create(&parent).await {
                // A parent that may not be made may still be there under a namespace.
                Ok(()) | Err(ImapError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        sides.destination.create(raw).await?;
    } else {
        made?;
    }
    sides.destination.select(raw).await
}
