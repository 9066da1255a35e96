//! Queries, tests and reads one DNS list (RFC 5782). Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use crate::assets::{Asked, AssetError, Code, DnsList, DnsLists, Judges, ListKind, Reading, read_dns_lists};
use crate::audit::lookups::{Lookups, reversed};
use crate::audit::{Facts, Outcome};
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType};

const CATALOGUE: &str = include_str!("../../../assets/dns_lists.toml");

/// Stands where the owner's key stands in a question, in everything that is kept or shown.
pub const KEY_LABEL: &str = "your-key";

static LISTS: LazyLock<Result<DnsLists, AssetError>> = LazyLock::new(|| read_dns_lists(CATALOGUE));

/// The catalogue that is built into the program.
pub(in crate::audit) fn catalogue() -> Result<&'static DnsLists, &'static AssetError> {
    LISTS.as_ref()
}

/// An operator whose lists answer to a key of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedOperator {
    /// Its id in the catalogue.
    pub id: &'static str,
    /// The name of its first list.
    pub list: &'static str,
}

/// Operators whose lists answer to a key of one's own.
pub fn keyed_operators() -> Vec<KeyedOperator> {
    let mut found: Vec<KeyedOperator> = Vec::new();
    for list in catalogue().into_iter().flat_map(|lists| &lists.lists) {
        if list.keyed_zone.is_some() && found.iter().all(|known| known.id != list.operator) {
            found.push(KeyedOperator { id: &list.operator, list: &list.name });
        }
    }
    found
}

/// Ids of the lists that are asked only where the owner wishes it.
pub fn lists_on_request() -> Vec<&'static str> {
    let lists = catalogue().into_iter().flat_map(|lists| &lists.lists);
    lists.filter(|list| list.asked == Asked::OnRequest).map(|list| list.id.as_str()).collect()
}

/// Whose list a question is for, where it is one.
pub fn operator_of(name: &DnsName) -> Option<&'static str> {
    let is_in = |zone: &str| name.as_str().strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'));
    let lists = catalogue().into_iter().flat_map(|lists| &lists.lists);
    lists
        .into_iter()
        .find(|list| is_in(&list.zone) || list.keyed_zone.as_ref().is_some_and(|zone| is_in(zone)))
        .map(|list| list.operator.as_str())
}

/// The question as it goes on the wire, with the owner's key instead of [`KEY_LABEL`]. `None` if none belongs there.
pub fn with_key(name: &DnsName, key: &str) -> Option<DnsName> {
    let keyed_zone = |list: &'static DnsList| {
        let zone = list.keyed_zone.as_ref()?;
        let asked = name.as_str().strip_suffix(&format!(".{KEY_LABEL}.{zone}"))?;
        Some(DnsName::new(&format!("{asked}.{key}.{zone}")))
    };
    catalogue().into_iter().flat_map(|lists| &lists.lists).find_map(keyed_zone)
}

/// What a list says about an address or a domain.
#[derive(Clone, Debug)]
pub(super) enum Listing<'a> {
    /// On it, with these codes.
    Listed(Vec<&'a Code>),
    /// Not on it.
    Clean,
    /// The list does not keep such addresses.
    NotKept,
    /// Nothing can be said.
    Unknown(Silence),
}

/// Why a list says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The DNS gave no answer.
    Dns(Outcome),
    /// It refused with a code of its own; the words say why.
    Refused(String),
    /// It refused with a code that is kept for refusals (127.255.255.0/24).
    Reserved(Ipv4Addr),
    /// Somebody on the way answered: only 127.0.0.0/8 is an answer.
    Hijacked(Ipv4Addr),
    /// A code that no source documents.
    Undocumented(Ipv4Addr),
    /// What must be on it is not (RFC 5782 section 5).
    NoTestEntry,
    /// What must not be on it is.
    ListsEverything,
}

