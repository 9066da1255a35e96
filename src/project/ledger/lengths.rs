//! How long messages were when they were read, where the source lists another size: many servers only estimate it.

use std::collections::BTreeMap;

use rusqlite::params;

use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::values::SourceUid;

impl Ledger {
    /// Keeps the lengths of messages that were read, where these are others than the source lists: many servers only
    /// estimate them.
    pub fn learn_lengths(&self, folder: FolderId, lengths: &[(SourceUid, u64)]) -> Result<(), ProjectError> {
        if lengths.is_empty() {
            return Ok(());
        }
        self.project.commit_deferred(|transaction| {
            let mut learn = transaction
                .prepare_cached("UPDATE message SET read_bytes = ?3 WHERE folder_id = ?1 AND uid = ?2")?;
            for (uid, bytes) in lengths {
                learn.execute(params![folder.0, uid, i64::try_from(*bytes).unwrap_or(i64::MAX)])?;
            }
            Ok(())
        })
    }

    /// Lengths of messages that were read, in bytes, where these are others than the source lists.
    pub fn read_lengths(&self, folder: FolderId) -> Result<BTreeMap<SourceUid, u64>, ProjectError> {
        self.project.read(|connection| {
            let lengths = connection
                .prepare_cached(
                    "SELECT uid, read_bytes FROM message WHERE folder_id = ?1 AND read_bytes IS NOT NULL",
                )?
                .query_map([folder.0], |row| {
                    Ok((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)))
                })?
                .collect::<Result<_, _>>()?;
            Ok(lengths)
        })
    }
}
