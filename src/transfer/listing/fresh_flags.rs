//! When the flags of waiting messages were read, so that they are not read again at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::project::FolderId;

/// Flags that were read longer ago are read again.
const FRESH: Duration = Duration::from_mins(1);

/// When the flags of each folder's waiting messages were read.
#[derive(Debug, Default)]
pub(in crate::transfer) struct FreshFlags(Mutex<BTreeMap<FolderId, Instant>>);

impl FreshFlags {
    /// They are those of now.
    pub(in crate::transfer) fn are_read(&self, folder: FolderId) {
        self.locked().insert(folder, Instant::now());
    }

    /// Whether they were read not long ago.
    pub(in crate::transfer) fn has(&self, folder: FolderId) -> bool {
        self.locked().get(&folder).is_some_and(|read| read.elapsed() < FRESH)
    }

    fn locked(&self) -> MutexGuard<'_, BTreeMap<FolderId, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
