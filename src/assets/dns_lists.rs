//! Reads `assets/dns_lists.toml`: block lists and allow lists, their codes and their terms.

use std::collections::BTreeSet;
use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::Deserialize;
use toml::Spanned;

use super::error::{AssetError, Lines};
use super::source::check_source;

/// What it means to be on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// Receivers refuse or distrust by it.
    Block,
    /// Receivers trust by it; to be on none is normal.
    Allow,
    /// It says how new a domain is.
    New,
}

/// What an entry of a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judges {
    /// The address itself.
    Address,
    /// The range around it: the neighbours.
    Range,
    /// A whole provider or autonomous system.
    Provider,
    /// A domain.
    Domain,
}

/// How much harm an entry does, by who is known to use the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Impact {
    /// Few use it.
    Low,
    /// Some receivers refuse by it.
    Medium,
    /// Large receivers refuse by it.
    High,
}

/// When a list is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// In every audit.
    Always,
    /// Where the owner asks for it: somebody must register or agree first.
    OnRequest,
    /// Never: what it answers cannot be told apart, or is for others only.
    Never,
}

/// Who can end an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// The owner, on the operator's page.
    Form,
    /// Time.
    ByItself,
    /// The provider of the address.
    Provider,
}

/// How well an entry of the catalogue is founded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The operator's own page says so.
    Documented,
    /// Programs that are maintained ship it so.
    InUse,
    /// Neither; such a list is never asked.
    Unconfirmed,
}

/// How a return code is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reading {
    /// The whole address is one code.
    #[default]
    Whole,
    /// The last octet is a sum of codes.
    Bits,
}

/// A list in the DNS (RFC 5782).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own in the file")]
pub struct DnsList {
    /// Its name in findings.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whose it is; questions to one operator are spaced out together, and a key counts for all of them.
    pub operator: String,
    /// What it means to be on it.
    pub kind: ListKind,
    /// The zone that is asked.
    pub zone: String,
    /// The zone below which owners of a key ask; the key stands left of it.
    pub keyed_zone: Option<String>,
    /// What an entry is about.
    pub judges: Judges,
    /// How much harm an entry does.
    pub impact: Impact,
    /// Whether it keeps IPv4 addresses.
    #[serde(default)]
    pub has_ipv4: bool,
    /// Whether it keeps IPv6 addresses.
    #[serde(default)]
    pub has_ipv6: bool,
    /// When it is asked.
    pub asked: Asked,
    /// Whether it may be asked about neighbours, with consent.
    pub neighbours: bool,
    /// How its codes are read.
    #[serde(default)]
    pub reading: Reading,
    /// Whether it has the test entry of RFC 5782 section 5.
    #[serde(default = "yes")]
    pub has_test_entry: bool,
    /// The domain that a list of domains must list, where it is not `TEST`.
    pub listed: Option<String>,
    /// The domain that a list of domains must not list, where it is not `INVALID`.
    pub clean: Option<String>,
    /// Page where an owner looks an address up and has it removed.
    pub lookup: String,
    /// Who can end an entry.
    pub removal: Removal,
    /// Conditions of use, shown beside every answer.
    pub use_terms: String,
    /// How well all this is founded.
    pub confidence: Confidence,
    source: Spanned<String>,
    date: Spanned<String>,
    /// Answers that are an entry.
    pub codes: Vec<Code>,
    /// Answers that say nothing bad.
    #[serde(default)]
    pub neutral: Vec<Code>,
    /// Answers that are none.
    #[serde(default)]
    pub refusals: Vec<Code>,
}

const fn yes() -> bool {
    true
}

/// A return code and what it means.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own in the file")]
pub struct Code {
    /// The address in the answer.
    #[serde(rename = "code")]
    pub pattern: CodePattern,
    /// What it means.
    pub words: String,
    /// Says what kind of line it is, not that anybody misbehaved.
    #[serde(default)]
    pub is_policy: bool,
    /// The entry can be about a whole range.
    #[serde(default)]
    pub covers_ranges: bool,
    /// The domain is a victim: others abuse it.
    #[serde(default)]
    pub is_abused: bool,
    /// Hardly anybody refuses by it.
    #[serde(default)]
    pub is_mild: bool,
    /// Who can end the entry, where it differs from the list.
    pub ends: Option<Removal>,
}

/// A return code in which `*` stands for any octet: `127.0.*.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct CodePattern([Option<u8>; 4]);

impl CodePattern {
    /// Whether an answer is of this kind. `127.0.0.1`, which RFC 5782 keeps for tests, must be named in full.
    pub fn fits(self, answer: Ipv4Addr) -> bool {
        let is_whole = self.0.iter().all(Option::is_some);
        let octets = answer.octets();
        (is_whole || octets != [127, 0, 0, 1])
            && self.0.iter().zip(octets).all(|(wanted, octet)| wanted.is_none_or(|wanted| wanted == octet))
    }

    /// The last octet as one bit, for lists whose codes are sums.
    pub fn bit(self) -> Option<u8> {
        match self.0 {
            [Some(127), Some(0), Some(0), Some(bit)] if bit.is_power_of_two() => Some(bit),
            _ => None,
        }
    }
}

impl FromStr for CodePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("“{text}” is not a return code of 127.0.0.0/8 (RFC 5782)");
        let octet = |part: &str| match part {
            "*" => Ok(None),
            _ => part.parse::<u8>().map(Some).map_err(|_not_an_octet| wrong()),
        };
        let parts = text.split('.').map(octet).collect::<Result<Vec<_>, _>>()?;
        match parts.as_slice() {
            [Some(127), second, third, fourth] => Ok(Self([Some(127), *second, *third, *fourth])),
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for CodePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for CodePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.0.map(|octet| octet.map_or_else(|| "*".to_owned(), |octet| octet.to_string()));
        formatter.write_str(&octets.join("."))
    }
}

