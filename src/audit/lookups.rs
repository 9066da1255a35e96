use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use super::{Evidence, EvidenceOutcome};
use crate::values::{AnswerBook, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordData, RecordType};

/// Records shown per question; the rest is counted.
const MAX_LINES: usize = 24;

/// Stands in for what was not asked, so that a rule takes it like any other answer that says nothing.
static NOT_ASKED: LazyLock<DnsAnswer> = LazyLock::new(|| {
    DnsAnswer::empty(
        DnsQuestion::new(DnsName::new(""), RecordType::Txt),
        Outcome::Broken("this was not asked".to_owned()),
    )
});

/// What rules look answers up in. Writes down what was looked at, and what was missing.
///
/// This is what keeps rules pure: a survey runs them over the answers it has, asks what they missed, and runs them
/// again until nothing is missing.
#[derive(Debug)]
pub struct Lookups<'a> {
    book: &'a AnswerBook,
    seen: RefCell<Vec<DnsQuestion>>,
    missing: RefCell<BTreeSet<DnsQuestion>>,
}

impl<'a> Lookups<'a> {
    /// Looks answers up in this book.
    pub fn new(book: &'a AnswerBook) -> Self {
        Self { book, seen: RefCell::default(), missing: RefCell::default() }
    }

    /// The answer, or `None` and a note that it is missing.
    pub fn try_ask(&self, name: &DnsName, record_type: RecordType) -> Option<&'a DnsAnswer> {
        let question = DnsQuestion::new(name.clone(), record_type);
        let answer = self.book.get(&question);
        if answer.is_none() {
            self.missing.borrow_mut().insert(question.clone());
        }
        let mut seen = self.seen.borrow_mut();
        if !seen.contains(&question) {
            seen.push(question);
        }
        answer
    }

    /// The answer; what was not asked has the outcome [`Outcome::Broken`].
    pub fn ask(&self, name: &DnsName, record_type: RecordType) -> &'a DnsAnswer {
        self.try_ask(name, record_type).unwrap_or(&NOT_ASKED)
    }

    /// IPv4 and IPv6 addresses of a host with the worse of the two outcomes.
    pub fn addresses(&self, host: &DnsName) -> (Vec<IpAddr>, &'a DnsAnswer) {
        let v4 = self.ask(host, RecordType::A);
        let v6 = self.ask(host, RecordType::Aaaa);
        let addresses = v4.records.iter().chain(&v6.records).filter_map(address_of).collect();
        let worse = if !v4.outcome.is_known() || v6.outcome.is_known() { v4 } else { v6 };
        (addresses, worse)
    }

    /// Questions without an answer so far.
    pub fn into_missing(self) -> BTreeSet<DnsQuestion> {
        self.missing.into_inner()
    }

    /// Forgets what was looked at, so that the evidence of the next finding begins here.
    pub fn begin(&self) {
        self.seen.borrow_mut().clear();
    }

    /// What was looked at since [`Self::begin`], in order.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.seen.borrow().iter().filter_map(|question| self.book.get(question)).map(evidence_of).collect()
    }
}

/// The address in an A or AAAA record.
pub(super) fn address_of(record: &RecordData) -> Option<IpAddr> {
    match record {
        RecordData::A(address) => Some(IpAddr::V4(*address)),
        RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

fn evidence_of(answer: &DnsAnswer) -> Evidence {
    let mut data: Vec<String> = answer.aliases.iter().map(|name| format!("alias of {name}.")).collect();
    data.extend(answer.records.iter().take(MAX_LINES).map(ToString::to_string));
    if let Some(more) = answer.records.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
        data.push(format!("and {more} more"));
    }
    Evidence {
        query: answer.question.to_string(),
        server: answer.server.clone(),
        outcome: EvidenceOutcome::Dns(answer.outcome.clone()),
        data,
        at: answer.at,
        duration_millis: answer.duration_millis,
    }
}

/// Whether DNS can carry the name (RFC 1035 section 2.3.4): labels of 1 to 63 bytes, 253 in all.
pub(super) fn is_askable(name: &DnsName) -> bool {
    let text = name.as_str();
    !text.is_empty() && text.len() <= 253 && text.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// The name under which an address is asked in a reverse zone or a block list: octets or nibbles, last first.
pub(super) fn reversed(address: IpAddr, zone: &str) -> DnsName {
    let labels: Vec<String> = match address {
        IpAddr::V4(v4) => v4.octets().iter().rev().map(ToString::to_string).collect(),
        IpAddr::V6(v6) => v6
            .octets()
            .iter()
            .rev()
            .flat_map(|byte| [byte & 15, byte >> 4])
            .map(|nibble| format!("{nibble:x}"))
            .collect(),
    };
    DnsName::new(&format!("{}.{zone}", labels.join(".")))
}

/// The name of an address in `in-addr.arpa` or `ip6.arpa`.
pub(super) fn reverse_name(address: IpAddr) -> DnsName {
    reversed(address, if address.is_ipv4() { "in-addr.arpa" } else { "ip6.arpa" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_reversed_by_octet_and_nibble() {
        assert_eq!(reverse_name("192.0.2.53".parse().unwrap()).as_str(), "53.2.0.192.in-addr.arpa");
        assert_eq!(
            reversed("2001:db8::5f".parse().unwrap(), "list.example").as_str(),
            "f.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.list.example"
        );
    }

    #[test]
    fn what_is_missing_is_noted_once() {
        let book = AnswerBook::default();
        let lookups = Lookups::new(&book);
        let name = DnsName::new("a.example");
        assert!(matches!(lookups.ask(&name, RecordType::A).outcome, Outcome::Broken(_)));
        assert!(lookups.try_ask(&name, RecordType::A).is_none());
        assert!(lookups.evidence().is_empty());
        assert_eq!(lookups.into_missing().len(), 1);
    }
}
