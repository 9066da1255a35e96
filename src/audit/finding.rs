//! What an audit reports: findings with status, importance, remedy and evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::AddressRange;
use super::comparison::Comparison;
use super::evidence::Receiver;
use super::verdict::Verdict;
use crate::values::{DomainName, Outcome, UnixTime};

/// Everything that one audit of one domain says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditReport {
    /// The domain that was asked about.
    pub domain: DomainName,
    /// When the survey began.
    pub at: UnixTime,
    /// The resolver that was asked, in words: `system (192.0.2.53)` or `127.0.0.1:5353`.
    pub resolver: String,
    /// One sentence that sums up, for the top of the page.
    pub summary: String,
    /// Findings in the order in which they should be read: group first, importance next.
    pub findings: Vec<Finding>,
    /// What each receiver does with the mail, the one with the most recipients first; empty without evidence.
    #[serde(default)]
    pub receivers: Vec<Receiver>,
    /// Whether to stay or to move; `None` in reports of older versions.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// The address ranges around the sending addresses, and who lives there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<AddressRange>,
    /// Usable DKIM keys as `selector/HASH`, and when each was seen first, in a message or by an audit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dkim_keys: BTreeMap<String, UnixTime>,
    /// What has changed since the audit before; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Comparison>,
}

impl AuditReport {
    /// Whether anything could be measured at all.
    pub fn has_measured(&self) -> bool {
        [Status::Pass, Status::Warn, Status::Fail].into_iter().any(|status| self.count(status) > 0)
    }

    /// How many findings have this status.
    pub fn count(&self, status: Status) -> usize {
        self.findings.iter().filter(|finding| finding.status == status).count()
    }
}

/// One thing that was looked at, and the result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable name such as `spf.too-many-lookups`; `area.what`.
    pub id: String,
    /// The part of the mail set-up it belongs to.
    pub area: Area,
    /// The result.
    pub status: Status,
    /// Where it stands on the page.
    pub group: Group,
    /// How much it matters.
    pub importance: Importance,
    /// What a remedy costs; `None` if nothing is to be done.
    pub effort: Option<Effort>,
    /// Who can change it.
    pub changer: Changer,
    /// A short heading: `SPF needs 13 lookups, receivers stop at 10`.
    pub title: String,
    /// Plain words: what it is, and what it does to the owner's mail.
    pub words: String,
    /// What to do; `None` if nothing is to be done.
    pub remedy: Option<String>,
    /// A value to copy along with the remedy.
    pub copy: Option<CopyValue>,
    /// The standard or the receiver's rule behind it.
    pub reference: Option<Reference>,
    /// The raw queries and answers, in the order they were made.
    pub evidence: Vec<Evidence>,
    /// A drawing, where one says more than words.
    pub picture: Option<Picture>,
}

/// Status of a finding. A question that could not be asked is `Unknown`, never `Fail` and never `Pass`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Measured and in order.
    Pass,
    /// Measured and worth knowing, neither good nor bad.
    Info,
    /// Measured and likely to cause trouble.
    Warn,
    /// Measured and wrong.
    Fail,
    /// Could not be measured: SERVFAIL, timeout, refusal, or nothing to go by.
    Unknown,
    /// Does not apply to this domain.
    NotApplicable,
}

impl Status {
    /// In a word, as it stands in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pass => "in order",
            Self::Info => "good to know",
            Self::Warn => "a warning",
            Self::Fail => "a failure",
            Self::Unknown => "not measured",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// The part of the mail set-up that a finding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The zone itself.
    Zone,
    /// MX records and the hosts behind them.
    IncomingMail,
    /// The addresses that send: PTR, forward confirmation.
    SendingAddress,
    /// SPF (RFC 7208).
    Spf,
    /// DKIM keys (RFC 6376).
    Dkim,
    /// DMARC (RFC 9989).
    Dmarc,
    /// TLS on the way, and what is promised about it (RFC 3207, 7672, 8461).
    Transport,
    /// Block lists (RFC 5782).
    BlockLists,
    /// What receivers do with the mail, from the owner's logs and reports.
    Delivery,
    /// Real messages: signatures, results of receivers, the way that they took.
    Messages,
}

/// Groups on the audit page, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Trouble that stays behind when the mail moves.
    SpeaksForMoving,
    /// Trouble that belongs to the domain and moves with it.
    TravelsWithYou,
    /// Must be known on the day of the switch.
    MattersForTheSwitch,
    /// Status is [`Status::Unknown`].
    CouldNotBeMeasured,
    /// Status is [`Status::Info`].
    GoodToKnow,
    /// Status is [`Status::Pass`].
    Passed,
    /// Status is [`Status::NotApplicable`].
    NotApplicable,
}

/// How much a finding matters for mail to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// Mail is refused or lost because of it.
    VeryImportant,
    /// Mail suffers from it somewhere.
    Important,
    /// Tidiness.
    Minor,
}

/// What a remedy costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// Minutes: one record.
    Low,
    /// Hours, or somebody else has to be asked.
    Medium,
    /// Days, or it is outside the owner's reach.
    High,
}

/// Who can change what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changer {
    /// Whoever edits the zone.
    YouInTheZone,
    /// Whoever runs the mail server.
    YouOnTheServer,
    /// The company that rents out the address.
    YourHoster,
    /// The operator of a block list.
    TheListOperator,
    /// Nobody needs to.
    Nobody,
}

/// A value worth copying, with the name that the copy button shows: `SPF record`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyValue {
    /// What it is, for “Copy …”.
    pub name: String,
    /// The text that goes to the clipboard.
    pub value: String,
}

/// A standard or a published rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// `RFC 7208, section 4.6.4`.
    pub name: String,
    /// Where it can be read.
    pub url: String,
}

/// One question and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The question as it was asked: `TXT weber-familie.example`.
    pub query: String,
    /// The server that was asked.
    pub server: String,
    /// What came back.
    pub outcome: EvidenceOutcome,
    /// Records, one per line; empty unless the outcome has data. Never more than a few dozen lines.
    pub data: Vec<String>,
    /// When it was asked.
    pub at: UnixTime,
    /// How long the answer took.
    pub duration_millis: u64,
}

/// What came back, by the means that were asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EvidenceOutcome {
    /// From the DNS.
    Dns(Outcome),
    /// From a mail host or a web server.
    Said {
        /// In a few words.
        said: String,
    },
}

impl EvidenceOutcome {
    /// The result, for people.
    pub fn words(&self) -> &str {
        match self {
            Self::Dns(outcome) => outcome.words(),
            Self::Said { said } => said,
        }
    }
}

/// Drawings that a finding may carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Picture {
    /// The SPF record as a tree of costs: ten lookups are free, the rest is never read.
    SpfTree(Vec<SpfTreeNode>),
}

/// A term of an SPF record in the order of evaluation, depth first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpfTreeNode {
    /// Depth in the tree; 0 for the domain's own record.
    pub depth: usize,
    /// The term as written: `include:_spf.example.net`.
    pub term: String,
    /// Lookups that this term itself costs: 0 or 1.
    pub lookups: u32,
    /// Lookups that the term costs with everything under it.
    pub lookups_with_children: u32,
    /// Lookups spent when this term has been read, itself included.
    pub running_total: u32,
    /// Whether its lookup came back empty (a void lookup) for a sender with an IPv4 address.
    pub is_void: bool,
    /// Lookups that come back empty under this term, itself included.
    #[serde(default)]
    pub voids_with_children: u32,
    /// Whether a receiver still gets here; false behind the tenth lookup.
    pub is_read: bool,
    /// What the term does or what is wrong with it, in a few words; may be empty.
    pub note: String,
}
