//! A worker: one connection to the source, one or several to the destination, and one folder at a time.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::{Mutex, mpsc};

use crate::imap::{ImapError, LiteralMode, Opened, Session, uid_sets};
use crate::plan::{CopyMode, MessageState, Reason};
use crate::project::{FolderCounts, FolderId, Ledger, LedgerRow, MessageResult};
use crate::transfer::context::clock::now;
use crate::transfer::context::error::{FolderChange, TransferError};
use crate::transfer::context::flag_words::normal_flags;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::request::{FolderTrouble, Progress};
use crate::transfer::flags::after_repair;
use crate::transfer::flags::sync;
use crate::transfer::folder::active_folder::ActiveFolder;
use crate::transfer::folder::appender::Appender;
use crate::transfer::folder::copy_state::{CopyState, FolderLock, FolderShare, Next, OpenedFolder};
use crate::transfer::folder::decision::{
    FolderDecision, FolderFacts, FolderRefusal, counts_behind, decide, is_whole,
};
use crate::transfer::folder::fetcher::Fetcher;
use crate::transfer::folder::open::Opening;
use crate::transfer::folder::prefetch::Ahead;
use crate::transfer::pace::refusal::refusal;
use crate::transfer::reconcile::destination_folder::{Compared, DestinationFolder};
use crate::transfer::reconcile::late_append::late_append;
use crate::transfer::reconcile::missing::heed_set_back;
use crate::transfer::reconcile::renumbered::hand_on_renumbered;
use crate::transfer::reconcile::stale_ledger::Grown;
use crate::values::{DestinationUid, Side, Uid, UidValidity};

/// Messages that may wait between the two halves; the byte budget is what really bounds them.
const ITEMS_BETWEEN: usize = 512;

/// What came of looking for copies in a destination folder.
struct Adopted {
    compared: Compared,
    /// Whether every copy was there before more are made.
    was_whole: bool,
    /// The lowest UID that a copy made now can get.
    first: DestinationUid,
}

pub(in crate::transfer) struct Worker {
    pub(in crate::transfer) source: Session,
    pub(in crate::transfer) destination: Session,
    /// More connections that only append, for servers that make every message wait.
    pub(in crate::transfer) appenders: Vec<Session>,
    /// Whether both servers have accepted its sign-in; confirmed with the first folder.
    pub(in crate::transfer) is_let_in: bool,
}

/// Below this both servers answer at once, in the same building or on the same computer.
const NEAR: Duration = Duration::from_millis(8);

/// Whether the server asks for each message before it may be sent.
pub(in crate::transfer) fn is_asking(destination: &Session) -> bool {
    destination.capabilities().literal_mode() != LiteralMode::Plus
}

impl Worker {
    /// Whether both servers answer at once.
    pub(in crate::transfer) fn is_near(&self) -> bool {
        self.source.answer_time().max(self.destination.answer_time()) < NEAR
    }

    pub(in crate::transfer) async fn close(self) {
        tokio::join!(self.source.logout(), self.destination.logout());
        join_all(self.appenders.into_iter().map(Session::logout)).await;
    }

