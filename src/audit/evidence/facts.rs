//! The evidence as plain data, saved with the facts of the audit.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::report_id::ReportIds;
use crate::assets::{ReplyClass, ReplyScope};
use crate::audit::message::MessageFacts;
use crate::values::UnixTime;

/// Days since 1970-01-01.
pub type Day = i64;

/// What the owner's own logs, bounces, reports and messages say. Counts and single replies: no text of a message, and of
/// no address more than its domain, but for header fields that a signature covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EvidenceFacts {
    /// What was read, and the result for each file.
    pub sources: Vec<SourceFacts>,
    /// Who receives the mail, the one with the most recipients first.
    pub receivers: Vec<ReceiverFacts>,
    /// Addresses that the mail was seen to come from, and how often.
    pub sending_addresses: BTreeMap<IpAddr, u64>,
    /// Names that the server greets with or signs bounces with, and how often.
    pub helo_names: BTreeMap<String, u64>,
    /// How far mail to others went over protected connections, as the log tells.
    pub outbound_tls: OutboundTls,
    /// What Microsoft's Smart Network Data Services say of the owner's addresses.
    pub snds: BTreeMap<IpAddr, SndsFacts>,
    /// DMARC aggregate reports (RFC 9990).
    pub dmarc: Option<DmarcFacts>,
    /// SMTP TLS reports (RFC 8460).
    pub tls: Option<TlsFacts>,
    /// The reports that are counted here, each once.
    #[serde(skip_serializing_if = "ReportIds::is_empty")]
    pub reports: ReportIds,
    /// Reports that were met and are counted in what was read at the other place: the owner's files, or the mailboxes.
    #[serde(skip_serializing_if = "ReportIds::is_empty")]
    pub reports_elsewhere: ReportIds,
    /// Complaints and failure reports (RFC 5965, RFC 9991).
    pub feedback: FeedbackFacts,
    /// The account whose use looks most like somebody else's.
    pub busiest_account: Option<AccountFacts>,
    /// Notices of failed delivery that went to strangers.
    pub backscatter: u64,
    /// Messages as they arrived elsewhere: signatures, results of receivers, the way that they took.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageFacts>,
    /// Messages of the domain that lie in its own mailboxes and were on their way through others: lists, forwarders, and
    /// forgeries among them. Nothing that is wrong with one is held against the domain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub came_home: Vec<MessageFacts>,
}

impl EvidenceFacts {
    /// Whether a mail log was read, so that deliveries are known and not refusals only.
    pub fn has_log(&self) -> bool {
        self.sources.iter().any(|source| source.kind == SourceKind::MailLog)
    }

    /// The addresses that really send, the most frequent first: those that receivers and the log name, and those whose
    /// mail passes SPF and DKIM directly in DMARC reports.
    pub fn senders(&self) -> Vec<IpAddr> {
        let mut counts = self.sending_addresses.clone();
        let reported = self.dmarc.iter().flat_map(|dmarc| &dmarc.sources);
        for (address, source) in
            reported.filter(|(_, source)| source.spf.min(source.dkim) * 2 > source.messages)
        {
            *counts.entry(*address).or_default() += source.messages;
        }
        let mut counts: Vec<(IpAddr, u64)> = counts.into_iter().collect();
        counts.sort_by(|one, other| (other.1, one.0).cmp(&(one.1, other.0)));
        counts.into_iter().map(|(address, _)| address).collect()
    }

    /// Distinct recipients at all receivers.
    pub fn recipients(&self) -> u64 {
        self.receivers.iter().map(|receiver| receiver.recipients).sum()
    }
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// A log of Postfix, Exim, Sendmail or OpenSMTPD.
    MailLog,
    /// A notice of failed delivery.
    Bounce,
    /// A DMARC aggregate report.
    DmarcReport,
    /// An SMTP TLS report.
    TlsReport,
    /// A complaint or a failure report.
    Feedback,
    /// Data of a receiver's dashboard.
    Dashboard,
    /// A message that reports nothing.
    Message,
    /// A mailbox that was searched, and in which nothing of all this was found.
    Mailbox,
    /// Nothing that is known.
    Unknown,
}

/// What was read of one file, or of one kind in one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFacts {
    /// The file's name without its folder, or the address of the mailbox.
    pub name: String,
    /// What it is.
    pub kind: SourceKind,
    /// Deliveries, bounces or reports found in it.
    pub entries: u64,
    /// The oldest entry.
    pub first: Option<UnixTime>,
    /// The newest entry.
    pub last: Option<UnixTime>,
    /// Reports in it that were counted already, because they came a second time.
    #[serde(default, skip_serializing_if = "is_none")]
    pub repeated: u64,
    /// Why something of it was not read; empty where all was.
    pub problem: String,
    /// Messages of a mailbox that this stands for; `None` for a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mails: Option<u64>,
}

