//! Whether the ledger is the newest that was ever written about a destination folder, as far as the folder tells.
//!
//! The ledger may be an older copy of itself: a backup, a snapshot, a file that was carried to another computer without
//! its log. A server never gives a UID twice under one UIDVALIDITY, so messages that a newer state has made are the ones
//! from the remembered UIDNEXT on that belong to no row.
//!
//! The server may be the older one: it was set back to a backup under the same UIDVALIDITY, copies are lost, and their UIDs
//! are given to other messages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::ledger::{forget_copies, to_json};
use super::ledger_delta::IN_PLACE;
use super::mailboxes::missing_mailbox;
use super::{FolderId, FoundCopy, Ledger, ProjectError};
use crate::plan::FolderPath;
use crate::values::{DestinationUid, Placement, SourceUid, Uid, UidValidity};

impl Ledger {
    /// The destination's UIDNEXT when the folder was last compared; `None` where it was not compared yet.
    pub fn compared_up_to(&self, folder: FolderId) -> Result<Option<DestinationUid>, ProjectError> {
        self.project.read(|connection| {
            connection
                .prepare_cached("SELECT compared_uid_next FROM folder WHERE id = ?1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))
        })
    }

    /// Every message of the destination folder below this UID was held against the rows.
    pub fn set_compared(&self, folder: FolderId, uid_next: DestinationUid) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE folder SET compared_uid_next = ?2 WHERE id = ?1 AND compared_uid_next IS NOT ?2",
                )?
                .execute(params![folder.0, uid_next])?;
            Ok(())
        })
    }

    /// The lowest UID from which on the destination folder, whose UIDNEXT is `uid_next` now, may hold messages that the
    /// ledger does not know; `None` where all of them are known copies or were compared. A UIDNEXT that has fallen means
    /// that the server has been set back, so that everything is compared.
    pub fn unknown_from(
        &self,
        folder: FolderId,
        uid_next: DestinationUid,
    ) -> Result<Option<DestinationUid>, ProjectError> {
        let compared = self.compared_up_to(folder)?.unwrap_or(DestinationUid::first());
        if compared == uid_next {
            return Ok(None);
        }
        if compared > uid_next {
            return Ok(Some(DestinationUid::first()));
        }
        let claimed = self.claimed_destination_uids(folder)?;
        let known = claimed.iter().filter(|uid| (compared..uid_next).contains(uid)).count();
        let given = usize::try_from(uid_next.0 - compared.0).unwrap_or(usize::MAX);
        Ok((known < given).then_some(compared))
    }
}

impl Ledger {
    /// Whether the destination folder, whose UIDVALIDITY is the known one, is in an earlier state than it was known in:
    /// UIDNEXT and HIGHESTMODSEQ only ever grow (RFC 3501 section 2.3.1.1, RFC 7162 section 3.1.2.1).
    pub fn is_set_back(
        &self,
        folder: FolderId,
        uid_next: Option<DestinationUid>,
        highest_modseq: Option<u64>,
    ) -> Result<bool, ProjectError> {
        let (known_uid_next, known_modseq) = self.project.read(|connection| {
            let known: (DestinationUid, Option<i64>) = connection
                .prepare_cached(&format!(
                    "SELECT max(coalesce(compared_uid_next, 0), coalesce(destination_uid_next, 0),
                         coalesce((SELECT max(destination_uid) + 1 FROM message
                                   WHERE folder_id = ?1 AND {IN_PLACE}), 0)), destination_modseq
                     FROM folder WHERE id = ?1"
                ))?
                .query_row([folder.0], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))?;
            Ok(known)
        })?;
        let known_modseq = known_modseq.and_then(|modseq| u64::try_from(modseq).ok());
        let is_lower = highest_modseq.zip(known_modseq).is_some_and(|(now, known)| now < known);
        Ok(is_lower || uid_next.is_some_and(|uid_next| uid_next < known_uid_next))
    }

    /// The destination folder is in an earlier state: what is known of copies in it is worth nothing, as other messages may
    /// have their UIDs. The rows go back to [`MessageState::ToDo`](crate::plan::MessageState::ToDo), and the folder must be
    /// compared. Returns how many did.
    pub fn set_back(&self, folder: FolderId) -> Result<u64, ProjectError> {
        self.project.write_soon(|transaction| {
            doubt(transaction, folder)?;
            // What is under way is waited for as ever.
            forget_copies(transaction, folder.0, "2, 3, 4")
        })
    }

    /// Nothing is sent into the folder before everything in it is compared.
    pub fn must_be_compared(&self, folder: FolderId) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| doubt(transaction, folder))
    }

    /// The destination folder was opened while it had this HIGHESTMODSEQ.
    pub fn set_destination_modseq(&self, folder: FolderId, modseq: u64) -> Result<(), ProjectError> {
        let modseq = i64::try_from(modseq).unwrap_or(i64::MAX);
        self.project.write_soon(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE folder SET destination_modseq = ?2 WHERE id = ?1 AND destination_modseq IS NOT ?2",
                )?
                .execute(params![folder.0, modseq])?;
            Ok(())
        })
    }
}

