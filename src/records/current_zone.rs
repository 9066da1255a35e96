//! The zone of today as the plan sees it: records, addresses, and the questions that got no answer.
//!
//! Everything comes from one book of answers or from a zone file. What was not asked, or not answered, is never taken for “there
//! is none”.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::seen::SeenSender;
use super::spf_terms::Term;
use crate::audit::SpfTreeNode;
use crate::audit::spf::meant;
use crate::values::{
    AnswerBook, DnsAnswer, DnsName, DnsQuestion, DomainName, Outcome, RecordData, RecordType, UnixTime,
    WebFile,
};

/// Shown where a resolver does not tell how long an answer may be kept.
const UNKNOWN_TTL_SECS: u32 = 3_600;

/// The mail records of a domain as they are today, from DNS answers or from a zone file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentZone {
    /// The domain.
    pub domain: DomainName,
    /// Records at and below the domain, in the order in which they were found.
    pub records: Vec<ZoneRecord>,
    /// Records of a zone file that have nothing to do with mail, for writing the whole zone.
    #[serde(default)]
    pub others: Vec<OtherRecord>,
    /// Addresses of hosts, wherever they are: they tell the old server from other senders.
    pub addresses: BTreeMap<String, BTreeSet<IpAddr>>,
    /// Lines of the zone file that make rows of records (`$GENERATE`), each behind its `$ORIGIN`.
    #[serde(default)]
    pub generated: Vec<String>,
    /// Questions that got no answer; nothing is concluded from them.
    pub unread: Vec<Unread>,
    /// Lookups that an SPF term costs with everything under it (RFC 7208 section 4.6.4), where it was measured.
    pub spf_lookups: BTreeMap<String, u32>,
    /// When it was read; `None` for a zone file, and where an earlier version did not keep it.
    #[serde(default)]
    pub read_at: Option<UnixTime>,
    /// Questions that were asked, answered or not: record types by name. See [`Self::covers`].
    #[serde(default)]
    pub asked: BTreeMap<String, BTreeSet<String>>,
    /// Whether everything in the zone is here, as from a zone file, so that no question is open.
    #[serde(default)]
    pub is_whole: bool,
    /// The policy file of MTA-STS; `None` where it was not asked for.
    #[serde(default)]
    pub mta_sts: Option<WebFile>,
    /// Senders that logs and reports have seen.
    #[serde(default)]
    pub seen: BTreeMap<IpAddr, SeenSender>,
    /// Answers of the audit and those asked since, with which receivers evaluate the records of this zone.
    #[serde(default)]
    pub answers: AnswerBook,
}

/// One record of today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRecord {
    /// Owner name relative to the domain, lower case; `@` for the domain itself.
    pub name: String,
    /// Waiting time in seconds.
    pub ttl_secs: u32,
    /// What it says.
    pub data: ZoneData,
}

/// An SPF record of the domain, or what was to be one.
pub(super) struct SpfText<'z> {
    pub record: &'z ZoneRecord,
    /// As it stands.
    pub text: String,
    /// As it was meant; the same where nothing is wrong with its beginning.
    pub meant: String,
}

/// A record of a type that no mail depends on, as its zone file has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherRecord {
    /// Owner name relative to the domain, lower case; `@` for the domain itself.
    pub name: String,
    /// Waiting time in seconds.
    pub ttl_secs: u32,
    /// `SOA`, `CAA` …
    pub record_type: String,
    /// Its data, names absolute, in the form of a zone file.
    pub data: String,
}

/// Data of a record, as far as mail is concerned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZoneData {
    /// A mail host with its preference; the root name is a null MX (RFC 7505).
    Mx(u16, DnsName),
    /// Text, its strings joined (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2).
    Txt(Vec<u8>),
    /// Another name for the same thing.
    Cname(DnsName),
    /// A delegation.
    Ns(DnsName),
    /// An IPv4 or IPv6 address.
    Address(IpAddr),
    /// Where a service is (RFC 2782); the root name says that there is none.
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among those of the same priority.
        weight: u16,
        /// Port.
        port: u16,
        /// Host.
        host: DnsName,
    },
    /// The certificate of a service (RFC 6698 section 2.2), as zone files write it: `3 1 1 …`.
    Tlsa(String),
}

/// A question that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Owner name relative to the domain.
    pub name: String,
    /// `MX`, `TXT`, `CNAME`.
    pub record_type: String,
    /// What came back instead of an answer.
    pub outcome: Outcome,
}

/// A question to ask the DNS before records are planned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Name to ask.
    pub name: DnsName,
    /// Type to ask for.
    pub record_type: RecordType,
}

