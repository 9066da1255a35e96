use serde::{Deserialize, Serialize};

use super::FolderPath;
use crate::values::Bytes;

/// Messages of a mailbox that are larger than the destination takes, known before anything is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oversize {
    /// What the destination takes at most; `None` where neither the server nor the catalogue says.
    pub limit: Option<Bytes>,
    /// Folders that have such messages.
    pub folders: Vec<OversizeFolder>,
}

impl Oversize {
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
    pub uids: Vec<u32>,
}
