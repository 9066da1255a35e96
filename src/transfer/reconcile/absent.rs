//! Messages that the destination said it took, and does not have (Proton's bridge drops some, proton-bridge #2).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::message::IdentityKey;
use crate::plan::{MessageState, Reason};
use crate::project::{LedgerRow, MessageResult};
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::error::TransferError;
use crate::transfer::reconcile::account_search::CopySearch;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::values::{DestinationUid, Side, Uid};

/// Looks before a message counts as absent; a server may still be at it.
const LOOKS: u32 = 3;

impl DestinationFolder<'_> {
    /// Writes copies off whose UID nobody knows, once it is certain that they are not in the folder: nothing that may be
    /// such a copy is there above the UIDNEXT of their intents without belonging to another row. Mail of its own, which
    /// arrives meanwhile, is told apart by its headers; where nothing shows that the server keeps those, anything may be
    /// a copy in a form of the server's own, and the row stays as it is.
    pub(in crate::transfer) async fn settle_absent(
        &mut self,
        control: &CopyControl,
        late_append: Duration,
    ) -> Result<(), TransferError> {
        // Gmail folds a message that it has already into the one that is there.
        if self.session.capabilities().has("X-GM-EXT-1") {
            return Ok(());
        }
        for look in 0..LOOKS {
            let mut rows = self.unplaced_here()?;
            let Some(first) =
                rows.iter().map(|row| row.intent_uidnext.unwrap_or(DestinationUid::first())).min()
            else {
                return Ok(());
            };
            let at = TransferError::at(Side::Destination);
            self.session.noop().await.map_err(&at)?;
            let present = self.session.fetch_uids(first).await.map_err(&at)?;
            let claimed: BTreeSet<DestinationUid> =
                self.ledger.claimed_destination_uids(self.folder)?.into_iter().collect();
            let (placed, others): (Vec<DestinationUid>, Vec<DestinationUid>) =
                present.into_iter().partition(|uid| claimed.contains(uid));
            if !others.is_empty() {
                if self.session.rewrites_messages() || !self.keeps_headers(&placed).await? {
                    return Ok(());
                }
                let found: BTreeSet<IdentityKey> = self.identities(&others).await?.into_values().collect();
                rows.retain(|row| !found.contains(&row.identity));
            }
            if rows.is_empty() {
                return Ok(());
            }
            if look + 1 == LOOKS {
                return self.write_absent_off(&rows);
            }
            if !control.wait(late_append / LOOKS).await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether a copy shows that the server leaves the headers of messages as they were sent.
    async fn keeps_headers(&mut self, placed: &[DestinationUid]) -> Result<bool, TransferError> {
        let shown = self.identities(placed).await?;
        let rows = self.ledger.rows(self.folder, &[MessageState::Copied, MessageState::Repaired])?;
        let mut rows = self.ledger.as_sent(self.folder, rows)?.into_iter();
        Ok(rows.any(|row| row.destination_uid.is_some_and(|uid| shown.get(&uid) == Some(&row.identity))))
    }

    async fn identities(
        &mut self,
        uids: &[DestinationUid],
    ) -> Result<BTreeMap<DestinationUid, IdentityKey>, TransferError> {
        let mut search = CopySearch { session: &mut *self.session, ledger: self.ledger };
        let keys = search.keys(uids).await?;
        Ok(keys.into_iter().map(|key| (key.uid, key.identity)).collect())
    }

    /// Copies of this folder without a place. Those of other folders are for these to settle.
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
            .map(|row| MessageResult {
                uid: row.uid,
                state: MessageState::Refused,
                placement: None,
                sha256: None,
                reason: Some(Reason::Absent),
                flag_check: None,
            })
            .collect();
        Ok(self.ledger.record_results(self.folder, &results)?)
    }
}
