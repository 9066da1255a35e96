//! The mail hosts before and after the switch.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::CutoverError;
use crate::records::{Change, RecordsPlan, SwitchStage};
use crate::values::DnsName;

/// An MX record of the domain itself (RFC 5321 section 5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MxRecord {
    /// Lower is tried first.
    pub preference: u16,
    /// The host; the root means “no mail” (RFC 7505).
    pub host: DnsName,
    /// How long others may keep it, in seconds.
    pub ttl_secs: u32,
}

/// The MX records before and after the switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRoute {
    /// Before; empty where the domain has none.
    pub old: Vec<MxRecord>,
    /// After.
    pub new: Vec<MxRecord>,
}

/// Which of the two an answer shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Old,
    New,
    Mixed,
    Other,
}

impl MailRoute {
    /// Reads the route from the plan of the records, up to the moment of the switch.
    ///
    /// # Errors
    /// [`CutoverError::NothingToSwitch`] where both sides have the same hosts.
    pub fn of_plan(plan: &RecordsPlan) -> Result<Self, CutoverError> {
        let mut route = Self { old: Vec::new(), new: Vec::new() };
        let lines = plan.groups.iter().flat_map(|group| &group.lines);
        for line in lines.filter(|line| line.record_type == "MX" && line.name == "@") {
            let record = MxRecord::parse(&line.value, line.ttl_secs)?;
            let is_later = line.stage == SwitchStage::Later;
            if line.change != Change::Add {
                route.old.push(record.clone());
            }
            if match line.change {
                Change::Add => !is_later,
                Change::Keep => true,
                Change::Remove => is_later,
            } {
                route.new.push(record);
            }
        }
        if hosts(&route.old) == hosts(&route.new) {
            return Err(CutoverError::NothingToSwitch);
        }
        Ok(route)
    }

    /// Whether both lead to the same hosts in the end.
    pub fn has_same_goal(&self, other: &Self) -> bool {
        hosts(&self.new) == hosts(&other.new)
    }

    /// How long others may keep the old records by the plan, in seconds.
    pub(super) fn old_ttl_secs(&self) -> u32 {
        self.old.iter().map(|record| record.ttl_secs).max().unwrap_or(0)
    }

    /// Which records an answer shows. Preferences do not count: owners and panels renumber them.
    pub(super) fn shown_by(&self, seen: &BTreeSet<DnsName>) -> Shown {
        let seen: BTreeSet<&DnsName> = seen.iter().collect();
        let (old, new) = (hosts(&self.old), hosts(&self.new));
        if seen == new {
            return Shown::New;
        }
        if seen == old {
            return Shown::Old;
        }
        let is_known = seen.iter().all(|host| old.contains(host) || new.contains(host));
        let has_both = !seen.is_disjoint(&old) && !seen.is_disjoint(&new);
        if is_known && has_both { Shown::Mixed } else { Shown::Other }
    }
}

impl MxRecord {
    fn parse(value: &str, ttl_secs: u32) -> Result<Self, CutoverError> {
        let unreadable = || CutoverError::UnreadableLine(value.to_owned());
        let (preference, host) = value.split_once(' ').ok_or_else(unreadable)?;
        let preference = preference.parse().map_err(|_not_a_number| unreadable())?;
        Ok(Self { preference, host: DnsName::new(host.trim()), ttl_secs })
    }
}

fn hosts(records: &[MxRecord]) -> BTreeSet<&DnsName> {
    records.iter().map(|record| &record.host).collect()
}
