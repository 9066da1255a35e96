//! Exact duplicates within a folder, which stay behind where the owner asks for it: the same bytes and the same flags,
//! but for whether they are read. The first one is copied, and only when that is done is another left out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::plan::{MessageState, Reason};
use crate::project::{FolderId, Ledger, LedgerRow, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::values::SourceUid;

/// SHA-256 of a message, and its flags.
type Content = ([u8; 32], BTreeSet<String>);

/// What is known of the messages of a folder that may be the same.
#[derive(Debug)]
pub(in crate::transfer) struct Twins {
    /// UIDs of messages that have the headers and the size of another one.
    alike: BTreeSet<SourceUid>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The UID of the first message with this content.
    first: BTreeMap<Content, SourceUid>,
    /// Later ones, and the first one of each.
    later: Vec<(LedgerRow, SourceUid)>,
}

/// What happened to the later ones.
pub(in crate::transfer) struct Settled {
    /// Their first one is copied.
    pub(in crate::transfer) left_out: Vec<LedgerRow>,
    /// Whether any is to be copied after all, as its first one is not.
    pub(in crate::transfer) is_to_do: bool,
}

impl Twins {
    /// Looks for messages that may be the same; what was copied before counts as well.
    pub(in crate::transfer) fn of(ledger: &Ledger, folder: FolderId) -> Result<Option<Self>, TransferError> {
        let rows = ledger.alike(folder)?;
        let copied = rows.iter().filter(|row| row.state == MessageState::Copied);
        let first = copied.filter_map(|row| Some((content(row, row.sha256?), row.uid))).rev().collect();
        let alike: BTreeSet<SourceUid> = rows.iter().map(|row| row.uid).collect();
        let known = Mutex::new(Known { first, later: Vec::new() });
        Ok((!alike.is_empty()).then_some(Self { alike, known }))
    }

    /// Whether the same has come before, so that this one waits for what happens to that.
    pub(in crate::transfer) fn waits(&self, row: &LedgerRow, sha256: [u8; 32]) -> bool {
        if !self.alike.contains(&row.uid) {
            return false;
        }
        let mut known = self.known();
        let first = *known.first.entry(content(row, sha256)).or_insert(row.uid);
        let is_later = first != row.uid;
        if is_later {
            known.later.push((row.clone(), first));
        }
        is_later
    }

    /// Leaves out those whose first one is copied.
    pub(in crate::transfer) fn settle(
        &self,
        ledger: &Ledger,
        folder: FolderId,
    ) -> Result<Settled, TransferError> {
        let later = std::mem::take(&mut self.known().later);
        let copied = [MessageState::Copied, MessageState::AlreadyThere, MessageState::Repaired];
        let mut settled = Settled { left_out: Vec::new(), is_to_do: false };
        let mut results = Vec::new();
        for (row, first) in later {
            let found = ledger.row(folder, first)?;
            if found.is_none_or(|found| !copied.contains(&found.state)) {
                settled.is_to_do = true;
                continue;
            }
            results.push(MessageResult::because(row.uid, MessageState::LeftOut, Reason::DuplicateOf(first)));
            settled.left_out.push(row);
        }
        ledger.record_results(folder, &results)?;
        Ok(settled)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // What is known is whole between two statements, so a panic elsewhere does not spoil it.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn content(row: &LedgerRow, sha256: [u8; 32]) -> Content {
    let flags = row.flags.iter().map(|flag| flag.to_lowercase());
    (sha256, flags.filter(|flag| flag != "\\seen").collect())
}