impl ZoneData {
    /// Type of the record as zone files write it.
    pub const fn record_type(&self) -> &'static str {
        match self {
            Self::Mx(..) => "MX",
            Self::Txt(_) => "TXT",
            Self::Cname(_) => "CNAME",
            Self::Ns(_) => "NS",
            Self::Address(IpAddr::V4(_)) => "A",
            Self::Address(IpAddr::V6(_)) => "AAAA",
            Self::Srv { .. } => "SRV",
            Self::Tlsa(_) => "TLSA",
        }
    }

    /// What a DNS answer says; `None` for types that have nothing to do with mail.
    pub(super) fn of(record: &RecordData) -> Option<Self> {
        Some(match record {
            RecordData::A(address) => Self::Address((*address).into()),
            RecordData::Aaaa(address) => Self::Address((*address).into()),
            RecordData::Mx { preference, exchange } => Self::Mx(*preference, exchange.clone()),
            RecordData::Txt(strings) => Self::Txt(strings.joined()),
            RecordData::Cname(target) => Self::Cname(target.clone()),
            RecordData::Ns(host) => Self::Ns(host.clone()),
            RecordData::Srv { priority, weight, port, target } => {
                Self::Srv { priority: *priority, weight: *weight, port: *port, host: target.clone() }
            }
            RecordData::Tlsa { .. } => Self::Tlsa(record.to_string()),
            _ => return None,
        })
    }

    /// Reads data back that [`Self::shown`] has written; `None` where it is not of this type.
    pub(super) fn parse_shown(record_type: &str, shown: &str) -> Option<Self> {
        let host = |text: &str| DnsName::new(text.strip_suffix('.').unwrap_or(text));
        match record_type {
            "MX" => {
                let (preference, exchange) = shown.split_once(' ')?;
                Some(Self::Mx(preference.parse().ok()?, host(exchange)))
            }
            "TXT" => Some(Self::Txt(shown.as_bytes().to_vec())),
            "CNAME" => Some(Self::Cname(host(shown))),
            "NS" => Some(Self::Ns(host(shown))),
            "A" | "AAAA" => shown.parse().ok().map(Self::Address),
            "SRV" => {
                let mut words = shown.split(' ');
                let mut number = || words.next()?.parse().ok();
                let (priority, weight, port) = (number()?, number()?, number()?);
                Some(Self::Srv { priority, weight, port, host: host(words.next()?) })
            }
            "TLSA" => Some(Self::Tlsa(shown.to_owned())),
            _ => None,
        }
    }

    /// Data as a line of the diff shows it: host names with a trailing dot, text whole and without quotes.
    pub fn shown(&self) -> String {
        match self {
            Self::Mx(preference, host) => format!("{preference} {host}."),
            Self::Txt(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Self::Cname(name) | Self::Ns(name) => format!("{name}."),
            Self::Address(address) => address.to_string(),
            Self::Srv { priority, weight, port, host } => format!("{priority} {weight} {port} {host}."),
            Self::Tlsa(data) => data.clone(),
        }
    }
}

impl CurrentZone {
    /// A zone of which nothing is known yet.
    pub fn new(domain: DomainName) -> Self {
        Self {
            domain,
            records: Vec::new(),
            others: Vec::new(),
            addresses: BTreeMap::new(),
            generated: Vec::new(),
            unread: Vec::new(),
            spf_lookups: BTreeMap::new(),
            read_at: None,
            asked: BTreeMap::new(),
            is_whole: false,
            mta_sts: None,
            seen: BTreeMap::new(),
            answers: AnswerBook::default(),
        }
    }

    /// Notes that a question was asked, whatever came of it.
    fn add_asked(&mut self, question: &DnsQuestion) {
        let types = self.asked.entry(question.name.as_str().to_owned()).or_default();
        types.insert(question.record_type.name().to_owned());
    }

    /// Takes in what came back for one of the `questions` or for the address of a host. The answer itself goes
    /// into the book, so that every reader of it sees what the audit sees.
    pub fn take(&mut self, answer: DnsAnswer) {
        let (name, kind) = (answer.question.name.clone(), answer.question.record_type);
        self.add_asked(&answer.question);
        if !answer.outcome.is_known() {
            self.add_unread(&name, kind, answer.outcome.clone());
            self.answers.insert(answer);
            return;
        }
        let ttl_secs = answer.ttl_secs.unwrap_or(UNKNOWN_TTL_SECS);
        // Records behind an alias belong to another name, and may be in another zone; only addresses are of use here.
        let alias = answer.aliases.first().filter(|_| kind != RecordType::Cname);
        if let Some(target) = alias {
            self.add(&name, ttl_secs, ZoneData::Cname(target.clone()));
        }
        for record in &answer.records {
            if let Some(address) = record.address() {
                self.add_address(&name, address);
            }
            if let Some(data) = ZoneData::of(record).filter(|_| alias.is_none()) {
                self.add(&name, ttl_secs, data);
            }
        }
        self.answers.insert(answer);
    }

    /// Takes records away that only a wildcard answers with: what a label that nobody has published says as well
    /// (RFC 4592). They are kept as one record at `*` beside it.
    pub fn fold_wildcards(&mut self, probe_label: &str) {
        for above in ["", "_domainkey"] {
            let probe =
                if above.is_empty() { probe_label.to_owned() } else { format!("{probe_label}.{above}") };
            let star = if above.is_empty() { "*".to_owned() } else { format!("*.{above}") };
            let synthesised: Vec<ZoneRecord> = self.at(&probe).cloned().collect();
            if synthesised.is_empty() {
                continue;
            }
            self.records.retain(|record| {
                let is_below =
                    record.name != "@" && (above.is_empty() || record.name.ends_with(&format!(".{above}")));
                !(is_below && synthesised.iter().any(|other| other.data == record.data))
            });
            let stars = synthesised.into_iter().map(|record| ZoneRecord { name: star.clone(), ..record });
            self.records.extend(stars);
        }
    }

