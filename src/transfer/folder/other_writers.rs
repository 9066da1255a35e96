//! Somebody else writes into the folder: new mail that comes by itself, which is left alone, or a second run of the same
//! copy, from another computer, which must not double anything.
//!
//! Servers tell which UIDs our copies have got, and those between them are not ours; where one does not tell, the folder is
//! counted behind each batch, without waiting in between.
//! The first batch into a folder goes alone, so that a second run has sent no more than that when it hears of the first.
//! Of two runs the one gives up whose copy of a message came later.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::imap::{Completion, Counts, FolderStatus, ImapError, Opened, Pending, uid_sets};
use crate::message::{IDENTITY_HEADERS, IdentityKey};
use crate::plan::MessageState;
use crate::project::{FolderId, LedgerRow};
use crate::transfer::context::error::{Doubler, FolderChange, TransferError};
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::request::FolderTrouble;
use crate::transfer::folder::appender::{Appender, Flight};
use crate::transfer::folder::arrivals::{Arrivals, Fullness, Measure, Trust, appended_uids};
use crate::transfer::folder::batch::Load;
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::folder::worker::next_uid;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::transfer::reconcile::matching::message_key;
use crate::values::{DestinationUid, Side, SourceUid, Uid, counted_as};

/// Looks that have found nobody after which gaps between UIDs say nothing at this server, and only counts do.
const VAIN_BEFORE_COUNTS: usize = 2;
/// The same after which counts say nothing either.
const VAIN_BEFORE_NOTHING: usize = 4;

/// Looks at a folder that copies of another run keep coming to, before this one gives up, and the time between them.
const LOOKS_UNTIL_QUIET: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// What is known of who else writes into a folder that is being filled.
#[derive(Debug)]
pub(in crate::transfer) struct Company {
    arrivals: Mutex<Arrivals>,
    /// Read by each batch under way; written by whoever looks at what is not ours.
    pub(in crate::transfer) sending: Arc<RwLock<()>>,
    writers: AtomicUsize,
}

impl Company {
    /// Begins with the folder as it was opened.
    pub(in crate::transfer) fn new(opened: &Opened, uid_next: DestinationUid) -> Self {
        let before = Fullness { messages: u64::from(opened.exists), uid_next };
        Self {
            arrivals: Mutex::new(Arrivals::new(before)),
            sending: Arc::default(),
            writers: AtomicUsize::new(0),
        }
    }

    /// UIDs that our copies have got, and those between them.
    pub(in crate::transfer) fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        // What is counted is whole between two statements, so a panic elsewhere does not spoil it.
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for one more writer of ours.
    pub(in crate::transfer) fn next_writer(&self) -> usize {
        self.writers.fetch_add(1, Ordering::Relaxed)
    }
}

/// The first batch of a run goes alone, so that a second run that has begun at the same time is heard of before more
/// leaves.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Probe {
    /// Whether somebody has begun.
    turn: tokio::sync::Mutex<bool>,
    is_answered: AtomicBool,
    /// Looks at what was not ours that have found nothing.
    vain_looks: AtomicUsize,
    /// Whether the server has taken messages without telling their UIDs.
    tells_no_uids: AtomicBool,
    /// Whether the server has reported UIDs under which it lists something else.
    do_uids_not_fit: AtomicBool,
    /// Whether somebody else copies the same mail.
    is_shared: AtomicBool,
    /// Looks that have found second copies, each right beside the first.
    beside_looks: AtomicUsize,
}

/// What a writer may do next.
pub(in crate::transfer) enum SendTurn<'a> {
    /// Send; the first batch is answered.
    Free,
    /// Send the first batch.
    First(tokio::sync::MutexGuard<'a, bool>),
    /// Nothing: the run ends with the first batch.
    Over,
}

impl SendTurn<'_> {
    /// Nothing was sent after all: whoever comes next sends the first batch.
    pub(in crate::transfer) fn give_back(self) {
        if let Self::First(mut has_begun) = self {
            *has_begun = false;
        }
    }
}

