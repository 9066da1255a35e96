use serde::{Deserialize, Serialize};

use crate::plan::folders::path::FolderPath;
use crate::values::Bytes;
use crate::values::SourceUid;

/// Messages of a mailbox that are larger than the destination takes, known before anything is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oversize {
    /// What the destination takes at most; `None` where neither the server nor the catalogue says.
    pub limit: Option<Bytes>,
    /// Folders that have such messages.
    pub folders: Vec<OversizeFolder>,
    /// Folders that have messages just below the limit: servers count what they add on the way, and some count the
    /// encoded form, so that such messages may be refused as well.
    #[serde(default)]
    pub close: Vec<OversizeFolder>,
}

impl Oversize {
    /// From this size on a message is close to a limit: the last twentieth below it.
    pub const fn close_to(limit: Bytes) -> Bytes {
        Bytes(limit.0 - limit.0 / 20)
    }

    /// Messages just below the limit.
    pub fn close_messages(&self) -> u64 {
        self.close.iter().map(|folder| folder.messages).fold(0, u64::saturating_add)
    }

    /// All such messages.
    pub fn messages(&self) -> u64 {
        self.folders.iter().map(|folder| folder.messages).fold(0, u64::saturating_add)
    }
}

/// The messages of one folder that are too large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OversizeFolder {
    /// The folder at the source.
    pub folder: FolderPath,
    /// How many.
    pub messages: u64,
    /// The first of them, by UID at the source.
    pub uids: Vec<SourceUid>,
}
