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
    /// The state of each mailbox. A board rather than a queue: only the latest state counts.
    board: Arc<Mutex<BTreeMap<MailboxId, MailboxProgressState>>>,
    /// Mailboxes paused while others continue.
    paused: Arc<Mutex<BTreeMap<MailboxId, watch::Sender<bool>>>>,
    /// Messages in progress, by mailbox.
    under_way: Arc<Mutex<BTreeMap<MailboxId, Arc<UnderWay>>>>,
    again: mpsc::UnboundedSender<MailboxId>,
}

/// Finished mailboxes to be copied again.
pub(in crate::engine) type Again = mpsc::UnboundedReceiver<MailboxId>;

impl CopyBoard {
    pub(in crate::engine) fn new() -> (Self, Again) {
        let (controller, control) = transfer::copy_control(CancellationToken::new());
        let (again, receiver) = mpsc::unbounded_channel();
        let paused = Arc::default();
        let (controller, under_way) = (Arc::new(controller), Arc::default());
        (Self { controller, control, board: Arc::default(), paused, under_way, again }, receiver)
    }

    /// The current state of each mailbox.
    pub(in crate::engine) fn states(&self) -> BTreeMap<MailboxId, MailboxProgressState> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the state of a mailbox.
    pub(in crate::engine) fn set_state(&self, mailbox: MailboxId, state: MailboxProgressState) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).insert(mailbox, state);
    }

    /// Where the copy of a mailbox reports messages in progress.
    pub(in crate::engine) fn under_way_of(&self, mailbox: MailboxId) -> Arc<UnderWay> {
        let mut boards = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(boards.entry(mailbox).or_default())
    }

    /// The messages in progress of all mailboxes.
    pub(in crate::engine) fn under_way(&self) -> BTreeMap<MailboxId, Arc<UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Pauses: messages in progress are finished, then every mailbox waits.
    pub(in crate::engine) fn pause(&self) {
        self.controller.pause();
    }

    /// Resumes every mailbox.
    pub(in crate::engine) fn resume(&self) {
        self.controller.resume();
    }

    /// Whoever waits to connect again does so at once.
    pub(in crate::engine) fn try_now(&self) {
        self.controller.try_now();
    }

    /// Stops: messages in progress are finished, then every mailbox ends.
    pub(in crate::engine) fn stop(&self) {
        self.controller.stop();
    }

    /// Pauses or resumes one mailbox: it finishes its messages in progress, then releases its connections to the others.
    pub(in crate::engine) fn pause_one(&self, mailbox: MailboxId, is_paused: bool) {
        let mut paused = self.paused();
        paused.entry(mailbox).or_insert_with(|| watch::channel(false).0).send_replace(is_paused);
    }

    /// Signals when one mailbox is paused or resumed.
    pub(in crate::engine) fn watch_one(&self, mailbox: MailboxId) -> watch::Receiver<bool> {
        self.paused().entry(mailbox).or_insert_with(|| watch::channel(false).0).subscribe()
    }

    /// Copies a finished mailbox again while others continue.
    pub(in crate::engine) fn once_more(&self, mailbox: MailboxId) {
        // If the copy has just ended, the caller starts a new one.
        let _has_ended = self.again.send(mailbox);
    }

    fn paused(&self) -> MutexGuard<'_, BTreeMap<MailboxId, watch::Sender<bool>>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
