//! Which flags messages have at the source, and which their copies have still to be given.

use rusqlite::{Row, params};

use crate::plan::MessageState;
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::copies::IN_PLACE;
use crate::project::ledger::rows::{FolderId, LedgerRow, ROW_COLUMNS, read_row};
use crate::project::ledger::stored::{state_number, to_json, unreadable};
use crate::values::{DestinationUid, SourceUid};

/// A copy whose flags at the source have changed since it was given flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFlags {
    /// UID at the source.
    pub uid: SourceUid,
    /// UID of the copy.
    pub destination_uid: DestinationUid,
    /// What the source said when the copy was last given its flags.
    pub mirrored: Vec<String>,
    /// What the source says now.
    pub flags: Vec<String>,
}

impl Ledger {
    /// Gives waiting messages the flags that they have now. Returns how many changed.
    pub fn refresh_flags(
        &self,
        folder: FolderId,
        flags: &[(SourceUid, Vec<String>)],
    ) -> Result<u64, ProjectError> {
        self.project.commit_durable(|transaction| {
            let mut refresh = transaction.prepare_cached(
                "UPDATE message SET flags = ?3
                 WHERE folder_id = ?1 AND uid = ?2 AND state = 0 AND flags <> ?3",
            )?;
            let mut changed = 0;
            for (uid, flags) in flags {
                changed += refresh.execute(params![folder.0, uid, to_json(flags)?])?;
            }
            Ok(u64::try_from(changed).unwrap_or(u64::MAX))
        })
    }

    /// Takes over the source's flags of today. Copies whose flags differ from now on are in
    /// [`Self::changed_flags`].
    pub fn note_flags(
        &self,
        folder: FolderId,
        flags: &[(SourceUid, Vec<String>)],
    ) -> Result<u64, ProjectError> {
        self.project.commit_deferred(|transaction| {
            let mut note = transaction.prepare_cached(
                "UPDATE message SET flags = ?3, mirrored_flags =
                     CASE WHEN state IN (2, 3, 4) THEN nullif(coalesce(mirrored_flags, flags), ?3) END
                 WHERE folder_id = ?1 AND uid = ?2 AND flags <> ?3",
            )?;
            let mut changed = 0;
            for (uid, flags) in flags {
                changed += note.execute(params![folder.0, uid, to_json(flags)?])?;
            }
            Ok(u64::try_from(changed).unwrap_or(u64::MAX))
        })
    }

    /// Copies that were found with these flags only, so that they wait for the others that the source has
    /// ([`Self::changed_flags`]).
    pub fn note_copy_flags(
        &self,
        folder: FolderId,
        flags: &[(SourceUid, Vec<String>)],
    ) -> Result<(), ProjectError> {
        if flags.is_empty() {
            return Ok(());
        }
        self.project.commit_deferred(|transaction| {
            let mut note = transaction.prepare_cached(
                "UPDATE message SET mirrored_flags = ?3
                 WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 3, 4) AND flags <> ?3",
            )?;
            for (uid, flags) in flags {
                note.execute(params![folder.0, uid, to_json(flags)?])?;
            }
            Ok(())
        })
    }

    /// Copies in their own place that wait for the flags that the source has now, by ascending UID at the source.
    pub fn changed_flags(&self, folder: FolderId, limit: usize) -> Result<Vec<ChangedFlags>, ProjectError> {
        self.project.read(|connection| {
            let changed = connection
                .prepare_cached(&format!(
                    "SELECT uid, destination_uid, mirrored_flags, flags FROM message
                     WHERE folder_id = ?1 AND mirrored_flags IS NOT NULL AND is_touched = 0 AND {IN_PLACE}
                     ORDER BY uid LIMIT ?2"
                ))?
                .query_map(params![folder.0, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    Ok(ChangedFlags {
                        uid: row.get(0)?,
                        destination_uid: row.get(1)?,
                        mirrored: read_flags(row, 2)?,
                        flags: read_flags(row, 3)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(changed)
        })
    }

    /// These copies have the flags of the source now.
    pub fn set_mirrored(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        let sql = "UPDATE message SET mirrored_flags = NULL WHERE folder_id = ?1 AND uid = ?2";
        self.change_each(folder, uids, sql)
    }

    /// These copies have flags that people gave them, which stay.
    pub fn set_touched(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        self.change_each(folder, uids, "UPDATE message SET is_touched = 1 WHERE folder_id = ?1 AND uid = ?2")
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

    /// Nobody looks at the flags of copies any more, in every folder of the mailbox.
    pub fn forget_flag_checks(&self) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| {
            transaction.execute(
                "UPDATE message INDEXED BY message_with_flag_check SET needs_flag_check = 0
                     WHERE needs_flag_check > 0 AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                params![self.mailbox.0],
            )?;
            Ok(())
        })
    }
}

fn read_flags(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, rusqlite::types::Type::Text, error))
}
