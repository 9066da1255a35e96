//! Somebody else writes into the folder: new mail that comes by itself, which is left alone, or a second run of the same
//! copy, from another computer, which must not double anything.
//!
//! The first batch into a folder goes alone, so that a second run has sent no more than that when it hears of the first.
//! Of two runs the one gives up whose copy of a message came later.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use super::adoption::Place;
use super::arrivals::Arrivals;
use super::batch::Load;
use super::error::TransferError;
use super::writer::{Flight, Writer};
use crate::imap::{ImapError, uid_sets};
use crate::plan::{IdentityKey, MessageState, Side};

/// Looks at gaps between UIDs with nothing in them after which gaps say nothing at this server.
const SKIPPED_BEFORE_TRUST: usize = 2;

/// What is known of who else writes into a folder that is being filled.
#[derive(Debug)]
pub(super) struct Company {
    arrivals: Mutex<Arrivals>,
    /// Read by each batch under way; written by whoever looks at what is not ours.
    pub(super) sending: Arc<RwLock<()>>,
    is_shared: AtomicBool,
    writers: AtomicUsize,
}

impl Company {
    /// Begins with the folder's UIDNEXT.
    pub(super) fn new(uid_next: u32) -> Self {
        Self {
            arrivals: Mutex::new(Arrivals::new(uid_next)),
            sending: Arc::default(),
            is_shared: AtomicBool::new(false),
            writers: AtomicUsize::new(0),
        }
    }

    /// UIDs that our copies have got, and those between them.
    pub(super) fn arrivals(&self) -> MutexGuard<'_, Arrivals> {
        // What is counted is whole between two statements, so a panic elsewhere does not spoil it.
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for one more writer of ours.
    pub(super) fn next_writer(&self) -> usize {
        self.writers.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether somebody else copies the same mail.
    fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    fn note_shared(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }
}

/// The first batch of a run goes alone, so that a second run that has begun at the same time is heard of before more
/// leaves.
#[derive(Debug, Default)]
pub(super) struct Probe {
    /// Whether somebody has begun.
    turn: tokio::sync::Mutex<bool>,
    is_answered: AtomicBool,
    /// Looks at UIDs that were not ours, and that no message had.
    skipped_uids: AtomicUsize,
}

/// What a writer may do next.
pub(super) enum Turn<'a> {
    /// Send; the first batch is answered.
    Free,
    /// Send the first batch.
    First(tokio::sync::MutexGuard<'a, bool>),
    /// Nothing: the run ends with the first batch.
    Over,
}

impl Turn<'_> {
    /// Nothing was sent after all: whoever comes next sends the first batch.
    pub(super) fn give_back(self) {
        if let Self::First(mut has_begun) = self {
            *has_begun = false;
        }
    }
}

impl Probe {
    /// UIDs were given out, and nothing was there.
    fn uid_was_skipped(&self) {
        self.skipped_uids.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the server is known to skip UIDs, so that a gap says nothing.
    fn skips_uids(&self) -> bool {
        self.skipped_uids.load(Ordering::Relaxed) >= SKIPPED_BEFORE_TRUST
    }

    /// Whether every lane may send.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Acquire)
    }

    /// Waits until the first batch of the run is answered, where another writer has sent it.
    pub(super) async fn turn(&self) -> Turn<'_> {
        if self.is_answered.load(Ordering::Acquire) {
            return Turn::Free;
        }
        let mut has_begun = self.turn.lock().await;
        if self.is_answered.load(Ordering::Acquire) {
            return Turn::Free;
        }
        // Given back without an answer: that writer has failed, and the run with it.
        if std::mem::replace(&mut *has_begun, true) { Turn::Over } else { Turn::First(has_begun) }
    }

    /// The first batch of the run was answered, and nobody else was heard of.
    pub(super) fn answered(&self) {
        self.is_answered.store(true, Ordering::Release);
    }
}

/// What was found among messages that are not ours.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Copies of messages that were still to do: they are ours now.
    pub(super) adopted: usize,
    /// Messages that nobody had claimed.
    pub(super) present: usize,
    /// Messages that equal a copy of ours, by their UIDs.
    pub(super) doubled: Vec<u32>,
    /// One of them was there before our copy.
    pub(super) is_ahead: bool,
}

