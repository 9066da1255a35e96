//! What a later run asks of the ledger: where copies should be, what people did with them, which flags have changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row, params};

use super::ledger::to_json;
use super::ledger_copies::SAME_ACCOUNT;
use super::ledger_queries::read_path;
use super::ledger_row::{state_number, stored_reason, unreadable};
use super::{FolderId, Ledger, ProjectError};
use crate::message::{IdentityKey, MessageKey, internal_date_secs};
use crate::plan::{Candidate, FolderPath, MessageState, Reason};
use crate::values::{DestinationUid, Placement, SourceUid, Uid, UidValidity};

/// MESSAGES and UIDNEXT of a folder. While both stay and UIDVALIDITY as well, no message has come or gone: a new one
/// raises UIDNEXT, and one that goes lowers the count (RFC 3501 section 2.3.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderCounts<U> {
    /// Messages in it.
    pub messages: u64,
    /// The UID that the next message will get.
    pub uid_next: U,
}

/// What is remembered of a folder from run to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderMemory {
    /// Its number.
    pub id: FolderId,
    /// The folder at the source.
    pub source: FolderPath,
    /// The folder at the destination.
    pub destination: FolderPath,
    /// UIDVALIDITY of the destination folder that the copies are in.
    pub destination_uid_validity: Option<UidValidity>,
    /// Whether the destination has to be compared before anything is sent.
    pub needs_match: bool,
    /// The source's counts when it was last listed whole.
    pub source_counts: Option<FolderCounts<SourceUid>>,
    /// The destination's counts when every copy was last seen there.
    pub destination_counts: Option<FolderCounts<DestinationUid>>,
    /// HIGHESTMODSEQ of the source up to which flags are known.
    pub source_modseq: Option<u64>,
}

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

/// What [`read_memory`] reads.
const MEMORY_COLUMNS: &str = "source_raw, id, source, destination, destination_uid_validity, needs_match,
    source_messages, source_uid_next, destination_messages, destination_uid_next, source_modseq";

impl Ledger {
    /// What is remembered of one folder, at the cost of one look-up however many folders there are.
    pub fn memory(&self, folder: FolderId) -> Result<Option<FolderMemory>, ProjectError> {
        self.project.read(|connection| {
            let memory = connection
                .prepare_cached(&format!("SELECT {MEMORY_COLUMNS} FROM folder WHERE id = ?1"))?
                .query_row([folder.0], read_memory)
                .optional()?;
            Ok(memory)
        })
    }

    /// Folders with messages that are still to do or put off.
    pub fn waiting_folders(&self) -> Result<BTreeSet<FolderId>, ProjectError> {
        let totals = self.folder_totals()?.into_iter();
        Ok(totals.filter(|folder| folder.totals.sum.waiting() > 0).map(|folder| folder.id).collect())
    }

    /// What is remembered of each folder of the mailbox, by the source's own spelling of its name.
    pub fn memories(&self) -> Result<BTreeMap<String, FolderMemory>, ProjectError> {
        self.project.read(|connection| {
            let memories = connection
                .prepare_cached(&format!("SELECT {MEMORY_COLUMNS} FROM folder WHERE mailbox_id = ?1"))?
                .query_map([self.mailbox.0], |row| Ok((row.get(0)?, read_memory(row)?)))?
                .collect::<Result<_, _>>()?;
            Ok(memories)
        })
    }

    /// The source folder was listed whole while it had these counts.
    pub fn set_source_counts(
        &self,
        folder: FolderId,
        counts: FolderCounts<SourceUid>,
    ) -> Result<(), ProjectError> {
        self.set_counts("source_messages = ?2, source_uid_next = ?3", folder, Some(counts))
    }

    /// Every copy was seen at the destination while its folder had these counts; `None`: that is not known.
    pub fn set_destination_counts(
        &self,
        folder: FolderId,
        counts: Option<FolderCounts<DestinationUid>>,
    ) -> Result<(), ProjectError> {
        self.set_counts("destination_messages = ?2, destination_uid_next = ?3", folder, counts)
    }

    fn set_counts<U: Uid>(
        &self,
        columns: &str,
        folder: FolderId,
        counts: Option<FolderCounts<U>>,
    ) -> Result<(), ProjectError> {
        let messages = counts.map(|counts| i64::try_from(counts.messages).unwrap_or(i64::MAX));
        let uid_next: Option<u32> = counts.map(|counts| counts.uid_next.into());
        self.project.write_soon(|transaction| {
            transaction
                .prepare_cached(&format!("UPDATE folder SET {columns} WHERE id = ?1"))?
                .execute(params![folder.0, messages, uid_next])?;
            Ok(())
        })
    }

