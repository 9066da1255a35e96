//! A zone written in the lines of a case file, which answers as an honest resolver would.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};

use mailferry::values::{
    Asked, DnsAnswer, DnsName, DnsQuestion, ExtendedError, HexBytes, NamedServer, Outcome, RecordData,
    RecordType, Signature, TxtStrings, UnixTime,
};

/// Records by owner and type; a fault stands in the place of a record as `!SERVFAIL`.
///
/// Servers that zones name by NS records answer directly: with authority for their zones, and with a referral for what
/// they have delegated. What one of them says otherwise is written with its address in front.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    servers: BTreeMap<IpAddr, Zone>,
    marks: BTreeMap<DnsName, Vec<Mark>>,
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

    /// Adds what one server says otherwise: `192.0.2.53 a.example SOA !TIMEOUT`. A second resolver is called
    /// `second`, resolvers that do not check signatures `unchecked` and `second-unchecked`, and `tcp:192.0.2.53` is a
    /// server over TCP.
    ///
    /// # Panics
    /// When the line cannot be read.
    pub fn add_at(&mut self, line: &str) {
        let (server, record) = line.split_once(' ').unwrap_or_else(|| panic!("no record: {line}"));
        self.servers.entry(place(server)).or_default().add(record);
    }

    /// Adds a mark to the answers about a name: `a.example authentic`, `a.example lame`, `a.example error 7 text`,
    /// `a.example signed 13 1700000000`, `a.example ttl 86400`, `a.example long`.
    ///
    /// # Panics
    /// When the line cannot be read.
    pub fn add_mark(&mut self, line: &str) {
        let (name, words) = line.split_once(' ').unwrap_or_else(|| panic!("no mark: {line}"));
        self.marks.entry(DnsName::new(name)).or_default().push(mark(words));
    }

    /// What whoever was asked says.
    pub fn answer(&self, question: &DnsQuestion) -> DnsAnswer {
        let direct = match question.asked {
            Asked::Server(address) | Asked::ServerAgain(address) | Asked::ServerOverTcp(address) => {
                Some(address)
            }
            _ => None,
        };
        let own_words = self.servers.get(&key(question.asked)).or_else(|| {
            // Over TCP and later a server says the same, unless something else is written.
            direct.and_then(|address| self.servers.get(&address))
        });
        let own_words = own_words.filter(|zone| zone.knows(question));
        let mut answer = match (own_words, direct) {
            (Some(zone), None) => zone.remembered(question),
            (Some(zone), Some(address)) => self.in_its_words(zone, address, question),
            (None, Some(address)) => self.directly(address, question),
            (None, None) => self.remembered(question),
        };
        let marks = own_words.and_then(|zone| zone.marks.get(&question.name));
        let marks = marks.or_else(|| self.marks.get(&question.name));
        for mark in marks.into_iter().flatten() {
            mark.apply(&mut answer, direct.is_some());
        }
        answer
    }

    fn knows(&self, question: &DnsQuestion) -> bool {
        let (name, record_type) = (&question.name, question.record_type);
        self.records.contains_key(&(name.clone(), record_type))
            || self.faults.contains_key(&(name.clone(), Some(record_type)))
            || self.faults.contains_key(&(name.clone(), None))
            || self.aliases.contains_key(name)
            || self.marks.contains_key(name)
    }

    /// NS records that a server of the zone above has of its own are a delegation.
    fn in_its_words(&self, words: &Self, address: IpAddr, question: &DnsQuestion) -> DnsAnswer {
        let is_marked_only = words.records.is_empty() && words.faults.is_empty();
        if is_marked_only {
            return self.directly(address, question);
        }
        let answer = words.remembered(question);
        if question.record_type == RecordType::Ns && !self.is_served_by(&question.name, address) {
            return words.referral(&question.name, question);
        }
        let is_answer = answer.outcome.is_known();
        DnsAnswer { is_authoritative: is_answer, ..answer }
    }

    /// What a server says that is asked without recursion.
    fn directly(&self, address: IpAddr, question: &DnsQuestion) -> DnsAnswer {
        let mut cut = Some(question.name.clone());
        let mut below = None;
        while let Some(name) = cut {
            if self.records.contains_key(&(name.clone(), RecordType::Ns)) {
                if self.is_served_by(&name, address) {
                    return match below {
                        Some(delegated) => self.referral(&delegated, question),
                        None => DnsAnswer { is_authoritative: true, ..self.remembered(question) },
                    };
                }
                below = below.or(Some(name.clone()));
            }
            cut = name.parent();
        }
        DnsAnswer::empty(question.clone(), Outcome::Refused)
    }

    fn is_served_by(&self, zone: &DnsName, address: IpAddr) -> bool {
        let servers = self.records.get(&(zone.clone(), RecordType::Ns));
        servers.into_iter().flatten().any(|record| match record {
            RecordData::Ns(name) => [RecordType::A, RecordType::Aaaa].iter().any(|kind| {
                let found = self.records.get(&(name.clone(), *kind));
                found.into_iter().flatten().any(|record| record.address() == Some(address))
            }),
            _ => false,
        })
    }

    fn referral(&self, delegated: &DnsName, question: &DnsQuestion) -> DnsAnswer {
        let servers = self.records.get(&(delegated.clone(), RecordType::Ns));
        let named = |record: &RecordData| match record {
            RecordData::Ns(name) => Some(NamedServer {
                name: name.clone(),
                addresses: [RecordType::A, RecordType::Aaaa]
                    .iter()
                    .filter_map(|kind| self.records.get(&(name.clone(), *kind)))
                    .flatten()
                    .filter_map(RecordData::address)
                    .collect(),
            }),
            _ => None,
        };
        let delegation = servers.into_iter().flatten().filter_map(named).collect();
        let is_exact = *delegated == question.name;
        DnsAnswer {
            delegation: if is_exact { delegation } else { Vec::new() },
            ..DnsAnswer::empty(question.clone(), Outcome::Referral)
        }
    }

    fn remembered(&self, question: &DnsQuestion) -> DnsAnswer {
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
        let owner =
            if self.exists(&name) { name.clone() } else { self.wildcard(&name).unwrap_or(name.clone()) };
        if owner != name
            && let Some(target) = self.aliases.get(&owner)
        {
            aliases.push(target.clone());
            name = target.clone();
        }
        let owner =
            if owner.as_str().starts_with("*.") && !aliases.is_empty() { name.clone() } else { owner };
        let records = self.records.get(&(owner.clone(), question.record_type)).cloned().unwrap_or_default();
        let outcome = match fault {
            Some(fault) => fault.clone(),
            None if !records.is_empty() => Outcome::Answer,
            None if self.exists(&owner) => Outcome::NoData,
            None => Outcome::NxDomain,
        };
        let records = if outcome == Outcome::Answer { records } else { Vec::new() };
        let ttl_secs = (outcome == Outcome::Answer).then_some(300);
        DnsAnswer { records, aliases, ttl_secs, ..DnsAnswer::empty(question.clone(), outcome) }
    }

    /// The name with a star that stands for a name (RFC 4592 section 3.3.1).
    fn wildcard(&self, name: &DnsName) -> Option<DnsName> {
        let mut above = name.parent();
        while let Some(encloser) = above {
            let star = DnsName::new(&format!("*.{encloser}"));
            if self.exists(&star) {
                return Some(star);
            }
            if self.exists(&encloser) {
                return None;
            }
            above = encloser.parent();
        }
        None
    }

    fn exists(&self, name: &DnsName) -> bool {
        let below = format!(".{name}");
        let owners = self.records.keys().map(|(owner, _)| owner).chain(self.aliases.keys());
        owners.into_iter().any(|owner| owner == name || owner.as_str().ends_with(&below))
    }
}

