//! Part of the ledger that is about messages of one folder that may be the same.

use rusqlite::params;

use super::ledger_row::{ROW_COLUMNS, read_row, state_number};
use super::{FolderId, Ledger, LedgerRow, ProjectError};
use crate::plan::{MessageState, ReasonCode};

impl Ledger {
    /// Messages of the folder that have the headers and the size of another one in it, by ascending UID. Those that are
    /// gone from the source are left out.
    pub fn alike(&self, folder: FolderId) -> Result<Vec<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state <> ?2 AND (identity, size) IN
                         (SELECT identity, size FROM message WHERE folder_id = ?1 AND state <> ?2
                          GROUP BY identity, size HAVING count(*) > 1)
                     ORDER BY uid"
                ))?
                .query_map(params![folder.0, state_number(MessageState::Vanished)], |row| read_row(row, 0))?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    /// Takes messages in again that were left out, one by one, for this reason. Returns how many.
    pub fn take_in_again(&self, reason: ReasonCode) -> Result<u64, ProjectError> {
        self.project.write_soon(|transaction| {
            let count = transaction.execute(
                "UPDATE message INDEXED BY message_with_reason SET state = 0, reason = NULL, detail = NULL
                 WHERE state = ?2 AND is_filtered = 0 AND reason = ?3
                     AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                params![self.mailbox.0, state_number(MessageState::LeftOut), reason.number()],
            )?;
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }
}
