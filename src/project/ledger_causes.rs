use rusqlite::params;

use super::ledger_row::{ROW_COLUMNS, read_row, state_number};
use super::{FolderId, Ledger, LedgerRow, ProjectError};
use crate::plan::MessageState;

impl Ledger {
    /// Whether a message of the folder is in this state for this cause.
    pub fn has_cause(
        &self,
        folder: FolderId,
        state: MessageState,
        cause: &str,
    ) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let has_cause = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM message WHERE folder_id = ?1 AND state = ?2 AND cause = ?3)",
                )?
                .query_row(params![folder.0, state_number(state), cause], |row| row.get(0))?;
            Ok(has_cause)
        })
    }

    /// At most `limit` messages of the folder in this state for this cause, by ascending UID.
    pub fn rows_with_cause(
        &self,
        folder: FolderId,
        (state, cause): (MessageState, &str),
        limit: usize,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state = ?2 AND cause = ?3 ORDER BY uid LIMIT ?4"
                ))?
                .query_map(
                    params![folder.0, state_number(state), cause, i64::try_from(limit).unwrap_or(i64::MAX)],
                    |row| read_row(row, 0),
                )?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }
}
