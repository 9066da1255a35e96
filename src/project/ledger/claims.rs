//! Which messages of the destination belong to rows, and which copies have no known place.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::message::{IdentityKey, MessageKey};
use crate::plan::FolderPath;
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::{FolderId, LedgerRow, ROW_COLUMNS, read_row};
use crate::project::ledger::stored::to_json;
use crate::values::{DestinationUid, SourceUid, UidValidity};

macro_rules! same_account {
    () => {
        "SELECT other_box.id FROM folder AS this_folder
         JOIN mailbox AS this_box ON this_box.id = this_folder.mailbox_id
         LEFT JOIN mailbox_sides AS this_side ON this_side.mailbox_id = this_box.id
         JOIN mailbox AS other_box
         LEFT JOIN mailbox_sides AS other_side ON other_side.mailbox_id = other_box.id
         WHERE this_folder.id = ?1 AND (other_box.id = this_box.id OR CASE
             WHEN this_side.destination IS NULL OR other_side.destination IS NULL
                 THEN other_box.destination_user = this_box.destination_user COLLATE NOCASE
             ELSE other_side.destination = this_side.destination END)"
    };
}

/// Mailboxes that go into the same account as that of folder `?1`, which is among them: the account that the ledger is
/// bound to says so, and the user's name there only as long as one of them is not bound yet.
const SAME_ACCOUNT: &str = same_account!();

/// The folders that go to the same place as this one: in this mailbox, and in others that go into the same account.
/// `?1` is the folder, which is among them.
pub(super) const SAME_PLACE: &str = concat!(
    "SELECT other.id FROM folder AS this
     JOIN folder AS other ON other.destination = this.destination
         AND other.destination_uid_validity IS this.destination_uid_validity
     WHERE this.id = ?1 AND other.mailbox_id IN (",
    same_account!(),
    ")"
);

impl Ledger {
    /// UIDs of the destination folder, under its current UIDVALIDITY, that belong to rows already: rows of this
    /// folder, of others that go to the same place, also those of other mailboxes with the same account there, and
    /// copies that people have moved into it.
    pub fn claimed_destination_uids(&self, folder: FolderId) -> Result<Vec<DestinationUid>, ProjectError> {
        self.project.read(|connection| {
            let uids = connection
                .prepare_cached(&format!(
                    "SELECT destination_uid FROM message
                     WHERE folder_id IN ({SAME_PLACE}) AND destination_uid IS NOT NULL AND moved_to IS NULL
                         AND destination_uid_validity IS
                             (SELECT destination_uid_validity FROM folder WHERE id = ?1)
                     UNION
                     SELECT destination_uid FROM message JOIN folder ON folder.id = message.folder_id
                     WHERE moved_to = (SELECT destination FROM folder WHERE id = ?1)
                         AND folder.mailbox_id IN ({SAME_ACCOUNT})
                         AND message.destination_uid_validity IS
                             (SELECT destination_uid_validity FROM folder WHERE id = ?1)
                     ORDER BY destination_uid"
                ))?
                .query_map([folder.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(uids)
        })
    }

    /// UIDs of a destination folder that belong to rows of any mailbox with the same account there, copies that people
    /// have moved into it among them. `folder` says which account.
    pub fn claimed_in(
        &self,
        folder: FolderId,
        destination: &FolderPath,
        uid_validity: UidValidity,
    ) -> Result<BTreeSet<DestinationUid>, ProjectError> {
        let destination = to_json(destination)?;
        self.project.read(|connection| {
            let uids = connection
                .prepare_cached(&format!(
                    "SELECT destination_uid FROM message JOIN folder ON folder.id = message.folder_id
                     WHERE folder.mailbox_id IN ({SAME_ACCOUNT}) AND folder.destination = ?2
                         AND moved_to IS NULL AND destination_uid IS NOT NULL
                         AND message.destination_uid_validity = ?3
                     UNION
                     SELECT destination_uid FROM message JOIN folder ON folder.id = message.folder_id
                     WHERE moved_to = ?2 AND folder.mailbox_id IN ({SAME_ACCOUNT})
                         AND message.destination_uid_validity = ?3"
                ))?
                .query_map(params![folder.0, destination, uid_validity], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(uids)
        })
    }

    /// Copies that arrived in the destination folder and whose UID there is not known: rows of this folder and of
    /// others that go to the same place, in the order in which they were sent.
    pub fn unplaced_copies(&self, folder: FolderId) -> Result<Vec<(FolderId, LedgerRow)>, ProjectError> {
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT folder_id, {ROW_COLUMNS} FROM message
                     WHERE folder_id IN ({SAME_PLACE}) AND state IN (2, 4) AND destination_uid IS NULL
                         AND is_released = 0
                     ORDER BY coalesce(intent_uidnext, 0), folder_id, uid"
                ))?
                .query_map([folder.0], |row| Ok((FolderId(row.get(0)?), read_row(row, 1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    /// Copies of all other places of this account that arrived and whose UID is not known.
    pub fn unplaced_elsewhere(&self, folder: FolderId) -> Result<Vec<MessageKey<SourceUid>>, ProjectError> {
        self.project.read(|connection| {
            let keys = connection
                .prepare_cached(&format!(
                    "SELECT uid, identity, size FROM message
                     WHERE folder_id IN (SELECT id FROM folder WHERE mailbox_id IN ({SAME_ACCOUNT}))
                         AND folder_id NOT IN ({SAME_PLACE})
                         AND state IN (2, 4) AND destination_uid IS NULL AND is_released = 0"
                ))?
                .query_map([folder.0], |row| {
                    let size = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                    Ok(MessageKey { uid: row.get(0)?, identity: IdentityKey(row.get(1)?), size })
                })?
                .collect::<Result<_, _>>()?;
            Ok(keys)
        })
    }
}
