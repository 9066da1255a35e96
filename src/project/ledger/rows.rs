//! What the ledger knows of one message, and which messages are in which state.

use std::collections::BTreeSet;

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, params};

use crate::message::{IdentityKey, MessageKey};
use crate::plan::{FlagCheck, MessageState, Reason};
use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::stored::{read_reason, state_from_number, state_number, unreadable};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

/// Number of a folder in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderId(pub i64);

/// Where a copy came from that the ledger knew and had to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForgottenCopy {
    /// It was sent by us.
    Sent,
    /// It was found at the destination.
    Found,
}

/// A message as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// UID at the source.
    pub uid: SourceUid,
    /// RFC822.SIZE at the source in bytes.
    pub size: u64,
    /// INTERNALDATE exactly as the source gave it.
    pub internal_date: String,
    /// Flags and keywords at the source.
    pub flags: Vec<String>,
    /// Digest of its headers.
    pub identity: IdentityKey,
    /// What became of it.
    pub state: MessageState,
    /// UID of the copy, where known.
    pub destination_uid: Option<DestinationUid>,
    /// UIDVALIDITY that `destination_uid` belongs to.
    pub destination_uid_validity: Option<UidValidity>,
    /// UIDNEXT of the destination before the append was sent: the copy, if there is one, is not below it.
    pub intent_uidnext: Option<DestinationUid>,
    /// UIDVALIDITY that `intent_uidnext` belongs to.
    pub intent_uid_validity: Option<UidValidity>,
    /// SHA-256 of the bytes that were read from the source.
    pub sha256: Option<[u8; 32]>,
    /// Why it is in its state, where there is more to say than the state itself.
    pub reason: Option<Reason>,
    /// Why the flags of its copy have still to be looked at.
    pub flag_check: Option<FlagCheck>,
    /// The copy that was known before its folder was recreated, or before it was lost.
    pub forgotten: Option<ForgottenCopy>,
}

impl LedgerRow {
    /// What identifies the message, with its UID at the source.
    pub const fn key(&self) -> MessageKey<SourceUid> {
        MessageKey { uid: self.uid, identity: self.identity, size: self.size }
    }

    /// Where its copy is, if known.
    pub fn placement(&self) -> Option<Placement> {
        let (validity, uid) = self.destination_uid_validity.zip(self.destination_uid)?;
        Some(Placement { validity, uid })
    }
}

/// Columns of a [`LedgerRow`], in the order that [`read_row`] expects.
pub(in crate::project) const ROW_COLUMNS: &str = "uid, size, internal_date, flags, identity, state, destination_uid, \
     destination_uid_validity, intent_uidnext, intent_uid_validity, sha256, reason, detail, needs_flag_check, forgotten_copy";

impl Ledger {
    /// The row of one message.
    pub fn row(&self, folder: FolderId, uid: SourceUid) -> Result<Option<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let row = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message WHERE folder_id = ?1 AND uid = ?2"
                ))?
                .query_row(params![folder.0, uid], |row| read_row(row, 0))
                .optional()?;
            Ok(row)
        })
    }

    /// All rows in these states, by ascending UID. For folders of any size prefer [`Self::rows_after`].
    pub fn rows(&self, folder: FolderId, states: &[MessageState]) -> Result<Vec<LedgerRow>, ProjectError> {
        self.rows_after(folder, states, SourceUid(0), usize::MAX)
    }

    /// At most `limit` rows in these states with a UID above `after_uid`, by ascending UID.
    pub fn rows_after(
        &self,
        folder: FolderId,
        states: &[MessageState],
        after_uid: SourceUid,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        // The numbers are our own, so they may stand in the text; that keeps one prepared statement per set.
        let states: BTreeSet<String> = states.iter().map(|state| state_number(*state).to_string()).collect();
        let states = states.into_iter().collect::<Vec<_>>().join(", ");
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state IN ({states}) AND uid > ?2 ORDER BY uid LIMIT ?3"
                ))?
                .query_map(params![folder.0, after_uid, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    read_row(row, 0)
                })?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }

    /// At most `limit` rows in this state with the highest UIDs below `before_uid`, by ascending UID.
    pub fn rows_before(
        &self,
        folder: FolderId,
        state: MessageState,
        before_uid: Option<SourceUid>,
        limit: usize,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let mut rows: Vec<LedgerRow> = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state = ?2 AND (?3 IS NULL OR uid < ?3)
                     ORDER BY uid DESC LIMIT ?4"
                ))?
                .query_map(
                    params![
                        folder.0,
                        state_number(state),
                        before_uid,
                        i64::try_from(limit).unwrap_or(i64::MAX)
                    ],
                    |row| read_row(row, 0),
                )?
                .collect::<Result<_, _>>()?;
            rows.reverse();
            Ok(rows)
        })
    }

    /// Messages of the folder that have the headers and the size of another one in it, by ascending UID. Those that are
    /// gone from the source are left out.
    pub fn alike(&self, folder: FolderId) -> Result<Vec<LedgerRow>, ProjectError> {
        self.project.read(|connection| {
            let rows = connection
                .prepare_cached(&format!(
                    "SELECT {ROW_COLUMNS} FROM message
                     WHERE folder_id = ?1 AND state <> ?2 AND (identity, size) IN
                         (SELECT identity, size FROM message WHERE folder_id = ?1 AND state <> ?2
                          GROUP BY identity, size HAVING count(*) > 1)
                     ORDER BY uid"
                ))?
                .query_map(params![folder.0, state_number(MessageState::Vanished)], |row| read_row(row, 0))?
                .collect::<Result<_, _>>()?;
            Ok(rows)
        })
    }
}

/// Reads the columns of [`ROW_COLUMNS`], which begin at `first`.
pub(in crate::project) fn read_row(row: &Row<'_>, first: usize) -> rusqlite::Result<LedgerRow> {
    let flags: String = row.get(first + 3)?;
    let state: i64 = row.get(first + 5)?;
    Ok(LedgerRow {
        uid: row.get(first)?,
        size: u64::try_from(row.get::<_, i64>(first + 1)?).unwrap_or(0),
        internal_date: row.get(first + 2)?,
        flags: serde_json::from_str(&flags).map_err(|error| unreadable(first + 3, Type::Text, error))?,
        identity: IdentityKey(row.get(first + 4)?),
        state: state_from_number(state)
            .ok_or_else(|| unreadable(first + 5, Type::Integer, format!("state {state}")))?,
        destination_uid: row.get(first + 6)?,
        destination_uid_validity: row.get(first + 7)?,
        intent_uidnext: row.get(first + 8)?,
        intent_uid_validity: row.get(first + 9)?,
        sha256: row.get(first + 10)?,
        reason: read_reason(row, first + 11)?,
        flag_check: read_flag_check(row, first + 13)?,
        forgotten: match row.get::<_, i64>(first + 14)? {
            1 => Some(ForgottenCopy::Sent),
            2 => Some(ForgottenCopy::Found),
            _ => None,
        },
    })
}

fn read_flag_check(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<FlagCheck>> {
    let number: i64 = row.get(column)?;
    let check = FlagCheck::from_number(number);
    check.ok_or_else(|| unreadable(column, Type::Integer, format!("flag check {number}")))
}