impl CopyState<'_> {
    /// Whether this folder sends the first batch of the run: of those that are begun, it was listed first.
    fn leads(&self, job: &FolderJob) -> bool {
        self.first_begun().is_none_or(|key| key == job.key())
    }

    /// Waits until messages of this folder may leave: it leads, or the first batch is answered. False after a stop.
    pub(in crate::transfer) async fn first_batch_is_due(&self, job: &FolderJob) -> bool {
        self.until(|| self.probe.is_answered() || self.leads(job)).await
    }

    /// The turn to send a batch into this folder.
    pub(in crate::transfer) async fn turn_to_send(&self, job: &FolderJob) -> SendTurn<'_> {
        if self.first_batch_is_due(job).await { self.probe.turn().await } else { SendTurn::Over }
    }

    /// Whether this many more bytes may be read in a folder whose messages may not be sent yet.
    pub(in crate::transfer) fn may_read_early(&self, job: &FolderJob, bytes: u64) -> bool {
        self.probe.is_answered() || self.leads(job) || self.takes_early(bytes)
    }
}

impl Probe {
    /// Something had come that was not ours, and nothing was there.
    fn looked_in_vain(&self) {
        self.vain_looks.fetch_add(1, Ordering::Relaxed);
    }

    /// What the server's numbers are worth.
    fn trust(&self) -> Trust {
        match self.vain_looks.load(Ordering::Relaxed) {
            ..VAIN_BEFORE_COUNTS => Trust::Uids,
            VAIN_BEFORE_COUNTS..VAIN_BEFORE_NOTHING => Trust::Counts,
            _ => Trust::Nothing,
        }
    }

    /// A message was accepted without its UID.
    fn uid_was_not_told(&self) {
        self.tells_no_uids.store(true, Ordering::Relaxed);
    }

    /// The UIDs that the server tells are not those under which it lists the copies.
    fn uids_do_not_fit(&self) {
        self.do_uids_not_fit.store(true, Ordering::Relaxed);
        self.uid_was_not_told();
    }

    pub(in crate::transfer) fn do_uids_not_fit(&self) -> bool {
        self.do_uids_not_fit.load(Ordering::Relaxed)
    }

    /// Who has made second copies, each of which is right beside the first.
    fn doubler_beside(&self) -> Doubler {
        // Another program sends at its own times, and not twice in a row what was sent a moment before.
        match self.beside_looks.fetch_add(1, Ordering::Relaxed) {
            0 => Doubler::Unclear,
            _ => Doubler::Server,
        }
    }

    fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    fn note_shared(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }

    /// Whether every worker may send.
    pub(in crate::transfer) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Acquire)
    }

    /// Waits until the first batch of the run is answered, where another writer has sent it.
    pub(in crate::transfer) async fn turn(&self) -> SendTurn<'_> {
        if self.is_answered.load(Ordering::Acquire) {
            return SendTurn::Free;
        }
        let mut has_begun = self.turn.lock().await;
        if self.is_answered.load(Ordering::Acquire) {
            return SendTurn::Free;
        }
        // Given back without an answer: that writer has failed, and the run with it.
        if std::mem::replace(&mut *has_begun, true) { SendTurn::Over } else { SendTurn::First(has_begun) }
    }

    /// The first batch of the run was answered, and nobody else was heard of.
    pub(in crate::transfer) fn answered(&self) {
        self.is_answered.store(true, Ordering::Release);
    }
}

/// What was found among messages that are not ours.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Met {
    /// Copies of messages that were still to do: they are ours now.
    pub(in crate::transfer) adopted: usize,
    /// Messages that this run has not sent.
    pub(in crate::transfer) foreign: usize,
    /// Messages that equal a copy of ours, by their UIDs.
    pub(in crate::transfer) doubled: Vec<DestinationUid>,
    /// How many of them are right beside that copy.
    pub(in crate::transfer) beside: usize,
    /// One of them was there before our copy, or may have been.
    pub(in crate::transfer) is_ahead: bool,
    /// Our copies that are not under the UIDs that the server reported for them.
    pub(in crate::transfer) misplaced: Misplaced,
}

