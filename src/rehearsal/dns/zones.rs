//! The zones that a practice DNS server answers from.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{SOA, SRV};
use hickory_proto::rr::{LowerName, Name, RData, Record, RecordSet, RecordType, RrKey};
use hickory_proto::serialize::txt::Parser;

use crate::rehearsal::RehearsalError;
use crate::values::DnsName;

/// A chain of CNAME records longer than this is not followed.
const CNAME_CHAIN: usize = 8;
/// Waiting time of the addresses of the practice name servers, in seconds.
const ADDRESS_TTL_SECS: u32 = 3600;

/// Name and text of the zones that are built into the program.
const PRACTICE_ZONES: [(&str, &str); 9] = [
    (".", include_str!("../../../assets/rehearsal/root.zone")),
    ("weber-familie.example", include_str!("../../../assets/rehearsal/weber-familie.example.zone")),
    ("example", include_str!("../../../assets/rehearsal/example.zone")),
    ("100.51.198.in-addr.arpa", include_str!("../../../assets/rehearsal/100.51.198.in-addr.arpa.zone")),
    ("zen.spamhaus.org", include_str!("../../../assets/rehearsal/zen.spamhaus.org.zone")),
    ("dnsbl-1.uceprotect.net", include_str!("../../../assets/rehearsal/dnsbl-1.uceprotect.net.zone")),
    ("dnsbl-2.uceprotect.net", include_str!("../../../assets/rehearsal/dnsbl-2.uceprotect.net.zone")),
    ("bl.spamcop.net", include_str!("../../../assets/rehearsal/bl.spamcop.net.zone")),
    ("b.barracudacentral.org", include_str!("../../../assets/rehearsal/b.barracudacentral.org.zone")),
];

/// The name whose servers have failed in the practice world: every question about it ends in SERVFAIL.
const BROKEN_NAME: &str = "dkim.rundbrief-alt.example";

/// Name and text of each zone that is built into the program, in the format of RFC 1035 section 5.
pub fn practice_zone_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    PRACTICE_ZONES.into_iter()
}

/// The zones that a practice DNS server answers for.
#[derive(Clone, Debug, Default)]
pub struct Zones {
    zones: BTreeMap<LowerName, Zone>,
    broken: BTreeSet<LowerName>,
}

#[derive(Clone, Debug)]
struct Zone {
    sets: BTreeMap<RrKey, RecordSet>,
    /// Every existing name, including empty non-terminals (RFC 4592 section 2.2.2).
    names: BTreeSet<LowerName>,
}

/// What the zones say to one question.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) code: ResponseCode,
    pub(super) answers: Vec<Record>,
    /// The SOA of the zone that denies, where something is denied (RFC 2308).
    pub(super) authority: Vec<Record>,
}

enum Found {
    Records(Vec<Record>),
    Alias(Box<Record>, LowerName),
    NoData,
    NxDomain,
}

impl Zones {
    /// The zones that are built into the program.
    pub fn practice() -> Result<Self, RehearsalError> {
        let mut zones = Self::default();
        for (origin, text) in PRACTICE_ZONES {
            zones.add(origin, text)?;
        }
        zones.break_name(&DnsName::new(BROKEN_NAME))?;
        Ok(zones)
    }

    /// Adds a zone in the format of RFC 1035 section 5, or replaces the one of the same name.
    pub fn add(&mut self, origin: &str, text: &str) -> Result<(), RehearsalError> {
        let name = parse_name(origin)?;
        let (_, sets) = Parser::new(text, None, Some(name.clone()))
            .parse()
            .map_err(|source| RehearsalError::Zone { origin: origin.to_owned(), source: Box::new(source) })?;
        let origin = LowerName::new(&name);
        let mut zone = Zone { sets, names: BTreeSet::new() };
        zone.find_names(&origin);
        self.zones.insert(origin, zone);
        Ok(())
    }

