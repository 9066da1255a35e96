use rusqlite::Row;
use rusqlite::types::Type;

use crate::message::{IdentityKey, MessageKey};
use crate::plan::{FlagCheck, MessageState, Reason, ReasonCode};
use crate::values::{DestinationUid, Placement, SourceUid, UidValidity};

/// Number of a folder in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderId(pub i64);

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
    /// The copy that was known before its folder was made anew, or before it was lost.
    pub forgotten: Option<ForgottenCopy>,
}

impl LedgerRow {
    /// What identifies the message, with its UID at the source.
    pub const fn key(&self) -> MessageKey<SourceUid> {
        MessageKey { uid: self.uid, identity: self.identity, size: self.size }
    }

    /// Where its copy lies, where known.
    pub fn placement(&self) -> Option<Placement> {
        let (validity, uid) = self.destination_uid_validity.zip(self.destination_uid)?;
        Some(Placement { validity, uid })
    }
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageResult {
    /// UID at the source.
    pub uid: SourceUid,
    /// The new state.
    pub state: MessageState,
    /// Where the copy lies, where known.
    pub placement: Option<Placement>,
    /// SHA-256 of the bytes that were read from the source; `None` keeps a stored one.
    pub sha256: Option<[u8; 32]>,
    /// Why, where there is more to say than the state itself.
    pub reason: Option<Reason>,
    /// Why the flags of its copy have still to be looked at.
    pub flag_check: Option<FlagCheck>,
}

/// Columns of a [`LedgerRow`], in the order that [`read_row`] expects.
pub(super) const ROW_COLUMNS: &str = "uid, size, internal_date, flags, identity, state, destination_uid, \
     destination_uid_validity, intent_uidnext, intent_uid_validity, sha256, reason, detail, needs_flag_check, forgotten_copy";

/// Reads the columns of [`ROW_COLUMNS`], which begin at `first`.
pub(super) fn read_row(row: &Row<'_>, first: usize) -> rusqlite::Result<LedgerRow> {
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

/// Reads the reason in the column `first` and its detail in the next one.
pub(super) fn read_reason(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Reason>> {
    let Some(number) = row.get::<_, Option<i64>>(first)? else { return Ok(None) };
    let detail: Option<String> = row.get(first + 1)?;
    let reason = ReasonCode::from_number(number).and_then(|code| Reason::read(code, detail.as_deref()));
    reason.map(Some).ok_or_else(|| unreadable(first, Type::Integer, format!("reason {number}")))
}

fn read_flag_check(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<FlagCheck>> {
    let number: i64 = row.get(column)?;
    let check = FlagCheck::from_number(number);
    check.ok_or_else(|| unreadable(column, Type::Integer, format!("flag check {number}")))
}

/// Number and detail of a reason, as they stand in the file.
pub(super) fn stored_reason(reason: Option<&Reason>) -> (Option<i64>, Option<String>) {
    (reason.map(|reason| reason.code().number()), reason.and_then(Reason::detail))
}

pub(super) fn unreadable(
    column: usize,
    kind: Type,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, error.into())
}

/// The number that stands for a state in the file; part of the format.
pub(super) const fn state_number(state: MessageState) -> i64 {
    match state {
        MessageState::ToDo => 0,
        MessageState::InFlight => 1,
        MessageState::Copied => 2,
        MessageState::AlreadyThere => 3,
        MessageState::Repaired => 4,
        MessageState::Exported => 5,
        MessageState::Refused => 6,
        MessageState::Vanished => 7,
        MessageState::LeftOut => 8,
        MessageState::Deferred => 9,
    }
}

pub(super) const fn state_from_number(number: i64) -> Option<MessageState> {
    Some(match number {
        0 => MessageState::ToDo,
        1 => MessageState::InFlight,
        2 => MessageState::Copied,
        3 => MessageState::AlreadyThere,
        4 => MessageState::Repaired,
        5 => MessageState::Exported,
        6 => MessageState::Refused,
        7 => MessageState::Vanished,
        8 => MessageState::LeftOut,
        9 => MessageState::Deferred,
        _ => return None,
    })
}
