//! Which folder of the source goes where, and whether both are still the folders that the rows are about.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::plan::FolderPath;
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::to_json;
use crate::values::{DestinationUid, UidValidity};

impl Ledger {
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
        self.project.commit_deferred(|transaction| {
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
    /// the rows go back to `MessageState::ToDo` and the destination must be compared. Returns how many rows did.
    pub fn fence_destination(
        &self,
        folder: FolderId,
        uid_validity: UidValidity,
    ) -> Result<u64, ProjectError> {
        self.project.commit_deferred(|transaction| {
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
        self.project.commit_deferred(|transaction| {
            transaction.execute(
                "UPDATE folder SET needs_match = 0, is_fenced = 0, compared_uid_next = ?2 WHERE id = ?1",
                params![folder.0, uid_next],
            )?;
            Ok(())
        })
    }

    /// Whether the destination folder was recreated since its copies were last seen there.
    pub fn is_fenced(&self, folder: FolderId) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            connection
                .prepare_cached("SELECT is_fenced FROM folder WHERE id = ?1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))
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
