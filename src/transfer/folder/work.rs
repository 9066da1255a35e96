//! What the workers of one copy share: folders that wait, folders under way, and the first error.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::imap::{Namespace, Opened};
use crate::message::RefusalMeaning;
use crate::plan::MessageState;
use crate::project::{FolderId, LedgerRow, ProjectError};
use crate::transfer::context::budget::Budget;
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::copy_context::CopyContext;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::{FolderJob, ListedOrder, Order, first_listed};
use crate::transfer::context::request::{CopyRequest, Problems, Progress, ProgressSink};
use crate::transfer::context::room::Room;
use crate::transfer::flags::after_append::KeptFlags;
use crate::transfer::folder::names::FolderNames;
use crate::transfer::folder::other_writers::{Company, Probe};
use crate::transfer::gmail::destination::GmailDeduplication;
use crate::transfer::gmail::source::LabelAssignment;
use crate::transfer::listing::duplicates::Twins;
use crate::transfer::listing::lister::refuse_poison;
use crate::transfer::pace::caution::{Caution, Verdict};
use crate::transfer::pace::daily_traffic::Meter;
use crate::transfer::pace::refusal::meaning_of;
use crate::transfer::reconcile::strays::Strays;
use crate::values::{DestinationUid, Side, SourceUid};

/// Rows taken from the ledger at once.
const PAGE_ROWS: usize = 250;
/// The same where the destination asks for each message: several workers share a folder evenly.
const PAGE_ROWS_ASKING: usize = 40;
/// A folder with fewer messages left is not worth another worker.
const WORTH_HELP: u64 = 120;
/// The same where the destination asks for each message.
const WORTH_HELP_ASKING: u64 = 24;

/// A folder that is being copied, by one worker or several.
#[derive(Debug)]
pub(in crate::transfer) struct ActiveFolder {
    pub(in crate::transfer) unit: FolderJob,
    pub(in crate::transfer) opened: Opened,
    /// The lowest UID that a copy made now can get.
    pub(in crate::transfer) first: DestinationUid,
    /// The UID at the source up to which rows are taken; from which on, where the newest go first.
    taken: Mutex<Option<SourceUid>>,
    /// Rows that no worker has taken yet.
    left: AtomicU64,
    /// Whether what was set aside has had its turn in this attempt.
    has_given_last: AtomicBool,
    workers: AtomicUsize,
    /// Copies whose UID the server did not tell.
    unplaced: Mutex<Vec<LedgerRow>>,
    /// Messages that may be the same, where exact duplicates stay behind.
    pub(in crate::transfer) twins: Option<Twins>,
    /// Who else writes into it.
    pub(in crate::transfer) company: Company,
}

impl ActiveFolder {
    /// Whether every row was taken by some worker, so that the last messages are under way.
    pub(in crate::transfer) fn is_running_out(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

/// One worker's part in a folder; the folder is let go of with the last one.
pub(in crate::transfer) struct FolderShare<'a> {
    work: &'a Work<'a>,
    pub(in crate::transfer) folder: Arc<ActiveFolder>,
}

/// What a worker does next.
pub(in crate::transfer) enum Next<'a> {
    /// Open this folder and copy it.
    Open(FolderJob, FolderLock<'a>),
    /// Join in a folder that other workers are at.
    Help(FolderShare<'a>),
    /// Nothing is left.
    Done,
}

/// The right to write into one destination folder; given back when dropped.
pub(in crate::transfer) struct FolderLock<'a> {
    work: &'a Work<'a>,
    key: String,
    is_handed_on: bool,
}

/// Everything that the workers share.
pub(in crate::transfer) struct Work<'a> {
    pub(in crate::transfer) context: CopyContext<'a>,
    pub(in crate::transfer) budget: Budget,
    /// Room for large messages beside it.
    pub(in crate::transfer) room: Room,
    /// What the providers let through in a day.
    pub(in crate::transfer) meter: Meter<'a>,
    /// What broken connections and refusals have taught.
    pub(in crate::transfer) caution: &'a Caution,
    /// Which names the destination takes.
    pub(in crate::transfer) names: &'a FolderNames,
    /// Ends with the making of folders at the beginning.
    pub(in crate::transfer) making: CancellationToken,
    /// Where one message shows under many labels: what is there already.
    pub(in crate::transfer) folding: Option<GmailDeduplication>,
    /// Where the source shows one message under many labels: the best of them.
    pub(in crate::transfer) homes: Option<LabelAssignment>,
    /// Mail in the account that copies may be among of which nobody knows.
    pub(in crate::transfer) strays: Strays,
    /// The first batch of all goes alone.
    pub(in crate::transfer) probe: Probe,
    /// Flags that the destination is known to keep when a message comes with them.
    pub(in crate::transfer) kept_flags: KeptFlags,
    wind_down: CancellationToken,
    changed: Notify,
    /// The destination asks for each message before it may be sent.
    is_asking: AtomicBool,
    /// Bytes that were asked for in folders that wait for the first batch of all.
    early_bytes: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Order, FolderJob>,
    /// Numbers of the units that were added last and given back last.
    numbers: (i64, i64),
    is_listed: bool,
    /// Places that are written into, with the order in which their folders were listed.
    busy: BTreeMap<String, ListedOrder>,
    pairs: usize,
    appenders: usize,
    active: Vec<Arc<ActiveFolder>>,
    readers: usize,
    paused: usize,
    error: Option<TransferError>,
}

