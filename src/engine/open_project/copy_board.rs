use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::engine::api::copy_snapshot::MailboxProgressState;
use crate::transfer::{self, CopyControl, CopyController, UnderWay};
use crate::values::MailboxId;

/// Pause, resume and stop, of all mailboxes and of one, shared between the engine and the running copy.
#[derive(Clone)]
pub(in crate::engine) struct CopyBoard {
    controller: Arc<CopyController>,
    pub(in crate::engine) control: CopyControl,
    /// What each mailbox does. A board and not a queue: the newest word counts, and none gets lost.
    board: Arc<Mutex<BTreeMap<MailboxId, MailboxProgressState>>>,
    /// Mailboxes that are paused while others go on.
    paused: Arc<Mutex<BTreeMap<MailboxId, watch::Sender<bool>>>>,
    /// What is on its way, by mailbox.
    under_way: Arc<Mutex<BTreeMap<MailboxId, Arc<UnderWay>>>>,
    again: mpsc::UnboundedSender<MailboxId>,
}

/// Mailboxes that have come to their end and are to be copied once more.
pub(in crate::engine) type Again = mpsc::UnboundedReceiver<MailboxId>;

impl CopyBoard {
    pub(in crate::engine) fn new() -> (Self, Again) {
        let (controller, control) = transfer::copy_control(CancellationToken::new());
        let (again, receiver) = mpsc::unbounded_channel();
        let paused = Arc::default();
        let (controller, under_way) = (Arc::new(controller), Arc::default());
        (Self { controller, control, board: Arc::default(), paused, under_way, again }, receiver)
    }

    /// What each mailbox does now.
    pub(in crate::engine) fn states(&self) -> BTreeMap<MailboxId, MailboxProgressState> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says what a mailbox does.
    pub(in crate::engine) fn set_state(&self, mailbox: MailboxId, state: MailboxProgressState) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).insert(mailbox, state);
    }

    /// Where the copy of a mailbox tells what is on its way.
    pub(in crate::engine) fn under_way_of(&self, mailbox: MailboxId) -> Arc<UnderWay> {
        let mut boards = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(boards.entry(mailbox).or_default())
    }

    /// What is on its way in all mailboxes.
    pub(in crate::engine) fn under_way(&self) -> BTreeMap<MailboxId, Arc<UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Messages under way are finished, then every mailbox waits.
    pub(in crate::engine) fn pause(&self) {
        self.controller.pause();
    }

    /// Every mailbox goes on.
    pub(in crate::engine) fn resume(&self) {
        self.controller.resume();
    }

    /// Messages under way are finished, then every mailbox ends.
    pub(in crate::engine) fn stop(&self) {
        self.controller.stop();
    }

    /// Messages under way of this mailbox are finished, then it leaves its connections to the others; or it goes on.
    pub(in crate::engine) fn pause_one(&self, mailbox: MailboxId, is_paused: bool) {
        let mut paused = self.paused();
        paused.entry(mailbox).or_insert_with(|| watch::channel(false).0).send_replace(is_paused);
    }

    /// Tells when one mailbox is paused and when it goes on.
    pub(in crate::engine) fn watch_one(&self, mailbox: MailboxId) -> watch::Receiver<bool> {
        self.paused().entry(mailbox).or_insert_with(|| watch::channel(false).0).subscribe()
    }

    /// Copies a mailbox once more that has come to its end while others go on.
    pub(in crate::engine) fn once_more(&self, mailbox: MailboxId) {
        // A copy that has just ended is started anew by whoever asks for it.
        let _has_ended = self.again.send(mailbox);
    }

    fn paused(&self) -> MutexGuard<'_, BTreeMap<MailboxId, watch::Sender<bool>>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
