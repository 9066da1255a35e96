use serde::{Deserialize, Serialize};

use crate::audit::AuditReport;
use crate::plan::{LedgerSum, MessageState, VerifySummary};
use crate::records::RecordsPlan;
use crate::values::{DomainName, UnixTime};

/// Everything that the final report says. Neither passwords nor message text have a place in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportInput {
    /// The domain.
    pub domain: DomainName,
    /// When the report is made.
    pub made_at: UnixTime,
    /// Version of the program: `0.1.0`.
    pub program_version: String,
    /// Whether servers, DNS and provider were embedded.
    pub is_practice: bool,
    /// The server that the mail came from, in words; empty where none was chosen.
    pub source_server: String,
    /// The provider that it went to, in words; empty where none was chosen.
    pub destination: String,
    /// The audit, where one was made.
    pub audit: Option<AuditReport>,
    /// The copy, where one was begun.
    pub copy: Option<CopyReport>,
    /// The new records, where they were prepared.
    pub records: Option<RecordsReport>,
}

/// What became of the mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CopyReport {
    /// When the copy was first started.
    pub started_at: Option<UnixTime>,
    /// When it came to its end.
    pub finished_at: Option<UnixTime>,
    /// The mailboxes, in the order of the table.
    pub mailboxes: Vec<MailboxReport>,
    /// Problems by cause, worst first.
    pub problems: Vec<ProblemReport>,
    /// What the verification after the copy said, in words.
    pub verification: Option<String>,
    /// The same in figures.
    #[serde(default)]
    pub verification_counts: Option<VerifySummary>,
    /// Pauses that servers asked for, the longest first.
    #[serde(default)]
    pub pauses: Vec<PauseReport>,
    /// What took part, where that was not everything.
    #[serde(default)]
    pub selection: Option<String>,
    /// Messages of each folder that the newest run was limited to, where it was a trial.
    #[serde(default)]
    pub trial: Option<u32>,
    /// Copies between other servers before this one, oldest first.
    #[serde(default)]
    pub earlier: Vec<EarlierReport>,
    /// What has changed since, in a sentence: another destination was chosen.
    #[serde(default)]
    pub remark: Option<String>,
}

/// A copy between other servers, before this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierReport {
    /// Where the mail came from.
    pub source: String,
    /// Where it went.
    pub destination: String,
    /// When it was first started.
    pub started_at: Option<UnixTime>,
    /// When it came to its end; `None` where it did not.
    pub finished_at: Option<UnixTime>,
    /// How many mailboxes took part.
    pub mailboxes: usize,
    /// What became of their messages.
    pub sum: LedgerSum,
    /// What the verification said, in words.
    pub verification: Option<String>,
}

impl CopyReport {
    /// Mailboxes that something keeps from being done.
    pub fn troubled(&self) -> usize {
        self.mailboxes.iter().filter(|mailbox| mailbox.trouble.is_some()).count()
    }

    /// Copies that the verification could not confirm.
    pub fn unconfirmed(&self) -> u64 {
        self.verification_counts.as_ref().map_or(0, |verification| {
            verification.differences + verification.not_placed + verification.unread
        })
    }

    /// All mailboxes together.
    pub fn sum(&self) -> LedgerSum {
        self.mailboxes.iter().fold(LedgerSum::default(), |sum, mailbox| sum.plus(mailbox.sum))
    }
}

/// What became of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailboxReport {
    /// Its address.
    pub address: String,
    /// Its ledger as a sum.
    pub sum: LedgerSum,
    /// What keeps it from being done, in words: it has stopped, or its verification failed.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Its folders, in tree order.
    pub folders: Vec<FolderReport>,
}

/// Pauses that a server asked for in the same words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseReport {
    /// The server's words.
    pub words: String,
    /// How often.
    pub times: u64,
    /// How long altogether, in seconds.
    pub seconds: u64,
    /// Mailboxes that waited.
    pub mailboxes: usize,
}

/// What became of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderReport {
    /// Its name at the source.
    pub name: String,
    /// Its name at the destination, where it is another; or why it stayed behind.
    pub remark: String,
    /// Its ledger as a sum.
    pub sum: LedgerSum,
}

/// Messages that share a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemReport {
    /// What became of them.
    pub state: MessageState,
    /// The cause in plain words.
    pub cause: String,
    /// How many.
    pub count: u64,
    /// What to do about it; may be empty.
    pub way_out: String,
    /// Some of them, as `folder: subject or UID`.
    pub samples: Vec<String>,
}

/// The new records with their zone text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsReport {
    /// The diff.
    pub plan: RecordsPlan,
    /// The zone lines.
    pub zone_text: String,
}
