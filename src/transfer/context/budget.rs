use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes that may be in memory between the two sides, in units of one KiB.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Budget {
    semaphore: Arc<Semaphore>,
    units: u32,
}

pub(in crate::transfer) const UNIT_BYTES: u64 = 1_024;

impl Budget {
    pub(in crate::transfer) fn new(bytes: usize) -> Self {
        let units = u32::try_from(bytes as u64 / UNIT_BYTES).unwrap_or(u32::MAX >> 4).max(1);
        Self { semaphore: Arc::new(Semaphore::new(units as usize)), units }
    }

    /// A message beyond the whole budget takes all of it, and goes alone.
    fn units_for(&self, bytes: u64) -> u32 {
        u32::try_from(bytes / UNIT_BYTES + 1).unwrap_or(u32::MAX).min(self.units)
    }

    pub(in crate::transfer) fn try_reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.semaphore).try_acquire_many_owned(self.units_for(bytes)).ok()
    }

    /// The part of a reservation that this many bytes need, or all of it if less is left.
    pub(in crate::transfer) fn part_of(
        &self,
        whole: &mut OwnedSemaphorePermit,
        bytes: u64,
    ) -> Option<OwnedSemaphorePermit> {
        let units = (self.units_for(bytes) as usize).min(whole.num_permits());
        whole.split(units)
    }

    /// `None` only after the budget was closed, which never happens.
    pub(in crate::transfer) async fn reserve(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.semaphore).acquire_many_owned(self.units_for(bytes)).await.ok()
    }
}
