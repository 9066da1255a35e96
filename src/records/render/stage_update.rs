//! Describes a stage as a change that a name server takes (RFC 2136): what must still be so, what goes, what comes. The sets are
//! walked once here and written twice: for the wire, and as commands for nsupdate.

use super::sets::{ExportStage, RecordSet, SetChange, StageSets};
use crate::records::ZoneData;

/// A stage in the order in which a name server takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageUpdate<'a> {
    /// Sets as they must still be, or nothing is changed. Empty for the way back, which must work at any time after the switch.
    pub expected: Vec<SetAt<'a>>,
    /// Values that go, before anything comes: a CNAME stands alone.
    pub removed: Vec<ValueAt<'a>>,
    /// Sets as they are afterwards.
    pub after: Vec<SetAt<'a>>,
}

/// A set of records at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAt<'a> {
    /// Owner name with the domain, without a dot at the end.
    pub name: String,
    /// `MX`.
    pub record_type: &'static str,
    /// The set; `None` where there is none.
    pub set: Option<&'a RecordSet>,
}

/// One value at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueAt<'a> {
    /// Owner name with the domain, without a dot at the end.
    pub name: String,
    /// `MX`.
    pub record_type: &'static str,
    /// The value.
    pub value: &'a ZoneData,
}

impl StageSets {
    /// The stage as one change of the zone.
    pub fn update(&self) -> StageUpdate<'_> {
        let is_way_back = self.stage == ExportStage::Rollback;
        let expected = self.changes.iter().filter(|_| !is_way_back);
        StageUpdate {
            expected: expected.map(|change| self.set_at(change, change.before.as_ref())).collect(),
            removed: self.changes.iter().flat_map(|change| self.removed_by(change)).collect(),
            after: self.changes.iter().map(|change| self.set_at(change, change.after.as_ref())).collect(),
        }
    }

    fn set_at<'a>(&self, change: &SetChange, set: Option<&'a RecordSet>) -> SetAt<'a> {
        SetAt { name: self.full_name(&change.name), record_type: change.record_type, set }
    }

    fn removed_by<'a>(&self, change: &'a SetChange) -> impl Iterator<Item = ValueAt<'a>> {
        let (name, record_type) = (self.full_name(&change.name), change.record_type);
        let values = change.removed_in_any_case();
        values.map(move |value| ValueAt { name: name.clone(), record_type, value })
    }
}