impl State {
    fn is_done(&self) -> bool {
        self.is_listed && self.waiting.is_empty() && self.busy.is_empty()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Work<'a> {
    pub(in crate::transfer) fn new(
        request: &'a CopyRequest,
        control: &CopyControl,
        sink: ProgressSink<'a>,
        namespace: Namespace,
        (caution, names): (&'a Caution, &'a FolderNames),
    ) -> Self {
        let (control, wind_down) = control.child();
        Self {
            context: CopyContext::new(request, control, sink, namespace),
            budget: Budget::new(request.limits.budget_bytes),
            room: Room::new(),
            meter: Meter::new(request),
            caution,
            names,
            making: CancellationToken::new(),
            folding: None,
            homes: None,
            strays: Strays::default(),
            probe: Probe::default(),
            kept_flags: KeptFlags::default(),
            wind_down,
            changed: Notify::new(),
            is_asking: AtomicBool::new(false),
            early_bytes: AtomicU64::new(0),
            state: Mutex::default(),
        }
    }

    /// The destination asks for each message: several workers may copy one folder from now on, whose order is lost.
    pub(in crate::transfer) fn destination_asks(&self) {
        self.is_asking.store(true, Ordering::Relaxed);
    }

    fn is_asking(&self) -> bool {
        self.is_asking.load(Ordering::Relaxed)
    }

    /// One more pair of connections takes part.
    pub(in crate::transfer) fn pair_opened(&self) {
        let mut state = locked(&self.state);
        state.pairs += 1;
        let count = state.pairs;
        drop(state);
        (self.context.sink)(Progress::Pairs { count });
    }

    /// So many connections more only append.
    pub(in crate::transfer) fn appenders_opened(&self, more: usize) {
        let mut state = locked(&self.state);
        state.appenders += more;
        let count = state.appenders;
        drop(state);
        (self.context.sink)(Progress::Appenders { count });
    }

    /// A folder is ready to be copied.
    pub(in crate::transfer) fn add(&self, unit: FolderJob) {
        let mut state = locked(&self.state);
        state.numbers.0 += 1;
        let order = unit.order(state.numbers.0);
        state.waiting.insert(order, unit);
        drop(state);
        self.changed.notify_waiters();
    }

    /// A folder that could not be begun is for another worker.
    pub(in crate::transfer) fn give_back(&self, unit: FolderJob) {
        let mut state = locked(&self.state);
        state.numbers.1 -= 1;
        let order = unit.order(state.numbers.1);
        state.waiting.insert(order, unit);
        drop(state);
        self.changed.notify_waiters();
    }

    /// No more folders will come.
    pub(in crate::transfer) fn all_listed(&self) {
        locked(&self.state).is_listed = true;
        self.changed.notify_waiters();
    }

    /// The first batch of all was answered: every worker may send.
    pub(in crate::transfer) fn probe_answered(&self) {
        self.probe.answered();
        self.changed.notify_waiters();
    }

    /// A worker has failed: the others finish what is under way. The first error is the one that counts.
    pub(in crate::transfer) fn fail(&self, error: TransferError) {
        locked(&self.state).error.get_or_insert(error);
        self.wind_down.cancel();
        self.changed.notify_waiters();
    }

    /// A worker has failed while it copied this folder. Where connections break at one message again and again, that
    /// message is left.
    pub(in crate::transfer) fn fail_in(&self, folder: FolderId, error: TransferError) {
        self.heed_lock(folder, &error);
        let is_first = locked(&self.state).error.is_none();
        let learnt = if is_first { self.learn_from(folder, &error) } else { Ok(()) };
        self.fail(error);
        if let Err(error) = learnt {
            tracing::warn!(%error, "a broken connection could not be written down");
        }
    }

    /// Where the server does not let two connections at a folder, it gets one from now on, and the others as before.
    pub(in crate::transfer) fn heed_lock(&self, folder: FolderId, error: &TransferError) {
        if meaning_of(error) == Some(RefusalMeaning::Locked) {
            self.caution.keep_to_one(folder);
        }
    }

    fn learn_from(&self, folder: FolderId, error: &TransferError) -> Result<(), TransferError> {
        let (side, is_trouble) = match error {
            TransferError::Server { side, .. } if error.is_connection_lost() => (side, false),
            TransferError::FolderChanged { side, .. } => (side, false),
            TransferError::Throttled { side, meaning: RefusalMeaning::Trouble, .. } => (side, true),
            _ => return Ok(()),
        };
        // A computer that slept says nothing about any message.
        if self.context.control.is_stopped() || error.is_after_sleep() {
            return Ok(());
        }
        let ledger = &self.context.request.ledger;
        let waiting = [MessageState::ToDo, MessageState::InFlight];
        let aside = self.caution.set_aside(folder);
        let rows = ledger.rows_after(folder, &waiting, SourceUid(0), aside.len() + 1)?;
        let first = rows.iter().map(|row| row.uid).find(|uid| !aside.contains(uid));
        if is_trouble {
            self.caution.failed_at(folder, *side, first);
            return Ok(());
        }
        match (self.caution.broke(folder, *side, first), side) {
            (Some(Verdict::Message(uid)), Side::Source) => refuse_poison(ledger, folder, uid)?,
            (Some(Verdict::Message(uid)), Side::Destination) => self.caution.blame(folder, uid),
            (Some(Verdict::Folder), _) => self.caution.leave(folder, *side, error.server_words()),
            (Some(Verdict::Aside) | None, _) => {}
        }
        Ok(())
    }

    /// The problems and the first error, once every worker has ended.
    pub(in crate::transfer) fn into_outcome(self) -> (Problems, Option<TransferError>) {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.context.into_problems(), state.error)
    }