impl Silence {
    /// Why, in plain words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Dns(Outcome::Refused) => "it refused the question".to_owned(),
            Self::Dns(Outcome::ServFail) => "the resolver got no answer from it".to_owned(),
            Self::Dns(Outcome::Timeout) => "no answer came in time".to_owned(),
            Self::Dns(Outcome::Broken(words)) | Self::Refused(words) => words.clone(),
            Self::Dns(outcome) => outcome.words().to_owned(),
            Self::Reserved(code) => format!("it refused the question (code {code})"),
            Self::Hijacked(address) => format!("somebody on the way answered {address} in its place"),
            Self::Undocumented(code) if code.octets() == [127, 0, 0, 1] => {
                "it answered 127.0.0.1, which is no entry but what lists send that refuse or are out of order"
                    .to_owned()
            }
            Self::Undocumented(code) => {
                format!("it answered {code}, a code that its operator does not document")
            }
            Self::NoTestEntry => "its test entry is not there, so it does not work from here".to_owned(),
            Self::ListsEverything => "it lists every address, so it is out of order".to_owned(),
        }
    }

    /// What to do about it.
    pub(super) fn way_out(&self, list: &DnsList) -> String {
        let page = &list.lookup;
        match self {
            Self::Refused(_) | Self::Reserved(_) | Self::Dns(Outcome::Refused)
                if list.keyed_zone.is_some() =>
            {
                format!("Ask with a key of your own, ask from your own mail server, or look it up at {page}.")
            }
            Self::Refused(_) | Self::Reserved(_) | Self::Dns(Outcome::Refused) => {
                format!("Ask from your own mail server, or look it up at {page}.")
            }
            Self::Hijacked(_) => {
                format!(
                    "Choose another resolver: this one answers in place of others. Or look it up at {page}."
                )
            }
            Self::Undocumented(_) | Self::ListsEverything => format!("Look it up at {page}."),
            Self::Dns(_) | Self::NoTestEntry => {
                format!("Ask from your own mail server or through another resolver, or look it up at {page}.")
            }
        }
    }
}

/// A list as one audit asks it.
#[derive(Clone, Debug)]
pub(super) struct AskedList<'a> {
    /// Its entry in the catalogue.
    pub list: &'a DnsList,
    /// The zone that is asked, in the form that may be shown.
    zone: String,
}

impl<'a> AskedList<'a> {
    /// The list, where this audit asks it.
    pub(super) fn new(list: &'a DnsList, facts: &Facts) -> Option<Self> {
        let is_asked = match list.asked {
            Asked::Always => true,
            Asked::OnRequest => facts.requested_lists.contains(&list.id),
            Asked::Never => false,
        };
        let zone = match &list.keyed_zone {
            Some(zone) if facts.keyed_operators.contains(&list.operator) => format!("{KEY_LABEL}.{zone}"),
            _ => list.zone.clone(),
        };
        is_asked.then_some(Self { list, zone })
    }

    /// Whether it keeps addresses of this family.
    pub(super) fn keeps(&self, address: IpAddr) -> bool {
        if address.is_ipv4() { self.list.has_ipv4 } else { self.list.has_ipv6 }
    }

    /// The name under which it is asked about an address.
    pub(super) fn name_of(&self, address: IpAddr) -> DnsName {
        reversed(address, &self.zone)
    }

    fn name_of_domain(&self, domain: &str) -> DnsName {
        DnsName::new(&format!("{domain}.{}", self.zone))
    }

