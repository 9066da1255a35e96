//! What became of messages.
//!
//! A copy spends most of its time in the ledger here, so that the rows are counted by the batch and not by triggers.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, params};

use crate::plan::{FlagCheck, MessageState, Reason, ReasonCode};
use crate::project::error::ProjectError;
use crate::project::file::Project;
use crate::project::ledger::Ledger;
use crate::project::ledger::claims::SAME_PLACE;
use crate::project::ledger::counts::{StateChange, count_moved, counted};
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::{state_number, stored_reason, to_json};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageResult {
    /// UID at the source.
    pub uid: SourceUid,
    /// The new state.
    pub state: MessageState,
    /// Where the copy is, if known.
    pub placement: Option<Placement>,
    /// SHA-256 of the bytes that were read from the source; `None` keeps a stored one.
    pub sha256: Option<[u8; 32]>,
    /// Why, where there is more to say than the state itself.
    pub reason: Option<Reason>,
    /// Why the flags of its copy have still to be looked at.
    pub flag_check: Option<FlagCheck>,
}

impl MessageResult {
    /// A new state of which there is nothing more to say.
    pub const fn new(uid: SourceUid, state: MessageState) -> Self {
        Self { uid, state, placement: None, sha256: None, reason: None, flag_check: None }
    }

    /// A new state without a copy, and why.
    pub fn because(uid: SourceUid, state: MessageState, reason: Reason) -> Self {
        Self { reason: Some(reason), ..Self::new(uid, state) }
    }
}

impl Ledger {
    /// Records, for the whole batch, what became of these messages. Durable with the next intent: a result that a
    /// power failure undoes leaves its intent behind, and the copy is found at the destination. A copy whose UID is
    /// not known keeps the UIDNEXT of its intent, to be looked for above it ([`Self::unplaced_copies`]).
    ///
    /// Where a message has several results, the last one stands.
    pub fn record_results(&self, folder: FolderId, results: &[MessageResult]) -> Result<(), ProjectError> {
        if results.is_empty() {
            return Ok(());
        }
        self.project.commit_deferred(|transaction| {
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

    /// Whether a message of the folder is in this state for this reason.
    pub fn has_reason(
        &self,
        folder: FolderId,
        state: MessageState,
        reason: ReasonCode,
    ) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let has_reason = connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM message INDEXED BY message_with_reason
                         WHERE folder_id = ?1 AND state = ?2 AND reason = ?3)",
                )?
                .query_row(params![folder.0, state_number(state), reason.number()], |row| row.get(0))?;
            Ok(has_reason)
        })
    }

    /// Gives messages of this mailbox another try that were refused or saved as files. Returns how many.
    pub fn retry_refused(&self) -> Result<u64, ProjectError> {
        self.project.commit_durable(|transaction| {
            let count = transaction.execute(
                "UPDATE message SET state = 0, reason = NULL, detail = NULL
                 WHERE state IN (5, 6) AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                [self.mailbox.0],
            )?;
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }
}

impl Project {
    /// Gives messages of all mailboxes another try that were refused or saved as files. Returns how many.
    pub fn retry_refused(&self) -> Result<u64, ProjectError> {
        self.commit_durable(|transaction| {
            let count = transaction.execute(
                "UPDATE message SET state = 0, reason = NULL, detail = NULL WHERE state IN (5, 6)",
                [],
            )?;
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }
}

/// Records that a message that was in flight has arrived as it was. Not counted. False where it is not as simple as
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

/// Records whatever became of a message.
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

/// Counts messages that [`record_arrival`] has recorded, and forgets them.
fn count_arrived(
    transaction: &Transaction<'_>,
    folder: FolderId,
    arrived: &mut BTreeSet<SourceUid>,
) -> Result<(), ProjectError> {
    if arrived.is_empty() {
        return Ok(());
    }
    let batch = to_json(&std::mem::take(arrived))?;
    let copied = counted(transaction, folder, &batch, MessageState::Copied)?;
    let change = StateChange { from: MessageState::InFlight, to: MessageState::Copied };
    count_moved(transaction, folder, change, copied)
}

fn unzipped(placement: Option<Placement>) -> (Option<UidValidity>, Option<DestinationUid>) {
    placement.map(|Placement { validity, uid }| (validity, uid)).unzip()
}

/// Gives rows back that were taken for already there, and whose copy turns out to be that of another row, which the
/// server has just named: two mailboxes that go into one account at the same time.
fn give_back_borrowed(
    transaction: &Transaction<'_>,
    folder: FolderId,
    results: &[MessageResult],
) -> Result<(), ProjectError> {
    let named: BTreeSet<Placement> = results
        .iter()
        .filter(|result| result.state != MessageState::AlreadyThere)
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