    /// The records of a type at a name, with their waiting time; empty where there are none.
    pub(super) fn records(&self, key: &RrKey) -> Vec<Record> {
        let zone = self.zone_of(key.name()).map(|(_, zone)| zone);
        let set = zone.and_then(|zone| zone.sets.get(key));
        set.into_iter().flat_map(RecordSet::records_without_rrsigs).cloned().collect()
    }

    /// Puts these records in the place of those of the same type at the same name, as a new version of the zone.
    pub(super) fn replace(&mut self, key: &RrKey, records: &[Record]) {
        let Some((origin, _)) = self.zone_of(key.name()) else { return };
        let origin = origin.clone();
        let Some(zone) = self.zones.get_mut(&origin) else { return };
        match records.first() {
            None => {
                zone.sets.remove(key);
            }
            Some(first) => {
                let mut set = RecordSet::with_ttl(first.name.clone(), key.record_type, first.ttl);
                for record in records {
                    set.add_rdata(record.data.clone());
                }
                zone.sets.insert(key.clone(), set);
            }
        }
        zone.find_names(&origin);
    }

    /// Raises the serial number of the zone that a name is in (RFC 1034 section 4.3.5).
    pub(super) fn raise_serial(&mut self, name: &LowerName) {
        let Some((origin, zone)) = self.zone_of(name) else { return };
        let key = RrKey::new(origin.clone(), RecordType::SOA);
        let Some(mut record) = zone.soa(origin) else { return };
        if let RData::SOA(soa) = &mut record.data {
            soa.serial = soa.serial.wrapping_add(1);
        }
        self.replace(&key, &[record]);
    }

    /// Lets every question about this name end in SERVFAIL.
    pub fn break_name(&mut self, name: &DnsName) -> Result<(), RehearsalError> {
        self.broken.insert(LowerName::new(&parse_name(name.as_str())?));
        Ok(())
    }

    /// Gives a name this address, in the place of all others.
    pub(in crate::rehearsal) fn set_address(
        &mut self,
        name: &DnsName,
        address: IpAddr,
    ) -> Result<(), RehearsalError> {
        let name = parse_name(name.as_str())?;
        let data = match address {
            IpAddr::V4(address) => RData::A(address.into()),
            IpAddr::V6(address) => RData::AAAA(address.into()),
        };
        let record = Record::from_rdata(name.clone(), ADDRESS_TTL_SECS, data);
        for record_type in [RecordType::A, RecordType::AAAA] {
            let records: &[Record] =
                if record.record_type() == record_type { std::slice::from_ref(&record) } else { &[] };
            self.replace(&RrKey::new(LowerName::new(&name), record_type), records);
        }
        Ok(())
    }

    /// Puts a port into the SRV records of a name (RFC 2782); other names and records stay as they are.
    pub fn set_service_port(&mut self, name: &DnsName, port: u16) -> Result<(), RehearsalError> {
        let key = RrKey::new(LowerName::new(&parse_name(name.as_str())?), RecordType::SRV);
        for zone in self.zones.values_mut() {
            let Some(old) = zone.sets.get(&key) else { continue };
            let mut changed = RecordSet::with_ttl(old.name().clone(), RecordType::SRV, old.ttl());
            for record in old.records_without_rrsigs() {
                if let RData::SRV(service) = &record.data {
                    let target = service.target.clone();
                    changed.add_rdata(RData::SRV(SRV::new(service.priority, service.weight, port, target)));
                }
            }
            zone.sets.insert(key.clone(), changed);
        }
        Ok(())
    }

