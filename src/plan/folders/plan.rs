//! The plan of one mailbox: where each source folder goes, and why.

use serde::{Deserialize, Serialize};

use crate::plan::folders::mapping::DestinationRules;
use crate::plan::folders::path::{FolderPath, SpecialUse};
use crate::plan::folders::rename_reason::RenameReason;
use crate::plan::options::copy::MessageDates;
use crate::values::Bytes;

/// Where the folders of one mailbox go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxPlan {
    /// Folders in tree order.
    pub folders: Vec<FolderPlan>,
    /// What names the destination takes, so that the owner's names are judged by the same rules; `None` in plans of
    /// earlier versions.
    #[serde(default)]
    pub name_rules: Option<NameRules>,
    /// What is to be known before the start, in sentences.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// The warning if an earlier move stamped the messages; it applies while copies keep the date of arrival.
    #[serde(default)]
    pub earlier_move: Option<String>,
    /// Space left in the destination mailbox, if the server reports it (RFC 9208).
    #[serde(default)]
    pub free_bytes: Option<Bytes>,
    /// The source has listed no folder at all when it was counted, not even the inbox that it opens.
    #[serde(default)]
    pub lists_nothing: bool,
}

/// What names a destination takes, as it was found when the plan was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRules {
    /// The hierarchy delimiter; `None` for a flat server.
    pub delimiter: Option<char>,
    /// Parts of the personal namespace prefix.
    pub prefix: Vec<String>,
    /// Characters that it refuses.
    pub forbidden: Vec<char>,
    /// Longest part of a name in characters.
    pub max_name_chars: usize,
    /// Deepest level.
    pub max_depth: usize,
    /// Names on the top level that it keeps for itself.
    pub reserved: Vec<String>,
    /// Whether the inbox can contain folders.
    pub allows_inbox_children: bool,
    /// Folders that take none below them.
    #[serde(default)]
    pub childless: Vec<FolderPath>,
}

impl From<&DestinationRules> for NameRules {
    fn from(rules: &DestinationRules) -> Self {
        Self {
            delimiter: rules.delimiter,
            prefix: rules.prefix.clone(),
            forbidden: rules.forbidden.clone(),
            max_name_chars: rules.max_name_chars,
            max_depth: rules.max_depth,
            reserved: rules.reserved.clone(),
            allows_inbox_children: rules.allows_inbox_children,
            childless: rules.childless.clone(),
        }
    }
}

impl From<&NameRules> for DestinationRules {
    fn from(rules: &NameRules) -> Self {
        let rules = rules.clone();
        Self {
            delimiter: rules.delimiter,
            prefix: rules.prefix,
            forbidden: rules.forbidden,
            max_name_chars: rules.max_name_chars,
            max_depth: rules.max_depth,
            reserved: rules.reserved,
            allows_inbox_children: rules.allows_inbox_children,
            childless: rules.childless,
            ..Self::default()
        }
    }
}

impl MailboxPlan {
    /// What is to be known before the start, in sentences, where so many bytes have still to be copied and copies bear
    /// these dates.
    pub fn warnings(&self, left: Bytes, dates: MessageDates) -> Vec<String> {
        let mut warnings = self.remarks.clone();
        warnings.extend(self.earlier_move.clone().filter(|_| dates == MessageDates::Arrival));
        if let Some(free) = self.free_bytes.filter(|free| *free < left) {
            warnings.push(format!(
                "The mailbox at the destination has space for {free}, but {left} are to be copied, so not everything may fit. \
                 Free up space there, or ask the provider for a larger mailbox"
            ));
        }
        warnings
    }

    /// Messages and bytes of the folders that will be copied.
    pub fn chosen(&self) -> MailVolume {
        self.folders
            .iter()
            .filter(|folder| folder.choice == FolderChoice::Copy)
            .map(FolderPlan::volume)
            .fold(MailVolume::default(), MailVolume::plus)
    }

    /// Messages and bytes of all folders.
    pub fn counted(&self) -> MailVolume {
        self.folders.iter().map(FolderPlan::volume).fold(MailVolume::default(), MailVolume::plus)
    }
}

/// An amount of mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailVolume {
    /// Messages.
    pub messages: u64,
    /// The sum of their sizes.
    pub bytes: Bytes,
}

impl MailVolume {
    /// The sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { messages: self.messages + other.messages, bytes: self.bytes.plus(other.bytes) }
    }
}

/// One folder from -> to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderPlan {
    /// The name exactly as the source server gave it, for commands: modified UTF-7 unless UTF8=ACCEPT is on.
    pub source_raw: String,
    /// The folder at the source.
    pub source: FolderPath,
    /// The folder at the destination; children of a renamed folder follow it.
    pub destination: FolderPath,
    /// What the folder is for.
    pub special_use: Option<SpecialUse>,
    /// Messages in it.
    pub messages: u64,
    /// Their size; zero with `messages` above zero means that the server does not say.
    pub bytes: Bytes,
    /// Whether it is copied.
    pub choice: FolderChoice,
    /// What was changed in the name and why; empty where the name stays.
    pub renamed: Vec<RenameReason>,
    /// The owner has unsubscribed from it, so that mail programs hide it; so they will at the destination.
    #[serde(default)]
    pub is_unsubscribed: bool,
}

impl FolderPlan {
    const fn volume(&self) -> MailVolume {
        MailVolume { messages: self.messages, bytes: self.bytes }
    }
}

/// What happens to a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "because")]
pub enum FolderChoice {
    /// Its messages are copied.
    Copy,
    /// Its messages stay behind.
    LeaveOut(LeftOutBecause),
    /// It holds folders only (`\Noselect`); created at the destination where a child needs it.
    ContainerOnly,
}

/// Why a folder stays behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOutBecause {
    /// Its mail lives in other folders as well (All Mail, Starred, Important).
    ItIsAView,
    /// The owner said so.
    YouChose,
    /// It is in a shared namespace (RFC 2342).
    ItIsShared,
    /// It is another person's, who has given access to it.
    ItIsSomebodyElses,
    /// It holds appointments, contacts or the like (Exchange).
    ItHoldsNoMail,
}

impl LeftOutBecause {
    /// `left out: it only shows mail that is also in other folders`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ItIsAView => "left out: it only shows mail that is also in other folders",
            Self::YouChose => "left out by you",
            Self::ItIsShared => "left out: it is shared with other people and not part of this mailbox",
            Self::ItIsSomebodyElses => "left out: it belongs to another person’s mailbox",
            Self::ItHoldsNoMail => "left out: it contains appointments, contacts or the like, but no mail",
        }
    }
}