    /// Copies folders until none is left.
    pub(in crate::transfer) async fn run<'a>(
        &mut self,
        state: &'a CopyState<'a>,
    ) -> Result<(), TransferError> {
        loop {
            match state.next().await {
                Next::Open(job, lock) => {
                    let folder = job.folder;
                    let copied = Box::pin(self.copy_folder(state, job, lock)).await;
                    copied.inspect_err(|error| state.heed_lock(folder, error))?;
                }
                Next::Help(share) => {
                    self.confirm_sign_in(state).await?;
                    let raw = &share.folder.job.plan.source_raw;
                    let examined = self.source.examine(raw).await;
                    self.check_same(
                        state,
                        &share.folder.job,
                        &examined.map_err(TransferError::at(Side::Source))?,
                    )?;
                    Box::pin(self.pump(state, share, None)).await?;
                }
                Next::Done => return Ok(()),
            }
        }
    }

    async fn copy_folder<'a>(
        &mut self,
        state: &'a CopyState<'a>,
        mut job: FolderJob,
        lock: FolderLock<'a>,
    ) -> Result<(), TransferError> {
        let ledger = &state.context.request.ledger;
        if job.is_new {
            state.wait_for_new_folders().await;
            state.take_given_name(&mut job)?;
        }
        let Some(opening) = self.open_both(state, &mut job).await? else { return Ok(()) };
        if let Err(error) = self.confirm_sign_in(state).await {
            state.give_back(job);
            return Err(error);
        }
        let Opening { opened, examined, asked } = opening;
        let Some(opened) = self.judge_opening(state, &job, opened, examined.as_ref().err())? else {
            return Ok(());
        };
        let mut facts = FolderFacts {
            mode: state.context.request.options.mode,
            uid_validity: opened.uid_validity,
            known_uid_validity: ledger
                .memory_of(job.folder)?
                .and_then(|memory| memory.destination_uid_validity),
            compared: None,
            to_do: 0,
            ends_connection: None,
        };
        if self.has_ended(state, &job, &facts).await? {
            return Ok(());
        }
        let Adopted { compared, was_whole, first } = self.adopt(state, &job, &opened).await?;
        facts.compared = Some(compared);
        facts.to_do = left_to_do(state, &job)?;
        facts.ends_connection = state.lessons.failures.left(job.folder);
        if self.has_ended(state, &job, &facts).await? {
            return Ok(());
        }
        let examined = examined.map_err(TransferError::at(Side::Source))?;
        self.check_same(state, &job, &examined)?;
        if hand_on_renumbered(&mut self.source, ledger, &job, &examined).await? {
            facts.to_do = left_to_do(state, &job)?;
        }
        if decide(&facts) != FolderDecision::Copy {
            return Ok(());
        }
        self.refresh_flags(state, job.folder).await?;
        let before = opened.exists;
        let (folder, to_do) = (job.folder, facts.to_do);
        let share = state.begin(lock, OpenedFolder { job, opened, first }, to_do)?;
        Box::pin(self.pump(state, share, asked)).await?;
        remember_counts(ledger, folder, was_whole.then_some((before, first)))
    }

    /// Whether nothing more is to be done with a folder of which this is known; then that was done.
    async fn has_ended(
        &mut self,
        state: &CopyState<'_>,
        job: &FolderJob,
        facts: &FolderFacts,
    ) -> Result<bool, TransferError> {
        match decide(facts) {
            FolderDecision::Adopt | FolderDecision::Copy => return Ok(false),
            FolderDecision::Skip => self.settle_flags(state, job, facts.uid_validity).await?,
            FolderDecision::Refuse(refusal) => tell_refusal(state, job, refusal),
        }
        Ok(true)
    }

    /// Looks for copies that are at the destination already, so that nothing is sent twice.
    async fn adopt(
        &mut self,
        state: &CopyState<'_>,
        job: &FolderJob,
        opened: &Opened,
    ) -> Result<Adopted, TransferError> {
        let (ledger, limits) = (&state.context.request.ledger, state.context.request.limits);
        let uid_validity = opened.uid_validity;
        ledger.fence_destination(job.folder, uid_validity)?;
        if state.context.request.options.mode == CopyMode::BeforeSwitch {
            heed_set_back(ledger, job.folder, opened)?;
        }
        let intent = ledger.newest_intent(job.folder)?;
        let late_append = late_append(limits.late_append, intent, now(), state.context.attempt);
        let source = Some((state.context.request, job.plan.source_raw.as_str()));
        let mut place = DestinationFolder {
            session: &mut self.destination,
            ledger,
            folder: job.folder,
            uid_validity,
            source,
        };
        place.look_again(state.lessons.sent_again.of(job.folder)).await?;
        let missing = place.resolve_in_flight(&state.context.control, late_append).await?;
        let is_unclear = opened.uid_next.is_none() && !missing.is_empty();
        let copies = ledger.copies_from(job.folder, DestinationUid::first())?.0;
        let remembered = ledger.memory_of(job.folder)?.and_then(|memory| memory.destination_counts);
        let was_whole = is_whole(copies, opened, remembered);
        let first = next_uid(place.session, opened).await?;
        // A large folder is compared for longer than a server waits in silence.
        let grown = Grown { exists: opened.exists, uid_next: first, is_unclear };
        let comparing = Box::pin(place.compare(grown, (&state.strays, &job.raw)));
        let compared = self.source.keep_alive_during(limits.keep_alive, comparing).await?;
        if compared == Compared::Whole {
            if let Some(modseq) = opened.highest_modseq {
                ledger.set_destination_modseq(job.folder, modseq)?;
            }
            if let Some(deduplication) = &state.deduplication {
                deduplication.learn(ledger, job)?;
            }
            leave_blamed(state, job.folder, &missing)?;
            state.lessons.sent_again.add(job.folder, missing);
        }
        Ok(Adopted { compared, was_whole, first })
    }

    /// Rows are bound to the UIDVALIDITY that they were listed under; another one drops them.
    #[expect(clippy::unused_self, reason = "reads as a step of the worker")]
    fn check_same(
        &self,
        state: &CopyState<'_>,
        job: &FolderJob,
        examined: &Opened,
    ) -> Result<(), TransferError> {
        let ledger = &state.context.request.ledger;
        let plan = &job.plan;
        let is_after = state.context.request.options.mode != CopyMode::BeforeSwitch;
        // After the switch the ledger keeps what it knows, and the next listing reports the folder.
        if !(is_after && ledger.is_source_made_anew(&plan.source_raw, examined.uid_validity)?) {
            let same =
                ledger.folder(&plan.source_raw, &plan.source, &plan.destination, examined.uid_validity)?;
            if ledger.highest_uid(same)?.is_some() {
                return Ok(());
            }
        }
        state.lessons.failures.was_made_anew(&plan.source_raw);
        Err(TransferError::FolderChanged { side: Side::Source, change: FolderChange::MadeAnew })
    }

    /// Moves messages of one folder until no row is left that another worker has not taken.
    async fn pump(
        &mut self,
        state: &CopyState<'_>,
        share: FolderShare<'_>,
        asked: Option<Ahead>,
    ) -> Result<(), TransferError> {
        self.destination.unselect();
        let (sender, receiver) = mpsc::channel(ITEMS_BETWEEN);
        let receiver = Arc::new(Mutex::new(receiver));
        let is_near = self.is_near();
        let reader =
            Fetcher { session: &mut self.source, state, share: &share, is_near, asked, items: sender };
        let is_kept_to_one = state.lessons.failures.is_kept_to_one(share.folder.job.folder);
        let appenders = if is_kept_to_one { &mut [] } else { self.appenders.as_mut_slice() };
        let sessions = std::iter::once(&mut self.destination).chain(appenders);
        let writers: Vec<_> = sessions
            .map(|session| {
                let items = Arc::clone(&receiver);
                let folder = &share.folder;
                let writer = Appender {
                    session,
                    state,
                    folder,
                    number: folder.company.next_writer(),
                    uid_next: folder.first,
                    unplaced: Vec::new(),
                    unsendable: Vec::new(),
                };
                async {
                    let written = writer.run(items).await;
                    // Report the failure at once, so that the reader stops feeding the remaining writers.
                    let failed = |error| state.fail_in(folder.job.folder, error);
                    written.map(|rows| share.add_unplaced(rows)).map_err(failed).is_ok()
                }
            })
            .collect();
        drop(receiver);
        state.reader_began();
        let reading = async {
            let read = reader.run().await;
            state.reader_ended();
            read
        };
        let (read, _written) = tokio::join!(reading, join_all(writers));
        if let Err(error) = read {
            // The worker ends as the others do.
            state.fail_in(share.folder.job.folder, error);
            return Ok(());
        }
        let unplaced = share.take_unplaced_if_last();
        // The UID reported for a copy may belong to another message.
        let is_open = !unplaced.is_empty() || (share.is_last() && state.probe.do_uids_not_fit());
        let goes_again = is_open && self.place(state, &share).await?;
        if share.is_last() && !state.context.control.is_stopped() {
            settle_twins(state, &share)?;
            self.settle_flags(state, &share.folder.job, share.folder.opened.uid_validity).await?;
        }
        // What goes again is looked for when it has gone.
        if goes_again { Ok(()) } else { self.tell_late_arrivals(state, &share).await }
    }

    /// Looks at the flags that came with an APPEND, and sets what copies lack.
    async fn settle_flags(
        &mut self,
        state: &CopyState<'_>,
        job: &FolderJob,
        uid_validity: UidValidity,
    ) -> Result<(), TransferError> {
        state.kept_flags.settle(&state.context, &mut self.destination, job, uid_validity).await?;
        Box::pin(self.add_flags_to_found_copies(state, job)).await?;
        after_repair::settle(&state.context, &mut self.destination, job, uid_validity).await
    }

    /// Gives copies that were found at the destination the flags that they lack.
    async fn add_flags_to_found_copies(
        &mut self,
        state: &CopyState<'_>,
        job: &FolderJob,
    ) -> Result<(), TransferError> {
        let ledger = &state.context.request.ledger;
        let is_mirror = state.context.request.options.mode == CopyMode::BeforeSwitch;
        if !is_mirror || ledger.changed_flags(job.folder, 1)?.is_empty() {
            return Ok(());
        }
        let (known, plans) = ((ledger, &state.lessons.failures), [&job.plan]);
        let refused =
            sync::write_changes(&mut self.destination, known, &plans, &state.context.namespace).await?;
        for (plan, words) in refused {
            state.context.note_trouble(plan, (Side::Destination, FolderTrouble::FlagsRefused), words);
        }
        Ok(())
    }

    /// One more look after the folder is done: an append that broke off may have arrived after all.
    async fn tell_late_arrivals(
        &mut self,
        state: &CopyState<'_>,
        share: &FolderShare<'_>,
    ) -> Result<(), TransferError> {
        if state.context.control.is_stopped() || !share.is_last() {
            return Ok(());
        }
        let FolderJob { plan, folder, .. } = &share.folder.job;
        let sent_again = state.lessons.sent_again.take(*folder);
        if sent_again.is_empty() {
            return Ok(());
        }
        let Some(mut place) = self.place_in(state, &share.folder).await? else { return Ok(()) };
        let late = place.late_arrivals(&sent_again).await?;
        if !late.is_empty() {
            let words = format!(
                "{} messages are in this folder twice, because the server stored them after the connection \
                 had broken: UIDs {}",
                late.len(),
                uid_sets(&late).join(",")
            );
            state.context.note_trouble(plan, (Side::Destination, FolderTrouble::ArrivedLate), words);
        }
        Ok(())
    }

    /// Waiting messages go with the flags that they have now, not with those of the day they were listed.
    async fn refresh_flags(&mut self, state: &CopyState<'_>, folder: FolderId) -> Result<(), TransferError> {
        if state.lessons.fresh_flags.has(folder) {
            return Ok(());
        }
        match self.source.fetch_flags().await {
            Ok(mut flags) => {
                for (_, flags) in &mut flags {
                    *flags = normal_flags(std::mem::take(flags));
                }
                state.context.request.ledger.refresh_flags(folder, &flags).map(drop).map_err(Into::into)
            }
            Err(ImapError::Refused { completion, .. }) => {
                tracing::info!(%completion, "could not read flags again");
                Ok(())
            }
            Err(error) => Err(TransferError::at(Side::Source)(error)),
        }
    }

    /// Looks for copies whose UID the server did not tell. True where some are not there, and everything is gone through
    /// again for them.
    async fn place(&mut self, state: &CopyState<'_>, share: &FolderShare<'_>) -> Result<bool, TransferError> {
        let Some(mut place) = self.place_in(state, &share.folder).await? else { return Ok(false) };
        place.place_copies().await?;
        let (limits, lessons) = (&state.context.request.limits, state.lessons);
        let absent =
            place.settle_absent(&state.context.control, limits.late_append, &lessons.swallowed).await?;
        if absent.is_empty() {
            return Ok(false);
        }
        tracing::info!(count = absent.len(), "the destination accepted messages but does not have them");
        lessons.sent_again.add(share.folder.job.folder, absent);
        // Their owner may have moved them: both sides are listed anew before anything is sent again.
        lessons.second_look.note_unclear();
        Ok(true)
    }

    /// The destination folder, opened to look at; `None` where it was recreated meanwhile.
    async fn place_in<'b>(
        &'b mut self,
        state: &CopyState<'b>,
        folder: &ActiveFolder,
    ) -> Result<Option<DestinationFolder<'b>>, TransferError> {
        let selected = self.destination.select(&folder.job.raw).await;
        let opened = selected.map_err(TransferError::at(Side::Destination))?;
        let (ledger, uid_validity) = (&state.context.request.ledger, opened.uid_validity);
        let place = DestinationFolder {
            session: &mut self.destination,
            ledger,
            folder: folder.job.folder,
            uid_validity,
            source: None,
        };
        Ok((uid_validity == folder.opened.uid_validity).then_some(place))
    }
}