impl Met {
    /// Whether there is nothing but second copies, each right beside the first: so a server stores an APPEND twice, while
    /// another program's batches are behind ours.
    fn is_all_beside(&self) -> bool {
        let doubled = self.doubled.len();
        doubled > 0 && self.adopted == 0 && self.foreign == doubled && self.beside == doubled
    }
}

/// Copies that are not under the UIDs that the server reported for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) struct Misplaced {
    /// Those that were found by what they are.
    found: usize,
    /// Those that are not in the folder, as far as can be seen.
    lacking: usize,
}

impl Misplaced {
    const fn count(self) -> usize {
        self.found + self.lacking
    }

    /// What is said of them.
    fn words(self) -> String {
        let all = counted_as(self.count() as u64, "copy", "copies");
        let told = format!("the server reported UIDs that differ from its list for {all}");
        match self.lacking {
            0 => format!("{told}; Mailferry found them by their content and sent nothing twice"),
            lacking => format!(
                "{told}; Mailferry found {} of them by their content, and {} not in the folder",
                self.found,
                counted_as(lacking as u64, "is", "are")
            ),
        }
    }
}

/// From which UIDs on arrivals are held against copies.
#[derive(Clone, Copy)]
pub(in crate::transfer) struct Since {
    /// Messages from this UID on have arrived since the folder was compared.
    pub(in crate::transfer) arrivals: DestinationUid,
    /// Copies from this UID on may be the same messages.
    pub(in crate::transfer) copies: DestinationUid,
}

impl DestinationFolder<'_> {
    /// Matches what has come since the folder was last compared with what is to do, and with what was sent since. Below
    /// `accounted_for` every copy is certainly the one that this run has made.
    pub(in crate::transfer) async fn meet(
        &mut self,
        uid_next: DestinationUid,
        accounted_for: DestinationUid,
    ) -> Result<Met, TransferError> {
        let Some(from) = self.ledger.unknown_from(self.folder, uid_next)? else { return Ok(Met::default()) };
        self.meet_from(uid_next, Since { arrivals: from, copies: from }, accounted_for).await
    }

    /// The same for arrivals and copies since the given UIDs. What looks like a second copy may be the only one, if the
    /// server reported another UID for it than the one under which it lists it.
    pub(in crate::transfer) async fn meet_from(
        &mut self,
        uid_next: DestinationUid,
        since: Since,
        accounted_for: DestinationUid,
    ) -> Result<Met, TransferError> {
        let met = Box::pin(self.match_from(uid_next, since, accounted_for)).await?;
        let misplaced =
            if met.doubled.is_empty() { Misplaced::default() } else { self.place_anew(since.copies).await? };
        if misplaced.count() == 0 {
            return Ok(met);
        }
        let again = Box::pin(self.match_from(uid_next, since, accounted_for)).await?;
        Ok(Met { adopted: met.adopted + again.adopted, misplaced, ..again })
    }

    /// Finds the places of copies that are not under the UIDs, from this one on, that the server reported.
    async fn place_anew(&mut self, copies_from: DestinationUid) -> Result<Misplaced, TransferError> {
        let wrong = self.wrongly_told(copies_from).await?;
        if wrong.is_empty() {
            return Ok(Misplaced::default());
        }
        self.ledger.unplace(self.folder, &wrong)?;
        self.place_copies().await?;
        let unplaced = self.ledger.unplaced_copies(self.folder)?;
        let is_wrong =
            |(folder, row): &&(FolderId, LedgerRow)| *folder == self.folder && wrong.contains(&row.uid);
        let lacking = unplaced.iter().filter(is_wrong).count();
        Ok(Misplaced { found: wrong.len() - lacking, lacking })
    }

    /// UIDs at the source of copies from this UID on under whose UID the destination lists nothing, or another message.
    async fn wrongly_told(&mut self, copies_from: DestinationUid) -> Result<Vec<SourceUid>, TransferError> {
        let rows = self.ledger.rows(self.folder, &[MessageState::Copied, MessageState::Repaired])?;
        let mut told: BTreeMap<DestinationUid, Vec<(SourceUid, IdentityKey)>> = BTreeMap::new();
        for row in self.ledger.as_sent(self.folder, rows)? {
            if let Some(uid) = row.destination_uid.filter(|uid| *uid >= copies_from) {
                told.entry(uid).or_default().push((row.uid, row.identity));
            }
        }
        let uids: Vec<DestinationUid> = told.keys().copied().collect();
        self.session
            .fetch_facts(&uids, &IDENTITY_HEADERS, |facts| {
                for facts in facts {
                    let key = message_key(&facts);
                    // One copy may stand for several messages, where a server keeps one of identical ones.
                    if let Some(rows) = told.get_mut(&key.uid) {
                        rows.retain(|(_, identity)| *identity != key.identity);
                    }
                }
                Ok::<(), ImapError>(())
            })
            .await
            .map_err(TransferError::at(Side::Destination))?;
        Ok(told.into_values().flatten().map(|(uid, _)| uid).collect())
    }

    async fn match_from(
        &mut self,
        uid_next: DestinationUid,
        since: Since,
        accounted_for: DestinationUid,
    ) -> Result<Met, TransferError> {
        // Of two equal copies the server does not tell which is whose.
        let unplaced = self.ledger.unplaced_copies(self.folder)?;
        let unplaced: BTreeSet<SourceUid> = unplaced
            .into_iter()
            .filter(|(folder, _)| *folder == self.folder)
            .map(|(_, row)| row.uid)
            .collect();
        let looked = self.look_for_unknown(since.arrivals).await?;
        self.ledger.set_compared(self.folder, uid_next)?;
        let foreign = looked.adopted + looked.strangers.len();
        let mut met = Met { adopted: looked.adopted, foreign, ..Met::default() };
        let keeps_size = !self.session.rewrites_messages();
        let key = |identity: IdentityKey, size: u64| (identity, if keeps_size { size } else { 0 });
        let mut copies: BTreeMap<(IdentityKey, u64), (DestinationUid, bool)> = BTreeMap::new();
        let sent = [MessageState::Copied, MessageState::Repaired];
        let rows = self.ledger.rows(self.folder, &sent)?;
        for row in self.ledger.as_sent(self.folder, rows)? {
            if let Some(uid) = row.destination_uid.filter(|uid| *uid >= since.copies) {
                let is_certain = uid < accounted_for || !unplaced.contains(&row.uid);
                copies.entry(key(row.identity, row.size)).or_insert((uid, is_certain));
            }
        }
        for stranger in &looked.strangers {
            if let Some((copy, is_certain)) = copies.get(&key(stranger.identity, stranger.size)) {
                met.doubled.push(stranger.uid);
                met.beside += usize::from(stranger.uid.0.abs_diff(copy.0) == 1);
                met.is_ahead |= !is_certain || stranger.uid < *copy;
            }
        }
        Ok(met)
    }
}