/// Something about an answer beside its records.
#[derive(Clone, Debug)]
enum Mark {
    /// The resolver has checked the signatures.
    Authentic,
    /// The server answers without being in charge.
    Lame,
    /// What the server says about a failure.
    Error(ExtendedError),
    /// A signature of this algorithm that ends then.
    Signed(u8, UnixTime),
    /// How long the records may be kept; through the resolver a minute of it is over.
    Ttl(u32),
    /// Too long for UDP.
    Long,
}

impl Mark {
    fn apply(&self, answer: &mut DnsAnswer, is_direct: bool) {
        match self {
            Self::Authentic if !is_direct => answer.is_authentic = true,
            Self::Lame if is_direct => answer.is_authoritative = false,
            Self::Error(error) if !answer.outcome.is_known() => answer.extended_error = Some(error.clone()),
            Self::Signed(algorithm, expiration) if is_direct && answer.outcome == Outcome::Answer => {
                answer.signatures.push(Signature {
                    algorithm: *algorithm,
                    key_tag: 1,
                    inception: UnixTime(0),
                    expiration: *expiration,
                    signer: answer.question.name.clone(),
                });
            }
            Self::Ttl(secs) if answer.outcome == Outcome::Answer => {
                answer.ttl_secs = Some(if is_direct { *secs } else { secs.saturating_sub(60) });
            }
            Self::Long if answer.question.record_type == RecordType::Txt => answer.is_too_long_for_udp = true,
            _ => {}
        }
    }
}

