//! What the workers of one copy share: the features of the copy, the folders, and the first error.

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
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::request::{CopyRequest, Problems, Progress, ProgressSink};
use crate::transfer::context::room::Room;
use crate::transfer::flags::after_append::KeptFlags;
use crate::transfer::folder::active_folder::ActiveFolder;
use crate::transfer::folder::lessons::Lessons;
use crate::transfer::folder::names::FolderNames;
use crate::transfer::folder::other_writers::{Company, Probe};
use crate::transfer::folder::resting::Readers;
use crate::transfer::folder::row_pages::RowPages;
use crate::transfer::folder::scheduler::Scheduler;
use crate::transfer::gmail::destination::GmailDeduplication;
use crate::transfer::gmail::source::LabelAssignment;
use crate::transfer::listing::duplicates::Twins;
use crate::transfer::listing::lister::refuse_poison;
use crate::transfer::pace::connection_failures::Verdict;
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

/// One worker's part in a folder; the folder is let go of with the last one.
pub(in crate::transfer) struct FolderShare<'a> {
    state: &'a CopyState<'a>,
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

/// A folder that was opened and compared.
pub(in crate::transfer) struct OpenedFolder {
    pub(in crate::transfer) job: FolderJob,
    pub(in crate::transfer) opened: Opened,
    /// The lowest UID that a copy made now can get.
    pub(in crate::transfer) first: DestinationUid,
}

/// The right to write into one destination folder; given back when dropped.
pub(in crate::transfer) struct FolderLock<'a> {
    state: &'a CopyState<'a>,
    key: String,
    is_handed_on: bool,
}

/// Everything that the workers share.
pub(in crate::transfer) struct CopyState<'a> {
    pub(in crate::transfer) context: CopyContext<'a>,
    pub(in crate::transfer) budget: Budget,
    /// Room for large messages beside it.
    pub(in crate::transfer) room: Room,
    /// What the providers let through in a day.
    pub(in crate::transfer) meter: Meter<'a>,
    /// What broken connections and refusals have taught.
    pub(in crate::transfer) lessons: &'a Lessons,
    /// Which names the destination takes.
    pub(in crate::transfer) names: &'a FolderNames,
    /// Ends with the making of folders at the beginning.
    pub(in crate::transfer) making: CancellationToken,
    /// Where one message shows under many labels: what is there already.
    pub(in crate::transfer) deduplication: Option<GmailDeduplication>,
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
    shared: Mutex<Shared>,
}

