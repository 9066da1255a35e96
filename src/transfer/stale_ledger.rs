//! The ledger may be older than the destination: a backup of the project file goes on, its log is lost, or another
//! computer has copied meanwhile. What the server says is held against what the ledger knows, and what is not ours is
//! matched before anything is sent.

use super::adoption::{Compared, Place};
use super::error::TransferError;
use crate::plan::MessageState;

/// Rows that may have a copy without the ledger knowing. What was refused may have been taken in another try.
const MAY_BE_THERE: [MessageState; 3] = [MessageState::ToDo, MessageState::Refused, MessageState::Exported];

impl Place<'_> {
    /// Holds what is in the opened folder against the rows, as far as that was not done before. `uid_next` is that of the
    /// folder as it was opened.
    pub(super) async fn compare(&mut self, exists: u32, uid_next: u32) -> Result<Compared, TransferError> {
        let compared = self.adopt_present(exists, uid_next).await?;
        if compared == Compared::Whole {
            self.adopt_unknown(uid_next).await?;
        }
        Ok(compared)
    }

    /// Finds copies that came without the knowledge of this ledger. Where UIDNEXT says that nothing unknown has come,
    /// nothing is asked.
    async fn adopt_unknown(&mut self, uid_next: u32) -> Result<(), TransferError> {
        if self.ledger.compared_up_to(self.folder)? == Some(uid_next) {
            return Ok(());
        }
        if let Some(from) = self.ledger.unknown_from(self.folder, uid_next)? {
            let rows = self.ledger.rows(self.folder, &MAY_BE_THERE)?;
            let before = rows.len();
            let is_ours = self.session.rewrites_messages();
            let lacking = self.look(rows, is_ours, from).await?.len();
            if lacking < before {
                let count = before - lacking;
                tracing::info!(count, "copies that this ledger did not know");
            }
        }
        Ok(self.ledger.set_compared(self.folder, uid_next)?)
    }
}
