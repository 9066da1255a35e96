//! Works out what a stage changes, as sets of records, the smallest thing that most tools know (RFC 2181 section 5).

use std::collections::BTreeMap;

use crate::records::{
    Change, CurrentZone, DiffLine, RecordsPlan, SwitchStage, ZoneData, ZoneRecord, stage_name,
};
use crate::values::DomainName;

/// What is written out: a stage, or the way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExportStage {
    /// One of the stages.
    Stage(SwitchStage),
    /// Mail goes to the old server again: everything that came at the switch or later is taken back. What the first stage
    /// has added stays, as it does no harm and mail of the provider may still be under way.
    Rollback,
}

impl ExportStage {
    /// All stages, and the way back.
    pub const ALL: [Self; 4] = [
        Self::Stage(SwitchStage::Now),
        Self::Stage(SwitchStage::AtTheSwitch),
        Self::Stage(SwitchStage::Later),
        Self::Rollback,
    ];

    /// The stage; `None` for the way back.
    pub const fn of_switch(self) -> Option<SwitchStage> {
        match self {
            Self::Stage(stage) => Some(stage),
            Self::Rollback => None,
        }
    }

    /// Its name, at the beginning of a line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stage(stage) => stage_name(stage),
            Self::Rollback => "The way back",
        }
    }
}

/// All records of one type at one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSet {
    /// Waiting time in seconds, the shortest of the records.
    pub ttl_secs: u32,
    /// What they say, each once.
    pub values: Vec<ZoneData>,
}

/// What happens to one set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetChange {
    /// Owner name relative to the domain; `@` for the domain itself.
    pub name: String,
    /// Type as zone files write it.
    pub record_type: &'static str,
    /// Before the stage; `None` where there is none.
    pub before: Option<RecordSet>,
    /// What may be there in its place: the way back can be taken before the last stage is published. `None` where it is the
    /// same, and for every stage.
    pub or_before: Option<RecordSet>,
    /// After the stage; `None` where there is none any more.
    pub after: Option<RecordSet>,
    /// Why, each in a sentence.
    pub reasons: Vec<String>,
}

impl SetChange {
    /// Values that go.
    pub fn removed(&self) -> impl Iterator<Item = &ZoneData> {
        only_in(self.before.as_ref(), self.after.as_ref())
    }

    /// The same, with those that may be there in place of the others.
    pub fn removed_in_any_case(&self) -> impl Iterator<Item = &ZoneData> {
        let others = only_in(self.or_before.as_ref(), self.after.as_ref());
        self.removed().chain(
            others.filter(|value| self.before.as_ref().is_none_or(|before| !before.values.contains(value))),
        )
    }

    /// Values that come.
    pub fn added(&self) -> impl Iterator<Item = &ZoneData> {
        only_in(self.after.as_ref(), self.before.as_ref())
    }
}

fn only_in<'a>(
    one: Option<&'a RecordSet>,
    other: Option<&'a RecordSet>,
) -> impl Iterator<Item = &'a ZoneData> {
    let others = other.map_or(&[][..], |set| &set.values);
    one.into_iter().flat_map(|set| &set.values).filter(move |value| !others.contains(value))
}

/// What a stage changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageSets {
    /// The domain.
    pub domain: DomainName,
    /// Which stage.
    pub stage: ExportStage,
    /// Sets that change, by name and type.
    pub changes: Vec<SetChange>,
    /// All records that are known, as they are once the stage is published.
    pub after: Vec<ZoneRecord>,
}

impl StageSets {
    /// An owner name with the domain behind it, without a dot at the end.
    pub fn full_name(&self, name: &str) -> String {
        let domain = self.domain.as_ascii();
        if name == "@" { domain.to_owned() } else { format!("{name}.{domain}") }
    }

    /// What the file is, in one line.
    pub(super) fn title(&self) -> String {
        format!("Mail records of {}. {}", self.domain.as_ascii(), self.stage.name())
    }
}

/// What tells one set of records from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SetKey {
    name: String,
    record_type: &'static str,
}

type Sets = BTreeMap<SetKey, RecordSet>;