    /// Answers a question as a server that is the authority for everything (RFC 1034 section 4.3.2).
    pub(super) fn answer(&self, name: &Name, record_type: RecordType) -> Answer {
        let mut answer = Answer::default();
        let mut asked = name.clone();
        for _ in 0..CNAME_CHAIN {
            let lower = LowerName::new(&asked);
            if self.broken.contains(&lower) {
                answer.code = ResponseCode::ServFail;
                return answer;
            }
            let Some((origin, zone)) = self.zone_of(&lower) else {
                answer.code = ResponseCode::NXDomain;
                answer.authority.push(root_soa());
                return answer;
            };
            match zone.find(origin, &lower, &asked, record_type) {
                Found::Records(records) => {
                    answer.answers.extend(records);
                    return answer;
                }
                Found::Alias(record, target) => {
                    answer.answers.push(*record);
                    asked = Name::from(target);
                }
                Found::NoData => {
                    answer.authority.extend(zone.soa(origin));
                    return answer;
                }
                Found::NxDomain => {
                    answer.code = ResponseCode::NXDomain;
                    answer.authority.extend(zone.soa(origin));
                    return answer;
                }
            }
        }
        answer.code = ResponseCode::ServFail;
        answer
    }

    /// The zone with the longest name that the asked name is in.
    fn zone_of(&self, name: &LowerName) -> Option<(&LowerName, &Zone)> {
        let mut above = name.clone();
        loop {
            if let Some(found) = self.zones.get_key_value(&above) {
                return Some(found);
            }
            if above.is_root() {
                return None;
            }
            above = above.base_name();
        }
    }
}

impl Zone {
    /// Notes every name that exists.
    fn find_names(&mut self, origin: &LowerName) {
        self.names.clear();
        for key in self.sets.keys() {
            let mut above = key.name().clone();
            while origin.zone_of(&above) && self.names.insert(above.clone()) && above != *origin {
                above = above.base_name();
            }
        }
    }

    fn find(&self, origin: &LowerName, name: &LowerName, asked: &Name, record_type: RecordType) -> Found {
        let owner = if self.names.contains(name) { Some(name.clone()) } else { self.wildcard(origin, name) };
        let Some(owner) = owner else { return Found::NxDomain };
        if let Some(set) = self.sets.get(&RrKey::new(owner.clone(), record_type)) {
            return Found::Records(set.records_without_rrsigs().map(|record| named(record, asked)).collect());
        }
        let alias = self.sets.get(&RrKey::new(owner, RecordType::CNAME));
        match alias.and_then(|set| set.records_without_rrsigs().next()) {
            Some(record) => match &record.data {
                RData::CNAME(target) => Found::Alias(Box::new(named(record, asked)), LowerName::new(target)),
                _ => Found::NoData,
            },
            None => Found::NoData,
        }
    }

    /// The wildcard that covers a name: the one right below its closest encloser (RFC 4592 section 3.3.1).
    fn wildcard(&self, origin: &LowerName, name: &LowerName) -> Option<LowerName> {
        let mut below = name.clone();
        while below != *origin && !below.is_root() {
            let above = below.base_name();
            if self.names.contains(&above) {
                let wildcard = below.into_wildcard();
                return self.names.contains(&wildcard).then_some(wildcard);
            }
            below = above;
        }
        None
    }

    fn soa(&self, origin: &LowerName) -> Option<Record> {
        let set = self.sets.get(&RrKey::new(origin.clone(), RecordType::SOA))?;
        set.records_without_rrsigs().next().cloned()
    }
}

/// The record under the name that was asked, in the case it was asked in.
fn named(record: &Record, asked: &Name) -> Record {
    let mut record = record.clone();
    record.name = asked.clone();
    record
}

fn root_soa() -> Record {
    let soa = SOA::new(Name::root(), Name::root(), 1, 1800, 900, 604_800, 300);
    Record::from_rdata(Name::root(), 300, RData::SOA(soa))
}