    /// The SPF records of the domain with what was meant by each, as the audit reads them.
    pub(super) fn spf_texts(&self) -> Vec<SpfText<'_>> {
        let texts: Vec<(&ZoneRecord, String)> = self.texts("@").collect();
        let all: Vec<String> = texts.iter().map(|(_, text)| text.clone()).collect();
        let meant = meant(&all);
        texts
            .into_iter()
            .zip(meant)
            .filter_map(|((record, text), meant)| Some(SpfText { record, text, meant: meant? }))
            .collect()
    }

    /// Names of a zone file that have an alias and something else, or two aliases (RFC 1034 section 3.6.2, RFC 2181 section
    /// 10.1). An answer never shows that: a resolver follows the alias, and the rest is hidden behind it.
    pub(super) fn aliases_beside_others(&self) -> BTreeSet<&str> {
        let is_alias = |record: &ZoneRecord| matches!(record.data, ZoneData::Cname(_));
        let has_others = |alias: &ZoneRecord| {
            let at = || self.records.iter().filter(|record| record.name == alias.name);
            at().any(|record| !is_alias(record))
                || at().any(|record| record.data != alias.data)
                || self.others.iter().any(|other| other.name == alias.name)
        };
        let aliases = self.records.iter().filter(|record| self.is_whole && is_alias(record));
        aliases.filter(|alias| has_others(alias)).map(|alias| alias.name.as_str()).collect()
    }

    /// Whether each of these questions was asked when the zone was read. Where one was not, as the provider or an
    /// answer is another one now, “there is none” must not be concluded: read the zone again. A zone that was saved
    /// before questions were kept covers nothing.
    pub fn covers(&self, questions: &[Question]) -> bool {
        self.is_whole
            || questions.iter().all(|question| {
                self.asked
                    .get(question.name.as_str())
                    .is_some_and(|types| types.contains(question.record_type.name()))
            })
    }

    /// Takes in an address of a host, wherever it is.
    pub fn add_address(&mut self, host: &DnsName, address: IpAddr) {
        self.addresses.entry(host.as_str().to_owned()).or_default().insert(address);
    }

    /// Takes in one record, as it stands at its owner: aliases are not followed. Addresses are kept for any host, everything else only at or below the domain;
    /// a record that is there already is not doubled.
    pub fn add(&mut self, owner: &DnsName, ttl_secs: u32, data: ZoneData) {
        if let ZoneData::Address(address) = data {
            self.add_address(owner, address);
        }
        let Some(name) = self.relative(owner) else { return };
        if !self.records.iter().any(|record| record.name == name && record.data == data) {
            self.records.push(ZoneRecord { name, ttl_secs, data });
        }
    }

    /// Notes that a question got no answer.
    pub fn add_unread(&mut self, owner: &DnsName, record_type: RecordType, outcome: Outcome) {
        let name = self.relative(owner).unwrap_or_else(|| owner.as_str().to_owned());
        self.unread.push(Unread { name, record_type: record_type.name().to_owned(), outcome });
    }

    /// Takes over what the audit measured of the domain's own SPF record, so that lookups are counted to the end.
    pub fn measure_spf(&mut self, tree: &[SpfTreeNode]) {
        for node in tree.iter().filter(|node| node.depth == 0 && node.is_read) {
            self.spf_lookups.insert(Term::parse(&node.term).bare(), node.lookups_with_children);
        }
    }

    /// Whether this relative name lies in a part of the domain that other servers answer for.
    pub(super) fn is_delegated(&self, name: &str) -> bool {
        self.records.iter().any(|record| {
            let is_cut = matches!(record.data, ZoneData::Ns(_)) && record.name != "@";
            let below = name.strip_suffix(record.name.as_str());
            is_cut && below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }

    /// Owner name relative to the domain; `None` outside of it.
    pub(super) fn relative(&self, owner: &DnsName) -> Option<String> {
        let name = owner.as_str();
        if name == self.domain.as_ascii() {
            return Some("@".to_owned());
        }
        let prefix = name.strip_suffix(self.domain.as_ascii())?.strip_suffix('.')?;
        (!prefix.is_empty()).then(|| prefix.to_owned())
    }

    /// Records at this relative name.
    pub fn at<'z>(&'z self, name: &'z str) -> impl Iterator<Item = &'z ZoneRecord> {
        self.records.iter().filter(move |record| record.name == name)
    }

    /// Texts at this relative name, with their waiting times.
    pub(super) fn texts<'z>(&'z self, name: &'z str) -> impl Iterator<Item = (&'z ZoneRecord, String)> {
        self.at(name).filter_map(|record| match &record.data {
            ZoneData::Txt(bytes) => Some((record, String::from_utf8_lossy(bytes).into_owned())),
            _ => None,
        })
    }
}
