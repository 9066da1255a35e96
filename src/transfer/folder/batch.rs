//! Messages that go to the destination together: as they come, and with their intents recorded.

use std::collections::BTreeSet;

use tokio::sync::OwnedSemaphorePermit;

use crate::imap::{Body, NewMessage};
use crate::project::LedgerRow;
use crate::transfer::context::under_way::Named;
use crate::transfer::folder::content::Content;
use crate::values::SourceUid;

/// A message that has come from the source.
pub(in crate::transfer) struct Loaded {
    pub(in crate::transfer) row: LedgerRow,
    pub(in crate::transfer) content: Content,
    /// Flags that the destination keeps.
    pub(in crate::transfer) flags: Vec<String>,
    /// Given back when the message has left.
    pub(in crate::transfer) reserved: OwnedSemaphorePermit,
}

/// Messages that wait until they are enough to go, before anything is recorded.
#[derive(Default)]
pub(in crate::transfer) struct Load {
    messages: Vec<Loaded>,
    bytes: u64,
}

impl Load {
    pub(in crate::transfer) fn push(&mut self, message: Loaded) {
        self.bytes += message.content.bytes();
        self.messages.push(message);
    }

    pub(in crate::transfer) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Those of the messages with these UIDs at the source.
    pub(in crate::transfer) fn only(self, uids: &BTreeSet<SourceUid>) -> Self {
        let mut load = Self::default();
        self.messages.into_iter().filter(|message| uids.contains(&message.row.uid)).for_each(|message| {
            load.push(message);
        });
        load
    }

    /// Bytes that go over the line when it is sent.
    pub(in crate::transfer) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(in crate::transfer) fn uids(&self) -> Vec<SourceUid> {
        self.messages.iter().map(|message| message.row.uid).collect()
    }

    /// Messages of another length than the source lists.
    pub(in crate::transfer) fn unlisted_lengths(&self) -> Vec<(SourceUid, u64)> {
        let lengths = self.messages.iter().map(|message| (&message.row, message.content.bytes()));
        lengths.filter(|(row, bytes)| row.size != *bytes).map(|(row, bytes)| (row.uid, bytes)).collect()
    }

    /// The same messages as they are sent. Hashes them, which takes its time.
    pub(in crate::transfer) fn into_batch(self) -> Batch {
        let mut batch = Batch::default();
        for Loaded { row, content, flags, reserved } in self.messages {
            let (body, sha256, named) = content.into_body();
            batch.messages.push(NewMessage { flags, internal_date: row.internal_date.clone(), body });
            batch.rows.push(Sent { row, sha256, named, _reserved: reserved });
        }
        batch
    }
}

/// Messages whose intents are recorded.
#[derive(Default)]
pub(in crate::transfer) struct Batch {
    pub(in crate::transfer) rows: Vec<Sent>,
    pub(in crate::transfer) messages: Vec<NewMessage>,
}

/// What is kept of a message besides its bytes.
pub(in crate::transfer) struct Sent {
    pub(in crate::transfer) row: LedgerRow,
    pub(in crate::transfer) sha256: [u8; 32],
    /// A large message stands on the board as long as this is held.
    named: Option<Named>,
    _reserved: OwnedSemaphorePermit,
}

impl Batch {
    pub(in crate::transfer) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(in crate::transfer) fn uids(&self) -> Vec<SourceUid> {
        self.rows.iter().map(|sent| sent.row.uid).collect()
    }

    /// Whether bytes of it have left the memory, so that it cannot be sent again.
    pub(in crate::transfer) fn is_spent(&self) -> bool {
        let is_spent =
            |message: &NewMessage| matches!(&message.body, Body::Spooled(spool) if spool.is_spent());
        self.messages.iter().any(is_spent)
    }

    /// Bytes that go over the line when it is sent.
    pub(in crate::transfer) fn message_bytes(&self) -> u64 {
        self.messages.iter().map(|message| message.body.bytes()).sum()
    }

    /// Size at the source, in bytes.
    pub(in crate::transfer) fn source_bytes(&self) -> u64 {
        self.rows.iter().map(|sent| sent.row.size).sum()
    }

    pub(in crate::transfer) fn split(mut self) -> (Self, Self) {
        let middle = self.rows.len() / 2;
        let rows = self.rows.split_off(middle);
        let messages = self.messages.split_off(middle);
        (self, Self { rows, messages })
    }
}

/// The name of the only message, where it is large.
pub(in crate::transfer) fn named(rows: &[Sent]) -> Option<&Named> {
    match rows {
        [only] => only.named.as_ref(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;
    use crate::transfer::folder::sample_rows::to_do;

    /// Messages by UID, listed size and the bytes that came.
    fn load(messages: &[(u32, u64, &str)]) -> Load {
        let room = Arc::new(Semaphore::new(messages.len()));
        let mut load = Load::default();
        for (uid, size, bytes) in messages {
            load.push(Loaded {
                row: to_do(*uid, *size),
                content: Content::in_memory(bytes.as_bytes().to_vec()),
                flags: vec![format!("flag-{uid}")],
                reserved: Arc::clone(&room).try_acquire_owned().unwrap(),
            });
        }
        load
    }

    #[test]
    fn a_load_counts_what_came_and_not_what_was_listed() {
        let load = load(&[(3, 5, "hello"), (7, 100, "short"), (9, 0, "")]);
        assert_eq!((load.len(), load.bytes()), (3, 10));
        assert_eq!(load.unlisted_lengths(), [(SourceUid(7), 5)]);
        let only = load.only(&BTreeSet::from([SourceUid(9), SourceUid(3)]));
        assert_eq!((only.uids(), only.bytes()), (vec![SourceUid(3), SourceUid(9)], 5));
    }

    #[test]
    fn halves_of_a_batch_keep_the_order_and_each_row_its_message() {
        let texts = ["a", "bb", "ccc", "dddd", "eeeee"];
        let messages: Vec<(u32, u64, &str)> = (1..).zip(texts).map(|(uid, text)| (uid, 10, text)).collect();
        let mut waiting = vec![load(&messages).into_batch()];
        let mut alone = Vec::new();
        // As after a refusal: halved until each goes by itself, the first half first.
        while let Some(batch) = waiting.pop() {
            assert_eq!(
                (batch.rows.len(), batch.source_bytes()),
                (batch.messages.len(), batch.len() as u64 * 10)
            );
            if batch.len() > 1 {
                let (first, second) = batch.split();
                assert!(first.len() > 0 && second.len() - first.len() <= 1);
                waiting.extend([second, first]);
            } else {
                alone.push((batch.uids(), batch.message_bytes(), batch.messages[0].flags.clone()));
            }
        }
        let expected: Vec<_> =
            (1..=5).map(|uid| (vec![SourceUid(uid)], u64::from(uid), vec![format!("flag-{uid}")])).collect();
        assert_eq!(alone, expected);
    }
}
