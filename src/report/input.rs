//! What a report is made from, as plain data.

use serde::{Deserialize, Serialize};

use crate::accounts::{AliasPlan, LeftBehind, LeftOut, SourceFile};
use crate::audit::AuditReport;
use crate::plan::{LedgerSum, MessageState, VerifySummary};
use crate::records::RecordsPlan;
use crate::values::{DomainName, UnixTime};

/// Everything in the final report. It has no place for passwords or message text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportInput {
    /// The domain.
    pub domain: DomainName,
    /// When the report was made.
    pub made_at: UnixTime,
    /// Version of the program: `0.1.0`.
    pub program_version: String,
    /// Whether servers, DNS and provider were embedded.
    pub is_practice: bool,
    /// The server the mail came from, in words; empty if none was chosen.
    pub source_server: String,
    /// The provider it went to, in words; empty if none was chosen.
    pub destination: String,
    /// The audit, if there was one.
    pub audit: Option<AuditReport>,
    /// The copy, if one was started.
    pub copy: Option<CopyReport>,
    /// The new records, if they were prepared.
    pub records: Option<RecordsReport>,
    /// The switch, if it was watched.
    #[serde(default)]
    pub switch: Option<SwitchReport>,
    /// What remains to be done after the switch.
    #[serde(default)]
    pub reminders: Vec<ReminderReport>,
    /// Aliases and the like, if the old server's files were read.
    #[serde(default)]
    pub accounts: Option<AccountsReport>,
    /// What a copy over IMAP leaves behind.
    #[serde(default)]
    pub left_behind: Vec<LeftBehind>,
}

/// What the old server's files say of mailboxes and aliases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsReport {
    /// The files.
    pub sources: Vec<SourceFile>,
    /// How many mailboxes they name.
    pub mailboxes: usize,
    /// Where the aliases lead.
    pub aliases: AliasPlan,
    /// Entries that were not used.
    pub left_out: Vec<LeftOut>,
    /// How many more were not used than are listed.
    pub more_left_out: u64,
}

/// What became of the mail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CopyReport {
    /// When the copy was first started.
    pub started_at: Option<UnixTime>,
    /// When it finished.
    pub finished_at: Option<UnixTime>,
    /// The mailboxes, in the order of the table.
    pub mailboxes: Vec<MailboxReport>,
    /// Problems by cause, worst first.
    pub problems: Vec<ProblemReport>,
    /// The result of the verification after the copy, in words.
    pub verification: Option<String>,
    /// The same in figures.
    #[serde(default)]
    pub verification_counts: Option<VerifySummary>,
    /// Pauses that servers asked for, the longest first.
    #[serde(default)]
    pub pauses: Vec<PauseReport>,
    /// What was copied, if not everything.
    #[serde(default)]
    pub selection: Option<String>,
    /// The newest run's limit of messages per folder, if it was a trial.
    #[serde(default)]
    pub trial: Option<u32>,
    /// Copies between other servers before this one, oldest first.
    #[serde(default)]
    pub earlier: Vec<EarlierReport>,
    /// What has changed since, as a sentence: another destination was chosen.
    #[serde(default)]
    pub remark: Option<String>,
}

/// An earlier copy between other servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierReport {
    /// Where the mail came from.
    pub source: String,
    /// Where it went.
    pub destination: String,
    /// When it was first started.
    pub started_at: Option<UnixTime>,
    /// When it finished; `None` if it did not.
    pub finished_at: Option<UnixTime>,
    /// How many mailboxes took part.
    pub mailboxes: usize,
    /// What became of their messages.
    pub sum: LedgerSum,
    /// The result of the verification, in words.
    pub verification: Option<String>,
}

impl CopyReport {
    /// How many mailboxes are not done because of a problem.
    pub fn troubled(&self) -> usize {
        self.mailboxes.iter().filter(|mailbox| mailbox.trouble.is_some()).count()
    }

    /// Copies that could not be verified.
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
    /// Why it is not done, in words: it stopped, or its verification failed.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Its folders, in tree order.
    pub folders: Vec<FolderReport>,
}

/// Pauses that a server requested in the same words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseReport {
    /// The server's words.
    pub words: String,
    /// How often.
    pub times: u64,
    /// How long in total, in seconds.
    pub seconds: u64,
    /// Mailboxes that waited.
    pub mailboxes: usize,
}

/// What became of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderReport {
    /// Its name at the source.
    pub name: String,
    /// Its name at the destination, if different; or why it was left out.
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

/// How the switch went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchReport {
    /// Where it stands, as one sentence.
    pub standing: String,
    /// The mail hosts before.
    pub old_hosts: Vec<String>,
    /// The mail hosts after.
    pub new_hosts: Vec<String>,
    /// When a server was first seen with the new records.
    pub published_at: Option<UnixTime>,
    /// From when on no cache can hold the old records.
    pub over_at: Option<UnixTime>,
    /// When the owner declared the move finished.
    pub finished_at: Option<UnixTime>,
    /// How many rounds of questions there were.
    pub rounds: u64,
    /// Rounds that saw something new, oldest first.
    pub notes: Vec<RoundReport>,
    /// The last answer of each server and resolver.
    pub sights: Vec<SightReport>,
    /// Test messages as they were last judged, oldest first.
    pub tests: Vec<TestReport>,
    /// Copies after the switch, oldest first.
    pub sweeps: Vec<SweepReport>,
    /// Messages they copied.
    pub late_messages: u64,
    /// The old records as zone lines.
    pub way_back: Vec<String>,
}

/// What a round saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundReport {
    /// When the round began.
    pub at: UnixTime,
    /// Servers and resolvers with the new mail hosts.
    pub new: usize,
    /// Those with the old ones.
    pub old: usize,
    /// Those with others, and those that cannot be right.
    pub wrong: usize,
    /// Those without a usable answer.
    pub silent: usize,
    /// Those with SPF, DKIM and DMARC as planned.
    pub proven: usize,
}

/// The last answer of one server or resolver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SightReport {
    /// Who was asked.
    pub who: String,
    /// What it has.
    pub sees: String,
    /// Its SPF, DKIM and DMARC records; empty if the plan has none.
    pub proof: String,
}

/// What a test message shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestReport {
    /// The name of its file.
    pub name: String,
    /// When it was judged.
    pub judged_at: UnixTime,
    /// The result, as a sentence without its full stop.
    pub title: String,
    /// What it means.
    pub advice: String,
    /// Whether it shows that mail takes the new route.
    pub is_good: bool,
    /// What was checked, and the result.
    pub rows: Vec<(String, String)>,
}

/// A copy after the switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepReport {
    /// When it began.
    pub began_at: UnixTime,
    /// Messages it copied.
    pub messages: u64,
    /// Whether it finished in every mailbox.
    pub is_whole: bool,
}

/// What remains to be done after the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderReport {
    /// What is to be done.
    pub title: String,
    /// What it is about.
    pub detail: String,
    /// From when on, if that is known.
    pub from: Option<UnixTime>,
    /// Whether it is done.
    pub is_done: bool,
}
