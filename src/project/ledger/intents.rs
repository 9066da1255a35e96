//! What is recorded before the first byte of a message is sent.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::plan::MessageState;
use crate::project::error::ProjectError;
use crate::project::file::Unflushed;
use crate::project::ledger::Ledger;
use crate::project::ledger::counts::{StateChange, count_moved, counted};
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::to_json;
use crate::values::{DestinationUid, SourceUid, UidValidity, UnixTime};

impl Ledger {
    /// Records, for the whole batch, that these messages are about to be appended. That has to be flushed before the
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
        let announced = self.project.commit(|transaction| {
            check_destination(transaction, folder, destination_uid_validity)?;
            let uids: BTreeSet<SourceUid> = uids.iter().copied().collect();
            let batch = to_json(&uids)?;
            let waiting = counted(transaction, folder, &batch, MessageState::ToDo)?;
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
                return Err(not_to_do(transaction, folder, &batch, destination_uid_validity)?);
            }
            let change = StateChange { from: MessageState::ToDo, to: MessageState::InFlight };
            count_moved(transaction, folder, change, waiting)
        });
        announced.map(|((), unflushed)| unflushed)
    }

    /// Takes intents back to [`MessageState::ToDo`], after it was seen that they did not arrive.
    pub fn withdraw_intents(&self, folder: FolderId, uids: &[SourceUid]) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| {
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

    /// When the newest intent of this folder was written whose result is not known, in seconds since 1970.
    pub fn newest_intent(&self, folder: FolderId) -> Result<Option<i64>, ProjectError> {
        self.project.read(|connection| {
            let newest = connection
                .prepare_cached("SELECT max(intent_at) FROM message WHERE folder_id = ?1 AND state = 1")?
                .query_row([folder.0], |row| row.get(0))?;
            Ok(newest)
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
}

/// Says which message of the batch (a JSON array of UIDs) could not be announced under this UIDVALIDITY.
fn not_to_do(
    transaction: &Transaction<'_>,
    folder: FolderId,
    batch: &str,
    uid_validity: UidValidity,
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