    /// Flags of the source folder are known up to this HIGHESTMODSEQ.
    pub fn set_source_modseq(&self, folder: FolderId, modseq: u64) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            transaction
                .prepare_cached("UPDATE folder SET source_modseq = ?2 WHERE id = ?1")?
                .execute(params![folder.0, i64::try_from(modseq).unwrap_or(i64::MAX)])?;
            Ok(())
        })
    }

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

    /// Copies whose UID at the destination is not the one that was told: it is not known any more. Returns how many.
    pub fn unplace(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        self.change_each(
            folder,
            uids,
            "UPDATE message SET destination_uid = NULL, destination_uid_validity = NULL
             WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 4)",
        )
    }

    /// Copies that people have removed after the switch: they are not made again. Returns how many.
    pub fn release(&self, folder: FolderId, uids: &[SourceUid]) -> Result<u64, ProjectError> {
        self.change_each(
            folder,
            uids,
            "UPDATE message SET is_released = 1 WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 3, 4)",
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
        self.project.write_soon(|transaction| {
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

    /// Takes over the source's flags of today. Copies whose flags differ from now on are in
    /// [`Self::changed_flags`].
    pub fn note_flags(
        &self,
        folder: FolderId,
        flags: &[(SourceUid, Vec<String>)],
    ) -> Result<u64, ProjectError> {
        self.project.write_soon(|transaction| {
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
        self.project.write_soon(|transaction| {
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

    /// Whether the filter has left messages of this folder out.
    pub fn has_filtered(&self, folder: FolderId) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let found: Option<SourceUid> = connection
                .prepare_cached("SELECT uid FROM message WHERE folder_id = ?1 AND is_filtered = 1 LIMIT 1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?;
            Ok(found.is_some())
        })
    }

    /// Leaves messages out by filter, and takes those in again that were left out by it and fit now. `judge` gets every
    /// message that may take part, by ascending UID, and says which do not, what becomes of them, and why. Returns how many
    /// these are.
    pub fn filter(
        &self,
        folder: FolderId,
        judge: impl FnOnce(&[Candidate]) -> BTreeMap<SourceUid, (MessageState, Arc<Reason>)>,
    ) -> Result<u64, ProjectError> {
        self.project.write_soon(|transaction| {
            let candidates: Vec<Candidate> = transaction
                .prepare_cached(
                    "SELECT uid, size, internal_date, state FROM message
                     WHERE folder_id = ?1 AND state <> 7 AND (state <> 8 OR is_filtered = 1) ORDER BY uid",
                )?
                .query_map([folder.0], |row| {
                    let date: String = row.get(2)?;
                    let state: i64 = row.get(3)?;
                    Ok(Candidate {
                        uid: row.get(0)?,
                        bytes: u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0),
                        received_secs: internal_date_secs(&date),
                        is_settled: !matches!(state, 0 | 8 | 9),
                    })
                })?
                .collect::<Result<_, _>>()?;
            let left_out = judge(&candidates);
            let mut leave = transaction.prepare_cached(
                "UPDATE message SET state = ?5, is_filtered = 1, reason = ?3, detail = ?4
                 WHERE folder_id = ?1 AND uid = ?2 AND (state = 0
                     OR (state IN (8, 9) AND (state <> ?5 OR reason IS NOT ?3 OR detail IS NOT ?4)))",
            )?;
            let mut take = transaction.prepare_cached(
                "UPDATE message SET state = 0, is_filtered = 0, reason = NULL, detail = NULL
                 WHERE folder_id = ?1 AND uid = ?2 AND state IN (8, 9) AND is_filtered = 1",
            )?;
            for candidate in candidates.iter().filter(|candidate| !candidate.is_settled) {
                match left_out.get(&candidate.uid) {
                    Some((state, reason)) => {
                        let (reason, detail) = stored_reason(Some(reason));
                        leave.execute(params![
                            folder.0,
                            candidate.uid,
                            reason,
                            detail,
                            state_number(*state)
                        ])?
                    }
                    None => take.execute(params![folder.0, candidate.uid])?,
                };
            }
            Ok(left_out.len() as u64)
        })
    }

    fn change_each(&self, folder: FolderId, uids: &[SourceUid], sql: &str) -> Result<u64, ProjectError> {
        if uids.is_empty() {
            return Ok(0);
        }
        self.project.write_soon(|transaction| {
            let mut change = transaction.prepare_cached(sql)?;
            let mut changed = 0;
            for uid in uids {
                changed += change.execute(params![folder.0, uid])?;
            }
            Ok(u64::try_from(changed).unwrap_or(u64::MAX))
        })
    }
}

fn read_memory(row: &Row<'_>) -> rusqlite::Result<FolderMemory> {
    Ok(FolderMemory {
        id: FolderId(row.get(1)?),
        source: read_path(row, 2)?,
        destination: read_path(row, 3)?,
        destination_uid_validity: row.get(4)?,
        needs_match: row.get(5)?,
        source_counts: read_counts(row, 6)?,
        destination_counts: read_counts(row, 8)?,
        source_modseq: row.get::<_, Option<i64>>(10)?.and_then(|modseq| u64::try_from(modseq).ok()),
    })
}

fn read_counts<U: FromSql>(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<FolderCounts<U>>> {
    let (messages, uid_next): (Option<i64>, Option<U>) = (row.get(first)?, row.get(first + 1)?);
    Ok(messages.and_then(|messages| {
        Some(FolderCounts { messages: u64::try_from(messages).ok()?, uid_next: uid_next? })
    }))
}

fn read_flags(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, rusqlite::types::Type::Text, error))
}

#[cfg(test)]
mod ledger_delta_tests;