#[derive(Default)]
struct Shared {
    folders: Scheduler<Arc<ActiveFolder>>,
    pairs: usize,
    appenders: usize,
    readers: Readers,
    error: Option<TransferError>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> CopyState<'a> {
    pub(in crate::transfer) fn new(
        request: &'a CopyRequest,
        control: &CopyControl,
        sink: ProgressSink<'a>,
        namespace: Namespace,
        (lessons, names): (&'a Lessons, &'a FolderNames),
    ) -> Self {
        let (control, wind_down) = control.child();
        Self {
            context: CopyContext::new(request, control, sink, namespace),
            budget: Budget::new(request.limits.budget_bytes),
            room: Room::new(),
            meter: Meter::new(request),
            lessons,
            names,
            making: CancellationToken::new(),
            deduplication: None,
            homes: None,
            strays: Strays::default(),
            probe: Probe::default(),
            kept_flags: KeptFlags::default(),
            wind_down,
            changed: Notify::new(),
            is_asking: AtomicBool::new(false),
            early_bytes: AtomicU64::new(0),
            shared: Mutex::default(),
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
        let mut shared = locked(&self.shared);
        shared.pairs += 1;
        let count = shared.pairs;
        drop(shared);
        (self.context.sink)(Progress::Pairs { count });
    }

    /// So many connections more only append.
    pub(in crate::transfer) fn appenders_opened(&self, more: usize) {
        let mut shared = locked(&self.shared);
        shared.appenders += more;
        let count = shared.appenders;
        drop(shared);
        (self.context.sink)(Progress::Appenders { count });
    }

    /// A folder is ready to be copied.
    pub(in crate::transfer) fn add(&self, job: FolderJob) {
        locked(&self.shared).folders.add(job);
        self.changed.notify_waiters();
    }

    /// A folder that could not be begun is for another worker.
    pub(in crate::transfer) fn give_back(&self, job: FolderJob) {
        locked(&self.shared).folders.give_back(job);
        self.changed.notify_waiters();
    }

    /// No more folders will come.
    pub(in crate::transfer) fn all_listed(&self) {
        locked(&self.shared).folders.all_listed();
        self.changed.notify_waiters();
    }

    /// The first batch of all was answered: every worker may send.
    pub(in crate::transfer) fn probe_answered(&self) {
        self.probe.answered();
        self.changed.notify_waiters();
    }

    /// A worker has failed: the others finish what is under way. The first error is the one that counts.
    pub(in crate::transfer) fn fail(&self, error: TransferError) {
        locked(&self.shared).error.get_or_insert(error);
        self.wind_down.cancel();
        self.changed.notify_waiters();
    }

    /// A worker has failed while it copied this folder. Where connections break at one message again and again, that
    /// message is left.
    pub(in crate::transfer) fn fail_in(&self, folder: FolderId, error: TransferError) {
        self.heed_lock(folder, &error);
        let is_first = locked(&self.shared).error.is_none();
        let learnt = if is_first { self.learn_from(folder, &error) } else { Ok(()) };
        self.fail(error);
        if let Err(error) = learnt {
            tracing::warn!(%error, "could not record a broken connection");
        }
    }

    /// Where the server does not let two connections at a folder, it gets one from now on, and the others as before.
    pub(in crate::transfer) fn heed_lock(&self, folder: FolderId, error: &TransferError) {
        if meaning_of(error) == Some(RefusalMeaning::Locked) {
            self.lessons.failures.keep_to_one(folder);
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
        let aside = self.lessons.failures.set_aside(folder);
        let rows = ledger.rows_after(folder, &waiting, SourceUid(0), aside.len() + 1)?;
        let first = rows.iter().map(|row| row.uid).find(|uid| !aside.contains(uid));
        if is_trouble {
            self.lessons.failures.failed_at(folder, *side, first);
            return Ok(());
        }
        match (self.lessons.failures.broke(folder, *side, first), side) {
            (Some(Verdict::Message(uid)), Side::Source) => refuse_poison(ledger, folder, uid)?,
            (Some(Verdict::Message(uid)), Side::Destination) => self.lessons.repairs.blame(folder, uid),
            (Some(Verdict::Folder), _) => self.lessons.failures.leave(folder, *side, error.server_words()),
            (Some(Verdict::Aside) | None, _) => {}
        }
        Ok(())
    }

    /// The problems and the first error, once every worker has ended.
    pub(in crate::transfer) fn into_outcome(self) -> (Problems, Option<TransferError>) {
        let shared = self.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        (self.context.into_problems(), shared.error)
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
        locked(&self.shared).folders.first_begun().map(str::to_owned)
    }

    /// Whether this many more bytes fit into half of the byte budget, with all that were taken early before.
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
            if self.context.control.is_stopped() || locked(&self.shared).folders.is_done() {
                return;
            }
            self.context.control.until_stopped(changed).await;
        }
    }

