//! The message list: one row per message, for spreadsheets and programs.

use serde::Serialize;

use super::ReportError;
use crate::plan::MessageState;
use crate::values::{DestinationUid, SourceUid, csv_cell, printable_json};

/// Names of the columns in a CSV file.
pub const MESSAGE_COLUMNS: &str =
    "mailbox,folder,source_uid,destination_folder,destination_uid,size_bytes,date,state,cause,sha256,code";

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MessageRow {
    /// Address of the mailbox.
    pub mailbox: String,
    /// Folder at the source.
    pub folder: String,
    /// UID at the source; `None` for a folder that was left out as a whole.
    pub source_uid: Option<SourceUid>,
    /// Folder at the destination.
    pub destination_folder: String,
    /// UID of the copy, if the destination reported it.
    pub destination_uid: Option<DestinationUid>,
    /// Size at the source.
    pub size_bytes: u64,
    /// When the source received it, as the source reports it.
    pub date: String,
    /// What became of it.
    pub state: MessageState,
    /// The reason in words, if there is more to say than the state.
    pub cause: Option<String>,
    /// SHA-256 of the bytes that were read from the source, in hexadecimal.
    pub sha256: Option<String>,
    /// The reason's name for programs.
    pub code: Option<&'static str>,
}

impl MessageRow {
    /// The message as one record of a CSV file (RFC 4180), with its line end.
    pub fn csv(&self) -> String {
        let cells = [
            csv_cell(&self.mailbox),
            csv_cell(&self.folder),
            self.source_uid.map_or_else(String::new, |uid| uid.to_string()),
            csv_cell(&self.destination_folder),
            self.destination_uid.map_or_else(String::new, |uid| uid.to_string()),
            self.size_bytes.to_string(),
            csv_cell(&self.date),
            state_name(self.state).to_owned(),
            csv_cell(self.cause.as_deref().unwrap_or_default()),
            self.sha256.clone().unwrap_or_default(),
            self.code.unwrap_or_default().to_owned(),
        ];
        format!("{}\r\n", cells.join(","))
    }

    /// The message as one line of JSON, without a line end.
    pub fn json(&self) -> Result<String, ReportError> {
        Ok(printable_json(&serde_json::to_string(self)?).into_owned())
    }
}

/// The same names as in JSON.
const fn state_name(state: MessageState) -> &'static str {
    match state {
        MessageState::ToDo => "to-do",
        MessageState::InFlight => "in-flight",
        MessageState::Copied => "copied",
        MessageState::AlreadyThere => "already-there",
        MessageState::Repaired => "repaired",
        MessageState::Exported => "exported",
        MessageState::Refused => "refused",
        MessageState::Vanished => "vanished",
        MessageState::LeftOut => "left-out",
        MessageState::Deferred => "deferred",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(folder: &str, cause: Option<&str>) -> MessageRow {
        MessageRow {
            mailbox: "anna@example.org".to_owned(),
            folder: folder.to_owned(),
            source_uid: Some(SourceUid(7)),
            destination_folder: "Archive".to_owned(),
            destination_uid: None,
            size_bytes: 1_234,
            date: "01-Jan-2024 00:00:00 +0000".to_owned(),
            state: MessageState::Refused,
            code: cause.map(|_| "not-taken"),
            cause: cause.map(str::to_owned),
            sha256: Some("ab".repeat(32)),
        }
    }

    #[test]
    fn a_record_has_a_cell_for_each_column() {
        let csv = row("Inbox", None).csv();
        assert_eq!(csv.trim_end().split(',').count(), MESSAGE_COLUMNS.split(',').count());
        assert!(csv.starts_with("anna@example.org,Inbox,7,Archive,,1234,"), "{csv}");
        assert!(csv.ends_with(&format!(",refused,,{},\r\n", "ab".repeat(32))), "{csv}");
    }

    #[test]
    fn json_has_the_columns_of_the_table_and_the_same_state_names() {
        use MessageState::{
            AlreadyThere, Copied, Deferred, Exported, InFlight, LeftOut, Refused, Repaired, ToDo, Vanished,
        };
        let settled = [Copied, AlreadyThere, Repaired, Exported, Refused, Vanished, LeftOut];
        for state in [ToDo, InFlight, Deferred].into_iter().chain(settled) {
            let json = MessageRow { state, ..row("In\"box", Some("NO, really\r\n")) }.json().unwrap();
            assert!(!json.contains('\n'));
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["state"], state_name(state));
            for column in MESSAGE_COLUMNS.split(',') {
                assert!(value.get(column).is_some(), "{column} is missing");
            }
        }
    }
}
