//! What is on its way: bytes that have left for the destination and are not answered yet, and large messages by name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::message::subject_of;
use crate::plan::FolderPath;
use crate::values::{Bytes, SourceUid};

/// A message of at least this size is named while it is sent: it may take longer than people wait without a sign.
const LARGE_BYTES: u64 = 4 << 20;

/// A board for one mailbox: the copy writes, whoever shows the progress reads. The newest word counts.
#[derive(Debug, Default)]
pub struct UnderWay {
    bytes_left: AtomicU64,
    last_number: AtomicU64,
    large: Mutex<BTreeMap<u64, LargeMessage>>,
}

/// A large message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LargeMessage {
    /// Its folder at the source.
    pub folder: FolderPath,
    /// Its UID there.
    pub uid: SourceUid,
    /// Its subject; empty where it has none, and before its header has come.
    pub subject: String,
    /// Its size.
    pub size: Bytes,
    /// How much of it was read from the source.
    pub read: Bytes,
    /// How much of it has left for the destination.
    pub sent: Bytes,
}

impl UnderWay {
    /// Message bytes that have left for the destination without an answer yet.
    pub fn bytes_left(&self) -> u64 {
        self.bytes_left.load(Ordering::Relaxed)
    }

    /// Large messages on their way, the oldest first.
    pub fn large(&self) -> Vec<LargeMessage> {
        self.board().values().cloned().collect()
    }

    fn board(&self) -> MutexGuard<'_, BTreeMap<u64, LargeMessage>> {
        self.large.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of one batch that have left. Dropping it takes them back from the board: they are answered then, or lost.
#[derive(Debug)]
pub(in crate::transfer) struct InFlight {
    board: Arc<UnderWay>,
    bytes: AtomicU64,
}

impl InFlight {
    pub(in crate::transfer) fn new(board: &Arc<UnderWay>) -> Self {
        Self { board: Arc::clone(board), bytes: AtomicU64::new(0) }
    }

    /// So many bytes more have left.
    pub(in crate::transfer) fn left(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.board.bytes_left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.board.bytes_left.fetch_sub(self.bytes.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

/// A large message that stands on the board until this is dropped.
#[derive(Debug)]
pub(in crate::transfer) struct Named {
    board: Arc<UnderWay>,
    number: u64,
}

impl Named {
    /// Names a message where it is large enough.
    pub(in crate::transfer) fn begin(
        board: &Arc<UnderWay>,
        folder: &FolderPath,
        uid: SourceUid,
        size: u64,
    ) -> Option<Self> {
        if size < LARGE_BYTES {
            return None;
        }
        let number = board.last_number.fetch_add(1, Ordering::Relaxed);
        let message = LargeMessage {
            folder: folder.clone(),
            uid,
            subject: String::new(),
            size: Bytes(size),
            read: Bytes::ZERO,
            sent: Bytes::ZERO,
        };
        board.board().insert(number, message);
        Some(Self { board: Arc::clone(board), number })
    }

    /// A piece of it was read; the first one has its header.
    pub(in crate::transfer) fn read(&self, piece: &[u8]) {
        self.change(|message| {
            if message.read == Bytes::ZERO {
                message.subject = subject_of(piece);
            }
            message.read = message.read.plus(Bytes(piece.len() as u64));
        });
    }

    /// It is read once more, from its beginning.
    pub(in crate::transfer) fn read_anew(&self) {
        self.change(|message| message.read = Bytes::ZERO);
    }

    /// It begins to leave, for the first time or in another form.
    pub(in crate::transfer) fn begins_to_leave(&self) {
        self.change(|message| message.sent = Bytes::ZERO);
    }

    /// So many bytes more of it have left.
    pub(in crate::transfer) fn left(&self, bytes: u64) {
        self.change(|message| message.sent = message.sent.plus(Bytes(bytes)));
    }

    fn change(&self, change: impl FnOnce(&mut LargeMessage)) {
        if let Some(message) = self.board.board().get_mut(&self.number) {
            change(message);
        }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        self.board.board().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_whichever_way_leaves_the_board() {
        let board = Arc::new(UnderWay::default());
        let (first, second) = (InFlight::new(&board), InFlight::new(&board));
        first.left(300);
        second.left(50);
        first.left(100);
        assert_eq!(board.bytes_left(), 450);
        drop(first);
        assert_eq!(board.bytes_left(), 50);

        let inbox = FolderPath::inbox();
        assert!(Named::begin(&board, &inbox, SourceUid(6), LARGE_BYTES - 1).is_none());
        let named = Named::begin(&board, &inbox, SourceUid(7), 30_000_000).unwrap();
        named.read(b"From: anna@example.org\r\nSubject: Holiday =?utf-8?q?pictures=21?=\r\n\r\nbody");
        named.read(&[0; 1_000]);
        named.left(400);
        let [shown] = <[_; 1]>::try_from(board.large()).unwrap();
        assert_eq!((shown.uid, shown.subject.as_str()), (SourceUid(7), "Holiday pictures!"));
        assert_eq!((shown.read, shown.sent), (Bytes(1_072), Bytes(400)));
        named.begins_to_leave();
        named.read_anew();
        let [shown] = <[_; 1]>::try_from(board.large()).unwrap();
        assert_eq!((shown.read, shown.sent), (Bytes::ZERO, Bytes::ZERO));
        drop(named);
        assert_eq!(board.large(), []);
    }
}
