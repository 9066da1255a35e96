//! The plan as data: groups of lines, each with its stage and its reason, and what the owner must know beside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::group_kind::GroupKind;
use super::judge::StageJudgement;
use super::leftovers::PlanFile;
use super::ramp::DmarcStep;
use crate::providers::ProviderId;
use crate::values::DomainName;

/// The new records of a domain beside the old ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordsPlan {
    /// The domain whose zone changes.
    pub domain: DomainName,
    /// The provider that will receive its mail.
    pub provider: ProviderId,
    /// The same within a sentence.
    pub provider_name: String,
    /// Groups by record type, in reading order: MX, SPF, DKIM, DMARC.
    pub groups: Vec<RecordGroup>,
    /// Others that SPF lets send today; kept until the owner drops them.
    pub senders: Vec<Sender>,
    /// What the owner must know or still has to look up at the provider, one sentence each.
    pub notes: Vec<String>,
    /// Groups that must not be published, with what they depend on and could not be read: `TXT at “@”`.
    /// Their lines are what would be done if nothing were there, and that is not known.
    #[serde(default)]
    pub unread: BTreeMap<GroupKind, Vec<String>>,
    /// SPF terms of today that are not copied; the owner decides about them.
    #[serde(default)]
    pub left_out: Vec<LeftOut>,
    /// Files on a web server that belong to the stages: the policy of MTA-STS.
    #[serde(default)]
    pub files: Vec<PlanFile>,
    /// Names of the keys that the old server signs with and the provider does not; they go long after the switch.
    #[serde(default)]
    pub old_keys: Vec<String>,
    /// How the DMARC policy is tightened after the switch.
    #[serde(default)]
    pub dmarc_ramp: Vec<DmarcStep>,
    /// What receivers answer to each sender once a stage is published, in the order of the stages.
    #[serde(default)]
    pub judgements: Vec<StageJudgement>,
}

/// An SPF term of today that the plan does not copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The term as it stands in the zone.
    pub term: String,
    /// Why, as the end of “It is not copied: ”.
    pub why: String,
    /// What was probably meant, where that can be told.
    pub instead: Option<String>,
}

impl SwitchStage {
    /// All stages in their order.
    pub const ALL: [Self; 3] = [Self::Now, Self::AtTheSwitch, Self::Later];
}

impl RecordsPlan {
    /// A plan that changes nothing.
    pub fn empty(domain: DomainName, provider: ProviderId) -> Self {
        Self {
            domain,
            provider_name: provider.0.clone(),
            provider,
            groups: Vec::new(),
            senders: Vec::new(),
            notes: Vec::new(),
            unread: BTreeMap::new(),
            left_out: Vec::new(),
            files: Vec::new(),
            old_keys: Vec::new(),
            dmarc_ramp: Vec::new(),
            judgements: Vec::new(),
        }
    }

    /// Whether everything that the plan depends on was read. Otherwise some groups are there to be looked at only.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// Whether the lines of this group may be published.
    pub fn is_known(&self, group: &RecordGroup) -> bool {
        !self.unread.contains_key(&group.kind)
    }

    /// What the judge says about a stage; `None` for a plan that was never judged.
    pub fn judgement(&self, stage: SwitchStage) -> Option<&StageJudgement> {
        self.judgements.iter().find(|judgement| judgement.stage == stage)
    }

    /// Whether a line must wait because its stage, or one that it builds on, would make a sender worse. Lines of other record
    /// types may go out.
    pub fn waits(&self, group: &RecordGroup, line: &DiffLine) -> bool {
        line.change != Change::Keep
            && self
                .judgements
                .iter()
                .any(|judgement| judgement.stage <= line.stage && judgement.blocks(group.kind))
    }

    /// The lines of one kind.
    pub fn lines_of(&self, kind: GroupKind) -> impl Iterator<Item = &DiffLine> {
        self.groups.iter().filter(move |group| group.kind == kind).flat_map(|group| &group.lines)
    }

    /// The DMARC record once the first stage is published.
    pub(super) fn published_dmarc(&self) -> Option<String> {
        let lines = self.lines_of(GroupKind::Dmarc);
        let mut left = lines.filter(|line| line.change != Change::Remove && line.record_type == "TXT");
        left.next().map(|line| line.value.clone())
    }

    /// Whether a stage would make a sender worse or weaken DMARC.
    pub fn is_harmful(&self) -> bool {
        self.judgements.iter().any(|judgement| judgement.safety() == super::Safety::Harmful)
    }
}

/// Records of one type with what they are for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordGroup {
    /// What they are.
    pub kind: GroupKind,
    /// Plain purpose: `Where incoming mail is delivered`.
    pub purpose: String,
    /// Lines, removed ones before added ones.
    pub lines: Vec<DiffLine>,
}

impl RecordGroup {
    /// Its heading for people: `MX`.
    pub const fn heading(&self) -> &'static str {
        self.kind.heading()
    }
}

/// One record of the diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// What happens to it.
    pub change: Change,
    /// When it may be published.
    pub stage: SwitchStage,
    /// Owner name relative to the domain: `@`, `_dmarc`, `fm1._domainkey`.
    pub name: String,
    /// Waiting time in seconds.
    pub ttl_secs: u32,
    /// `MX`, `TXT`, `CNAME`.
    pub record_type: String,
    /// The data in zone-file form, with TXT text unquoted and whole.
    pub value: String,
    /// Why this line, in one sentence.
    pub reason: String,
}

/// What happens to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// New in the zone.
    Add,
    /// Goes out of the zone.
    Remove,
    /// Stays as it is.
    Keep,
}

/// When a change may be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchStage {
    /// At once; mail goes its old way.
    Now,
    /// At the moment of the switch.
    AtTheSwitch,
    /// Three days after the switch.
    Later,
}

/// A sender that the SPF record of today allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The SPF term: `include:servers.mcsv.net`.
    pub term: String,
    /// Who that is, where known.
    pub who: String,
    /// Whether it stays in the new record.
    pub is_kept: bool,
}
