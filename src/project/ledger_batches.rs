//! What is written down for many messages at once: what the source lists, intents and results.
//!
//! A copy spends most of its time in the ledger here, so that the rows are counted by the batch and not by triggers.

use std::collections::BTreeSet;

use rusqlite::{ErrorCode, OptionalExtension, Transaction, params};

use super::ledger::to_json;
use super::ledger_copies::give_back_borrowed;
use super::ledger_row::{state_number, stored_reason};
use super::{FolderId, Ledger, MessageResult, ProjectError, SourceMessage, Unflushed};
use crate::plan::{FlagCheck, MessageState};
use crate::values::UnixTime;
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

impl Ledger {
    /// Adds rows in one transaction. A row that exists keeps its state and gets the flags of today, which its copy has
    /// still to be given ([`Self::changed_flags`]); one that had vanished and is listed again is to do.
    pub fn add_messages(&self, folder: FolderId, messages: &[SourceMessage]) -> Result<(), ProjectError> {
        let uids = || messages.iter().map(|message| message.uid);
        let (Some(lowest), Some(highest)) = (uids().min(), uids().max()) else { return Ok(()) };
        self.project.write_soon(|transaction| {
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

    /// Writes down, for the whole batch, that these messages are about to be appended. That has to be flushed before the
    /// first byte of them is sent.
    ///
    /// The messages must be to do. One that is in flight already keeps the lower UIDNEXT, so that no earlier append
    /// is overlooked; one in any other state is an error and nothing of the batch is recorded. A UIDVALIDITY that is
    /// not the stored one is an error too: [`Self::fence_destination`] must have its say first.
    pub fn record_intent(
        &self,
        folder: FolderId,
        uids: &[SourceUid],
        destination_uid_validity: UidValidity,
        destination_uidnext: DestinationUid,
    ) -> Result<Unflushed, ProjectError> {
        let announced = self.project.keep(|transaction| {
            check_destination(transaction, folder, destination_uid_validity)?;
            let uids: BTreeSet<SourceUid> = uids.iter().copied().collect();
            let batch = to_json(&uids)?;
            let waiting = counted(transaction, folder, (&batch, MessageState::ToDo))?;
            let changed = transaction
                .prepare_cached(
                    "UPDATE message SET
                         state = 1,
                         intent_uidnext = min(coalesce(intent_uidnext, ?4), ?4),
                         intent_uid_validity = ?3,
                         intent_at = ?5
                     WHERE folder_id = ?1 AND uid IN (SELECT value FROM json_each(?2))
                         AND (state = 0 OR (state = 1 AND intent_uid_validity = ?3))",
                )?
                .execute(params![
                    folder.0,
                    batch,
                    destination_uid_validity,
                    destination_uidnext,
                    UnixTime::now().0,
                ])?;
            if changed != uids.len() {
                return Err(not_to_do(transaction, folder, (&batch, destination_uid_validity))?);
            }
            count_moved(transaction, folder, (MessageState::ToDo, MessageState::InFlight), waiting)
        });
        announced.map(|((), unflushed)| unflushed)
    }

    /// Writes down, for the whole batch, what became of these messages. Durable with the next intent: a result that a
    /// power failure undoes leaves its intent behind, and the copy is found at the destination. A copy whose UID is
    /// not known keeps the UIDNEXT of its intent, to be looked for above it ([`Self::unplaced_copies`]).
    ///
    /// Where a message has several results, the last one stands.
    pub fn record_results(&self, folder: FolderId, results: &[MessageResult]) -> Result<(), ProjectError> {
        if results.is_empty() {
            return Ok(());
        }
        self.project.write_soon(|transaction| {
            give_back_borrowed(transaction, folder, results)?;
            let mut arrived = BTreeSet::new();
            for result in results {
                if arrived.contains(&result.uid) {
                    // Another result of the same message: the sums are made right before its row changes again.
                    count_arrived(transaction, folder, &mut arrived)?;
                }
                if record_arrival(transaction, folder, result)? {
                    arrived.insert(result.uid);
                } else {
                    record_outcome(transaction, folder, result)?;
                }
            }
            count_arrived(transaction, folder, &mut arrived)
        })
    }
}

/// Messages, and the sum of their sizes.
#[derive(Clone, Copy, Default)]
struct Count {
    messages: i64,
    bytes: i64,
}

/// Those of the batch (a JSON array of UIDs) that are in this state.
fn counted(
    transaction: &Transaction<'_>,
    folder: FolderId,
    (batch, state): (&str, MessageState),
) -> Result<Count, ProjectError> {
    let count = transaction
        .prepare_cached(
            "SELECT count(*), coalesce(sum(size), 0) FROM message
             WHERE folder_id = ?1 AND uid IN (SELECT value FROM json_each(?2)) AND +state = ?3",
        )?
        .query_row(params![folder.0, batch, state_number(state)], |row| {
            Ok(Count { messages: row.get(0)?, bytes: row.get(1)? })
        })?;
    Ok(count)
}

/// Adds so many messages to the sums of the folder.
fn count(
    transaction: &Transaction<'_>,
    folder: FolderId,
    state: MessageState,
    Count { messages, bytes }: Count,
) -> Result<(), ProjectError> {
    transaction
        .prepare_cached(
            "UPDATE folder_count SET messages = messages + ?3, bytes = bytes + ?4
             WHERE folder_id = ?1 AND state = ?2",
        )?
        .execute(params![folder.0, state_number(state), messages, bytes])?;
    Ok(())
}

/// So many messages of the folder have gone from one state to another.
fn count_moved(
    transaction: &Transaction<'_>,
    folder: FolderId,
    (from, to): (MessageState, MessageState),
    moved: Count,
) -> Result<(), ProjectError> {
    let less = Count { messages: -moved.messages, bytes: -moved.bytes };
    count(transaction, folder, from, less)?;
    count(transaction, folder, to, moved)
}

/// Counts messages that [`record_arrival`] has written down, and forgets them.
fn count_arrived(
    transaction: &Transaction<'_>,
    folder: FolderId,
    arrived: &mut BTreeSet<SourceUid>,
) -> Result<(), ProjectError> {
    if arrived.is_empty() {
        return Ok(());
    }
    let batch = to_json(&std::mem::take(arrived))?;
    let copied = counted(transaction, folder, (&batch, MessageState::Copied))?;
    count_moved(transaction, folder, (MessageState::InFlight, MessageState::Copied), copied)
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

/// Writes down that a message that was in flight has arrived as it was. Not counted. False where it is not as simple as
/// that, and nothing was written.
fn record_arrival(
    transaction: &Transaction<'_>,
    folder: FolderId,
    result: &MessageResult,
) -> Result<bool, ProjectError> {
    if result.state != MessageState::Copied || result.reason.is_some() {
        return Ok(false);
    }
    let (validity, uid) = unzipped(result.placement);
    let changed = transaction
        .prepare_cached(
            "UPDATE message SET
                 state = 2, destination_uid_validity = ?3, destination_uid = ?4, sha256 = coalesce(?5, sha256),
                 intent_uidnext = CASE WHEN ?4 IS NULL THEN intent_uidnext END,
                 intent_uid_validity = CASE WHEN ?4 IS NULL THEN intent_uid_validity END, needs_flag_check = ?6
             WHERE folder_id = ?1 AND uid = ?2 AND state = 1 AND reason IS NULL AND mirrored_flags IS NULL",
        )?
        .execute(params![
            folder.0,
            result.uid,
            validity,
            uid,
            result.sha256,
            FlagCheck::number(result.flag_check),
        ])?;
    Ok(changed == 1)
}

/// Writes down whatever became of a message.
fn record_outcome(
    transaction: &Transaction<'_>,
    folder: FolderId,
    result: &MessageResult,
) -> Result<(), ProjectError> {
    let (validity, uid) = unzipped(result.placement);
    let (reason, detail) = stored_reason(result.reason.as_ref());
    let changed = transaction
        .prepare_cached(
            "UPDATE message SET
                 state = ?3, destination_uid_validity = ?4, destination_uid = ?5,
                 sha256 = coalesce(?6, sha256), reason = ?7, detail = ?8, needs_flag_check = ?9,
                 intent_uidnext = CASE WHEN ?3 = 1 OR (?3 IN (2, 4) AND ?5 IS NULL) THEN intent_uidnext END,
                 intent_uid_validity =
                     CASE WHEN ?3 = 1 OR (?3 IN (2, 4) AND ?5 IS NULL) THEN intent_uid_validity END,
                 mirrored_flags = CASE WHEN state IN (2, 3, 4) THEN mirrored_flags END
             WHERE folder_id = ?1 AND uid = ?2",
        )?
        .execute(params![
            folder.0,
            result.uid,
            state_number(result.state),
            validity,
            uid,
            result.sha256,
            reason,
            detail,
            FlagCheck::number(result.flag_check),
        ])?;
    if changed == 1 { Ok(()) } else { Err(ProjectError::Unknown("message")) }
}

/// Says which message of the batch (a JSON array of UIDs) could not be announced under this UIDVALIDITY.
fn not_to_do(
    transaction: &Transaction<'_>,
    folder: FolderId,
    (batch, uid_validity): (&str, UidValidity),
) -> Result<ProjectError, ProjectError> {
    let uid = transaction
        .prepare_cached(
            "SELECT value FROM json_each(?2) WHERE NOT EXISTS (SELECT 1 FROM message
                 WHERE folder_id = ?1 AND uid = value AND state = 1 AND intent_uid_validity = ?3)",
        )?
        .query_row(params![folder.0, batch, uid_validity], |row| row.get(0))?;
    Ok(ProjectError::NotToDo { uid })
}

/// Notes the destination's UIDVALIDITY where none is stored, and refuses another one than the stored.
fn check_destination(
    transaction: &Transaction<'_>,
    folder: FolderId,
    uid_validity: UidValidity,
) -> Result<(), ProjectError> {
    let stored: Option<UidValidity> = transaction
        .prepare_cached("SELECT destination_uid_validity FROM folder WHERE id = ?1")?
        .query_row([folder.0], |row| row.get(0))
        .optional()?
        .ok_or(ProjectError::Unknown("folder"))?;
    match stored {
        Some(stored) if stored == uid_validity => Ok(()),
        Some(_) => Err(ProjectError::DestinationChanged),
        None => {
            transaction.execute(
                "UPDATE folder SET destination_uid_validity = ?2 WHERE id = ?1",
                params![folder.0, uid_validity],
            )?;
            Ok(())
        }
    }
}

/// A violated foreign key means that the mailbox was removed meanwhile.
fn missing_folder(error: rusqlite::Error) -> ProjectError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => ProjectError::Unknown("folder"),
        _ => error.into(),
    }
}

fn unzipped(placement: Option<Placement>) -> (Option<UidValidity>, Option<DestinationUid>) {
    placement.map(|Placement { validity, uid }| (validity, uid)).unzip()
}

fn stored_size(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod ledger_batches_tests;
