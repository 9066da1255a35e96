//! Room in memory for large messages on their way between servers that are near: a file would cost them more time than
//! the line.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};
use tokio::time::timeout;

use super::budget::Budget;
use crate::project::FolderId;

/// The most that is held: a message with attachments of 25 MB, the most that nearly all providers take.
const MOST_BYTES: u64 = 33 << 20;
/// How long a message that is being read waits until the one before it has left. A slow destination must not keep the
/// source waiting in the middle of a message.
const PATIENCE: Duration = Duration::from_secs(2);

/// Room for the large messages of one copy.
#[derive(Debug)]
pub(super) struct Room {
    budget: Budget,
    /// Held while a message is read into it. Only one may be unfinished: two would wait for each other.
    reading: Arc<tokio::sync::Mutex<()>>,
    /// Messages that were refused when they had left the memory: they go by way of a file.
    refused: Mutex<BTreeSet<(FolderId, u32)>>,
}

/// The right to read one message into memory.
pub(super) struct Slot {
    budget: Budget,
    /// What the message may still take.
    left: u64,
    _reading: OwnedMutexGuard<()>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            budget: Budget::new(usize::try_from(MOST_BYTES).unwrap_or(usize::MAX)),
            reading: Arc::default(),
            refused: Mutex::default(),
        }
    }

    /// This message was refused, and what becomes of it needs its bytes once more.
    pub(super) fn refused(&self, folder: FolderId, uid: u32) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert((folder, uid));
    }

    /// Whether this message goes by way of a file.
    pub(super) fn is_refused(&self, folder: FolderId, uid: u32) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&(folder, uid))
    }

    /// For a message of which so many bytes are listed; `None` where it is too large, or another one is being read.
    pub(super) fn slot(&self, listed: u64) -> Option<Slot> {
        if listed > MOST_BYTES {
            return None;
        }
        let reading = Arc::clone(&self.reading).try_lock_owned().ok()?;
        Some(Slot { budget: self.budget.clone(), left: listed, _reading: reading })
    }
}

impl Slot {
    /// Room for the next bytes of the message; `None` where there is none for long, or the message is longer than listed.
    pub(super) async fn take(&mut self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        self.left = self.left.checked_sub(bytes)?;
        match self.budget.try_reserve(bytes) {
            Some(room) => Some(room),
            None => timeout(PATIENCE, self.budget.reserve(bytes)).await.ok().flatten(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_message_waits_for_the_one_before_it_and_not_for_ever() {
        let room = Room::new();
        let mut first = room.slot(MOST_BYTES - 1).unwrap();
        assert!(room.slot(1).is_none(), "two would wait for each other");
        let held = first.take(MOST_BYTES - 1).await.unwrap();
        assert!(first.take(1).await.is_none(), "it is longer than listed");
        drop(first);
        let mut second = room.slot(2_000_000).unwrap();
        assert!(second.take(1_000_000).await.is_none(), "nothing leaves");
        let (taken, ()) = tokio::join!(second.take(1_000_000), async { drop(held) });
        assert!(taken.is_some());
        assert!(room.slot(MOST_BYTES + 1).is_none());
    }
}
