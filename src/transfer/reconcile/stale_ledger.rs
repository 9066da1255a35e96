//! The ledger may be older than the destination: a backup of the project file is resumed, its log is lost, or another
//! computer has copied meanwhile. What the server says is held against what the ledger knows, and what is not ours is
//! matched before anything is sent.

use crate::plan::MessageState;
use crate::transfer::context::error::TransferError;
use crate::transfer::reconcile::destination_folder::{Compared, DestinationFolder, LookedFor};
use crate::transfer::reconcile::strays::Strays;
use crate::values::DestinationUid;

/// Rows that may have a copy without the ledger knowing. What was refused may have been taken in another try.
const MAY_BE_THERE: [MessageState; 3] = [MessageState::ToDo, MessageState::Refused, MessageState::Exported];

/// A destination folder as it was opened.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Grown {
    /// Messages in it.
    pub(in crate::transfer) exists: u32,
    /// The UID that the next message gets.
    pub(in crate::transfer) uid_next: DestinationUid,
    /// Something may have come and gone without UIDNEXT showing it.
    pub(in crate::transfer) is_unclear: bool,
}

impl DestinationFolder<'_> {
    /// Holds what is in the opened folder against the rows, as far as that was not done before; and where messages have
    /// come that are not there any more, what has come to other folders. Where UIDNEXT says that nothing unknown has
    /// come, nothing is asked.
    pub(in crate::transfer) async fn compare(
        &mut self,
        grown: Grown,
        (strays, raw): (&Strays, &str),
    ) -> Result<Compared, TransferError> {
        let Grown { exists, uid_next, is_unclear } = grown;
        let needs_match = self.ledger.needs_match(self.folder)?;
        let may_be_elsewhere = if needs_match {
            let compared = self.adopt_present(exists).await?;
            if compared != Compared::Whole {
                return Ok(compared);
            }
            true
        } else if self.ledger.compared_up_to(self.folder)? == Some(uid_next) {
            if !is_unclear {
                return Ok(Compared::Whole);
            }
            false
        } else {
            self.adopt_unknown(uid_next).await?
        };
        if (may_be_elsewhere || is_unclear) && !strays.is_empty_beside(raw) {
            let rows = self.ledger.rows(self.folder, &[MessageState::ToDo])?;
            if !rows.is_empty() {
                strays.take(self, raw, rows).await?;
            }
        }
        if needs_match {
            self.ledger.set_matched(self.folder, uid_next)?;
        } else {
            self.ledger.set_compared(self.folder, uid_next)?;
        }
        Ok(Compared::Whole)
    }

    /// Finds copies that came without the knowledge of this ledger. Whether something has come that is gone again.
    async fn adopt_unknown(&mut self, uid_next: DestinationUid) -> Result<bool, TransferError> {
        let Some(from) = self.ledger.unknown_from(self.folder, uid_next)? else { return Ok(false) };
        let claimed = self.ledger.claimed_destination_uids(self.folder)?;
        let known = claimed.iter().filter(|uid| (from..uid_next).contains(uid)).count();
        let looked = self.look_for_unknown(from).await?;
        let given = usize::try_from(uid_next.0 - from.0).unwrap_or(usize::MAX);
        Ok(known + looked.present < given)
    }

    /// Looks from this UID on for copies of what may be there.
    pub(in crate::transfer) async fn look_for_unknown(
        &mut self,
        from: DestinationUid,
    ) -> Result<LookedFor, TransferError> {
        let rows = self.ledger.rows(self.folder, &MAY_BE_THERE)?;
        let is_ours = self.session.rewrites_messages();
        let unplaced = self.ledger.unplaced_copies(self.folder)?;
        let looked = self.look_at_all((rows, unplaced), is_ours, from).await?;
        if looked.adopted > 0 {
            tracing::info!(count = looked.adopted, "adopted copies unknown to this ledger");
        }
        Ok(looked)
    }
}
