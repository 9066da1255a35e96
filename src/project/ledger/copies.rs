//! Where copies should be, and where they are found instead: lost, moved or removed by people.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use crate::message::{IdentityKey, MessageKey};
use crate::plan::FolderPath;
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::to_json;
use crate::values::{DestinationUid, Placement, SourceUid};

/// What identifies a copy as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyKey {
    /// Identity and size, with the UID at the source.
    pub key: MessageKey<SourceUid>,
    /// It was sent by us, and not found there.
    pub is_ours: bool,
    /// It was sent in another form than the source has.
    pub is_repaired: bool,
}

/// A copy that another place was found for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCopy {
    /// UID at the source.
    pub uid: SourceUid,
    /// Where it is now.
    pub place: Placement,
}

/// Copies that a verification does not hold against the destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetAside {
    /// Moved to another folder, or removed after the switch, by UID at the source.
    pub elsewhere: BTreeSet<SourceUid>,
    /// Given flags by people, by UID at the source.
    pub touched: BTreeSet<SourceUid>,
}

/// Rows that stand for a copy in its own place.
pub(super) const IN_PLACE: &str = "state IN (2, 3, 4) AND destination_uid IS NOT NULL AND moved_to IS NULL
    AND is_released = 0
    AND destination_uid_validity IS (SELECT destination_uid_validity FROM folder WHERE id = ?1)";

impl Ledger {
    /// Copies that should be in the folder's own place: UID of the copy and UID at the source.
    pub fn copies_in_place(
        &self,
        folder: FolderId,
    ) -> Result<BTreeMap<DestinationUid, SourceUid>, ProjectError> {
        self.project.read(|connection| {
            let copies = connection
                .prepare_cached(&format!(
                    "SELECT destination_uid, uid FROM message WHERE folder_id = ?1 AND {IN_PLACE}"
                ))?
                .query_map([folder.0], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            Ok(copies)
        })
    }

    /// How many copies are in the folder's own place from this UID on, and the highest UID among them.
    pub fn copies_from(
        &self,
        folder: FolderId,
        first: DestinationUid,
    ) -> Result<(u64, Option<DestinationUid>), ProjectError> {
        self.project.read(|connection| {
            let (count, highest): (i64, Option<DestinationUid>) = connection
                .prepare_cached(&format!(
                    "SELECT count(*), max(destination_uid) FROM message
                     WHERE folder_id = ?1 AND {IN_PLACE} AND destination_uid >= ?2"
                ))?
                .query_row(params![folder.0, first], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok((u64::try_from(count).unwrap_or(0), highest))
        })
    }

    /// What identifies these copies, by ascending UID at the source.
    pub fn copy_keys(
        &self,
        folder: FolderId,
        uids: &BTreeSet<SourceUid>,
    ) -> Result<Vec<CopyKey>, ProjectError> {
        self.project.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT message.uid, coalesce(sent_identity, identity), coalesce(sent_size, size),
                     state <> 3 OR forgotten_copy = 1, sent_identity IS NOT NULL
                 FROM message LEFT JOIN repair ON state = 4
                     AND repair.folder_id = message.folder_id AND repair.uid = message.uid
                 WHERE message.folder_id = ?1 AND state IN (2, 3, 4) ORDER BY message.uid",
            )?;
            let mut rows = statement.query([folder.0])?;
            let mut keys = Vec::with_capacity(uids.len());
            while let Some(row) = rows.next()? {
                let uid: SourceUid = row.get(0)?;
                if uids.contains(&uid) {
                    let size = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                    let identity = IdentityKey(row.get(1)?);
                    let key = MessageKey { uid, identity, size };
                    keys.push(CopyKey { key, is_ours: row.get(3)?, is_repaired: row.get(4)? });
                }
            }
            Ok(keys)
        })
    }

    /// Forgets the UID of copies that are not under the UID that the server reported. Returns how many.
    pub fn unplace(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        self.change_each(
            folder,
            uids,
            "UPDATE message SET destination_uid = NULL, destination_uid_validity = NULL
             WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 4)",
        )
    }

    /// Copies that are lost: their messages are to do again. Returns how many.
    pub fn forget_lost(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        self.change_each(
            folder,
            uids,
            "UPDATE message SET state = 0, destination_uid = NULL, destination_uid_validity = NULL,
                 intent_uidnext = NULL, intent_uid_validity = NULL, reason = NULL, detail = NULL, needs_flag_check = 0,
                 mirrored_flags = NULL, is_touched = 0, moved_to = NULL,
                 forgotten_copy = CASE WHEN state = 3 AND forgotten_copy <> 1 THEN 2 ELSE 1 END
             WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 3, 4)",
        )
    }

    /// Copies that people have moved. `moved_to` is `None` where a copy is in its own folder under another UID.
    pub fn record_moved(
        &self,
        folder: FolderId,
        moved_to: Option<&FolderPath>,
        found: &[FoundCopy],
    ) -> Result<(), ProjectError> {
        let moved_to = moved_to.map(to_json).transpose()?;
        self.project.commit_deferred(|transaction| {
            let mut record = transaction.prepare_cached(
                "UPDATE message SET moved_to = ?3, destination_uid_validity = ?4, destination_uid = ?5
                 WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 3, 4)",
            )?;
            for FoundCopy { uid, place: Placement { validity, uid: place } } in found {
                record.execute(params![folder.0, uid, moved_to, validity, place])?;
            }
            Ok(())
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
        self.project.commit_deferred(|transaction| {
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

    /// Copies that people have removed after the switch: they are not made again. Returns how many.
    pub fn release(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        self.change_each(
            folder,
            uids,
            "UPDATE message SET is_released = 1 WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 3, 4)",
        )
    }

    /// Copies that a verification does not hold against the destination.
    pub fn set_aside(&self, folder: FolderId) -> Result<SetAside, ProjectError> {
        self.project.read(|connection| {
            let elsewhere = connection
                .prepare_cached(
                    "SELECT uid FROM message
                     WHERE folder_id = ?1 AND (moved_to IS NOT NULL OR is_released = 1)",
                )?
                .query_map([folder.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let touched = connection
                .prepare_cached(
                    "SELECT uid FROM message
                     WHERE folder_id = ?1 AND mirrored_flags IS NOT NULL AND is_touched = 1",
                )?
                .query_map([folder.0], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(SetAside { elsewhere, touched })
        })
    }
}
