use std::collections::{BTreeMap, VecDeque};

use tokio::sync::OwnedSemaphorePermit;

use crate::imap::{Bodies, Pending};
use crate::project::LedgerRow;
use crate::transfer::context::budget::Budget;
use crate::values::SourceUid;

/// Bytes that a message may be larger than listed, beside a sixteenth of its size: line ends are often not counted.
const SIZE_SLACK: u64 = 4 << 10;

/// A request for several messages. What has come is kept until its end: a server may give a second answer.
pub(in crate::transfer) struct Group {
    pub(in crate::transfer) requests: VecDeque<Pending<Bodies<SourceUid>>>,
    pub(in crate::transfer) waiting: BTreeMap<SourceUid, LedgerRow>,
    pub(in crate::transfer) came: Vec<Arrived>,
    /// For the messages that have not come; each takes its part with it.
    reserved: OwnedSemaphorePermit,
}

/// A message that has come, with its part of the byte budget.
pub(in crate::transfer) struct Arrived {
    pub(in crate::transfer) row: LedgerRow,
    pub(in crate::transfer) reserved: OwnedSemaphorePermit,
    /// `None` where it came in several forms, or is so much longer than listed that it is read bit by bit.
    pub(in crate::transfer) bytes: Option<Vec<u8>>,
}

impl Arrived {
    pub(in crate::transfer) fn new(row: LedgerRow, bytes: Vec<u8>, reserved: OwnedSemaphorePermit) -> Self {
        let is_beyond = bytes.len() as u64 > most_bytes(&row);
        Self { row, reserved, bytes: (!is_beyond).then_some(bytes) }
    }

    /// It has come once more.
    pub(in crate::transfer) fn again(&mut self, bytes: &[u8]) {
        if self.bytes.as_deref() != Some(bytes) {
            self.bytes = None;
        }
    }
}

/// The most that is held of a message: beyond it the byte budget means nothing any more.
pub(in crate::transfer) fn most_bytes(row: &LedgerRow) -> u64 {
    row.size.saturating_add(row.size / 16).saturating_add(SIZE_SLACK)
}

/// The same for the longest of these.
pub(in crate::transfer) fn most_of(rows: &[LedgerRow]) -> usize {
    usize::try_from(rows.iter().map(most_bytes).max().unwrap_or(0)).unwrap_or(usize::MAX)
}

impl Group {
    pub(in crate::transfer) fn new(
        requests: Vec<Pending<Bodies<SourceUid>>>,
        rows: Vec<LedgerRow>,
        reserved: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            requests: requests.into(),
            waiting: rows.into_iter().map(|row| (row.uid, row)).collect(),
            came: Vec::new(),
            reserved,
        }
    }

    /// Keeps a message that has come, or what has come of it once more. Hands the bytes back where they are about none
    /// of this group.
    pub(in crate::transfer) fn keep(
        &mut self,
        uid: SourceUid,
        bytes: Vec<u8>,
        budget: &Budget,
    ) -> Option<Vec<u8>> {
        if let Some((row, reserved)) = self.take(uid, budget) {
            self.came.push(Arrived::new(row, bytes, reserved));
            return None;
        }
        let Some(arrived) = self.came.iter_mut().find(|arrived| arrived.row.uid == uid) else {
            return Some(bytes);
        };
        arrived.again(&bytes);
        None
    }

    /// The row of a message that has come, with its part of the byte budget.
    pub(in crate::transfer) fn take(
        &mut self,
        uid: SourceUid,
        budget: &Budget,
    ) -> Option<(LedgerRow, OwnedSemaphorePermit)> {
        let row = self.waiting.remove(&uid)?;
        let reserved = budget.part_of(&mut self.reserved, row.size)?;
        Some((row, reserved))
    }
}
