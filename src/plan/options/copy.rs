//! The owner's choices for a copy.

use serde::{Deserialize, Serialize};

use crate::plan::options::filter::MessageFilter;
use crate::plan::options::rest::Rest;
use crate::values::Bytes;

/// What happens to a message that shows under several labels of a Gmail mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GmailLabels {
    /// It is copied once, into the folder of its best label.
    #[default]
    OncePerMessage,
    /// It is copied into the folder of each label, as many mail programs would. Takes more room.
    EveryFolder,
}

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

/// How thoroughly a copy is verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerifyDepth {
    /// Presence, sizes, dates and flags.
    #[default]
    Quick,
    /// Also every byte, by SHA-256.
    Full,
}

/// Which date copies get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageDates {
    /// When the message arrived, as the source says (INTERNALDATE).
    #[default]
    Arrival,
    /// When it was written, as its `Date` field says: for mailboxes that an earlier move has given its own day.
    Header,
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
    /// A trial's limit of messages per folder; `None` for all.
    pub trial_messages: Option<u32>,
    /// Where messages with several labels go, where the source is Gmail.
    pub gmail_labels: GmailLabels,
    /// Message bytes that each mailbox may send in a day, in place of what is known of the provider; 0: no limit.
    pub upload_bytes_per_day: Option<u64>,
    /// The same for reading from the source.
    pub download_bytes_per_day: Option<u64>,
    /// Requests for a receipt get another name in messages that are read, as mail programs may answer them again in a
    /// mailbox that is new to them.
    pub disarms_receipts: bool,
    /// Which date copies get; messages listed before keep theirs.
    pub dates: MessageDates,
    /// Of messages in one folder with the same bytes and flags, only the first is copied.
    pub drops_duplicates: bool,
    /// How a finished copy is verified.
    pub verify: VerifyDepth,
    /// What to do with the remaining messages of one mailbox; kept with the mailbox, not with the other options.
    #[serde(skip)]
    pub rest: Rest,
}

impl CopyMode {
    /// `After the switch`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeSwitch => "Before the switch",
            Self::AfterSwitch => "After the switch",
            Self::Sweep => "Late mail only",
        }
    }
}

impl CopyOptions {
    /// The options that differ from the defaults, in sentences; `None` if none do.
    pub fn words(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.mode != CopyMode::default() {
            parts.push(self.mode.name().to_owned());
        }
        if !self.filter.is_open() {
            parts.push(format!("Only messages {}", self.filter.words().join(", ")));
        }
        if self.is_newest_first {
            parts.push("Newest messages first".to_owned());
        }
        if self.gmail_labels == GmailLabels::EveryFolder {
            parts.push("From Gmail, one copy per label".to_owned());
        }
        for (bytes, what) in
            [(self.upload_bytes_per_day, "upload"), (self.download_bytes_per_day, "download")]
        {
            match bytes {
                Some(0) => parts.push(format!("No daily {what} limit")),
                Some(bytes) => parts.push(format!("At most {} {what} per day", Bytes(bytes))),
                None => {}
            }
        }
        if self.disarms_receipts {
            parts.push("Read-receipt requests are removed from read messages".to_owned());
        }
        if self.dates == MessageDates::Header {
            parts.push("Copies get the date in the message".to_owned());
        }
        if self.drops_duplicates {
            parts.push("Exact duplicates within a folder are copied only once".to_owned());
        }
        if self.verify == VerifyDepth::Full {
            parts.push("At the end every copy is read back and compared byte by byte".to_owned());
        }
        (!parts.is_empty()).then(|| format!("{}.", parts.join(". ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_usual_is_said() {
        assert_eq!(CopyOptions::default().words(), None);
        let filter =
            MessageFilter { max_bytes: Some(1_000), since_secs: Some(0), ..MessageFilter::default() };
        let options = CopyOptions {
            mode: CopyMode::Sweep,
            filter,
            is_newest_first: true,
            gmail_labels: GmailLabels::EveryFolder,
            upload_bytes_per_day: Some(1_000),
            download_bytes_per_day: Some(0),
            dates: MessageDates::Header,
            drops_duplicates: true,
            verify: VerifyDepth::Full,
            ..CopyOptions::default()
        };
        assert_eq!(
            options.words().as_deref(),
            Some(
                "Late mail only. Only messages received on or after 1970-01-01, 1.0 kB or smaller. Newest messages first. \
                 From Gmail, one copy per label. At most 1.0 kB upload per day. No daily download limit. \
                 Copies get the date in the message. Exact duplicates within a folder are copied only once. \
                 At the end every copy is read back and compared byte by byte."
            )
        );
    }
}