    /// Whether it can be trusted from here about addresses of this family (RFC 5782 section 5).
    pub(super) fn self_test(&self, lookups: &Lookups<'_>, is_ipv4: bool) -> Result<(), Silence> {
        // ::FFFF:7F00:2 and ::FFFF:7F00:1, as the RFC writes them.
        let address = |last: u8| {
            if is_ipv4 {
                IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))
            } else {
                IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x7f00, u16::from(last)))
            }
        };
        self.test_names(lookups, &self.name_of(address(2)), &self.name_of(address(1)))
    }

    /// The same for domains.
    pub(super) fn self_test_domains(&self, lookups: &Lookups<'_>) -> Result<(), Silence> {
        let listed = self.list.listed.as_deref().unwrap_or("test");
        let clean = self.list.clean.as_deref().unwrap_or("invalid");
        self.test_names(lookups, &self.name_of_domain(listed), &self.name_of_domain(clean))
    }

    fn test_names(&self, lookups: &Lookups<'_>, listed: &DnsName, clean: &DnsName) -> Result<(), Silence> {
        let in_its_words = listed;
        // Both are asked at once: a survey that waits for one before it asks the other takes twice as long.
        let (listed, clean) = (lookups.ask(listed, RecordType::A), lookups.ask(clean, RecordType::A));
        if self.list.has_test_entry {
            match self.read(listed) {
                // Test entries have codes of their own.
                Listing::Listed(_) | Listing::Unknown(Silence::Undocumented(_)) => {}
                Listing::Unknown(silence) => {
                    if matches!(silence, Silence::Refused(_) | Silence::Reserved(_)) {
                        // Some name the resolver that they refuse.
                        lookups.ask(in_its_words, RecordType::Txt);
                    }
                    return Err(silence);
                }
                Listing::Clean | Listing::NotKept => return Err(Silence::NoTestEntry),
            }
        }
        match self.read(clean) {
            Listing::Clean | Listing::NotKept => Ok(()),
            Listing::Listed(_) | Listing::Unknown(Silence::Undocumented(_)) => Err(Silence::ListsEverything),
            Listing::Unknown(silence) => Err(silence),
        }
    }

    /// Asks about an address, after the self-test.
    pub(super) fn look_up(&self, lookups: &Lookups<'_>, address: IpAddr) -> Listing<'a> {
        if self.keeps(address) { self.ask(lookups, &self.name_of(address)) } else { Listing::NotKept }
    }

    /// Asks about a domain, after the self-test.
    pub(super) fn look_up_domain(&self, lookups: &Lookups<'_>, domain: &DnsName) -> Listing<'a> {
        self.ask(lookups, &self.name_of_domain(domain.as_str()))
    }

    fn ask(&self, lookups: &Lookups<'_>, name: &DnsName) -> Listing<'a> {
        let listing = self.read(lookups.ask(name, RecordType::A));
        if matches!(
            listing,
            Listing::Listed(_) | Listing::Unknown(Silence::Refused(_) | Silence::Reserved(_))
        ) {
            // The reason in the list's own words, for the evidence.
            lookups.ask(name, RecordType::Txt);
        }
        listing
    }

    /// What an answer means: only documented codes of 127.0.0.0/8 are entries, and refusals are none.
    pub(super) fn read(&self, answer: &DnsAnswer) -> Listing<'a> {
        match &answer.outcome {
            Outcome::NxDomain | Outcome::NoData => return Listing::Clean,
            Outcome::Answer => {}
            outcome => return Listing::Unknown(Silence::Dns(outcome.clone())),
        }
        let addresses = answer.records.iter().filter_map(|record| match record {
            RecordData::A(address) => Some(*address),
            _ => None,
        });
        self.read_codes(addresses)
    }

    /// The same for the addresses alone.
    pub(super) fn read_codes(&self, answers: impl IntoIterator<Item = Ipv4Addr>) -> Listing<'a> {
        let (mut codes, mut undocumented) = (Vec::new(), None);
        for answer in answers {
            if let Some(refusal) = self.list.refusals.iter().find(|refusal| refusal.pattern.fits(answer)) {
                return Listing::Unknown(Silence::Refused(refusal.words.clone()));
            }
            match answer.octets() {
                [127, 255, 255, _] => return Listing::Unknown(Silence::Reserved(answer)),
                [127, ..] => {}
                _ => return Listing::Unknown(Silence::Hijacked(answer)),
            }
            if self.list.neutral.iter().any(|neutral| neutral.pattern.fits(answer)) {
                continue;
            }
            let known = self.codes_in(answer);
            if known.is_empty() {
                undocumented = undocumented.or(Some(answer));
            }
            codes.extend(known);
        }
        match (codes.is_empty(), undocumented) {
            (false, _) => Listing::Listed(codes),
            (true, Some(code)) => Listing::Unknown(Silence::Undocumented(code)),
            (true, None) => Listing::Clean,
        }
    }

    fn codes_in(&self, answer: Ipv4Addr) -> Vec<&'a Code> {
        let fits = |code: &&Code| match (self.list.reading, answer.octets()) {
            (Reading::Whole, _) => code.pattern.fits(answer),
            (Reading::Bits, [127, 0, 0, sum]) => code.pattern.bit().is_some_and(|bit| sum & bit != 0),
            (Reading::Bits, _) => false,
        };
        self.list.codes.iter().filter(fits).collect()
    }
}