/// A list that is never asked, because it is closed or unfit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadList {
    /// The zone and everything below it.
    pub zone: String,
    /// Since when, as far as it is known: a year, a month or a day.
    pub since: Option<String>,
    /// What became of it.
    pub why: String,
    source: Spanned<String>,
    date: Spanned<String>,
}

/// `dns_lists.toml`.
#[derive(Clone, Debug)]
pub struct DnsLists {
    /// In the order in which they are asked and shown.
    pub lists: Vec<DnsList>,
    /// Never asked.
    pub dead: Vec<DeadList>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: Vec<Spanned<DnsList>>,
    #[serde(default)]
    dead: Vec<Spanned<DeadList>>,
}

/// Reads `dns_lists.toml`.
pub fn read_dns_lists(text: &str) -> Result<DnsLists, AssetError> {
    let lines = Lines(text);
    let file: File = lines.parse()?;
    let mut ids = BTreeSet::new();
    for dead in &file.dead {
        let entry = dead.get_ref();
        check_source(lines, &entry.source, &entry.date)?;
        if !is_zone(&entry.zone) {
            return Err(not_a_zone(lines, dead.span(), &entry.zone));
        }
    }
    for list in &file.list {
        let entry = list.get_ref();
        check_source(lines, &entry.source, &entry.date)?;
        let wrong = |problem: String, way_out| Err(lines.wrong(list.span(), problem, way_out));
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if entry.id.is_empty() || !entry.id.bytes().all(is_id) || !entry.operator.bytes().all(is_id) {
            return wrong(
                format!("“{}” of “{}” is no name for findings", entry.id, entry.operator),
                "use lower-case letters, digits and hyphens",
            );
        }
        if !ids.insert(entry.id.clone()) {
            return wrong(format!("“{}” is there twice", entry.id), "keep one of the two");
        }
        for zone in [Some(&entry.zone), entry.keyed_zone.as_ref()].into_iter().flatten() {
            if !is_zone(zone) {
                return Err(not_a_zone(lines, list.span(), zone));
            }
            let is_dead = |dead: &Spanned<DeadList>| is_in(zone, &dead.get_ref().zone);
            if file.dead.iter().any(is_dead) {
                return wrong(format!("“{zone}” is dead"), "take one of the two entries away");
            }
        }
        if !entry.lookup.starts_with("https://") {
            return wrong(
                format!("“{}” is not a page", entry.lookup),
                "give the https address of the page where an owner looks an address up",
            );
        }
        if let Err((problem, way_out)) = check_use(entry).and_then(|()| check_codes(entry)) {
            return wrong(problem, way_out);
        }
    }
    let unspanned = |dead: Spanned<DeadList>| dead.into_inner();
    Ok(DnsLists {
        lists: file.list.into_iter().map(Spanned::into_inner).collect(),
        dead: file.dead.into_iter().map(unspanned).collect(),
    })
}

type Wrong = (String, &'static str);

/// Whether what is asked of a list fits what it is.
fn check_use(entry: &DnsList) -> Result<(), Wrong> {
    if entry.confidence == Confidence::Unconfirmed && entry.asked != Asked::Never {
        return Err((
            format!("“{}” is unconfirmed and yet asked", entry.id),
            "find a source, or write asked = \"never\"",
        ));
    }
    if entry.asked != Asked::Never && entry.codes.is_empty() {
        return Err((
            format!("“{}” is asked, and none of its answers is known", entry.id),
            "name its codes, or write asked = \"never\"",
        ));
    }
    let is_domain = entry.judges == Judges::Domain;
    if is_domain == (entry.has_ipv4 || entry.has_ipv6) {
        return Err((
            format!("it is not clear whether “{}” keeps domains or addresses", entry.id),
            "give has_ipv4 and has_ipv6 for a list of addresses, and neither for a list of domains",
        ));
    }
    if !is_domain && (entry.listed.is_some() || entry.clean.is_some()) {
        return Err((
            format!("“{}” keeps addresses, and has test domains", entry.id),
            "take them away: 127.0.0.2 is on every list of addresses",
        ));
    }
    if entry.neighbours && (is_domain || entry.asked != Asked::Always || entry.kind != ListKind::Block) {
        return Err((
            format!("“{}” cannot be asked about neighbours", entry.id),
            "only block lists of addresses that are always asked can",
        ));
    }
    if entry.use_terms.trim().is_empty() {
        return Err((format!("the terms of “{}” are empty", entry.id), "say on what terms it may be asked"));
    }
    Ok(())
}

/// Whether every answer has one meaning.
fn check_codes(entry: &DnsList) -> Result<(), Wrong> {
    let mut answers = BTreeSet::new();
    for code in entry.codes.iter().chain(&entry.neutral).chain(&entry.refusals) {
        if !answers.insert(code.pattern) {
            return Err((format!("{} has two meanings", code.pattern), "keep one of the two"));
        }
    }
    match entry.codes.iter().find(|code| entry.reading == Reading::Bits && code.pattern.bit().is_none()) {
        Some(code) => Err((
            format!("{} is not one bit", code.pattern),
            "where codes are sums, each is a power of two in the last octet",
        )),
        None => Ok(()),
    }
}

fn is_zone(zone: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    zone.contains('.') && zone.split('.').all(is_label)
}

fn not_a_zone(lines: Lines<'_>, at: std::ops::Range<usize>, zone: &str) -> AssetError {
    lines.wrong(
        at,
        format!("“{zone}” is not a zone"),
        "write it as in bl.example.org, without a trailing dot",
    )
}

/// Whether a zone is this one or below it.
fn is_in(zone: &str, above: &str) -> bool {
    zone.strip_suffix(above).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
