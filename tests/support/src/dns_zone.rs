//! A zone written in the lines of a case file, which answers as an honest resolver would.

use std::collections::BTreeMap;

use mailferry::values::{
    DnsAnswer, DnsName, DnsQuestion, HexBytes, Outcome, RecordData, RecordType, TxtStrings,
};

/// Records by owner and type; a fault stands in the place of a record as `!SERVFAIL`.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    records: BTreeMap<(DnsName, RecordType), Vec<RecordData>>,
    aliases: BTreeMap<DnsName, DnsName>,
    faults: BTreeMap<(DnsName, Option<RecordType>), Outcome>,
}

impl Zone {
    /// Adds a line such as `a.example MX 10 mail.example` or `a.example ANY !SERVFAIL`.
    ///
    /// # Panics
    /// When the line cannot be read.
    pub fn add(&mut self, line: &str) {
        let mut words = line.splitn(3, char::is_whitespace);
        let (Some(name), Some(kind), Some(data)) = (words.next(), words.next(), words.next()) else {
            panic!("no record: {line}")
        };
        let (name, data) = (DnsName::new(name), data.trim());
        if let Some(fault) = data.strip_prefix('!') {
            let record_type = if kind == "ANY" { None } else { Some(record_type(kind)) };
            self.faults.insert((name, record_type), outcome(fault));
        } else if kind == "CNAME" {
            self.aliases.insert(name, DnsName::new(data));
        } else {
            let record_type = record_type(kind);
            self.records.entry((name, record_type)).or_default().push(record(record_type, data));
        }
    }

    /// What a resolver says.
    pub fn answer(&self, question: &DnsQuestion) -> DnsAnswer {
        let mut name = question.name.clone();
        let mut aliases = Vec::new();
        while let Some(target) = self.aliases.get(&name).filter(|_| question.record_type != RecordType::Cname)
        {
            if aliases.len() > 8 {
                return DnsAnswer::empty(question.clone(), Outcome::ServFail);
            }
            aliases.push(target.clone());
            name = target.clone();
        }
        let fault = self
            .faults
            .get(&(name.clone(), Some(question.record_type)))
            .or_else(|| self.faults.get(&(name.clone(), None)));
        let records = self.records.get(&(name.clone(), question.record_type)).cloned().unwrap_or_default();
        let outcome = match fault {
            Some(fault) => fault.clone(),
            None if !records.is_empty() => Outcome::Answer,
            None if self.exists(&name) => Outcome::NoData,
            None => Outcome::NxDomain,
        };
        let records = if outcome == Outcome::Answer { records } else { Vec::new() };
        let ttl_secs = (outcome == Outcome::Answer).then_some(300);
        DnsAnswer { records, aliases, ttl_secs, ..DnsAnswer::empty(question.clone(), outcome) }
    }

    fn exists(&self, name: &DnsName) -> bool {
        let below = format!(".{name}");
        let owners = self.records.keys().map(|(owner, _)| owner).chain(self.aliases.keys());
        owners.into_iter().any(|owner| owner == name || owner.as_str().ends_with(&below))
    }
}

fn record_type(word: &str) -> RecordType {
    serde_json::from_value(serde_json::Value::from(word)).unwrap_or_else(|_| panic!("no type: {word}"))
}

fn outcome(word: &str) -> Outcome {
    match word {
        "SERVFAIL" => Outcome::ServFail,
        "NXDOMAIN" => Outcome::NxDomain,
        "REFUSED" => Outcome::Refused,
        "TIMEOUT" => Outcome::Timeout,
        "FILTERED" => Outcome::Filtered,
        "OUTOFREACH" => Outcome::OutOfReach,
        _ => panic!("no fault: {word}"),
    }
}

fn record(record_type: RecordType, data: &str) -> RecordData {
    let words: Vec<&str> = data.split_whitespace().collect();
    let number = |index: usize| words[index].parse::<u16>().unwrap();
    let byte = |index: usize| words[index].parse::<u8>().unwrap();
    let hex = |index: usize| HexBytes::parse(words[index]).unwrap();
    match record_type {
        RecordType::A => RecordData::A(data.parse().unwrap()),
        RecordType::Aaaa => RecordData::Aaaa(data.parse().unwrap()),
        RecordType::Caa => RecordData::Caa {
            is_critical: byte(0) >= 128,
            tag: words[1].to_owned(),
            value: quoted(data).concat(),
        },
        RecordType::Cname => RecordData::Cname(DnsName::new(data)),
        RecordType::Dnskey => RecordData::Dnskey { flags: number(0), algorithm: byte(1), key_tag: number(2) },
        RecordType::Ds => {
            RecordData::Ds { key_tag: number(0), algorithm: byte(1), digest_type: byte(2), digest: hex(3) }
        }
        RecordType::Mx => RecordData::Mx { preference: number(0), exchange: DnsName::new(words[1]) },
        RecordType::Ns => RecordData::Ns(DnsName::new(data)),
        RecordType::Nsec3param => {
            RecordData::Nsec3param { algorithm: byte(0), iterations: number(1), salt_bytes: byte(2) }
        }
        RecordType::Ptr => RecordData::Ptr(DnsName::new(data)),
        RecordType::Soa => {
            let timers: Vec<u32> = words[2..].iter().map(|word| word.parse().unwrap()).collect();
            // Most cases are about the serial and the negative TTL only.
            let (serial, refresh, retry, expire, minimum) = match timers.as_slice() {
                [serial, minimum] => (*serial, 7_200, 3_600, 1_209_600, *minimum),
                [serial, refresh, retry, expire, minimum] => (*serial, *refresh, *retry, *expire, *minimum),
                _ => panic!("no SOA: {data}"),
            };
            RecordData::Soa {
                primary: DnsName::new(words[0]),
                mailbox: DnsName::new(words[1]),
                serial,
                refresh_secs: refresh,
                retry_secs: retry,
                expire_secs: expire,
                minimum_secs: minimum,
            }
        }
        RecordType::Srv => RecordData::Srv {
            priority: number(0),
            weight: number(1),
            port: number(2),
            target: DnsName::new(words[3]),
        },
        RecordType::Tlsa => {
            RecordData::Tlsa { usage: byte(0), selector: byte(1), matching: byte(2), data: hex(3) }
        }
        RecordType::Txt => RecordData::Txt(TxtStrings::from(quoted(data))),
    }
}

/// Strings between quotes, with their escapes left in.
fn quoted(data: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut current: Option<String> = None;
    let mut characters = data.chars();
    while let Some(character) = characters.next() {
        match (character, &mut current) {
            ('"', None) => current = Some(String::new()),
            ('"', Some(_)) => strings.extend(current.take()),
            ('\\', Some(text)) => {
                text.push('\\');
                text.extend(characters.next());
            }
            (other, Some(text)) => text.push(other),
            (_, None) => {}
        }
    }
    assert!(current.is_none() && !strings.is_empty(), "no strings: {data}");
    strings
}
