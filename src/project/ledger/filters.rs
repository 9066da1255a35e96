//! Which messages do not take part: by the owner's filter, with their folder, or one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{OptionalExtension, params};

use crate::message::internal_date_secs;
use crate::plan::{Candidate, MessageState, Reason, ReasonCode, Rest};
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::{state_number, stored_reason};
use crate::values::SourceUid;

impl Ledger {
    /// Leaves messages out by filter, and takes those in again that were left out by it and fit now. `judge` gets every
    /// message that may take part, by ascending UID, and says which do not, what happens to them, and why. Returns how many
    /// these are.
    pub fn filter(
        &self,
        folder: FolderId,
        judge: impl FnOnce(&[Candidate]) -> BTreeMap<SourceUid, (MessageState, Arc<Reason>)>,
    ) -> Result<u64, ProjectError> {
        self.project.commit_deferred(|transaction| {
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

    /// Leaves the waiting messages of a folder out, with those that a trial has put off, or takes them in again. Messages
    /// that were left out one by one, for a reason of their own, stay so. Returns how many changed.
    pub fn set_left_out(&self, folder: FolderId, is_left_out: bool) -> Result<u64, ProjectError> {
        let with_folder = ReasonCode::FolderLeftOut.number();
        self.project.commit_durable(|transaction| {
            let count = if is_left_out {
                transaction.execute(
                    "UPDATE message SET state = 8, reason = ?2, detail = NULL, is_filtered = 0
                     WHERE folder_id = ?1 AND ((state = 0 AND reason IS NULL) OR state = 9)",
                    params![folder.0, with_folder],
                )?
            } else {
                transaction.execute(
                    "UPDATE message SET state = 0, reason = NULL, detail = NULL, is_filtered = 0
                     WHERE folder_id = ?1 AND reason = ?2 AND state = 8",
                    params![folder.0, with_folder],
                )?
            };
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }

    /// What to do with the remaining messages of the mailbox.
    pub fn rest(&self) -> Result<Rest, ProjectError> {
        let name: String = self.project.read(|connection| {
            Ok(connection
                .prepare_cached("SELECT rest FROM mailbox WHERE id = ?1")?
                .query_row([self.mailbox.0], |row| row.get(0))?)
        })?;
        Rest::from_name(&name).ok_or_else(|| ProjectError::unreadable("what becomes of the rest", name))
    }

    /// Changes that. Messages that were left out with the rest are to do again; the next run leaves them out where that is
    /// still wanted.
    pub fn set_rest(&self, rest: Rest) -> Result<(), ProjectError> {
        self.project.commit_durable(|transaction| {
            transaction.execute(
                "UPDATE mailbox SET rest = ?2 WHERE id = ?1",
                params![self.mailbox.0, rest.name()],
            )?;
            transaction.execute(
                "UPDATE message INDEXED BY message_with_reason
                 SET state = 0, reason = NULL, detail = NULL, is_filtered = 0
                 WHERE state = ?2 AND reason = ?3
                     AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                params![
                    self.mailbox.0,
                    state_number(MessageState::LeftOut),
                    ReasonCode::RestLeftOut.number()
                ],
            )?;
            Ok(())
        })
    }

    /// Takes messages in again that were left out, one by one, for this reason. Returns how many.
    pub fn take_in_again(&self, reason: ReasonCode) -> Result<u64, ProjectError> {
        self.project.commit_deferred(|transaction| {
            let count = transaction.execute(
                "UPDATE message INDEXED BY message_with_reason SET state = 0, reason = NULL, detail = NULL
                 WHERE state = ?2 AND is_filtered = 0 AND reason = ?3
                     AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                params![self.mailbox.0, state_number(MessageState::LeftOut), reason.number()],
            )?;
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }
}
