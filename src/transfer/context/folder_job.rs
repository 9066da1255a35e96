//! A folder on its way through the copy: its plan, its row in the ledger, and its name at the destination.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::plan::FolderPlan;
use crate::project::FolderId;
use crate::values::Bytes;

/// A folder whose messages have their rows.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct FolderJob {
    pub(in crate::transfer) plan: FolderPlan,
    pub(in crate::transfer) folder: FolderId,
    /// The destination folder as the server spells it.
    pub(in crate::transfer) raw: String,
    /// Whether something of an earlier run may still arrive, so that other folders had better go first.
    pub(in crate::transfer) is_late: bool,
    /// Whether some of it may be at the destination without the ledger knowing, so that it is compared first.
    pub(in crate::transfer) may_be_there: bool,
    /// Whether the destination did not have the folder when it was listed, so that it is made first.
    pub(in crate::transfer) is_new: bool,
}

impl FolderJob {
    /// Folders that go to the same place take turns: each must see what the other has stored there.
    pub(in crate::transfer) fn key(&self) -> String {
        self.raw.to_lowercase()
    }

    /// Whether it may be begun while these places are written into: late ones only when all are listed.
    pub(in crate::transfer) fn may_begin(
        &self,
        is_all_listed: bool,
        busy: &BTreeMap<String, ListedOrder>,
    ) -> bool {
        (!self.is_late || is_all_listed) && !busy.contains_key(&self.key())
    }

    /// When its turn is among those that wait: what may be late goes last, and the largest first, as one that is begun at
    /// the end would keep one worker busy long after the others are done.
    pub(in crate::transfer) fn order(&self, number: i64) -> Order {
        (self.is_late, Reverse((self.plan.bytes, self.plan.messages)), number)
    }
}

/// See [`FolderJob::order`].
pub(in crate::transfer) type Order = (bool, Reverse<(Bytes, u64)>, i64);

/// The order for the first batch of all: as folders were listed, so that two runs meet in the same one.
pub(in crate::transfer) type ListedOrder = (bool, i64);

/// See [`ListedOrder`].
pub(in crate::transfer) fn first_listed((is_late, _, number): &Order) -> ListedOrder {
    (*is_late, *number)
}
