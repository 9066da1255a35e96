//! Gives rules the answers they ask for, and records what they looked at and what is still missing.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::LazyLock;

use super::{Evidence, EvidenceOutcome};
use crate::values::{AnswerBook, Asked, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordData, RecordType};

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

    /// The resolver's answer, or `None` and a note that it is missing.
    pub fn try_ask(&self, name: &DnsName, record_type: RecordType) -> Option<&'a DnsAnswer> {
        self.try_ask_of(name, record_type, Asked::Resolver)
    }

    /// The answer of this server, or `None` and a note that it is missing.
    pub fn try_ask_of(&self, name: &DnsName, record_type: RecordType, asked: Asked) -> Option<&'a DnsAnswer> {
        let question = DnsQuestion::new(name.clone(), record_type).to(asked);
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

    /// The answer of this server; what was not asked has the outcome [`Outcome::Broken`].
    pub fn ask_of(&self, name: &DnsName, record_type: RecordType, asked: Asked) -> &'a DnsAnswer {
        self.try_ask_of(name, record_type, asked).unwrap_or(&NOT_ASKED)
    }

    /// The answer to a question that cannot be put.
    pub(super) fn not_asked() -> &'static DnsAnswer {
        &NOT_ASKED
    }

    /// Names right below this one at which the resolver has found records of this type. Asks nothing.
    pub fn answered_below(&self, above: &DnsName, record_type: RecordType) -> Vec<DnsName> {
        let ending = format!(".{above}");
        self.book
            .iter()
            .filter(|answer| {
                answer.question.asked == Asked::Resolver
                    && answer.question.record_type == record_type
                    && answer.outcome == Outcome::Answer
                    && answer.question.name.as_str().ends_with(&ending)
            })
            .map(|answer| answer.question.name.clone())
            .collect()
    }

    /// IPv4 and IPv6 addresses of a host with the worse of the two outcomes.
    pub fn addresses(&self, host: &DnsName) -> (Vec<IpAddr>, &'a DnsAnswer) {
        let v4 = self.ask(host, RecordType::A);
        let v6 = self.ask(host, RecordType::Aaaa);
        let addresses = v4.records.iter().chain(&v6.records).filter_map(RecordData::address).collect();
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

    /// Counts an answer that is at hand to what was looked at.
    pub fn see(&self, answer: &DnsAnswer) {
        let mut seen = self.seen.borrow_mut();
        if !seen.contains(&answer.question) {
            seen.push(answer.question.clone());
        }
    }

    /// What was looked at since [`Self::begin`], in order.
    pub fn evidence(&self) -> Vec<Evidence> {
        self.seen.borrow().iter().filter_map(|question| self.book.get(question)).map(evidence_of).collect()
    }
}

fn evidence_of(answer: &DnsAnswer) -> Evidence {
    let mut data: Vec<String> = answer.aliases.iter().map(|name| format!("alias of {name}.")).collect();
    data.extend(answer.records.iter().take(MAX_LINES).map(ToString::to_string));
    data.extend(answer.delegation.iter().map(|server| {
        let addresses: Vec<String> = server.addresses.iter().map(ToString::to_string).collect();
        format!("to {}. {}", server.name, addresses.join(" ")).trim_end().to_owned()
    }));
    data.extend(answer.extended_error.iter().map(ToString::to_string));
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