/// A folder of the destination as a run has found it, whether the ledger has anything to do with it or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFolder {
    /// UIDs mean something only together with this number.
    pub uid_validity: UidValidity,
    /// The UID that the next message got.
    pub uid_next: DestinationUid,
}

impl Ledger {
    /// The destination's folders as they were when the last run that ended well had begun, by their names in commands.
    pub fn seen_folders(&self) -> Result<BTreeMap<String, SeenFolder>, ProjectError> {
        self.project.read(|connection| {
            let seen = connection
                .prepare_cached("SELECT raw, uid_validity, uid_next FROM seen_folder WHERE mailbox_id = ?1")?
                .query_map([self.mailbox.0], |row| {
                    Ok((row.get(0)?, SeenFolder { uid_validity: row.get(1)?, uid_next: row.get(2)? }))
                })?
                .collect::<Result<_, _>>()?;
            Ok(seen)
        })
    }

    /// Whether the newest changes are lost, so that copies may lie in any folder.
    pub fn is_doubted(&self) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let is_doubted = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM doubted_mailbox WHERE mailbox_id = ?1)")?
                .query_row([self.mailbox.0], |row| row.get(0))?;
            Ok(is_doubted)
        })
    }

    /// How long ago whoever has lost these changes may have been at work: not longer than the file was left alone.
    pub fn left_alone_for(&self) -> Duration {
        self.project.left_alone_for()
    }

    /// Remembers the destination's folders, in place of what was remembered before. Doubts are settled with it.
    pub fn set_seen_folders(&self, seen: &BTreeMap<String, SeenFolder>) -> Result<(), ProjectError> {
        if self.seen_folders()? == *seen && !self.is_doubted()? {
            return Ok(());
        }
        self.project.write_soon(|transaction| {
            transaction.execute("DELETE FROM seen_folder WHERE mailbox_id = ?1", [self.mailbox.0])?;
            transaction.execute("DELETE FROM doubted_mailbox WHERE mailbox_id = ?1", [self.mailbox.0])?;
            let mut note = transaction.prepare_cached(
                "INSERT INTO seen_folder (mailbox_id, raw, uid_validity, uid_next) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (raw, SeenFolder { uid_validity, uid_next }) in seen {
                note.execute(params![self.mailbox.0, raw, uid_validity, uid_next])
                    .map_err(missing_mailbox)?;
            }
            Ok(())
        })
    }

    /// Those of these messages that are to do.
    pub fn waiting_among(
        &self,
        folder: FolderId,
        uids: &[SourceUid],
    ) -> Result<BTreeSet<SourceUid>, ProjectError> {
        let batch = to_json(&uids)?;
        self.project.read(|connection| {
            let waiting = connection
                .prepare_cached(
                    "SELECT uid FROM message
                     WHERE folder_id = ?1 AND uid IN (SELECT value FROM json_each(?2)) AND +state = 0",
                )?
                .query_map(params![folder.0, batch], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(waiting)
        })
    }

    /// Waiting rows whose copies are in another folder, where people have filed them.
    pub fn record_strays(
        &self,
        folder: FolderId,
        moved_to: &FolderPath,
        found: &[FoundCopy],
    ) -> Result<(), ProjectError> {
        let moved_to = to_json(moved_to)?;
        self.project.write_soon(|transaction| {
            let mut record = transaction.prepare_cached(
                "UPDATE message SET state = 3, reason = NULL, detail = NULL, needs_flag_check = 0, moved_to = ?3, destination_uid_validity = ?4,
                     destination_uid = ?5, intent_uidnext = NULL, intent_uid_validity = NULL
                 WHERE folder_id = ?1 AND uid = ?2 AND state = 0",
            )?;
            for FoundCopy { uid, place: Placement { validity, uid: place } } in found {
                record.execute(params![folder.0, uid, moved_to, validity, place])?;
            }
            Ok(())
        })
    }
}

/// What the ledger says of one destination folder is worth nothing.
fn doubt(transaction: &Transaction<'_>, folder: FolderId) -> Result<(), ProjectError> {
    transaction.execute(
        "UPDATE folder SET needs_match = 1, compared_uid_next = NULL, destination_modseq = NULL,
             destination_messages = NULL, destination_uid_next = NULL
         WHERE id = ?1",
        [folder.0],
    )?;
    Ok(())
}

/// Nothing that the ledger says of destination folders may be the newest: every folder is compared before anything is
/// sent into it.
pub(super) fn doubt_everything(connection: &Connection) -> Result<(), ProjectError> {
    connection.execute_batch(
        "UPDATE project SET has_lost_log = 1;
         UPDATE folder SET needs_match = 1, compared_uid_next = NULL;
         DELETE FROM seen_folder;
         INSERT OR IGNORE INTO doubted_mailbox SELECT id FROM mailbox;",
    )?;
    Ok(())
}

#[cfg(test)]
mod ledger_compared_tests;
