//! Turns a stage into a signed change for a name server (RFC 2136).

use std::net::IpAddr;

use super::current_zone::ZoneData;
use super::render::{RecordSet, SetAt, StageSets};
use super::txt::STRING_BYTES_MAX;
use crate::values::{
    DnsName, HexBytes, Prerequisite, RecordData, RecordType, RecordsAt, TxtStrings, ZoneUpdate,
};

/// The change that publishes a stage; `None` where a record cannot be written as DNS has it.
pub fn zone_update(sets: &StageSets) -> Option<ZoneUpdate> {
    let update = sets.update();
    Some(ZoneUpdate {
        zone: sets.domain.clone(),
        prerequisites: update.expected.iter().map(prerequisite).collect::<Option<_>>()?,
        removed: update
            .removed
            .iter()
            .map(|gone| Some((DnsName::new(&gone.name), record(gone.value)?)))
            .collect::<Option<_>>()?,
        after: update.after.iter().map(records_at).collect::<Option<_>>()?,
    })
}

fn prerequisite(expected: &SetAt<'_>) -> Option<Prerequisite> {
    let name = DnsName::new(&expected.name);
    Some(match expected.set {
        Some(set) => Prerequisite::Exactly(name, records(set)?),
        None => Prerequisite::None(name, wire_type(expected.record_type)?),
    })
}

fn records_at(after: &SetAt<'_>) -> Option<RecordsAt> {
    Some(RecordsAt {
        name: DnsName::new(&after.name),
        record_type: wire_type(after.record_type)?,
        ttl_secs: after.set.map_or(0, |set| set.ttl_secs),
        records: after.set.map_or(Some(Vec::new()), records)?,
    })
}

fn records(set: &RecordSet) -> Option<Vec<RecordData>> {
    set.values.iter().map(record).collect()
}

fn wire_type(name: &str) -> Option<RecordType> {
    Some(match name {
        "MX" => RecordType::Mx,
        "TXT" => RecordType::Txt,
        "CNAME" => RecordType::Cname,
        "NS" => RecordType::Ns,
        "A" => RecordType::A,
        "AAAA" => RecordType::Aaaa,
        "SRV" => RecordType::Srv,
        "TLSA" => RecordType::Tlsa,
        _ => return None,
    })
}

fn record(data: &ZoneData) -> Option<RecordData> {
    Some(match data {
        ZoneData::Mx(preference, exchange) => {
            RecordData::Mx { preference: *preference, exchange: exchange.clone() }
        }
        ZoneData::Txt(bytes) => {
            let strings = match bytes.as_slice() {
                [] => vec![Vec::new()],
                bytes => bytes.chunks(STRING_BYTES_MAX).map(<[u8]>::to_vec).collect(),
            };
            RecordData::Txt(TxtStrings::new(strings))
        }
        ZoneData::Cname(target) => RecordData::Cname(target.clone()),
        ZoneData::Ns(host) => RecordData::Ns(host.clone()),
        ZoneData::Address(IpAddr::V4(address)) => RecordData::A(*address),
        ZoneData::Address(IpAddr::V6(address)) => RecordData::Aaaa(*address),
        ZoneData::Srv { priority, weight, port, host } => {
            RecordData::Srv { priority: *priority, weight: *weight, port: *port, target: host.clone() }
        }
        ZoneData::Tlsa(text) => {
            let mut words = text.split_whitespace();
            let mut number = || words.next()?.parse().ok();
            let (usage, selector, matching) = (number()?, number()?, number()?);
            let data = HexBytes::parse(&words.collect::<String>()).ok()?;
            RecordData::Tlsa { usage, selector, matching, data }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::render::SetChange;
    use crate::records::{ExportStage, SwitchStage};
    use crate::values::DomainName;

    fn set(values: Vec<ZoneData>) -> RecordSet {
        RecordSet { ttl_secs: 300, values }
    }

    fn change(
        name: &str,
        record_type: &'static str,
        before: Option<RecordSet>,
        after: Option<RecordSet>,
    ) -> SetChange {
        SetChange { name: name.to_owned(), record_type, before, or_before: None, after, reasons: Vec::new() }
    }

    #[test]
    fn a_stage_expects_the_zone_as_it_was_read_and_changes_no_more() {
        let mx = |host: &str| ZoneData::Mx(10, DnsName::new(host));
        let long = ZoneData::Txt(vec![b'x'; 300]);
        let sets = StageSets {
            domain: DomainName::parse("d.test").unwrap(),
            stage: ExportStage::Stage(SwitchStage::AtTheSwitch),
            changes: vec![
                change("@", "MX", Some(set(vec![mx("old.d.test")])), Some(set(vec![mx("new.test")]))),
                change("k._domainkey", "TXT", None, Some(set(vec![long]))),
                change(
                    "_25._tcp.old",
                    "TLSA",
                    Some(set(vec![ZoneData::Tlsa("3 1 1 ABcd".to_owned())])),
                    None,
                ),
            ],
            after: Vec::new(),
        };
        let update = zone_update(&sets).unwrap();
        let wire = |host: &str| RecordData::Mx { preference: 10, exchange: DnsName::new(host) };
        let tlsa =
            RecordData::Tlsa { usage: 3, selector: 1, matching: 1, data: HexBytes::new(vec![0xab, 0xcd]) };
        let (apex, key, host) = (
            DnsName::new("d.test"),
            DnsName::new("k._domainkey.d.test"),
            DnsName::new("_25._tcp.old.d.test"),
        );
        assert_eq!(
            update.prerequisites,
            [
                Prerequisite::Exactly(apex.clone(), vec![wire("old.d.test")]),
                Prerequisite::None(key.clone(), RecordType::Txt),
                Prerequisite::Exactly(host.clone(), vec![tlsa.clone()]),
            ]
        );
        assert_eq!(update.removed, [(apex.clone(), wire("old.d.test")), (host.clone(), tlsa)]);
        let strings = TxtStrings::new(vec![vec![b'x'; 255], vec![b'x'; 45]]);
        let after = |name, record_type, ttl_secs, records| RecordsAt { name, record_type, ttl_secs, records };
        assert_eq!(
            update.after,
            [
                after(apex, RecordType::Mx, 300, vec![wire("new.test")]),
                after(key, RecordType::Txt, 300, vec![RecordData::Txt(strings)]),
                after(host, RecordType::Tlsa, 0, Vec::new()),
            ]
        );
    }

    #[test]
    fn the_way_back_expects_nothing_and_removes_what_either_stage_has_left() {
        let text = |text: &str| ZoneData::Txt(text.as_bytes().to_vec());
        let mut spf = change("@", "TXT", Some(set(vec![text("late")])), Some(set(vec![text("old")])));
        spf.or_before = Some(set(vec![text("both")]));
        let sets = StageSets {
            domain: DomainName::parse("d.test").unwrap(),
            stage: ExportStage::Rollback,
            changes: vec![spf],
            after: Vec::new(),
        };
        let update = zone_update(&sets).unwrap();
        assert_eq!(update.prerequisites, []);
        let removed: Vec<_> = update.removed.iter().map(|(_, record)| record.to_string()).collect();
        assert_eq!(removed.len(), 2, "{removed:?}");
        assert!(removed.iter().any(|record| record.contains("late")));
        assert!(removed.iter().any(|record| record.contains("both")));
    }

    #[test]
    fn a_damaged_record_is_not_guessed() {
        for text in ["", "3 1", "3 1 1 xyz", "3 1 999 ab"] {
            assert_eq!(record(&ZoneData::Tlsa(text.to_owned())), None, "{text}");
        }
    }
}
