use std::collections::BTreeSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Transaction, params};

use super::ledger_row::{ROW_COLUMNS, read_row, state_number};
use super::{FolderId, LedgerRow, Project, ProjectError};
use crate::plan::{FolderPath, MessageState, ReasonCode};
use crate::values::MailboxId;
use crate::values::{DestinationUid, SourceUid, UidValidity};

/// The ledger of one mailbox: one row per source message, written before and after every append.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) project: Arc<Project>,
    pub(super) mailbox: MailboxId,
}

impl Ledger {
    pub(super) fn new(project: Arc<Project>, mailbox: MailboxId) -> Self {
        Self { project, mailbox }
    }

    /// The mailbox that the ledger belongs to.
    pub fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// Finds or makes the entry of a source folder.
    ///
    /// When the source's UIDVALIDITY is not the stored one, its UIDs mean other messages: the rows are dropped, and
    /// the destination must be compared before anything is sent ([`Self::needs_match`]). When the destination
    /// folder is another one, the rows stay and forget their copies and refusals.
    pub fn folder(
        &self,
        source_raw: &str,
        source: &FolderPath,
        destination: &FolderPath,
        source_uid_validity: UidValidity,
    ) -> Result<FolderId, ProjectError> {
        let source = to_json(&source)?;
        let destination = to_json(&destination)?;
        self.project.write_soon(|transaction| {
            let known: Option<(i64, UidValidity, String)> = transaction
                .prepare_cached(
                    "SELECT id, source_uid_validity, destination FROM folder
                     WHERE mailbox_id = ?1 AND source_raw = ?2",
                )?
                .query_row(params![self.mailbox.0, source_raw], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()?;
            let Some((id, known_validity, known_destination)) = known else {
                transaction.execute(
                    "INSERT INTO folder (mailbox_id, source_raw, source, destination, source_uid_validity)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![self.mailbox.0, source_raw, source, destination, source_uid_validity],
                )?;
                return Ok(FolderId(transaction.last_insert_rowid()));
            };
            if known_validity != source_uid_validity {
                transaction.execute("DELETE FROM message WHERE folder_id = ?1", [id])?;
                transaction.execute(
                    "UPDATE folder SET needs_match = 1, is_fenced = 0, is_listed_short = 0,
                         compared_uid_next = NULL, source_modseq = NULL,
                         source_messages = NULL, source_uid_next = NULL WHERE id = ?1",
                    [id],
                )?;
            } else if known_destination != destination {
                forget_copies(transaction, id, ANNOUNCED_TOO)?;
                // Another place may take what this one has refused, be it the folder itself.
                transaction.execute(
                    "UPDATE message SET state = 0, reason = NULL, detail = NULL WHERE folder_id = ?1 AND state = 6",
                    [id],
                )?;
                transaction.execute(
                    "UPDATE folder SET needs_match = 1, is_fenced = 0, compared_uid_next = NULL,
                         destination_modseq = NULL, destination_uid_validity = NULL WHERE id = ?1",
                    [id],
                )?;
            }
            transaction.execute(
                "UPDATE folder SET source = ?2, destination = ?3, source_uid_validity = ?4 WHERE id = ?1",
                params![id, source, destination, source_uid_validity],
            )?;
            Ok(FolderId(id))
        })
    }

    /// Whether a source folder has copies and another UIDVALIDITY than they were made under, so that [`Self::folder`]
    /// would forget what became of them.
    pub fn is_source_made_anew(
        &self,
        source_raw: &str,
        source_uid_validity: UidValidity,
    ) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let is_anew = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM folder JOIN message ON message.folder_id = folder.id
                     WHERE mailbox_id = ?1 AND source_raw = ?2 AND source_uid_validity <> ?3
                         AND state IN (2, 3, 4))",
                )?
                .query_row(params![self.mailbox.0, source_raw, source_uid_validity], |row| row.get(0))?;
            Ok(is_anew)
        })
    }

    /// Compares the destination's UIDVALIDITY with the stored one. Where it changed, every known copy is forgotten:
    /// the rows go back to [`MessageState::ToDo`] and the destination must be compared. Returns how many rows did.
    pub fn fence_destination(
        &self,
        folder: FolderId,
        uid_validity: UidValidity,
    ) -> Result<u64, ProjectError> {
        self.project.write_soon(|transaction| {
            let stored: Option<UidValidity> = transaction
                .prepare_cached("SELECT destination_uid_validity FROM folder WHERE id = ?1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))?;
            let forgotten = match stored {
                Some(stored) if stored != uid_validity => {
                    transaction.execute(
                        "UPDATE folder SET needs_match = 1, is_fenced = 1, compared_uid_next = NULL,
                             destination_modseq = NULL
                         WHERE id = ?1",
                        [folder.0],
                    )?;
                    forget_copies(transaction, folder.0, ANNOUNCED_TOO)?
                }
                _ => 0,
            };
            transaction.execute(
                "UPDATE folder SET destination_uid_validity = ?2 WHERE id = ?1",
                params![folder.0, uid_validity],
            )?;
            Ok(forgotten)
        })
    }

    /// Whether the rows that are to do must be compared with the destination before anything is sent: true for a new
    /// folder, after a change of UIDVALIDITY on either side, and where messages take part that did not when it was
    /// compared.
    pub fn needs_match(&self, folder: FolderId) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            connection
                .prepare_cached("SELECT needs_match FROM folder WHERE id = ?1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))
        })
    }

    /// Remembers that the destination was compared while it had this UIDNEXT, and that everything found there is recorded.
    pub fn set_matched(&self, folder: FolderId, uid_next: DestinationUid) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            transaction.execute(
                "UPDATE folder SET needs_match = 0, is_fenced = 0, compared_uid_next = ?2 WHERE id = ?1",
                params![folder.0, uid_next],
            )?;
            Ok(())
        })
    }

    /// Whether the destination folder was made anew since its copies were last seen there.
    pub fn is_fenced(&self, folder: FolderId) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            connection
                .prepare_cached("SELECT is_fenced FROM folder WHERE id = ?1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))
        })
    }

    /// Whether the source counts more messages than it lists: what it lists later has to be compared, as it was not
    /// when the folder was.
    pub fn set_listed_short(&self, folder: FolderId, is_short: bool) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE folder SET is_listed_short = ?2 WHERE id = ?1 AND is_listed_short <> ?2",
                )?
                .execute(params![folder.0, is_short])?;
            Ok(())
        })
    }

    /// Marks rows that are to do as vanished where their UID is not among the present ones. Returns how many.
    pub fn mark_vanished_except(
        &self,
        folder: FolderId,
        present_uids: &[SourceUid],
    ) -> Result<u64, ProjectError> {
        let present: BTreeSet<SourceUid> = present_uids.iter().copied().collect();
        self.project.write_soon(|transaction| {
            let waiting: Vec<SourceUid> = transaction
                .prepare_cached("SELECT uid FROM message WHERE folder_id = ?1 AND state = 0")?
                .query_map([folder.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut mark = transaction.prepare_cached(
                "UPDATE message SET state = 7, reason = ?3, detail = NULL WHERE folder_id = ?1 AND uid = ?2",
            )?;
            let mut vanished = 0;
            for uid in waiting.into_iter().filter(|uid| !present.contains(uid)) {
                mark.execute(params![folder.0, uid, ReasonCode::NotListed.number()])?;
                vanished += 1;
            }
            Ok(vanished)
        })
    }

    /// The row of one message.
    pub fn row(&self, folder: FolderId, uid: SourceUid) -> Result<Option<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let row = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message WHERE folder_id = ?1 AND uid = ?2"
                ))?
                .query_row(params![folder.0, uid], |row| read_row(row, 0))
                .optional()?;
            Ok(row)
        })
    }

    /// All rows in these states, by ascending UID. For folders of any size prefer [`Self::rows_after`].
    pub fn rows(&self, folder: FolderId, states: &[MessageState]) -> Result<Vec<LedgerRow>, ProjectError> {
        self.rows_after(folder, states, SourceUid(0), usize::MAX)
    }

    /// At most `limit` rows in these states with a UID above `after_uid`, by ascending UID.
    pub fn rows_after(
        &self,
        folder: FolderId,
        states: &[MessageState],
        after_uid: SourceUid,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        // The numbers are our own, so they may stand in the text; that keeps one prepared statement per set.
        let states: BTreeSet<String> = states.iter().map(|state| state_number(*state).to_string()).collect();
        let states = states.into_iter().collect::<Vec<_>>().join(", ");
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state IN ({states}) AND uid > ?2 ORDER BY uid LIMIT ?3"
                ))?
                .query_map(params![folder.0, after_uid, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    read_row(row, 0)
                })?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    /// At most `limit` rows in this state with the highest UIDs below `before_uid`, by ascending UID.
    pub fn rows_before(
        &self,
        folder: FolderId,
        state: MessageState,
        before_uid: Option<SourceUid>,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let mut rows: Vec<LedgerRow> = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state = ?2 AND (?3 IS NULL OR uid < ?3)
                     ORDER BY uid DESC LIMIT ?4"
                ))?
                .query_map(
                    params![
                        folder.0,
                        state_number(state),
                        before_uid,
                        i64::try_from(limit).unwrap_or(i64::MAX)
                    ],
                    |row| read_row(row, 0),
                )?
                .collect::<Result<_, _>>()?;
            rows.reverse();
            Ok(rows)
        })
    }

    /// UIDs that have a row, ascending.
    pub fn uids(&self, folder: FolderId) -> Result<Vec<SourceUid>, ProjectError> {
        self.project.read(|connection| {
            let uids = connection
                .prepare_cached("SELECT uid FROM message WHERE folder_id = ?1 ORDER BY uid")?
                .query_map([folder.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(uids)
        })
    }

    /// The highest UID that has a row: a source listing may begin above it.
    pub fn highest_uid(&self, folder: FolderId) -> Result<Option<SourceUid>, ProjectError> {
        self.project.read(|connection| {
            let highest = connection
                .prepare_cached("SELECT max(uid) FROM message WHERE folder_id = ?1")?
                .query_row([folder.0], |row| row.get(0))?;
            Ok(highest)
        })
    }

    /// Takes intents back to [`MessageState::ToDo`], after it was seen that they did not arrive.
    pub fn withdraw_intents(&self, folder: FolderId, uids: &[SourceUid]) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            let mut withdraw = transaction.prepare_cached(
                "UPDATE message SET state = 0, reason = reason, intent_uidnext = NULL, intent_uid_validity = NULL
                 WHERE folder_id = ?1 AND uid = ?2 AND state = 1",
            )?;
            for uid in uids {
                withdraw.execute(params![folder.0, uid])?;
            }
            Ok(())
        })
    }

    /// Gives messages of this mailbox another try that were refused or saved as files. Returns how many.
    pub fn retry_refused(&self) -> Result<u64, ProjectError> {
        self.project.write(|transaction| {
            let count = transaction.execute(
                "UPDATE message SET state = 0, reason = NULL, detail = NULL
                 WHERE state IN (5, 6) AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                [self.mailbox.0],
            )?;
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }

    /// Leaves the waiting messages of a folder out, with those that a trial has put off, or takes them in again. Messages
    /// that were left out one by one, for a reason of their own, stay so. Returns how many changed.
    pub fn set_left_out(&self, folder: FolderId, is_left_out: bool) -> Result<u64, ProjectError> {
        let with_folder = ReasonCode::FolderLeftOut.number();
        self.project.write(|transaction| {
            let count = if is_left_out {
                transaction.execute(
                    "UPDATE message SET state = 8, reason = ?2, detail = NULL, is_filtered = 0
                     WHERE folder_id = ?1 AND ((state = 0 AND reason IS NULL) OR state = 9)",
                    params![folder.0, with_folder],
                )?
            } else {
                transaction.execute(
                    "UPDATE message SET state = 0, reason = NULL, detail = NULL, is_filtered = 0
                     WHERE folder_id = ?1 AND reason = ?2 AND state = 8",
                    params![folder.0, with_folder],
                )?
            };
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }
}

/// Messages that have been copied, adopted or repaired, and those that are announced.
const ANNOUNCED_TOO: &str = "1, 2, 3, 4";

/// Puts messages in these states back to “to do”, but for those that people have moved away or removed. Returns how many.
pub(super) fn forget_copies(
    transaction: &Transaction<'_>,
    folder: i64,
    states: &str,
) -> Result<u64, ProjectError> {
    let count = transaction.execute(
        &format!(
            "UPDATE message SET state = 0, destination_uid = NULL, destination_uid_validity = NULL,
                 intent_uidnext = NULL, intent_uid_validity = NULL, reason = NULL, detail = NULL, needs_flag_check = 0,
                 mirrored_flags = NULL, is_touched = 0,
                 forgotten_copy = CASE WHEN state = 3 AND forgotten_copy <> 1 THEN 2 ELSE 1 END
             WHERE folder_id = ?1 AND state IN ({states}) AND moved_to IS NULL AND is_released = 0"
        ),
        [folder],
    )?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, ProjectError> {
    serde_json::to_string(value).map_err(|error| ProjectError::Io(error.into()))
}

#[cfg(test)]
mod ledger_tests;