/// Exact duplicates stay behind where their first one has been copied; where it has not, the folder is gone through again.
fn settle_twins(state: &CopyState<'_>, share: &FolderShare<'_>) -> Result<(), TransferError> {
    let Some(twins) = &share.folder.twins else { return Ok(()) };
    let settled = twins.settle(&state.context.request.ledger, share.folder.job.folder)?;
    for row in &settled.left_out {
        (state.context.sink)(Progress::Advanced { messages: 1, bytes: row.size });
    }
    if settled.is_to_do {
        state.give_back(share.folder.job.clone());
    }
    Ok(())
}

/// Whether a refusal speaks of load, so that it passes.
pub(in crate::transfer) fn is_busy(error: &ImapError) -> bool {
    error.refusal().is_some_and(|completion| refusal(completion).is_passing())
}

/// Tells why nothing more is copied into a folder.
fn tell_refusal(state: &CopyState<'_>, job: &FolderJob, refusal: FolderRefusal) {
    let destination = &job.plan.destination;
    let (side, trouble, words) = match refusal {
        FolderRefusal::MadeAnew => {
            let words = format!("the folder {destination} was recreated during the copy");
            (Side::Destination, FolderTrouble::MadeAnew, words)
        }
        FolderRefusal::HardlyAnyRecognised { found, of } => {
            let words = format!(
                "the folder {destination} was recreated, and Mailferry recognises only {found} of {of} \
                 copies in it; it copies nothing more there, because that might duplicate messages"
            );
            (Side::Destination, FolderTrouble::CopiesInDoubt, words)
        }
        FolderRefusal::EndsConnection(side, words) => (side, FolderTrouble::ConnectionLost, words),
    };
    state.context.note_trouble(&job.plan, (side, trouble), words);
}

