//! Parts of the ledger that are about copies without a known place, and about messages that the source lists anew.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, params};

use super::ledger::to_json;
use super::ledger_row::{ROW_COLUMNS, read_row};
use super::{FolderId, Ledger, LedgerRow, MessageResult, ProjectError};
use crate::message::{IdentityKey, MessageKey};
use crate::values::{DestinationUid, Placement, SourceUid};

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
pub(super) const SAME_ACCOUNT: &str = same_account!();

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

/// Times that a vanished message is believed when the source lists it again.
const MAX_COMEBACKS: u32 = 3;

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

    /// Those of the present UIDs that have no row, or one that was taken for vanished; ascending. Messages that came
    /// back and vanished again and again are phantoms, which some servers list for ever (iCloud), and stay vanished.
    pub fn uids_to_list(
        &self,
        folder: FolderId,
        present_uids: &[SourceUid],
    ) -> Result<Vec<SourceUid>, ProjectError> {
        let known: BTreeSet<SourceUid> = self.project.read(|connection| {
            let known = connection
                .prepare_cached(
                    "SELECT uid FROM message WHERE folder_id = ?1 AND (state <> 7 OR comebacks >= ?2)",
                )?
                .query_map(params![folder.0, MAX_COMEBACKS], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(known)
        })?;
        let mut lacking: Vec<SourceUid> =
            present_uids.iter().copied().filter(|uid| !known.contains(uid)).collect();
        lacking.sort_unstable();
        lacking.dedup();
        Ok(lacking)
    }

    /// Gives waiting messages the flags that they have now. Returns how many changed.
    pub fn refresh_flags(
        &self,
        folder: FolderId,
        flags: &[(SourceUid, Vec<String>)],
    ) -> Result<u64, ProjectError> {
        self.project.write(|transaction| {
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

    /// Notes size and identity of a message that the source listed without them, after its bytes were read.
    pub fn learn(
        &self,
        folder: FolderId,
        uid: SourceUid,
        size: u64,
        identity: IdentityKey,
    ) -> Result<(), ProjectError> {
        self.project.write(|transaction| {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            // The counters go by the size at the time of a change of state, so they are moved along.
            transaction.execute(
                "UPDATE folder_count SET bytes = bytes + ?3 - (SELECT size FROM message
                     WHERE folder_id = ?1 AND uid = ?2)
                 WHERE folder_id = ?1
                     AND state = (SELECT state FROM message WHERE folder_id = ?1 AND uid = ?2)",
                params![folder.0, uid, size],
            )?;
            transaction.execute(
                "UPDATE message SET size = ?3, identity = ?4 WHERE folder_id = ?1 AND uid = ?2",
                params![folder.0, uid, size, identity.0],
            )?;
            Ok(())
        })
    }
}

/// Gives rows back that were taken for already there, and whose copy turns out to be that of another row, which the
/// server has just named: two mailboxes that go into one account at the same time.
pub(super) fn give_back_borrowed(
    transaction: &Transaction<'_>,
    folder: FolderId,
    results: &[MessageResult],
) -> Result<(), ProjectError> {
    let named: BTreeSet<Placement> = results
        .iter()
        .filter(|result| result.state != crate::plan::MessageState::AlreadyThere)
        .filter_map(|result| result.placement)
        .collect();
    if named.is_empty() || !has_neighbours(transaction, folder)? {
        return Ok(());
    }
    let borrowed: Vec<(i64, SourceUid, Placement)> = transaction
        .prepare_cached(&format!(
            "SELECT folder_id, uid, destination_uid_validity, destination_uid FROM message
             WHERE folder_id IN ({SAME_PLACE}) AND folder_id <> ?1 AND state = 3 AND moved_to IS NULL
                 AND destination_uid IS NOT NULL AND destination_uid_validity IS NOT NULL"
        ))?
        .query_map([folder.0], |row| {
            Ok((row.get(0)?, row.get(1)?, Placement { validity: row.get(2)?, uid: row.get(3)? }))
        })?
        .collect::<Result<_, _>>()?;
    let mut give_back = transaction.prepare_cached(
        "UPDATE message SET state = 0, destination_uid = NULL, destination_uid_validity = NULL, reason = NULL,
             detail = NULL, needs_flag_check = 0
         WHERE folder_id = ?1 AND uid = ?2",
    )?;
    for (other, uid, place) in borrowed {
        if named.contains(&place) {
            give_back.execute(params![other, uid])?;
        }
    }
    Ok(())
}

fn has_neighbours(connection: &Connection, folder: FolderId) -> Result<bool, ProjectError> {
    let count: i64 = connection
        .prepare_cached(&format!("SELECT count(*) FROM ({SAME_PLACE})"))?
        .query_row([folder.0], |row| row.get(0))?;
    Ok(count > 1)
}
