//! How the values of the ledger stand in the file.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};

use crate::plan::{FolderPath, MessageState, Reason, ReasonCode};
use crate::project::error::ProjectError;
use crate::values::{DestinationUid, SourceUid, UidValidity};

pub(in crate::project) fn to_json(value: &impl serde::Serialize) -> Result<String, ProjectError> {
    serde_json::to_string(value).map_err(|error| ProjectError::Io(error.into()))
}

pub(in crate::project) fn unreadable(
    column: usize,
    kind: Type,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, error.into())
}

pub(in crate::project) fn read_path(row: &Row<'_>, column: usize) -> rusqlite::Result<FolderPath> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, Type::Text, error))
}

pub(in crate::project) fn read_state(row: &Row<'_>, column: usize) -> rusqlite::Result<MessageState> {
    let number: i64 = row.get(column)?;
    state_from_number(number).ok_or_else(|| unreadable(column, Type::Integer, format!("state {number}")))
}

/// Reads the reason in the column `first` and its detail in the next one.
pub(super) fn read_reason(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Reason>> {
    let Some(number) = row.get::<_, Option<i64>>(first)? else { return Ok(None) };
    let detail: Option<String> = row.get(first + 1)?;
    let reason = ReasonCode::from_number(number).and_then(|code| Reason::read(code, detail.as_deref()));
    reason.map(Some).ok_or_else(|| unreadable(first, Type::Integer, format!("reason {number}")))
}

/// Number and detail of a reason, as they stand in the file.
pub(super) fn stored_reason(reason: Option<&Reason>) -> (Option<i64>, Option<String>) {
    (reason.map(|reason| reason.code().number()), reason.and_then(Reason::detail))
}

/// The number that stands for a state in the file; part of the format.
pub(in crate::project) const fn state_number(state: MessageState) -> i64 {
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

pub(in crate::project) const fn state_from_number(number: i64) -> Option<MessageState> {
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

macro_rules! stored_as_number {
    ($name:ident) => {
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                u32::column_result(value).map(Self)
            }
        }
    };
}

stored_as_number!(SourceUid);
stored_as_number!(DestinationUid);
stored_as_number!(UidValidity);