impl SourceFacts {
    /// Files that this stands for, or messages of a mailbox, without those that bring what was counted already.
    pub fn count(&self) -> u64 {
        match self.mails {
            Some(mails) => mails.saturating_sub(self.repeated),
            None => u64::from(self.entries > 0 || self.repeated == 0),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What one receiving provider did with the mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverFacts {
    /// Its id in `receivers.toml`, or the end of the host name that takes the mail.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whose mail it is; empty for a server that nobody knows.
    pub what: String,
    /// Distinct recipients.
    pub recipients: u64,
    /// Their domains, with recipients; the largest few dozen.
    pub domains: BTreeMap<String, u64>,
    /// What happened, by day.
    pub days: BTreeMap<Day, DayTally>,
    /// Messages that still wait at the end of the log.
    pub waiting: u64,
    /// Seconds that the slowest delivery took.
    pub slowest_seconds: u64,
    /// What it said when it refused or deferred, the most frequent first.
    pub replies: Vec<ReplyFacts>,
    /// From which of the owner's addresses mail was refused, where the reply names it.
    pub refused_from: BTreeMap<IpAddr, u64>,
    /// Deliveries of which the log does not say that they were encrypted.
    #[serde(default)]
    pub in_clear: u64,
}

/// Deliveries by the protection of their connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundTls {
    /// Over TLS.
    pub encrypted: u64,
    /// In clear text.
    pub clear: u64,
    /// In a log that says nothing about TLS anywhere, so that nothing can be concluded.
    pub unmentioned: u64,
}

/// What Microsoft's Smart Network Data Services say of one address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SndsFacts {
    /// Rows about it.
    pub rows: u64,
    /// Rows with each colour.
    pub green: u64,
    /// “Yellow”: between 10 and 90 of 100 messages were taken for spam.
    pub yellow: u64,
    /// “Red”: more than 90 were.
    pub red: u64,
    /// The colour of the last row that has one.
    pub newest: Option<SndsColour>,
    /// Messages that hit traps.
    pub trap_hits: u64,
    /// The complaint rate of the last row that has one, in Microsoft's words: `< 0.1%`.
    pub complaints: String,
}

/// How Microsoft's filter took the mail of an address on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SndsColour {
    /// Hardly any of it for spam.
    Green,
    /// A part of it.
    Yellow,
    /// Nearly all of it.
    Red,
}

/// What one receiver did on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DayTally {
    /// Taken at once.
    pub delivered: u64,
    /// Taken after it was deferred.
    pub later: u64,
    /// Attempts that were deferred.
    pub deferred: u64,
    /// Refused for good, as the log says; recipients' faults are not among them.
    pub refused: u64,
    /// Refused for good, as bounces say.
    pub bounced: u64,
    /// Refused because of the recipient: typing errors, full mailboxes.
    pub recipient_faults: u64,
    /// The host was not reached.
    pub unreached: u64,
}

/// Replies of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyFacts {
    /// The pattern that it fits; `None` if its meaning is not known.
    pub pattern: Option<String>,
    /// What it is about.
    pub class: Option<ReplyClass>,
    /// What it judges.
    pub scope: Option<ReplyScope>,
    /// Whether the receiver refused for good.
    pub is_permanent: bool,
    /// How often it was said, by day.
    pub days: BTreeMap<Day, u64>,
    /// One of them, without local parts of addresses.
    pub sample: String,
}

/// All DMARC aggregate reports together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DmarcFacts {
    /// Reports.
    pub reports: u64,
    /// Begin of the oldest.
    pub first: Option<UnixTime>,
    /// End of the newest.
    pub last: Option<UnixTime>,
    /// Who reported, and on how many messages.
    pub reporters: BTreeMap<String, u64>,
    /// Addresses that sent with the domain's name.
    pub sources: BTreeMap<IpAddr, DmarcSource>,
    /// Messages of addresses that found no room among them.
    pub more_messages: u64,
    /// `selector._domainkey.domain` of signatures that passed, and on how many messages.
    pub selectors: BTreeMap<String, u64>,
    /// Messages for which the receiver did not follow the policy, by its reason.
    pub overrides: BTreeMap<String, u64>,
}

/// What an address sent with the domain's name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DmarcSource {
    /// Messages.
    pub messages: u64,
    /// Of these, with SPF that passed and is aligned.
    pub spf: u64,
    /// Of these, with DKIM that passed and is aligned.
    pub dkim: u64,
    /// Of these, with either.
    pub aligned: u64,
    /// Of these, quarantined or rejected.
    pub stopped: u64,
    /// Of these, said to be forwarded or from a mailing list.
    pub forwarded: u64,
}

/// All SMTP TLS reports together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFacts {
    /// Reports.
    pub reports: u64,
    /// Begin of the oldest.
    pub first: Option<UnixTime>,
    /// End of the newest.
    pub last: Option<UnixTime>,
    /// Sessions that worked.
    pub successes: u64,
    /// Sessions that did not.
    pub failures: u64,
    /// Failures by `result-type` and receiving host (RFC 8460 section 4.3).
    pub kinds: BTreeMap<String, u64>,
    /// Who reported.
    pub reporters: BTreeMap<String, u64>,
}

/// All complaints and failure reports together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackFacts {
    /// By `Feedback-Type` (RFC 5965 section 3.1): `abuse`, `auth-failure` …
    pub kinds: BTreeMap<String, u64>,
    /// The newest.
    pub last: Option<UnixTime>,
}

/// An account that sends more than it usually does, or from many places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFacts {
    /// The day on which it stood out.
    pub day: Day,
    /// Messages submitted on that day.
    pub messages: u64,
    /// Messages on its usual day.
    pub usual: u64,
    /// Networks that it signed in from on that day.
    pub networks: u64,
}