/// Lists of one kind that this audit asks, in the order of the catalogue.
pub(super) fn asked_lists<'a>(
    lists: &'a DnsLists,
    facts: &'a Facts,
    kind: ListKind,
) -> impl Iterator<Item = AskedList<'a>> {
    let of_kind = lists.lists.iter().filter(move |list| list.kind == kind);
    of_kind.filter_map(|list| AskedList::new(list, facts))
}

/// Whether a list keeps domains.
pub(super) fn is_of_domains(list: &DnsList) -> bool {
    list.judges == Judges::Domain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{DnsQuestion, DomainName, UnixTime};

    fn answer(codes: &[[u8; 4]]) -> DnsAnswer {
        let outcome = if codes.is_empty() { Outcome::NxDomain } else { Outcome::Answer };
        let question = DnsQuestion::new(DnsName::new("x.example"), RecordType::A);
        DnsAnswer {
            records: codes.iter().map(|code| RecordData::A(Ipv4Addr::from(*code))).collect(),
            ..DnsAnswer::empty(question, outcome)
        }
    }

    fn facts() -> Facts {
        Facts::new(DomainName::parse("weber.example").unwrap(), UnixTime(1), "test".to_owned())
    }

    fn listed(id: &str, codes: &[[u8; 4]]) -> Result<Vec<&'static str>, Silence> {
        let list = catalogue().unwrap().lists.iter().find(|list| list.id == id).unwrap();
        match AskedList::new(list, &facts()).unwrap().read(&answer(codes)) {
            Listing::Listed(codes) => Ok(codes.iter().map(|code| code.words.as_str()).collect()),
            Listing::Clean | Listing::NotKept => Ok(Vec::new()),
            Listing::Unknown(silence) => Err(silence),
        }
    }

    #[test]
    fn only_documented_codes_are_entries() {
        assert_eq!(listed("spamhaus-zen", &[]), Ok(vec![]));
        let both = listed("spamhaus-zen", &[[127, 0, 0, 10], [127, 0, 0, 3]]).unwrap();
        assert!(both[0].starts_with("PBL") && both[1].starts_with("CSS"), "{both:?}");
        for (id, code, words) in [
            ("spamhaus-zen", [127, 0, 0, 77], "does not document"),
            ("spamhaus-zen", [127, 0, 0, 1], "127.0.0.1"),
            ("dronebl", [127, 0, 0, 1], "127.0.0.1"),
            ("blocklist-de", [127, 0, 1, 2], "does not document"),
            ("spamhaus-zen", [127, 255, 255, 252], "typed wrong"),
            ("spamhaus-zen", [127, 255, 255, 254], "public resolver"),
            ("spamhaus-zen", [127, 255, 255, 255], "asks too much"),
            ("spamhaus-zen", [127, 255, 255, 1], "refused"),
            ("spamcop", [127, 255, 255, 254], "refused"),
            ("spamcop", [146, 112, 61, 108], "somebody on the way"),
            ("uribl", [127, 0, 0, 1], "refused because"),
            ("surbl", [127, 0, 0, 1], "refused because"),
            ("surbl", [127, 0, 0, 2], "does not document"),
            ("surbl", [127, 0, 1, 8], "does not document"),
            ("spamhaus-dbl", [127, 0, 1, 255], "asked about an address"),
            ("dnswl", [127, 0, 0, 255], "refused because"),
        ] {
            let silence = listed(id, &[code]).unwrap_err();
            assert!(silence.words().contains(words), "{id} {code:?}: {}", silence.words());
        }
        // A refusal beside an entry is a refusal.
        assert!(listed("spamhaus-zen", &[[127, 0, 0, 2], [127, 255, 255, 254]]).is_err());
    }

    #[test]
    fn sums_wildcards_and_remarks_are_read() {
        let words = listed("surbl", &[[127, 0, 0, 72]]).unwrap();
        assert_eq!(words, ["used for phishing", "stands in spam"]);
        assert_eq!(listed("dnswl", &[[127, 0, 15, 2]]).unwrap(), ["medium trust"]);
        assert_eq!(listed("dronebl", &[[127, 0, 0, 9]]).unwrap().len(), 1);
        for code in [[127, 0, 0, 1], [127, 0, 0, 3], [127, 0, 1, 1]] {
            assert_eq!(listed("hostkarma", &[code]), Ok(vec![]), "{code:?}");
        }
        assert_eq!(listed("hostkarma", &[[127, 0, 0, 2]]).unwrap().len(), 1);
    }

    #[test]
    fn a_key_is_in_the_question_on_the_wire_only() {
        let mut facts = facts();
        facts.keyed_operators = vec!["spamhaus".to_owned()];
        let zen = catalogue().unwrap().lists.iter().find(|list| list.id == "spamhaus-zen").unwrap();
        let shown = AskedList::new(zen, &facts).unwrap().name_of("192.0.2.1".parse().unwrap());
        assert_eq!(shown.as_str(), "1.2.0.192.your-key.zen.dq.spamhaus.net");
        let sent = with_key(&shown, "abc123").unwrap();
        assert_eq!(sent.as_str(), "1.2.0.192.abc123.zen.dq.spamhaus.net");
        assert_eq!((operator_of(&shown), operator_of(&sent)), (Some("spamhaus"), Some("spamhaus")));
        assert_eq!(with_key(&DnsName::new("1.2.0.192.zen.spamhaus.org"), "abc123"), None);
        assert_eq!(operator_of(&DnsName::new("www.weber.example")), None);
        assert_eq!(keyed_operators(), [KeyedOperator { id: "spamhaus", list: "Spamhaus ZEN" }]);
    }

    #[test]
    fn what_is_unconfirmed_registered_or_dead_is_not_asked() {
        let lists = catalogue().unwrap();
        let is_asked = |id: &str, facts: &Facts| {
            let list = lists.lists.iter().find(|list| list.id == id).unwrap();
            AskedList::new(list, facts).is_some()
        };
        let mut facts = facts();
        assert!(!is_asked("abusix", &facts) && !is_asked("barracuda", &facts) && is_asked("psbl", &facts));
        facts.requested_lists = vec!["barracuda".to_owned(), "abusix".to_owned()];
        assert!(!is_asked("abusix", &facts) && is_asked("barracuda", &facts));
        assert_eq!(lists_on_request(), ["barracuda"]);
        assert!(lists.dead.iter().any(|dead| dead.zone == "sorbs.net"));
        for list in lists.lists.iter().filter(|list| list.judges != Judges::Address && !is_of_domains(list)) {
            assert_eq!(list.impact, crate::assets::Impact::Low, "{}: a range is never an alarm", list.id);
        }
    }
}
