//! Takes the mail hosts before and after the switch from the plan of the records.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::CutoverError;
use crate::records::{Change, DiffLine, RecordsPlan, SwitchStage};
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
        let lines = plan.groups.iter().flat_map(|group| &group.lines);
        let lines: Vec<(&DiffLine, MxRecord)> = lines
            .filter(|line| line.record_type == "MX" && line.name == "@")
            .map(|line| Ok((line, MxRecord::parse(&line.value, line.ttl_secs)?)))
            .collect::<Result<_, CutoverError>>()?;
        let is_same =
            |one: &MxRecord, other: &MxRecord| one.host == other.host && one.preference == other.preference;
        // What an earlier stage adds, such as today's record with a shorter waiting time, is not there today.
        let comes_first = |line: &DiffLine, record: &MxRecord| {
            lines.iter().any(|(other, added)| {
                other.change == Change::Add && other.stage < line.stage && is_same(added, record)
            })
        };
        let old: Vec<MxRecord> = lines
            .iter()
            .filter(|(line, record)| line.change != Change::Add && !comes_first(line, record))
            .map(|(_, record)| record.clone())
            .collect();
        let mut new = old.clone();
        for stage in [SwitchStage::Now, SwitchStage::AtTheSwitch] {
            for (line, record) in lines.iter().filter(|(line, _)| line.stage == stage) {
                match line.change {
                    Change::Remove => new.retain(|there| !is_same(there, record)),
                    Change::Add => new.push(record.clone()),
                    Change::Keep => {}
                }
            }
        }
        let route = Self { old, new };
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
    pub fn old_ttl_secs(&self) -> u32 {
        self.old.iter().map(|record| record.ttl_secs).max().unwrap_or(0)
    }

    /// How long others may keep the new records by the plan, in seconds.
    pub fn new_ttl_secs(&self) -> u32 {
        self.new.iter().map(|record| record.ttl_secs).max().unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::ProviderId;
    use crate::records::{GroupKind, RecordGroup};
    use crate::values::DomainName;

    fn plan(lines: &[(Change, SwitchStage, u32, &str)]) -> RecordsPlan {
        let line = |(change, stage, ttl_secs, value): &(Change, SwitchStage, u32, &str)| DiffLine {
            change: *change,
            stage: *stage,
            name: "@".to_owned(),
            ttl_secs: *ttl_secs,
            record_type: "MX".to_owned(),
            value: (*value).to_owned(),
            reason: String::new(),
        };
        let lines = lines.iter().map(line).collect();
        RecordsPlan {
            groups: vec![RecordGroup { kind: GroupKind::Mx, purpose: String::new(), lines }],
            ..RecordsPlan::empty(
                DomainName::parse("weber.example").unwrap(),
                ProviderId("generic".to_owned()),
            )
        }
    }

    fn shown(records: &[MxRecord]) -> Vec<String> {
        let words = |one: &MxRecord| format!("{} {} {}", one.ttl_secs, one.preference, one.host);
        records.iter().map(words).collect()
    }

    #[test]
    fn a_shorter_waiting_time_is_no_other_host() {
        use Change::{Add, Keep, Remove};
        use SwitchStage::{AtTheSwitch, Later, Now};
        let route = MailRoute::of_plan(&plan(&[
            (Remove, Now, 86_400, "10 mail.weber.example."),
            (Add, Now, 300, "10 mail.weber.example."),
            (Remove, AtTheSwitch, 300, "10 mail.weber.example."),
            (Add, AtTheSwitch, 300, "10 in1.provider.example."),
            (Keep, Now, 300, "50 backup.provider.example."),
            (Remove, Later, 300, "60 later.provider.example."),
        ]))
        .unwrap();
        assert_eq!(
            shown(&route.old),
            [
                "86400 10 mail.weber.example",
                "300 50 backup.provider.example",
                "300 60 later.provider.example"
            ]
        );
        assert_eq!(
            shown(&route.new),
            [
                "300 50 backup.provider.example",
                "300 60 later.provider.example",
                "300 10 in1.provider.example"
            ]
        );
    }

    #[test]
    fn a_plan_that_only_lowers_waiting_times_switches_nothing() {
        let lines = [
            (Change::Remove, SwitchStage::Now, 86_400, "10 mail.weber.example."),
            (Change::Add, SwitchStage::Now, 300, "10 mail.weber.example."),
        ];
        assert!(matches!(MailRoute::of_plan(&plan(&lines)), Err(CutoverError::NothingToSwitch)));
        let broken = [(Change::Add, SwitchStage::Now, 300, "mail.weber.example.")];
        assert!(matches!(MailRoute::of_plan(&plan(&broken)), Err(CutoverError::UnreadableLine(_))));
    }
}