    /// The next folder, or a part in one; waits while more may come.
    pub(in crate::transfer) async fn next(&'a self) -> Next<'a> {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(next) = self.try_next() {
                return next;
            }
            self.context.control.until_stopped(changed).await;
        }
    }

    /// The place that was listed first among those that are begun.
    pub(in crate::transfer) fn first_begun(&self) -> Option<String> {
        locked(&self.state).busy.iter().min_by_key(|(_, order)| **order).map(|(key, _)| key.clone())
    }

    /// Whether so many bytes more are no more than half of the byte budget, with all that were taken so before.
    pub(in crate::transfer) fn takes_early(&self, bytes: u64) -> bool {
        let most = self.context.request.limits.budget_bytes as u64 / 2;
        let taken = |before: u64| before.checked_add(bytes).filter(|after| *after <= most);
        self.early_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }

    /// Waits until this is so, looking whenever something has changed. False after a stop.
    pub(in crate::transfer) async fn until(&self, is_so: impl Fn() -> bool) -> bool {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.context.control.is_stopped() || is_so() {
                return !self.context.control.is_stopped();
            }
            self.context.control.until_stopped(changed).await;
        }
    }

    /// Waits until every folder is done, or the copy ends for another reason.
    pub(in crate::transfer) async fn nothing_left(&self) {
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.context.control.is_stopped() || locked(&self.state).is_done() {
                return;
            }
            self.context.control.until_stopped(changed).await;
        }
    }

    fn try_next(&'a self) -> Option<Next<'a>> {
        let mut state = locked(&self.state);
        if self.context.control.is_stopped() {
            return Some(Next::Done);
        }
        let may_begin = |unit: &FolderJob| unit.may_begin(state.is_listed, &state.busy);
        let mut free = state.waiting.iter().filter(|(_, unit)| may_begin(unit)).map(|(order, _)| *order);
        let free = if self.probe.is_answered() { free.next() } else { free.min_by_key(first_listed) };
        if let Some((order, unit)) = free.and_then(|order| state.waiting.remove_entry(&order)) {
            let key = unit.key();
            state.busy.insert(key.clone(), first_listed(&order));
            return Some(Next::Open(unit, FolderLock { work: self, key, is_handed_on: false }));
        }
        let is_shared = self.context.request.limits.shares_folders || self.is_asking();
        let shared = if is_shared { state.active.as_slice() } else { &[] };
        let worth = if self.is_asking() { WORTH_HELP_ASKING } else { WORTH_HELP };
        let shared = shared.iter().filter(|folder| !self.caution.is_kept_to_one(folder.unit.folder));
        let busiest = shared.max_by_key(|folder| folder.left.load(Ordering::Relaxed));
        if let Some(folder) = busiest.filter(|folder| folder.left.load(Ordering::Relaxed) >= worth) {
            folder.workers.fetch_add(1, Ordering::Relaxed);
            return Some(Next::Help(FolderShare { work: self, folder: Arc::clone(folder) }));
        }
        (state.is_listed && state.waiting.is_empty()).then_some(Next::Done)
    }

    /// A folder was opened and compared: its messages can be sent, by several workers.
    pub(in crate::transfer) fn begin(
        &'a self,
        mut turn: FolderLock<'a>,
        (unit, opened, first): (FolderJob, Opened, DestinationUid),
        left: u64,
    ) -> Result<FolderShare<'a>, TransferError> {
        let drops = self.context.request.options.drops_duplicates;
        let twins = if drops { Twins::of(&self.context.request.ledger, unit.folder)? } else { None };
        turn.is_handed_on = true;
        let company = Company::new(&opened, first);
        let folder = Arc::new(ActiveFolder {
            unit,
            opened,
            first,
            taken: Mutex::default(),
            left: AtomicU64::new(left),
            has_given_last: AtomicBool::new(false),
            workers: AtomicUsize::new(1),
            unplaced: Mutex::default(),
            twins,
            company,
        });
        locked(&self.state).active.push(Arc::clone(&folder));
        self.changed.notify_waiters();
        Ok(FolderShare { work: self, folder })
    }

    /// Rows of a folder that are to do, beyond those that are taken up to this UID; without those that are set aside.
    pub(in crate::transfer) fn page(
        &self,
        folder: FolderId,
        mut taken: Option<SourceUid>,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        let (ledger, state) = (&self.context.request.ledger, MessageState::ToDo);
        let most = if self.is_asking() { PAGE_ROWS_ASKING } else { PAGE_ROWS };
        let aside = self.caution.set_aside(folder);
        loop {
            let mut rows = if self.context.request.options.is_newest_first {
                ledger.rows_before(folder, state, taken, most)?
            } else {
                ledger.rows_after(folder, &[state], taken.unwrap_or_default(), most)?
            };
            let edge = self.edge(&rows);
            rows.retain(|row| !aside.contains(&row.uid));
            if edge.is_none() || !rows.is_empty() {
                return Ok(rows);
            }
            taken = edge;
        }
    }

    /// The row of a page beyond which the next one begins.
    fn edge(&self, rows: &[LedgerRow]) -> Option<SourceUid> {
        let edge = if self.context.request.options.is_newest_first { rows.first() } else { rows.last() };
        edge.map(|row| row.uid)
    }

    /// Rows that were set aside, when all others of the folder are taken.
    fn last_page(&self, folder: FolderId) -> Result<Vec<LedgerRow>, ProjectError> {
        let aside = self.caution.set_aside(folder);
        if aside.is_empty() {
            return Ok(Vec::new());
        }
        self.caution.begins_set_aside(folder);
        let mut rows = self.context.request.ledger.rows(folder, &[MessageState::ToDo])?;
        rows.retain(|row| aside.contains(&row.uid));
        Ok(rows)
    }

    /// Whether a message is read in pieces. Some servers give no size or a wrong one; such messages are as well.
    pub(in crate::transfer) fn is_large(&self, row: &LedgerRow) -> bool {
        row.size == 0 || row.size > self.context.request.limits.spool_bytes
    }

    /// A reader begins; until [`Self::reader_ended`] it counts among those that pause together.
    pub(in crate::transfer) fn reader_began(&self) {
        locked(&self.state).readers += 1;
    }

    pub(in crate::transfer) fn reader_ended(&self) {
        let mut state = locked(&self.state);
        state.readers = state.readers.saturating_sub(1);
        let is_resting = state.paused > 0 && state.paused == state.readers;
        drop(state);
        if is_resting {
            (self.context.sink)(Progress::Paused);
        }
    }

    /// Waits for the end of a pause. The copy counts as paused when every reader waits.
    pub(in crate::transfer) async fn rest(&self) {
        let is_last = self.count_paused(|state| {
            state.paused += 1;
            state.paused >= state.readers
        });
        if is_last {
            (self.context.sink)(Progress::Paused);
        }
        self.context.control.clone().wait_while_paused().await;
        let is_first = self.count_paused(|state| {
            let is_first = state.paused >= state.readers;
            state.paused = state.paused.saturating_sub(1);
            is_first
        });
        if is_first {
            (self.context.sink)(Progress::Resumed);
        }
    }

    fn count_paused(&self, change: impl FnOnce(&mut State) -> bool) -> bool {
        change(&mut locked(&self.state))
    }
}

