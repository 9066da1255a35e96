//! Whether the ledger is the newest that was ever written about a destination folder, as far as the folder tells.
//!
//! The ledger may be an older copy of itself: a backup, a snapshot, a file that was carried to another computer without
//! its log. A server never gives a UID twice under one UIDVALIDITY, so messages that a newer state has made are the ones
//! from the remembered UIDNEXT on that belong to no row.
//!
//! The server may be the older one: it was set back to a backup under the same UIDVALIDITY, copies are lost, and their UIDs
//! are given to other messages.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::copies::IN_PLACE;
use crate::project::ledger::folders::forget_copies;
use crate::project::ledger::rows::FolderId;
use crate::values::{DestinationUid, Uid};

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
        self.project.commit_deferred(|transaction| {
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
        self.project.commit_deferred(|transaction| {
            doubt(transaction, folder)?;
            // What is under way is waited for as ever.
            forget_copies(transaction, folder.0, "2, 3, 4")
        })
    }

    /// Nothing is sent into the folder before everything in it is compared.
    pub fn must_be_compared(&self, folder: FolderId) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| doubt(transaction, folder))
    }

    /// The destination folder was opened while it had this HIGHESTMODSEQ.
    pub fn set_destination_modseq(&self, folder: FolderId, modseq: u64) -> Result<(), ProjectError> {
        let modseq = i64::try_from(modseq).unwrap_or(i64::MAX);
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE folder SET destination_modseq = ?2 WHERE id = ?1 AND destination_modseq IS NOT ?2",
                )?
                .execute(params![folder.0, modseq])?;
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
