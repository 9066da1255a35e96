use serde::{Deserialize, Serialize};

use super::{GmailLabels, MessageFilter};

/// When in the move a copy runs; decides what it may change at the destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyMode {
    /// New mail still arrives at the source: adds and flags of the source are mirrored.
    #[default]
    BeforeSwitch,
    /// People work at the destination: mail is added, and nothing that is there is touched.
    AfterSwitch,
    /// Late mail is swept across: as after the switch, from the inbox and junk only.
    Sweep,
}

/// What the owner asked of the copy of every mailbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CopyOptions {
    /// When in the move it runs.
    pub mode: CopyMode,
    /// Which messages take part.
    pub filter: MessageFilter,
    /// Newest messages first, so that people can work after minutes; the order inside a folder is turned round.
    pub is_newest_first: bool,
    /// At most so many messages of each folder, as a trial; `None` for all.
    pub trial_messages: Option<u32>,
    /// Where messages with several labels go, where the source is Gmail.
    pub gmail_labels: GmailLabels,
    /// Message bytes that each mailbox may send in a day, in place of what is known of the provider; 0: no limit.
    pub upload_bytes_per_day: Option<u64>,
    /// The same for reading from the source.
    pub download_bytes_per_day: Option<u64>,
}