fn mark(words: &str) -> Mark {
    let words: Vec<&str> = words.splitn(3, ' ').collect();
    match words.as_slice() {
        ["authentic"] => Mark::Authentic,
        ["lame"] => Mark::Lame,
        ["long"] => Mark::Long,
        ["ttl", secs] => Mark::Ttl(secs.parse().unwrap()),
        ["signed", algorithm, end] => {
            Mark::Signed(algorithm.parse().unwrap(), UnixTime(end.parse().unwrap()))
        }
        ["error", code] => Mark::Error(ExtendedError { code: code.parse().unwrap(), text: String::new() }),
        ["error", code, text] => {
            Mark::Error(ExtendedError { code: code.parse().unwrap(), text: (*text).to_owned() })
        }
        _ => panic!("no mark: {words:?}"),
    }
}

/// Resolvers and ways have no address; these stand for them, as no server of a case has them.
fn key(asked: Asked) -> IpAddr {
    let special = |last: u16| Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0xff, last).into();
    match asked {
        Asked::Resolver => special(1),
        Asked::Unchecked => special(2),
        Asked::Second => special(3),
        Asked::SecondUnchecked => special(4),
        Asked::Server(address) => address,
        Asked::ServerAgain(IpAddr::V4(address)) => {
            Ipv6Addr::from_bits(u128::from(address.to_bits()) | 0xfffd << 64).into()
        }
        Asked::ServerAgain(IpAddr::V6(address)) => Ipv6Addr::from_bits(!address.to_bits() ^ 1 << 127).into(),
        Asked::ServerOverTcp(IpAddr::V4(address)) => {
            Ipv6Addr::from_bits(u128::from(address.to_bits()) | 0xfffe << 64).into()
        }
        Asked::ServerOverTcp(IpAddr::V6(address)) => Ipv6Addr::from_bits(!address.to_bits()).into(),
    }
}

fn place(word: &str) -> IpAddr {
    key(match word {
        "unchecked" => Asked::Unchecked,
        "second" => Asked::Second,
        "second-unchecked" => Asked::SecondUnchecked,
        _ => match (word.strip_prefix("tcp:"), word.strip_prefix("again:")) {
            (Some(address), _) => Asked::ServerOverTcp(address.parse().unwrap()),
            (None, Some(address)) => Asked::ServerAgain(address.parse().unwrap()),
            (None, None) => Asked::Server(word.parse().unwrap()),
        },
    })
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
        "NODATA" => Outcome::NoData,
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