/// Keeps the counts of the destination folder if they are certain: it had this many messages, each UID from `first`
/// on is one of our copies, and nobody else's mail came in between.
fn remember_counts(
    ledger: &Ledger,
    folder: FolderId,
    before: Option<(u32, DestinationUid)>,
) -> Result<(), TransferError> {
    let counts = match before {
        Some((exists, first)) => {
            let (copies, highest) = ledger.copies_from(folder, first)?;
            counts_behind(exists, first, copies, highest)
        }
        None => None,
    };
    if let Some(FolderCounts { uid_next, .. }) = counts {
        ledger.set_compared(folder, uid_next)?;
    }
    Ok(ledger.set_destination_counts(folder, counts)?)
}

fn left_to_do(state: &CopyState<'_>, job: &FolderJob) -> Result<u64, TransferError> {
    Ok(state.context.request.ledger.totals_of(job.folder)?.sum.to_do)
}

/// Messages at which the destination has ended the connection again and again, and that did not arrive.
fn leave_blamed(state: &CopyState<'_>, folder: FolderId, missing: &[LedgerRow]) -> Result<(), TransferError> {
    for row in missing.iter().filter(|row| state.lessons.repairs.take_blame(folder, row.uid)) {
        if state.lessons.repairs.begins_repaired(folder, row.uid) {
            continue;
        }
        let result = MessageResult::because(
            row.uid,
            MessageState::Refused,
            Reason::ends_connection(Side::Destination),
        );
        state.context.request.ledger.record_results(folder, &[result])?;
    }
    Ok(())
}

