//! The copy of one mailbox: list, look, copy, and begin anew when a connection breaks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::adoption::Place;
use super::budget::Budget;
use super::caution::{Caution, Suspect};
use super::control::CopyControl;
use super::destination_name::{parents, raw_name};
use super::error::TransferError;
use super::reader::Reader;
use super::request::{CopyOutcome, CopyRequest, FolderProblem, Progress, ProgressSink};
use super::source_listing::{Listed, list_source, refuse_poison};
use super::writer::{Writer, record_refusals};
use crate::imap::{Folder, FolderStatus, ImapError, Namespace, Opened, Session, uid_sets};
use crate::plan::{FolderChoice, FolderPath, FolderPlan, MessageState, Side};
use crate::project::{FolderId, LedgerRow, LedgerTotals, MessageResult};

/// Messages that may wait between the two halves; the byte budget is what really bounds them.
const ITEMS_BETWEEN: usize = 512;
/// Longest wait between two tries to connect.
const MAX_BACK_OFF: Duration = Duration::from_mins(1);
/// Waits in a row, without a message copied in between, after which the copy gives up.
const MAX_WAITS: u32 = 12;
/// Flags of waiting messages that were read longer ago are read again.
const FRESH_FLAGS: Duration = Duration::from_mins(1);
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
    let mut job = Job {
        request,
        control,
        sink,
        listed: BTreeMap::new(),
        problems: BTreeMap::new(),
        fresh: BTreeMap::new(),
        sent_again: BTreeMap::new(),
        blamed: BTreeSet::new(),
        caution: Caution::default(),
    };
    let mut breaks = 0;
    let mut finished_before = job.progress()?;
    loop {
        let error = match job.attempt().await {
            Ok(()) => return Ok(job.outcome()),
            Err(error) => error,
        };
        if job.control.is_stopped() && error.is_connection_lost() {
            return Ok(job.outcome());
        }
        let finished = job.progress()?;
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
    /// When the flags of a folder's waiting messages were read.
    fresh: BTreeMap<FolderId, Instant>,
    /// Messages whose append broke off, was not found, and was made again.
    sent_again: BTreeMap<FolderId, Vec<LedgerRow>>,
    /// Messages that end the connection to the destination.
    blamed: BTreeSet<(FolderId, u32)>,
    caution: Caution,
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

    /// Messages that are listed, and once more those that are finished: grows with every step forward.
    fn progress(&self) -> Result<u64, TransferError> {
        let sum = self.request.ledger.sum()?;
        Ok(sum.source_count + sum.finished())
    }

    /// Waits as the error asks for. False on stop; the error itself where waiting does not help.
    async fn pause_for(&mut self, error: TransferError, breaks: u32) -> Result<bool, TransferError> {
        let (seconds, words) = match &error {
            TransferError::Throttled { seconds, words, .. }
                if *seconds <= MAX_OWN_WAIT_SECONDS && breaks <= MAX_WAITS =>
            {
                // Longer each time that it was of no use.
                let longer = seconds.saturating_mul(1 << breaks.saturating_sub(1).min(4));
                (longer.min(MAX_OWN_WAIT_SECONDS), words.clone())
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
        if self.control.is_paused() {
            (self.sink)(Progress::Paused);
            self.control.wait_while_paused().await;
            if self.control.is_stopped() {
                return Ok(());
            }
            (self.sink)(Progress::Resumed);
        }
        self.heed_choices()?;
        self.forget_suspects()?;
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
            let copied = self.copy_folder(&mut sides, plan, folder, (&raw, known)).await;
            if let Err(error) = copied {
                self.learn_from(folder, &error)?;
                return Err(error);
            }
        }
        record_refusals(&self.caution, &request.ledger, self.sink)?;
        tokio::join!(sides.source.logout(), sides.destination.logout());
        Ok(())
    }

    /// Refusals whose meaning was not clear when the connection broke: their messages are tried again.
    fn forget_suspects(&self) -> Result<(), TransferError> {
        for Suspect { folder, result, .. } in self.caution.take_suspects() {
            self.request.ledger.withdraw_intents(folder, &[result.uid])?;
        }
        Ok(())
    }

    /// Where connections break at one message again and again, that message is left.
    fn learn_from(&mut self, folder: FolderId, error: &TransferError) -> Result<(), TransferError> {
        let TransferError::Server { side, .. } = error else { return Ok(()) };
        if !error.is_connection_lost() || self.control.is_stopped() {
            return Ok(());
        }
        let waiting = [MessageState::ToDo, MessageState::InFlight];
        let first = self.request.ledger.rows_after(folder, &waiting, 0, 1)?.first().map(|row| row.uid);
        match (self.caution.broke(folder, *side, first), side) {
            (Some(uid), Side::Source) => refuse_poison(&self.request.ledger, folder, uid),
            (Some(uid), Side::Destination) => {
                self.blamed.insert((folder, uid));
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    /// The same for a connection that broke while the folder was listed.
    fn learn_from_listing(&self, plan: &FolderPlan, error: &TransferError) -> Result<(), TransferError> {
        let is_break = matches!(error, TransferError::Server { .. }) && error.is_connection_lost();
        let folders = self.request.ledger.folder_totals()?;
        let Some(known) = folders.into_iter().find(|known| is_break && known.source == plan.source) else {
            return Ok(());
        };
        let count = usize::try_from(known.totals.sum.source_count).unwrap_or(usize::MAX);
        match self.caution.broke_listing(&plan.source_raw, count) {
            Some(uid) => refuse_poison(&self.request.ledger, known.id, uid),
            None => Ok(()),
        }
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
        let ledger = &self.request.ledger;
        let asked = Instant::now();
        let listing = match list_source(&mut sides.source, ledger, plan, listed, &self.caution).await {
            Ok(listing) => listing,
            Err(error) => {
                self.learn_from_listing(plan, &error)?;
                return Err(error);
            }
        };
        match listing {
            Listed::New(folder) => {
                self.fresh.insert(folder, asked);
                self.listed.insert(plan.source_raw.clone(), folder);
            }
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
        let missing = place.resolve_in_flight(&self.control, self.request.limits.late_append).await?;
        place.adopt_present(opened.exists).await?;
        self.leave_blamed(folder, &missing)?;
        self.sent_again.entry(folder).or_default().extend(missing);
        if self.totals(folder)?.sum.to_do == 0 {
            return Ok(());
        }
        let uid_validity = opened.uid_validity;
        self.pump(sides, plan, (raw, opened)).await?;
        self.tell_late_arrivals(sides, plan, folder, uid_validity).await
    }

    /// Messages at which the destination has ended the connection again and again, and that did not arrive.
    fn leave_blamed(&mut self, folder: FolderId, missing: &[LedgerRow]) -> Result<(), TransferError> {
        for row in missing.iter().filter(|row| self.blamed.remove(&(folder, row.uid))) {
            let result = MessageResult {
                uid: row.uid,
                state: MessageState::Refused,
                destination_uid: None,
                sha256: None,
                cause: Some("the destination ends the connection at this message".to_owned()),
            };
            self.request.ledger.record_results(folder, &[result])?;
        }
        Ok(())
    }

    /// One more look after the folder is done: an append that broke off may have arrived after all.
    async fn tell_late_arrivals(
        &mut self,
        sides: &mut Sides,
        plan: &FolderPlan,
        folder: FolderId,
        uid_validity: u32,
    ) -> Result<(), TransferError> {
        let sent_again = self.sent_again.remove(&folder).unwrap_or_default();
        if sent_again.is_empty() || self.control.is_stopped() {
            return Ok(());
        }
        let ledger = &self.request.ledger;
        let mut place = Place { session: &mut sides.destination, ledger, folder, uid_validity };
        let late = place.late_arrivals(&sent_again).await?;
        if !late.is_empty() {
            let words = format!(
                "{} messages are there twice, as the server finished after the connection had broken: UIDs {}",
                late.len(),
                uid_sets(&late).join(",")
            );
            self.note_problem(plan, Side::Destination, words);
        }
        Ok(())
    }

    /// Waiting messages go with the flags that they have now, not with those of the day they were listed.
    async fn refresh_flags(&self, session: &mut Session, folder: FolderId) -> Result<(), TransferError> {
        if self.fresh.get(&folder).is_some_and(|read| read.elapsed() < FRESH_FLAGS) {
            return Ok(());
        }
        match session.fetch_flags().await {
            Ok(flags) => self.request.ledger.refresh_flags(folder, &flags).map(drop).map_err(Into::into),
            Err(ImapError::Refused { completion, .. }) => {
                tracing::info!(%completion, "flags could not be read again");
                Ok(())
            }
            Err(error) => Err(TransferError::at(Side::Source)(error)),
        }
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
        self.refresh_flags(&mut sides.source, same).await?;
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
            caution: &self.caution,
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
            caution: &self.caution,
        };
        let (read, written) = tokio::join!(reader.run(), writer.run(receiver));
        // The destination's error is the one that matters for what is under way.
        let unplaced = written?;
        read?;
        let mut place = Place { session: &mut sides.destination, ledger, folder: same, uid_validity };
        if !unplaced.is_empty() {
            place.session.noop().await.map_err(TransferError::at(Side::Destination))?;
            place.place_copies().await?;
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