/// What a stage changes against the stages before it. The way back is written against the end of all stages.
pub fn stage_sets(plan: &RecordsPlan, zone: &CurrentZone, stage: ExportStage) -> StageSets {
    let after = |last: Option<SwitchStage>| {
        last.map_or_else(|| zone.records.clone(), |last| applied(plan, zone, last))
    };
    let (before, after) = match stage {
        ExportStage::Stage(SwitchStage::Now) => (after(None), after(Some(SwitchStage::Now))),
        ExportStage::Stage(SwitchStage::AtTheSwitch) => {
            (after(Some(SwitchStage::Now)), after(Some(SwitchStage::AtTheSwitch)))
        }
        ExportStage::Stage(SwitchStage::Later) => {
            (after(Some(SwitchStage::AtTheSwitch)), after(Some(SwitchStage::Later)))
        }
        ExportStage::Rollback => (after(Some(SwitchStage::Later)), after(Some(SwitchStage::Now))),
    };
    let (old, new) = (sets(&before), sets(&after));
    // The way back can be taken as soon as the switch is published.
    let earlier = match stage {
        ExportStage::Rollback => sets(&applied(plan, zone, SwitchStage::AtTheSwitch)),
        ExportStage::Stage(_) => Sets::new(),
    };
    let is_earlier =
        |key: &SetKey| stage == ExportStage::Rollback && !is_same(earlier.get(key), old.get(key));
    let mut keys: Vec<&SetKey> = old.keys().chain(new.keys()).chain(earlier.keys()).collect();
    keys.sort();
    keys.dedup();
    let changes = keys
        .into_iter()
        .filter(|key| {
            !is_same(old.get(*key), new.get(*key))
                || (is_earlier(key) && !is_same(earlier.get(*key), new.get(*key)))
        })
        .map(|key| SetChange {
            name: key.name.clone(),
            record_type: key.record_type,
            before: old.get(key).cloned(),
            or_before: earlier.get(key).filter(|_| is_earlier(key)).cloned(),
            after: new.get(key).cloned(),
            reasons: reasons(plan, stage, key),
        })
        .collect();
    StageSets { domain: plan.domain.clone(), stage, changes, after }
}

fn is_same(one: Option<&RecordSet>, other: Option<&RecordSet>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one.ttl_secs == other.ttl_secs
                && one.values.len() == other.values.len()
                && one.values.iter().all(|value| other.values.contains(value))
        }
        (None, None) => true,
        _ => false,
    }
}

fn sets(records: &[ZoneRecord]) -> Sets {
    let mut sets = Sets::new();
    for record in records {
        let key = SetKey { name: record.name.clone(), record_type: record.data.record_type() };
        let set =
            sets.entry(key).or_insert_with(|| RecordSet { ttl_secs: record.ttl_secs, values: Vec::new() });
        set.ttl_secs = set.ttl_secs.min(record.ttl_secs);
        if !set.values.contains(&record.data) {
            set.values.push(record.data.clone());
        }
    }
    sets
}

/// The records once a stage and those before it are published, without what waits or is not known.
fn applied(plan: &RecordsPlan, zone: &CurrentZone, last: SwitchStage) -> Vec<ZoneRecord> {
    let mut records = zone.records.clone();
    for stage in SwitchStage::ALL.into_iter().filter(|stage| *stage <= last) {
        let lines: Vec<&DiffLine> = plan
            .groups
            .iter()
            .filter(|group| plan.is_known(group))
            .flat_map(|group| group.lines.iter().filter(|line| !plan.waits(group, line)))
            .filter(|line| line.stage == stage)
            .collect();
        for line in lines.iter().filter(|line| line.change == Change::Remove) {
            records.retain(|record| !is_record(record, line));
        }
        for line in lines.iter().filter(|line| line.change == Change::Add) {
            if let Some(data) = ZoneData::parse_shown(&line.record_type, &line.value) {
                records.push(ZoneRecord { name: line.name.clone(), ttl_secs: line.ttl_secs, data });
            }
        }
    }
    records
}

fn is_record(record: &ZoneRecord, line: &DiffLine) -> bool {
    record.name == line.name
        && record.data.record_type() == line.record_type
        && record.data.shown() == line.value
}

fn reasons(plan: &RecordsPlan, stage: ExportStage, key: &SetKey) -> Vec<String> {
    let Some(stage) = stage.of_switch() else { return Vec::new() };
    let mut reasons: Vec<String> = Vec::new();
    for line in plan.groups.iter().flat_map(|group| &group.lines) {
        let is_of = line.stage == stage
            && line.change == Change::Add
            && line.name == key.name
            && line.record_type == key.record_type;
        if is_of && !line.reason.is_empty() && !reasons.contains(&line.reason) {
            reasons.push(line.reason.clone());
        }
    }
    reasons
}
