use std::collections::{BTreeMap, VecDeque};

use tokio::sync::OwnedSemaphorePermit;

use super::budget::Budget;
use crate::imap::BodyRequest;
use crate::project::LedgerRow;

/// A request for several messages, until the last of them has come.
pub(super) struct Group {
    pub(super) requests: VecDeque<BodyRequest>,
    pub(super) waiting: BTreeMap<u32, LedgerRow>,
    /// For the messages that have not come; each takes its part with it.
    reserved: OwnedSemaphorePermit,
}

impl Group {
    pub(super) fn new(
        requests: Vec<BodyRequest>,
        rows: Vec<LedgerRow>,
        reserved: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            requests: requests.into(),
            waiting: rows.into_iter().map(|row| (row.uid, row)).collect(),
            reserved,
        }
    }

    /// The row of a message that has come, with its part of the byte budget.
    pub(super) fn take(&mut self, uid: u32, budget: &Budget) -> Option<(LedgerRow, OwnedSemaphorePermit)> {
        let row = self.waiting.remove(&uid)?;
        let reserved = budget.part_of(&mut self.reserved, row.size)?;
        Some((row, reserved))
    }
}
