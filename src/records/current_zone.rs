use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::spf_terms::Term;
use crate::audit::SpfTreeNode;
use crate::providers::{Provider, TemplateType, fill};
use crate::values::{AnswerBook, DnsName, DomainName, UnixTime};

/// The mail records of a domain as they are today, from DNS answers or from a zone file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentZone {
    /// The domain.
    pub domain: DomainName,
    /// Records at and below the domain, in the order in which they were found.
    pub records: Vec<ZoneRecord>,
    /// Addresses of hosts, wherever they are: they tell the old server from other senders.
    pub addresses: BTreeMap<String, BTreeSet<IpAddr>>,
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
    /// Answers about names elsewhere, with which receivers evaluate the records of this zone.
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
}

/// A question that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Owner name relative to the domain.
    pub name: String,
    /// `MX`, `TXT`, `CNAME`.
    pub record_type: String,
    /// Why: `the resolver could not find out`.
    pub why: String,
}

/// A question to ask the DNS before records are planned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Name to ask.
    pub name: DnsName,
    /// `MX`, `TXT`, `CNAME`, `A`, `AAAA`.
    pub record_type: &'static str,
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
        }
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
        }
    }
}

impl CurrentZone {
    /// A zone of which nothing is known yet.
    pub fn new(domain: DomainName) -> Self {
        Self {
            domain,
            records: Vec::new(),
            addresses: BTreeMap::new(),
            unread: Vec::new(),
            spf_lookups: BTreeMap::new(),
            read_at: None,
            asked: BTreeMap::new(),
            is_whole: false,
            answers: AnswerBook::default(),
        }
    }

    /// Notes that a question was asked, whatever came of it.
    pub fn add_asked(&mut self, name: &DnsName, record_type: &str) {
        self.asked.entry(name.as_str().to_owned()).or_default().insert(record_type.to_owned());
    }

    /// Whether each of these questions was asked when the zone was read. Where one was not, as the provider or an
    /// answer is another one now, “there is none” must not be concluded: read the zone again. A zone that was saved
    /// before questions were kept covers nothing.
    pub fn covers(&self, questions: &[Question]) -> bool {
        self.is_whole
            || questions.iter().all(|question| {
                self.asked
                    .get(question.name.as_str())
                    .is_some_and(|types| types.contains(question.record_type))
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

    /// Notes that a question got no answer; `why` in words.
    pub fn add_unread(&mut self, owner: &DnsName, record_type: &str, why: &str) {
        let name = self.relative(owner).unwrap_or_else(|| owner.as_str().to_owned());
        self.unread.push(Unread { name, record_type: record_type.to_owned(), why: why.to_owned() });
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

/// What to ask before the records for this provider are planned. `selectors` are further DKIM selectors that may
/// be in use. Each answer is to be entered for the name that was asked: where a CNAME is met it is the CNAME that
/// counts, not what stands behind it. Hosts that the MX answer names are to be asked
/// for their addresses (A and AAAA) besides.
pub fn questions(
    domain: &DomainName,
    provider: &Provider,
    answers: &BTreeMap<String, String>,
    selectors: &[String],
) -> Vec<Question> {
    let apex = domain.dns();
    let mut questions = BTreeSet::new();
    for record_type in ["MX", "TXT", "A", "AAAA"] {
        questions.insert(Question { name: apex.clone(), record_type });
    }
    for record_type in ["TXT", "CNAME"] {
        questions.insert(Question { name: domain.below("_dmarc"), record_type });
    }
    let templates = provider.records.iter().filter(|record| record.name != "@").filter_map(|record| {
        let value = |name: &str| {
            let answer = provider.answer(name)?;
            let typed = answers.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
            answer.check(typed.or(answer.default.as_deref())?).ok()
        };
        fill(&record.name, value).ok().map(|name| (name, record.record_type))
    });
    for (name, record_type) in templates {
        questions.insert(Question { name: domain.below(&name), record_type: "TXT" });
        questions.insert(Question { name: domain.below(&name), record_type: "CNAME" });
        if record_type == TemplateType::Cname {
            questions.insert(Question { name: domain.below(&name), record_type: "A" });
        }
    }
    for selector in selectors {
        let name = domain.below(&format!("{selector}._domainkey"));
        questions.insert(Question { name: name.clone(), record_type: "TXT" });
        questions.insert(Question { name, record_type: "CNAME" });
    }
    questions.insert(Question { name: domain.below("_domainkey"), record_type: "NS" });
    questions.into_iter().collect()
}
