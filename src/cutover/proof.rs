//! Follows the records beside MX by which receivers believe sent mail: SPF, DKIM and DMARC, before and after the plan.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::reading::Sees;
use crate::records::{Change, DiffLine, GroupKind, RecordsPlan, SwitchStage};
use crate::values::{DnsAnswer, DnsName, Outcome, RecordData, RecordType};

/// Names that are asked in one look, whatever a plan from elsewhere names.
const MOST_RECORDS: usize = 10;

/// What a record proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofKind {
    /// Which servers may send (RFC 7208).
    Spf,
    /// A key for signatures (RFC 6376).
    Dkim,
    /// What receivers do with forgeries (RFC 9989).
    Dmarc,
}

impl ProofKind {
    /// All of them, in reading order.
    pub const ALL: [Self; 3] = [Self::Spf, Self::Dkim, Self::Dmarc];

    /// Its name for people.
    pub const fn name(self) -> &'static str {
        self.group().heading()
    }

    /// The group of the plan that has its records.
    const fn group(self) -> GroupKind {
        match self {
            Self::Spf => GroupKind::Spf,
            Self::Dkim => GroupKind::Dkim,
            Self::Dmarc => GroupKind::Dmarc,
        }
    }
}

/// The records of one name, as the plan finds and leaves them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofRecord {
    /// What they prove.
    pub kind: ProofKind,
    /// Where they are.
    pub name: DnsName,
    /// The type that is asked for: the one that the plan publishes.
    pub record_type: RecordType,
    /// What is there today, in the form in which values are compared.
    old: BTreeSet<String>,
    /// What is there after the stages of the plan; any of them is new.
    new: Vec<BTreeSet<String>>,
}

/// What one name shows to somebody who was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofSight {
    /// What its records prove.
    pub kind: ProofKind,
    /// The name.
    pub name: DnsName,
    /// What is seen.
    pub sees: Sees,
}

impl ProofRecord {
    /// What the plan says of SPF, DKIM and DMARC. Keys of the old server that only stay are not followed, and neither is a
    /// group that must not be published.
    pub fn of_plan(plan: &RecordsPlan) -> Vec<Self> {
        let mut records = Vec::new();
        for kind in ProofKind::ALL {
            let groups = plan.groups.iter().filter(|group| group.kind == kind.group());
            let lines: Vec<&DiffLine> =
                groups.filter(|group| plan.is_known(group)).flat_map(|group| &group.lines).collect();
            let mut names: Vec<&str> = Vec::new();
            for line in lines.iter().filter(|line| line.change != Change::Remove) {
                let is_old_key = plan.old_keys.contains(&line.name) || line.name == "_domainkey";
                if !(names.contains(&line.name.as_str()) || kind == ProofKind::Dkim && is_old_key) {
                    names.push(&line.name);
                }
            }
            records.extend(names.into_iter().filter_map(|name| {
                let of_name: Vec<&DiffLine> =
                    lines.iter().copied().filter(|line| line.name == name).collect();
                Self::of_lines(kind, owner(name, plan), &of_name)
            }));
        }
        records.truncate(MOST_RECORDS);
        records
    }

    fn of_lines(kind: ProofKind, name: DnsName, lines: &[&DiffLine]) -> Option<Self> {
        let goal = lines.iter().rev().find(|line| line.change != Change::Remove)?;
        let record_type = match goal.record_type.as_str() {
            "TXT" => RecordType::Txt,
            "CNAME" => RecordType::Cname,
            "NS" => RecordType::Ns,
            _ => return None,
        };
        let value = |line: &DiffLine| comparable(kind, &line.value);
        // What an earlier stage adds is not there today.
        let comes_first = |line: &DiffLine| {
            lines.iter().any(|other| {
                other.change == Change::Add && other.stage < line.stage && other.value == line.value
            })
        };
        let old: BTreeSet<String> = lines
            .iter()
            .filter(|line| line.change != Change::Add && !comes_first(line))
            .map(|line| value(line))
            .collect();
        let mut there = old.clone();
        let mut new: Vec<BTreeSet<String>> = Vec::new();
        for stage in SwitchStage::ALL {
            for line in lines.iter().filter(|line| line.stage == stage) {
                match line.change {
                    Change::Remove => there.remove(&value(line)),
                    Change::Add => there.insert(value(line)),
                    Change::Keep => false,
                };
            }
            // What only waits for a later stage is old until then; what stays is as the switch wants it.
            let waits = stage == SwitchStage::Now && there == old;
            if !waits && !new.contains(&there) {
                new.push(there.clone());
            }
        }
        Some(Self { kind, name, record_type, old, new })
    }

    /// Whether both are about the same records.
    pub(super) fn is_same_place(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name
    }

    /// The same goal, with what was there before as it was seen first: after the switch a plan is made from a zone that has
    /// the new records only.
    pub(super) fn begun_from(self, first: &Self) -> Self {
        Self { old: first.old.clone(), ..self }
    }

    /// What an answer shows, before it is known whether it can be right.
    pub(super) fn shown_by(&self, answer: &DnsAnswer) -> Sees {
        let seen: BTreeSet<String> = match (&answer.outcome, self.record_type) {
            (Outcome::Referral, RecordType::Ns) => {
                answer.delegation.iter().map(|server| format!("{}.", server.name)).collect()
            }
            (Outcome::Answer | Outcome::NoData | Outcome::NxDomain, _) => self.values(answer),
            (Outcome::OutOfReach, _) => return Sees::OutOfReach,
            // Somebody else answers for the name: not what the plan wants.
            (Outcome::Referral, _) => return Sees::Other,
            (outcome, _) => return Sees::Down(outcome.clone()),
        };
        if self.new.contains(&seen) {
            Sees::New
        } else if seen == self.old {
            Sees::Old
        } else if self.new.iter().flatten().any(|value| seen.contains(value)) {
            Sees::Mixed
        } else {
            Sees::Other
        }
    }

    fn values(&self, answer: &DnsAnswer) -> BTreeSet<String> {
        // Records behind an alias belong to another name.
        if let Some(alias) = answer.aliases.first().filter(|_| self.record_type != RecordType::Cname) {
            return BTreeSet::from([format!("{alias}.")]);
        }
        let is_known =
            |value: &String| self.old.contains(value) || self.new.iter().flatten().any(|new| new == value);
        let value = |record: &RecordData| match record {
            RecordData::Txt(strings) => {
                Some(comparable(self.kind, &String::from_utf8_lossy(&strings.joined())))
            }
            RecordData::Cname(name) | RecordData::Ns(name) => Some(format!("{name}.")),
            _ => None,
        };
        let values = answer.records.iter().filter_map(value);
        // Other texts of the domain are nobody's business here.
        values.filter(|value| self.kind != ProofKind::Spf || is_known(value) || is_like_spf(value)).collect()
    }
}

fn owner(name: &str, plan: &RecordsPlan) -> DnsName {
    if name == "@" { plan.domain.dns() } else { plan.domain.below(name) }
}

/// Panels cut long texts anew and put blanks between tags: neither changes what a record says.
fn comparable(kind: ProofKind, value: &str) -> String {
    match kind {
        ProofKind::Spf => value.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase(),
        ProofKind::Dkim | ProofKind::Dmarc => {
            let text: String = value.split_ascii_whitespace().collect();
            text.trim_end_matches(';').to_owned()
        }
    }
}

fn is_like_spf(value: &str) -> bool {
    value.trim_start_matches('"').starts_with("v=spf1")
}