/// The destination will not have this folder: its waiting messages are refused.
pub(in crate::transfer) fn refuse_folder(
    state: &CopyState<'_>,
    job: &FolderJob,
    reason: &Reason,
) -> Result<(), TransferError> {
    let rows = state.context.request.ledger.rows(job.folder, &[MessageState::ToDo])?;
    let results: Vec<MessageResult> = rows
        .into_iter()
        .map(|row| MessageResult::because(row.uid, MessageState::Refused, reason.clone()))
        .collect();
    Ok(state.context.request.ledger.record_results(job.folder, &results)?)
}

/// The UID that the next message of an opened folder gets, asked for where the server does not say.
pub(in crate::transfer) async fn next_uid(
    session: &mut Session,
    opened: &Opened,
) -> Result<DestinationUid, TransferError> {
    match opened.uid_next {
        Some(uid_next) => Ok(DestinationUid(uid_next)),
        None => Ok(highest_uid(session, opened.exists).await?.next()),
    }
}

async fn highest_uid(session: &mut Session, exists: u32) -> Result<DestinationUid, TransferError> {
    if exists == 0 {
        return Ok(DestinationUid(0));
    }
    let uids =
        session.fetch_uids(DestinationUid::first()).await.map_err(TransferError::at(Side::Destination))?;
    Ok(uids.last().copied().unwrap_or_default())
}