impl Place<'_> {
    /// Matches what has come since the folder was last compared with what is to do, and with what was sent.
    pub(super) async fn meet(&mut self, uid_next: u32) -> Result<Met, TransferError> {
        let Some(from) = self.ledger.unknown_from(self.folder, uid_next)? else { return Ok(Met::default()) };
        let looked = self.look_for_unknown(from).await?;
        self.ledger.set_compared(self.folder, uid_next)?;
        let mut met = Met { adopted: looked.adopted, present: looked.present, ..Met::default() };
        let mut copies: BTreeMap<(IdentityKey, u64), u32> = BTreeMap::new();
        let sent = [MessageState::Copied, MessageState::Repaired];
        let rows = self.ledger.rows(self.folder, &sent)?;
        for row in self.ledger.as_sent(self.folder, rows)? {
            if let Some(uid) = row.destination_uid.filter(|uid| *uid >= from) {
                copies.entry((row.identity, row.size)).or_insert(uid);
            }
        }
        for stranger in &looked.strangers {
            if let Some(copy) = copies.get(&(stranger.identity, stranger.size)) {
                met.doubled.push(stranger.uid);
                met.is_ahead |= stranger.uid < *copy;
            }
        }
        Ok(met)
    }
}

impl Writer<'_> {
    /// Looks at what somebody else has put into the folder, while nothing of ours is under way to it.
    pub(super) async fn meet_strangers(&mut self) -> Result<(), TransferError> {
        let _alone = self.folder.company.sending.write().await;
        if !self.has_strangers() {
            return Ok(());
        }
        let at = TransferError::at(Side::Destination);
        let unit = &self.folder.unit;
        let opened = self.session.select(&unit.raw).await.map_err(&at)?;
        if opened.uid_validity != self.folder.opened.uid_validity {
            let words = "the destination folder was made anew while it was being filled".to_owned();
            return Err(at(ImapError::Closed(Some(words))));
        }
        let uid_next = match opened.uid_next {
            Some(uid_next) => uid_next,
            None => super::lane::highest_uid(self.session, opened.exists).await?.saturating_add(1),
        };
        let (ledger, uid_validity) = (&self.work.request.ledger, opened.uid_validity);
        let source = Some((self.work.request, unit.plan.source_raw.as_str()));
        let mut place = Place { session: self.session, ledger, folder: unit.folder, uid_validity, source };
        let met = place.meet(uid_next).await?;
        self.session.unselect();
        self.folder.company.arrivals().looked(uid_next);
        if met.present == 0 {
            self.work.probe.uid_was_skipped();
        }
        if met.adopted > 0 || !met.doubled.is_empty() {
            self.folder.company.note_shared();
        }
        if met.doubled.is_empty() {
            return Ok(());
        }
        let (doubled, folder) = (met.doubled.len(), unit.plan.destination.to_string());
        if met.is_ahead {
            return Err(TransferError::SecondRun { folder, doubled });
        }
        let words = format!(
            "{doubled} messages are there twice, as another program copies the same mail into this folder: UIDs {}",
            uid_sets(&met.doubled).join(",")
        );
        self.work.note_problem(&unit.plan, Side::Destination, words);
        Ok(())
    }

    pub(super) fn has_strangers(&self) -> bool {
        self.folder.company.arrivals().has_strangers() && !self.work.probe.skips_uids()
    }

    /// Whether only one batch may be under way: nothing is known yet of who else writes here, or somebody does.
    pub(super) fn goes_slowly(&self) -> bool {
        self.folder.company.is_shared() || !self.folder.company.arrivals().is_answered()
    }

    /// Settles what is under way where somebody else writes into the folder, and looks at it.
    pub(super) async fn heed_strangers(
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
    pub(super) async fn may_send(
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
    pub(super) fn without_settled(&self, load: Load) -> Result<Load, TransferError> {
        if !self.folder.company.is_shared() {
            return Ok(load);
        }
        let waiting = self.work.request.ledger.waiting_among(self.folder.unit.folder, &load.uids())?;
        Ok(load.only(&waiting))
    }
}