fn parse_name(text: &str) -> Result<Name, RehearsalError> {
    let mut name = Name::from_ascii(text).map_err(|_error| RehearsalError::ZoneName(text.to_owned()))?;
    name.set_fqdn(true);
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, record_type: RecordType) -> (ResponseCode, Vec<String>) {
        let answer = Zones::practice().unwrap().answer(&parse_name(name).unwrap(), record_type);
        assert_eq!(
            answer.answers.is_empty() && answer.code != ResponseCode::ServFail,
            !answer.authority.is_empty()
        );
        (answer.code, answer.answers.iter().map(|record| record.data.to_string()).collect())
    }

    #[test]
    fn questions_get_the_kind_of_answer_they_deserve() {
        let one = |text: &str| vec![text.to_owned()];
        for (name, record_type, code, records) in [
            (
                "Weber-Familie.example",
                RecordType::MX,
                ResponseCode::NoError,
                one("10 mail.weber-familie.example."),
            ),
            ("mail.weber-familie.example", RecordType::A, ResponseCode::NoError, one("198.51.100.77")),
            ("mail.weber-familie.example", RecordType::AAAA, ResponseCode::NoError, vec![]),
            ("_domainkey.weber-familie.example", RecordType::TXT, ResponseCode::NoError, vec![]),
            ("_tcp.weber-familie.example", RecordType::A, ResponseCode::NoError, vec![]),
            ("nix.weber-familie.example", RecordType::A, ResponseCode::NXDomain, vec![]),
            (
                "k1._domainkey.weber-familie.example",
                RecordType::TXT,
                ResponseCode::ServFail,
                one("dkim.rundbrief-alt.example."),
            ),
            (
                "77.100.51.198.in-addr.arpa",
                RecordType::PTR,
                ResponseCode::NoError,
                one("mail.weber-familie.example."),
            ),
            ("1.0.0.127.zen.spamhaus.org", RecordType::A, ResponseCode::NXDomain, vec![]),
            ("77.100.51.198.zen.spamhaus.org", RecordType::A, ResponseCode::NXDomain, vec![]),
            ("81.100.51.198.zen.spamhaus.org", RecordType::A, ResponseCode::NoError, one("127.0.0.3")),
            ("77.100.51.198.dnsbl-2.uceprotect.net", RecordType::A, ResponseCode::NoError, one("127.0.0.2")),
            ("a.b.100.51.198.dnsbl-2.uceprotect.net", RecordType::A, ResponseCode::NoError, one("127.0.0.2")),
            ("77.101.51.198.dnsbl-2.uceprotect.net", RecordType::A, ResponseCode::NXDomain, vec![]),
            ("www.google.com", RecordType::A, ResponseCode::NXDomain, vec![]),
            (
                "xn--weber-kln-67a.example",
                RecordType::TXT,
                ResponseCode::NoError,
                one("v=spf1 redirect=weber-familie.example"),
            ),
        ] {
            assert_eq!(ask(name, record_type), (code, records), "{name} {record_type}");
        }
    }

    #[test]
    fn every_list_passes_its_own_test() {
        for (origin, _) in practice_zone_files().filter(|(origin, _)| {
            origin.len() > 1
                && origin.contains('.')
                && !origin.ends_with("example")
                && !origin.ends_with("arpa")
        }) {
            let (code, records) = ask(&format!("2.0.0.127.{origin}"), RecordType::A);
            assert!(code == ResponseCode::NoError && records.contains(&"127.0.0.2".to_owned()), "{origin}");
            assert_eq!(ask(&format!("1.0.0.127.{origin}"), RecordType::A).0, ResponseCode::NXDomain);
        }
    }

    #[test]
    fn ports_are_filled_in_and_damage_is_named() {
        let mut zones = Zones::practice().unwrap();
        zones.set_service_port(&DnsName::new("_imap._tcp.weber-familie.example"), 4711).unwrap();
        let answer = zones.answer(&parse_name("_imap._tcp.weber-familie.example").unwrap(), RecordType::SRV);
        assert_eq!(answer.answers[0].data.to_string(), "0 1 4711 imap.weber-familie.example.");
        assert!(matches!(zones.add("x.example", "@ IN A nonsense"), Err(RehearsalError::Zone { .. })));
        assert!(matches!(zones.add("a..b", ""), Err(RehearsalError::ZoneName(_))));
    }
}
