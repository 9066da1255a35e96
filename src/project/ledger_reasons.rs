use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Transaction, params};

use super::ledger_row::{ROW_COLUMNS, read_row, state_number};
use super::{FolderId, Ledger, LedgerRow, ProjectError};
use crate::plan::{MessageState, ReasonCode};
use crate::values::SourceUid;

/// Identity and size of a message.
type Likeness = (Vec<u8>, i64);

impl Ledger {
    /// Whether a message of the folder is in this state for this reason.
    pub fn has_reason(
        &self,
        folder: FolderId,
        state: MessageState,
        reason: ReasonCode,
    ) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let has_reason = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM message INDEXED BY message_with_reason
                         WHERE folder_id = ?1 AND state = ?2 AND reason = ?3)",
                )?
                .query_row(params![folder.0, state_number(state), reason.number()], |row| row.get(0))?;
            Ok(has_reason)
        })
    }

    /// Whether copies of the folder in this state have flags that are still to be looked at.
    pub fn has_flag_checks(&self, folder: FolderId, state: MessageState) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let has_checks = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM message INDEXED BY message_with_flag_check
                         WHERE folder_id = ?1 AND state = ?2 AND needs_flag_check > 0)",
                )?
                .query_row(params![folder.0, state_number(state)], |row| row.get(0))?;
            Ok(has_checks)
        })
    }

    /// Hands copies on where the source has given a message another UID under the same UIDVALIDITY, as some gateways do
    /// at each start: a waiting row and one of the same identity and size whose UID is not among the present ones are
    /// one message. Returns how many.
    pub fn renumber(&self, folder: FolderId, present_uids: &[SourceUid]) -> Result<u64, ProjectError> {
        let present: BTreeSet<SourceUid> = present_uids.iter().copied().collect();
        self.project.write(|transaction| {
            let settled = keyed_rows(transaction, folder, "state IN (2, 3, 4, 5, 6)")?;
            let mut gone: BTreeMap<Likeness, Vec<SourceUid>> = BTreeMap::new();
            // The last one is taken first.
            for (uid, key) in settled.into_iter().rev().filter(|(uid, _)| !present.contains(uid)) {
                gone.entry(key).or_default().push(uid);
            }
            let waiting =
                if gone.is_empty() { Vec::new() } else { keyed_rows(transaction, folder, "state = 0")? };
            let mut drop =
                transaction.prepare_cached("DELETE FROM message WHERE folder_id = ?1 AND uid = ?2")?;
            let mut moved = transaction
                .prepare_cached("UPDATE message SET uid = ?3 WHERE folder_id = ?1 AND uid = ?2")?;
            let mut problem = transaction
                .prepare_cached("UPDATE problem SET uid = ?3 WHERE folder_id = ?1 AND uid = ?2")?;
            let mut count = 0;
            for (uid, key) in waiting {
                let Some(before) = gone.get_mut(&key).and_then(Vec::pop) else { continue };
                drop.execute(params![folder.0, uid])?;
                moved.execute(params![folder.0, before, uid])?;
                problem.execute(params![folder.0, before, uid])?;
                count += 1;
            }
            Ok(count)
        })
    }

    /// Nobody looks at the flags of copies any more, in every folder of the mailbox.
    pub fn forget_flag_checks(&self) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            transaction.execute(
                "UPDATE message INDEXED BY message_with_flag_check SET needs_flag_check = 0
                     WHERE needs_flag_check > 0 AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                params![self.mailbox.0],
            )?;
            Ok(())
        })
    }

    /// At most `limit` copies of the folder in this state whose flags are still to be looked at, by ascending UID.
    pub fn rows_to_check(
        &self,
        folder: FolderId,
        state: MessageState,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message INDEXED BY message_with_flag_check
                     WHERE folder_id = ?1 AND state = ?2 AND needs_flag_check > 0
                     ORDER BY uid LIMIT ?3"
                ))?
                .query_map(
                    params![folder.0, state_number(state), i64::try_from(limit).unwrap_or(i64::MAX)],
                    |row| read_row(row, 0),
                )?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }
}

/// UID, and identity and size, of rows by ascending UID.
fn keyed_rows(
    transaction: &Transaction<'_>,
    folder: FolderId,
    condition: &str,
) -> Result<Vec<(SourceUid, Likeness)>, ProjectError> {
    let rows = transaction
        .prepare_cached(&format!(
            "SELECT uid, identity, size FROM message WHERE folder_id = ?1 AND {condition} ORDER BY uid"
        ))?
        .query_map([folder.0], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}
