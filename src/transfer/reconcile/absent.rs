//! Messages that the destination said it took, and does not have (Proton's bridge drops some, proton-bridge #2). Each is
//! sent once more, and refused where it does not arrive then either.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::message::IdentityKey;
use crate::plan::{MessageState, Reason};
use crate::project::{FolderId, LedgerRow, MessageResult};
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::error::TransferError;
use crate::transfer::reconcile::account_search::CopySearch;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::values::{DestinationUid, Side, SourceUid, Uid};

/// Looks before a message counts as absent; a server may still be at it.
const LOOKS: u32 = 3;
/// Copies that are looked at to see whether the server leaves headers as they are.
const WITNESSES: usize = 50;

/// Messages that were taken, were not there, and go once more in this run.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Swallowed(Mutex<BTreeSet<(FolderId, SourceUid)>>);

impl Swallowed {
    /// Whether this message is sent once more; true once.
    fn goes_again(&self, folder: FolderId, uid: SourceUid) -> bool {
        // The set is whole between two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((folder, uid))
    }
}

impl DestinationFolder<'_> {
    /// Settles copies whose UID nobody knows, once it is certain that they are not in the folder: nothing that may be
    /// such a copy is there above the UIDNEXT of their intents without belonging to another row. Mail of its own, which
    /// arrives meanwhile, is told apart by its headers; where nothing shows that the server keeps those, anything may be
    /// a copy in a form of the server's own, and the row stays as it is. Rows that are to do again.
    pub(in crate::transfer) async fn settle_absent(
        &mut self,
        control: &CopyControl,
        late_append: Duration,
        swallowed: &Swallowed,
    ) -> Result<Vec<LedgerRow>, TransferError> {
        let nothing = Ok(Vec::new());
        // Gmail folds a message that it has already into the one that is there.
        if self.session.capabilities().has("X-GM-EXT-1") {
            return nothing;
        }
        for look in 0..LOOKS {
            let mut rows = self.unplaced_here()?;
            let Some(first) =
                rows.iter().map(|row| row.intent_uidnext.unwrap_or(DestinationUid::first())).min()
            else {
                return nothing;
            };
            let at = TransferError::at(Side::Destination);
            self.session.noop().await.map_err(&at)?;
            let present = self.session.fetch_uids(first).await.map_err(&at)?;
            let claimed: BTreeSet<DestinationUid> =
                self.ledger.claimed_destination_uids(self.folder)?.into_iter().collect();
            let others: Vec<DestinationUid> =
                present.into_iter().filter(|uid| !claimed.contains(uid)).collect();
            if !others.is_empty() {
                if self.session.rewrites_messages() || !self.keeps_headers().await? {
                    return nothing;
                }
                let found: BTreeSet<IdentityKey> = self.identities(&others).await?.into_values().collect();
                rows.retain(|row| !found.contains(&row.identity));
            }
            if rows.is_empty() {
                return nothing;
            }
            if look + 1 == LOOKS {
                return self.give_up_absent(rows, swallowed);
            }
            if !control.wait(late_append / LOOKS).await {
                return nothing;
            }
        }
        nothing
    }

    /// Those that are absent for the first time are to do again, and handed back; the others are written off.
    fn give_up_absent(
        &self,
        rows: Vec<LedgerRow>,
        swallowed: &Swallowed,
    ) -> Result<Vec<LedgerRow>, TransferError> {
        let (again, lost): (Vec<LedgerRow>, Vec<LedgerRow>) =
            rows.into_iter().partition(|row| swallowed.goes_again(self.folder, row.uid));
        self.write_absent_off(&lost)?;
        let uids: Vec<SourceUid> = again.iter().map(|row| row.uid).collect();
        self.ledger.forget_lost(self.folder, &uids)?;
        Ok(again)
    }

    /// Whether a copy shows that the server leaves the headers of messages as they were sent.
    async fn keeps_headers(&mut self) -> Result<bool, TransferError> {
        let rows = self.ledger.rows(self.folder, &[MessageState::Copied, MessageState::Repaired])?;
        let rows = self.ledger.as_sent(self.folder, rows)?;
        let newest = rows.iter().rev().filter_map(|row| Some((row.destination_uid?, row.identity)));
        let sent: BTreeMap<DestinationUid, IdentityKey> = newest.take(WITNESSES).collect();
        let uids: Vec<DestinationUid> = sent.keys().copied().collect();
        let shown = self.identities(&uids).await?;
        Ok(shown.iter().any(|(uid, identity)| sent.get(uid) == Some(identity)))
    }

    async fn identities(
        &mut self,
        uids: &[DestinationUid],
    ) -> Result<BTreeMap<DestinationUid, IdentityKey>, TransferError> {
        let mut search = CopySearch { session: &mut *self.session, ledger: self.ledger };
        let keys = search.keys(uids).await?;
        Ok(keys.into_iter().map(|key| (key.uid, key.identity)).collect())
    }

    /// Copies of this folder without a place. Other folders deal with their own.
    fn unplaced_here(&self) -> Result<Vec<LedgerRow>, TransferError> {
        let unplaced = self.ledger.unplaced_copies(self.folder)?;
        let is_alone = unplaced.iter().all(|(folder, _)| *folder == self.folder);
        // Two folders that go to the same place can only be told apart when one of them has everything.
        let rows = if is_alone { unplaced.into_iter().map(|(_, row)| row).collect() } else { Vec::new() };
        Ok(self.ledger.as_sent(self.folder, rows)?)
    }

    fn write_absent_off(&self, rows: &[LedgerRow]) -> Result<(), TransferError> {
        let results: Vec<MessageResult> = rows
            .iter()
            .map(|row| MessageResult::because(row.uid, MessageState::Refused, Reason::Absent))
            .collect();
        Ok(self.ledger.record_results(self.folder, &results)?)
    }
}