impl Appender<'_> {
    /// Looks at what somebody else has put into the folder, while nothing of ours is under way to it. Where it is copies of
    /// the same mail, waits until no more of them come: the other run has more under way, and ends when it sees ours.
    pub(in crate::transfer) async fn meet_strangers(&mut self) -> Result<(), TransferError> {
        let _alone = Arc::clone(&self.folder.company.sending).write_owned().await;
        if !self.has_strangers() {
            return Ok(());
        }
        for _look in 0..LOOKS_UNTIL_QUIET {
            let met = self.look_at_strangers().await?;
            if met == 0 {
                return Ok(());
            }
            self.state.probe.note_shared();
            if !self.state.context.control.wait(BETWEEN_LOOKS).await {
                return Ok(());
            }
        }
        let folder = self.folder.job.plan.destination.to_string();
        Err(TransferError::SecondRun { folder, doubled: 0, by: Doubler::OtherRun })
    }

    /// Opens the folder that is being filled, to look into it; an error where it was recreated meanwhile.
    pub(in crate::transfer) async fn reopen(&mut self) -> Result<Opened, TransferError> {
        let at = TransferError::at(Side::Destination);
        let opened = self.session.select(&self.folder.job.raw).await.map_err(&at)?;
        if opened.uid_validity != self.folder.opened.uid_validity {
            let (side, change) = (Side::Destination, FolderChange::MadeAnew);
            return Err(TransferError::FolderChanged { side, change });
        }
        Ok(opened)
    }

    /// Matches what has come to the folder. How many copies of our mail there were among it.
    async fn look_at_strangers(&mut self) -> Result<usize, TransferError> {
        let opened = self.reopen().await?;
        let job = &self.folder.job;
        let uid_next = next_uid(self.session, &opened).await?;
        let (ledger, uid_validity) = (&self.state.context.request.ledger, opened.uid_validity);
        let source = Some((self.state.context.request, job.plan.source_raw.as_str()));
        let mut place =
            DestinationFolder { session: self.session, ledger, folder: job.folder, uid_validity, source };
        let accounted_for = self.folder.company.arrivals().accounted_for();
        // One look at the reported UIDs is enough, whatever else there is.
        let odd = if self.folder.company.arrivals().has_told_taken() {
            place.place_anew(DestinationUid::first()).await?
        } else {
            Misplaced::default()
        };
        let met = place.meet(uid_next, accounted_for).await?;
        let misplaced = if odd.count() > 0 { odd } else { met.misplaced };
        self.session.unselect();
        let now = Fullness { messages: u64::from(opened.exists), uid_next };
        if met.foreign == 0 && self.folder.company.arrivals().has_strangers(Trust::Uids) {
            self.state.probe.looked_in_vain();
        }
        self.folder.company.arrivals().looked(now);
        if misplaced.count() > 0 {
            // An earlier UID may have been too high: the search for a copy would begin above its place.
            self.uid_next = uid_next;
            self.note_wrong_uids(misplaced);
        }
        if met.doubled.is_empty() {
            return Ok(met.adopted);
        }
        self.heed_doubled(&met)
    }

    /// Tells of messages that are there twice. An error where another run was faster. How many copies of our mail there
    /// were.
    fn heed_doubled(&self, met: &Met) -> Result<usize, TransferError> {
        let job = &self.folder.job;
        let (doubled, folder) = (met.doubled.len(), job.plan.destination.to_string());
        let by = if met.is_all_beside() { self.state.probe.doubler_beside() } else { Doubler::OtherRun };
        if met.is_ahead {
            return Err(TransferError::SecondRun { folder, doubled, by });
        }
        let (trouble, because) = match by {
            Doubler::OtherRun => {
                (FolderTrouble::DoubledByOthers, "another program is copying the same mail into it")
            }
            Doubler::Unclear => (
                FolderTrouble::StoredTwice,
                "the server stored them twice, or another program is copying the same mail into it",
            ),
            Doubler::Server => (FolderTrouble::StoredTwice, "the server stores messages twice"),
        };
        let words = format!(
            "{} in this folder twice, because {because}: UIDs {}",
            counted_as(doubled as u64, "message is", "messages are"),
            uid_sets(&met.doubled).join(",")
        );
        self.state.context.note_trouble(&job.plan, (Side::Destination, trouble), words);
        Ok(met.adopted + doubled)
    }

    /// The server's UIDs are not believed from now on: copies are looked for by what they are.
    fn note_wrong_uids(&self, misplaced: Misplaced) {
        self.state.probe.uids_do_not_fit();
        let trouble = (Side::Destination, FolderTrouble::WrongUids);
        self.state.context.note_trouble(&self.folder.job.plan, trouble, misplaced.words());
    }

    /// The UIDs that the server reported for these copies, if it can be trusted.
    pub(in crate::transfer) fn told_uids(
        &self,
        completion: &Completion,
        count: usize,
    ) -> Vec<Option<DestinationUid>> {
        if self.state.probe.do_uids_not_fit() {
            return vec![None; count];
        }
        appended_uids(completion, self.folder.opened.uid_validity, count)
    }

    pub(in crate::transfer) fn has_strangers(&self) -> bool {
        self.folder.company.arrivals().has_strangers(self.state.probe.trust())
    }

    /// Asks how full the folder is, right behind a batch, where nothing else tells that somebody writes into it.
    pub(in crate::transfer) fn ask_counts(&mut self) -> Result<Option<Pending<Counts>>, TransferError> {
        let probe = &self.state.probe;
        let has_uids = self.session.capabilities().has("UIDPLUS")
            && !probe.tells_no_uids.load(Ordering::Relaxed)
            && probe.trust() == Trust::Uids;
        if has_uids || probe.trust() == Trust::Nothing {
            return Ok(None);
        }
        let asked = self.session.ask_counts(&self.folder.job.raw);
        asked.map(Some).map_err(TransferError::at(Side::Destination))
    }

    /// The answer to that question.
    pub(in crate::transfer) async fn counted(
        &mut self,
        asked: Option<Pending<Counts>>,
    ) -> Result<Option<FolderStatus>, TransferError> {
        let Some(request) = asked else { return Ok(None) };
        self.session.answer(request).await.map(Some).map_err(TransferError::at(Side::Destination))
    }

    /// The first batch was answered without UIDs, which nobody had expected: the folder is counted once more.
    pub(in crate::transfer) async fn count_first(&mut self) -> Result<(), TransferError> {
        if self.folder.company.arrivals().is_counted() {
            return Ok(());
        }
        let Some(request) = self.ask_counts()? else { return Ok(()) };
        let number = self.folder.company.arrivals().sent(self.number, 0);
        let counted = self.session.answer(request).await.map_err(TransferError::at(Side::Destination))?;
        self.note_arrivals(number, (0, Vec::new()), Some(counted));
        Ok(())
    }

    /// A batch is answered: `arrived` of it are there, with `uids`, and then the folder was as full as `counted` says.
    pub(in crate::transfer) fn note_arrivals(
        &self,
        number: u64,
        (arrived, uids): (usize, Vec<DestinationUid>),
        counted: Option<FolderStatus>,
    ) {
        let probe = &self.state.probe;
        let mut arrivals = self.folder.company.arrivals();
        let is_same = |status: &FolderStatus| {
            status.uid_validity.is_none_or(|validity| validity == self.folder.opened.uid_validity)
        };
        if let Some(status) = counted.filter(is_same)
            && let Some(messages) = status.messages
        {
            let now = Fullness { messages, uid_next: DestinationUid(status.uid_next.unwrap_or(0)) };
            let measure = if probe.trust() == Trust::Uids { Measure::Uids } else { Measure::Messages };
            arrivals.counted(number, arrived, now, measure);
        } else if uids.len() < arrived {
            probe.uid_was_not_told();
        }
        arrivals.answered(number, arrived, uids);
    }

    /// Whether only one batch may be under way: nothing is known yet of who else writes here, or somebody does.
    pub(in crate::transfer) fn goes_slowly(&self) -> bool {
        self.state.probe.is_shared() || !self.folder.company.arrivals().is_answered()
    }

    /// Settles what is under way where somebody else writes into the folder, and looks at it.
    pub(in crate::transfer) async fn heed_strangers(
        &mut self,
        flights: &mut VecDeque<Flight>,
    ) -> Result<(), TransferError> {
        // Another writer of ours may be looking, and waits for what this one has under way.
        if self.has_strangers() || self.folder.company.sending.try_read().is_err() {
            self.settle_all(flights).await?;
        }
        if self.has_strangers() {
            Box::pin(self.meet_strangers()).await?;
        }
        Ok(())
    }

    /// The right to send a batch. Nothing may be under way while it is waited for, as whoever looks at strangers waits for
    /// that.
    pub(in crate::transfer) async fn may_send(
        &mut self,
        flights: &mut VecDeque<Flight>,
    ) -> Result<OwnedRwLockReadGuard<()>, TransferError> {
        let sending = Arc::clone(&self.folder.company.sending);
        if let Ok(right) = Arc::clone(&sending).try_read_owned() {
            return Ok(right);
        }
        self.settle_all(flights).await?;
        Ok(sending.read_owned().await)
    }

    /// Takes messages out of a load whose copies have been found meanwhile.
    pub(in crate::transfer) fn without_settled(&self, load: Load) -> Result<Load, TransferError> {
        if !self.state.probe.is_shared() {
            return Ok(load);
        }
        let waiting =
            self.state.context.request.ledger.waiting_among(self.folder.job.folder, &load.uids())?;
        Ok(load.only(&waiting))
    }
}
