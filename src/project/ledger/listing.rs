//! What the source lists: which messages there are, which are gone, and which have other UIDs by now.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{ErrorCode, Transaction, params};

use crate::message::IdentityKey;
use crate::plan::{MessageState, ReasonCode};
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::counts::{Count, count};
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::to_json;
use crate::values::SourceUid;

/// A message as the source lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMessage {
    /// UID in its folder.
    pub uid: SourceUid,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// INTERNALDATE exactly as the server gave it.
    pub internal_date: String,
    /// Flags and keywords.
    pub flags: Vec<String>,
    /// Digest of its headers.
    pub identity: IdentityKey,
}

/// Times that a vanished message is believed when the source lists it again.
const MAX_COMEBACKS: u32 = 3;

/// Identity and size of a message.
type Likeness = (Vec<u8>, i64);

impl Ledger {
    /// Adds rows in one transaction. A row that exists keeps its state and gets the flags of today, which its copy has
    /// still to be given ([`Self::changed_flags`]); one that had vanished and is listed again is to do.
    pub fn add_messages(&self, folder: FolderId, messages: &[SourceMessage]) -> Result<(), ProjectError> {
        let uids = || messages.iter().map(|message| message.uid);
        let (Some(lowest), Some(highest)) = (uids().min(), uids().max()) else { return Ok(()) };
        self.project.commit_deferred(|transaction| {
            let mut known: BTreeSet<SourceUid> = transaction
                .prepare_cached("SELECT uid FROM message WHERE folder_id = ?1 AND uid BETWEEN ?2 AND ?3")?
                .query_map(params![folder.0, lowest, highest], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut added = Count::default();
            for message in messages {
                if known.insert(message.uid) {
                    add(transaction, folder, message)?;
                    added.messages += 1;
                    added.bytes = added.bytes.saturating_add(stored_size(message.size));
                } else {
                    list_again(transaction, folder, message)?;
                }
            }
            if added.messages > 0 {
                count(transaction, folder, MessageState::ToDo, added)?;
                // What a source lists late was not compared with the destination.
                transaction
                    .prepare_cached(
                        "UPDATE folder SET needs_match = 1
                         WHERE id = ?1 AND needs_match = 0 AND is_listed_short = 1",
                    )?
                    .execute([folder.0])?;
            }
            Ok(())
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

    /// Whether the source counts more messages than it lists: what it lists later has to be compared, as it was not
    /// when the folder was.
    pub fn set_listed_short(&self, folder: FolderId, is_short: bool) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| {
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
        self.project.commit_deferred(|transaction| {
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

    /// Hands copies on where the source has given a message another UID under the same UIDVALIDITY, as some gateways do
    /// at each start: a waiting row and one of the same identity and size whose UID is not among the present ones are
    /// one message. Returns how many.
    pub fn renumber(&self, folder: FolderId, present_uids: &[SourceUid]) -> Result<u64, ProjectError> {
        let present: BTreeSet<SourceUid> = present_uids.iter().copied().collect();
        self.project.commit_durable(|transaction| {
            let settled = keyed_rows(transaction, folder, "state IN (2, 3, 4, 5, 6)")?;
            let mut gone: BTreeMap<Likeness, Vec<SourceUid>> = BTreeMap::new();
            // The last one is taken first.
            for (uid, key) in settled.into_iter().rev().filter(|(uid, _)| !present.contains(uid)) {
                gone.entry(key).or_default().push(uid);
            }
            let waiting =
                if gone.is_empty() { Vec::new() } else { keyed_rows(transaction, folder, "state = 0")? };
            let mut drop =
                transaction.prepare_cached("DELETE FROM message WHERE folder_id = ?1 AND uid = ?2")?;
            let mut moved = transaction
                .prepare_cached("UPDATE message SET uid = ?3 WHERE folder_id = ?1 AND uid = ?2")?;
            let mut problem = transaction
                .prepare_cached("UPDATE problem SET uid = ?3 WHERE folder_id = ?1 AND uid = ?2")?;
            let mut count = 0;
            for (uid, key) in waiting {
                let Some(before) = gone.get_mut(&key).and_then(Vec::pop) else { continue };
                drop.execute(params![folder.0, uid])?;
                moved.execute(params![folder.0, before, uid])?;
                problem.execute(params![folder.0, before, uid])?;
                count += 1;
            }
            Ok(count)
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
        self.project.commit_durable(|transaction| {
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

/// A message that has no row yet. Not counted.
fn add(transaction: &Transaction<'_>, folder: FolderId, message: &SourceMessage) -> Result<(), ProjectError> {
    transaction
        .prepare_cached(
            "INSERT INTO message (folder_id, uid, size, internal_date, flags, identity)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            folder.0,
            message.uid,
            stored_size(message.size),
            message.internal_date,
            to_json(&message.flags)?,
            message.identity.0,
        ])
        .map_err(missing_folder)?;
    Ok(())
}

/// A message that has a row.
fn list_again(
    transaction: &Transaction<'_>,
    folder: FolderId,
    message: &SourceMessage,
) -> Result<(), ProjectError> {
    transaction
        .prepare_cached(
            "UPDATE message SET
                 flags = ?3,
                 mirrored_flags = CASE WHEN state IN (2, 3, 4)
                     THEN nullif(coalesce(mirrored_flags, flags), ?3) END,
                 comebacks = comebacks + (state = 7),
                 reason = CASE state WHEN 7 THEN NULL ELSE reason END,
                 detail = CASE state WHEN 7 THEN NULL ELSE detail END,
                 state = CASE state WHEN 7 THEN 0 ELSE state END
             WHERE folder_id = ?1 AND uid = ?2 AND (flags <> ?3 OR state = 7)",
        )?
        .execute(params![folder.0, message.uid, to_json(&message.flags)?])?;
    Ok(())
}

/// UID, and identity and size, of rows by ascending UID.
fn keyed_rows(
    transaction: &Transaction<'_>,
    folder: FolderId,
    condition: &str,
) -> Result<Vec<(SourceUid, Likeness)>, ProjectError> {
    let rows = transaction
        .prepare_cached(&format!(
            "SELECT uid, identity, size FROM message WHERE folder_id = ?1 AND {condition} ORDER BY uid"
        ))?
        .query_map([folder.0], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?))))?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// A violated foreign key means that the mailbox was removed meanwhile.
fn missing_folder(error: rusqlite::Error) -> ProjectError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => ProjectError::Unknown("folder"),
        _ => error.into(),
    }
}

fn stored_size(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
