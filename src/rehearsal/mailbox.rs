use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::values::UnixTime;

use super::FolderPath;

/// What a folder is for (RFC 6154).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpecialUse {
    /// Every message of the account, shown again.
    All,
    /// Old mail that is kept.
    Archive,
    /// Messages being written.
    Drafts,
    /// Flagged messages, shown again.
    Flagged,
    /// Messages the provider considers important, shown again (RFC 8457).
    Important,
    /// Unwanted mail.
    Junk,
    /// Copies of messages that were sent.
    Sent,
    /// Messages to be deleted.
    Trash,
}

impl SpecialUse {
    /// The attribute as LIST shows it.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::All => "\\All",
            Self::Archive => "\\Archive",
            Self::Drafts => "\\Drafts",
            Self::Flagged => "\\Flagged",
            Self::Important => "\\Important",
            Self::Junk => "\\Junk",
            Self::Sent => "\\Sent",
            Self::Trash => "\\Trash",
        }
    }
}

/// A message with the metadata a mail server stores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleMessage {
    /// The message with CRLF line ends.
    pub bytes: Arc<[u8]>,
    /// System flags as `\Seen`, keywords as they were written; never `\Recent`.
    pub flags: BTreeSet<String>,
    /// When it arrived (INTERNALDATE).
    pub internal_date: UnixTime,
}

/// A folder with its messages in the order of their UIDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFolder {
    /// Its place.
    pub path: FolderPath,
    /// What it is for, where the server says so.
    pub special_use: Option<SpecialUse>,
    /// Its messages.
    pub messages: Vec<SampleMessage>,
}
