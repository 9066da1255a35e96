//! Room in memory for large messages on their way between servers that are near: a file would cost them more time than
//! the line.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};
use tokio::time::timeout;

use crate::project::FolderId;
use crate::transfer::context::budget::{Budget, UNIT_BYTES};
use crate::values::SourceUid;

/// The most that is held; what a message has beyond it goes to a file.
const MOST_BYTES: u64 = 16 << 20;
/// How long a message that is being read waits until the one before it has left. A slow destination must not keep the
/// source waiting in the middle of a message.
const PATIENCE: Duration = Duration::from_secs(2);

/// Room for the large messages of one copy.
#[derive(Debug)]
pub(in crate::transfer) struct Room {
    budget: Budget,
    /// Held while a message is read into it. Only one may be unfinished: two would wait for each other.
    reading: Arc<tokio::sync::Mutex<()>>,
    /// Messages that were refused when they had left the memory: they go by way of a file.
    refused: Mutex<BTreeSet<(FolderId, SourceUid)>>,
}

/// The right to read one message into memory.
pub(in crate::transfer) struct Slot {
    budget: Budget,
    /// What the message may still take.
    left: u64,
    _reading: OwnedMutexGuard<()>,
}

impl Room {
    pub(in crate::transfer) fn new() -> Self {
        Self {
            budget: Budget::new(usize::try_from(MOST_BYTES).unwrap_or(usize::MAX)),
            reading: Arc::default(),
            refused: Mutex::default(),
        }
    }

    /// This message was refused, and what happens to it needs its bytes once more.
    pub(in crate::transfer) fn refused(&self, folder: FolderId, uid: SourceUid) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert((folder, uid));
    }

    /// Whether this message goes by way of a file.
    pub(in crate::transfer) fn is_refused(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).contains(&(folder, uid))
    }

    /// For the next message; `None` where another one is being read.
    pub(in crate::transfer) fn slot(&self) -> Option<Slot> {
        let reading = Arc::clone(&self.reading).try_lock_owned().ok()?;
        Some(Slot { budget: self.budget.clone(), left: MOST_BYTES, _reading: reading })
    }
}

impl Slot {
    /// Room for the next bytes of the message; `None` where there is none for long, or it has had its part.
    pub(in crate::transfer) async fn take(&mut self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        // As the budget counts, so that no message waits for what it holds itself.
        self.left = self.left.checked_sub(bytes + UNIT_BYTES)?;
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
        let mut first = room.slot().unwrap();
        assert!(room.slot().is_none(), "two would wait for each other");
        let held = first.take(MOST_BYTES - UNIT_BYTES).await.unwrap();
        drop(first);
        let mut second = room.slot().unwrap();
        assert!(second.take(1_000_000).await.is_none(), "nothing leaves");
        let (taken, ()) = tokio::join!(second.take(1_000_000), async { drop(held) });
        assert!(taken.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_does_not_wait_for_itself() {
        let began = tokio::time::Instant::now();
        for piece in [1, 1_000, 4 << 10, 256 << 10, 7_000_000] {
            let room = Room::new();
            let (mut slot, mut held) = (room.slot().unwrap(), Vec::new());
            while let Some(permit) = slot.take(piece).await {
                held.push(permit);
            }
            assert!(!held.is_empty() && held.len() as u64 * piece <= MOST_BYTES, "pieces of {piece} bytes");
        }
        assert!(began.elapsed() < PATIENCE);
    }
}