    fn try_next(&'a self) -> Option<Next<'a>> {
        let mut shared = locked(&self.shared);
        if self.context.control.is_stopped() {
            return Some(Next::Done);
        }
        if let Some(job) = shared.folders.begin(self.probe.is_answered()) {
            let key = job.key();
            return Some(Next::Open(job, FolderLock { state: self, key, is_handed_on: false }));
        }
        let is_shared = self.context.request.limits.shares_folders || self.is_asking();
        let worth = if self.is_asking() { WORTH_HELP_ASKING } else { WORTH_HELP };
        let may_help = |folder: &Arc<ActiveFolder>| {
            is_shared && !self.lessons.failures.is_kept_to_one(folder.job.folder)
        };
        let busiest = shared.folders.busiest(|folder| may_help(folder).then(|| folder.left()), worth);
        if let Some(folder) = busiest.cloned() {
            folder.workers.fetch_add(1, Ordering::Relaxed);
            return Some(Next::Help(FolderShare { state: self, folder }));
        }
        shared.folders.are_all_begun().then_some(Next::Done)
    }

    /// A folder was opened and compared: its messages can be sent, by several workers.
    pub(in crate::transfer) fn begin(
        &'a self,
        mut lock: FolderLock<'a>,
        folder: OpenedFolder,
        left: u64,
    ) -> Result<FolderShare<'a>, TransferError> {
        let OpenedFolder { job, opened, first } = folder;
        let drops = self.context.request.options.drops_duplicates;
        let twins = if drops { Twins::of(&self.context.request.ledger, job.folder)? } else { None };
        lock.is_handed_on = true;
        let company = Company::new(&opened, first);
        let folder = Arc::new(ActiveFolder {
            job,
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
        locked(&self.shared).folders.share(Arc::clone(&folder));
        self.changed.notify_waiters();
        Ok(FolderShare { state: self, folder })
    }

    /// Whether a message is read in pieces. Some servers give no size or a wrong one; such messages are as well.
    pub(in crate::transfer) fn is_large(&self, row: &LedgerRow) -> bool {
        row.size == 0 || row.size > self.context.request.limits.spool_bytes
    }

    /// A reader begins; until [`Self::reader_ended`] it counts among those that pause together.
    pub(in crate::transfer) fn reader_began(&self) {
        locked(&self.shared).readers.began();
    }

    pub(in crate::transfer) fn reader_ended(&self) {
        let all_rest = locked(&self.shared).readers.ended();
        if all_rest {
            (self.context.sink)(Progress::Paused);
        }
    }

    /// Waits for the end of a pause. The copy counts as paused when every reader waits.
    pub(in crate::transfer) async fn rest(&self) {
        let all_rest = locked(&self.shared).readers.rests();
        if all_rest {
            (self.context.sink)(Progress::Paused);
        }
        self.context.control.clone().wait_while_paused().await;
        let all_rested = locked(&self.shared).readers.goes_on();
        if all_rested {
            (self.context.sink)(Progress::Resumed);
        }
    }

    /// Which rows of a folder come next.
    pub(in crate::transfer) fn rows(&self) -> RowPages<'_> {
        RowPages {
            ledger: &self.context.request.ledger,
            failures: &self.lessons.failures,
            is_newest_first: self.context.request.options.is_newest_first,
            most: if self.is_asking() { PAGE_ROWS_ASKING } else { PAGE_ROWS },
        }
    }
}

impl Drop for FolderLock<'_> {
    fn drop(&mut self) {
        if !self.is_handed_on {
            locked(&self.state.shared).folders.ended(&self.key);
            self.state.changed.notify_waiters();
        }
    }
}

impl FolderShare<'_> {
    /// The next rows to be sent, for this worker alone; empty at the end.
    ///
    /// Where the newest go first, that holds from page to page; within a page messages keep the source's order, in
    /// which the source returns them fastest.
    pub(in crate::transfer) fn next_page(&self) -> Result<Vec<LedgerRow>, ProjectError> {
        self.folder.next_page(&self.state.rows())
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
        let mut shared = locked(&self.state.shared);
        shared.folders.unshare(|shared| Arc::ptr_eq(shared, &self.folder));
        shared.folders.ended(&self.folder.job.key());
        drop(shared);
        self.state.changed.notify_waiters();
    }
}