impl Drop for FolderLock<'_> {
    fn drop(&mut self) {
        if !self.is_handed_on {
            locked(&self.work.state).busy.remove(&self.key);
            self.work.changed.notify_waiters();
        }
    }
}

impl FolderShare<'_> {
    /// The next rows to be sent, for this worker alone; empty at the end.
    ///
    /// Where the newest go first, that holds from page to page; within a page messages keep the source's order, in
    /// which the source hands them out most quickly.
    pub(in crate::transfer) fn next_page(&self) -> Result<Vec<LedgerRow>, ProjectError> {
        let folder = &self.folder;
        let mut taken = locked(&folder.taken);
        let mut rows = self.work.page(folder.unit.folder, *taken)?;
        if rows.is_empty() && !folder.has_given_last.swap(true, Ordering::Relaxed) {
            rows = self.work.last_page(folder.unit.folder)?;
        } else if let Some(edge) = self.work.edge(&rows) {
            *taken = Some(edge);
        }
        let count = rows.len() as u64;
        let left = folder.left.load(Ordering::Relaxed).saturating_sub(count);
        folder.left.store(if count == 0 { 0 } else { left }, Ordering::Relaxed);
        Ok(rows)
    }

    /// Keeps copies whose UID is not known for the worker that is the last to leave.
    pub(in crate::transfer) fn add_unplaced(&self, rows: Vec<LedgerRow>) {
        locked(&self.folder.unplaced).extend(rows);
    }

    /// Whether no other worker is at the folder.
    pub(in crate::transfer) fn is_last(&self) -> bool {
        self.folder.workers.load(Ordering::Relaxed) <= 1
    }

    /// What the last worker looks for at the destination before it leaves.
    pub(in crate::transfer) fn take_unplaced_if_last(&self) -> Vec<LedgerRow> {
        if self.folder.workers.load(Ordering::Relaxed) > 1 {
            return Vec::new();
        }
        std::mem::take(&mut *locked(&self.folder.unplaced))
    }
}

impl Drop for FolderShare<'_> {
    fn drop(&mut self) {
        if self.folder.workers.fetch_sub(1, Ordering::Relaxed) > 1 {
            return;
        }
        let mut state = locked(&self.work.state);
        state.active.retain(|active| !Arc::ptr_eq(active, &self.folder));
        state.busy.remove(&self.folder.unit.key());
        drop(state);
        self.work.changed.notify_waiters();
    }
}
