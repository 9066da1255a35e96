use super::{DnsName, DomainName, RecordData, RecordType};

/// What must be so in a zone before it is changed (RFC 2136 section 2.4). Otherwise the server changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prerequisite {
    /// At this name there are exactly these records of their type.
    Exactly(DnsName, Vec<RecordData>),
    /// At this name there is no record of this type.
    None(DnsName, RecordType),
}

/// One change of a zone, all of it or nothing (RFC 2136).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneUpdate {
    /// The zone.
    pub zone: DomainName,
    /// What must be so.
    pub prerequisites: Vec<Prerequisite>,
    /// Records that go.
    pub removed: Vec<(DnsName, RecordData)>,
    /// Every set that changes, as it is afterwards. A record that is there already gets the time to live of its set.
    pub after: Vec<RecordsAt>,
}

/// All records of one type at a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordsAt {
    /// The name.
    pub name: DnsName,
    /// The type.
    pub record_type: RecordType,
    /// Time to live in seconds.
    pub ttl_secs: u32,
    /// The records; none where the set is gone.
    pub records: Vec<RecordData>,
}
