//! The networks that an SPF record allows, term by term, and how its list ends. Pure.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::evaluate::published;
use super::record::{DomainSpec, DualCidr, Mechanism, Qualifier, SpfRecord};
use super::{MAX_HOSTS, MAX_LOOKUPS};
use crate::audit::Lookups;
use crate::audit::lookups::is_askable;
use crate::values::{AnswerBook, DnsName, RecordData, RecordType};

/// Records inside records that are followed. A receiver stops at the eleventh lookup.
const MAX_DEPTH: usize = MAX_LOOKUPS as usize + 1;
/// Networks that are collected. The largest providers publish a few hundred.
const MAX_NETWORKS: usize = 2_000;
/// Included records that are read in all. Records that include each other many times over would never end.
const MAX_RECORDS: usize = 250;

/// The addresses behind one term of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermNetworks {
    /// The term as written.
    pub term: String,
    /// Networks that it lets send, with those of the records that it includes.
    pub networks: Vec<IpNet>,
}

/// What each term of an SPF record lets send, as far as the book knows. Terms that decide by macros add nothing, nor do
/// terms that do not let their senders pass.
pub fn allowed_networks(book: &AnswerBook, domain: &DnsName, text: &[u8]) -> Vec<TermNetworks> {
    let Ok(record) = SpfRecord::parse(text) else { return Vec::new() };
    let lookups = Lookups::new(book);
    Walk::new(&lookups, domain, false, None).terms(domain, &record)
}

/// [`allowed_networks`] for rules, with “+all” as the networks of all addresses, wherever it stands.
pub(super) fn networks_of_everybody(
    lookups: &Lookups<'_>,
    domain: &DnsName,
    record: &SpfRecord,
) -> Vec<TermNetworks> {
    Walk::new(lookups, domain, true, None).terms(domain, record)
}

/// [`networks_of_everybody`] of the terms that the owner writes: records are followed at `home` and below, and services
/// elsewhere are left out, however deep they are included.
pub(super) fn own_networks(
    lookups: &Lookups<'_>,
    domain: &DnsName,
    record: &SpfRecord,
    home: &DnsName,
) -> Vec<TermNetworks> {
    Walk::new(lookups, domain, true, Some(home)).terms(domain, record)
}

/// How the list of a record ends for a sender that nothing matches: the qualifier of its `all`, or of the record that
/// `redirect` leads to. `None` if the list is left open, or is not known.
pub fn effective_end(book: &AnswerBook, domain: &DnsName, text: &[u8]) -> Option<Qualifier> {
    effective_end_with(&Lookups::new(book), domain, SpfRecord::parse(text).ok()?)
}

/// [`effective_end`] for rules, which share their lookups.
pub(super) fn effective_end_with(
    lookups: &Lookups<'_>,
    domain: &DnsName,
    mut record: SpfRecord,
) -> Option<Qualifier> {
    let mut name = domain.clone();
    for _ in 0..MAX_DEPTH {
        if let Some(all) = record.all() {
            return Some(all.qualifier);
        }
        let next = record.redirect.as_ref()?.target.expand_without_client(name.as_str())?;
        name = DnsName::new(&next);
        record = record_of(lookups, &name)?;
    }
    None
}

fn record_of(lookups: &Lookups<'_>, name: &DnsName) -> Option<SpfRecord> {
    if !is_askable(name) {
        return None;
    }
    match published(lookups.ask(name, RecordType::Txt)).as_slice() {
        [text] => SpfRecord::parse(text).ok(),
        _ => None,
    }
}

struct Walk<'l, 'a> {
    lookups: &'l Lookups<'a>,
    /// The records that led here, so that a circle ends.
    path: Vec<DnsName>,
    /// Networks that may still be collected.
    left: usize,
    /// Included records that may still be read.
    records_left: usize,
    /// Whether “+all” adds the networks of all addresses.
    counts_everybody: bool,
    /// Where records are followed; everywhere without one.
    home: Option<&'l DnsName>,
}

impl<'l, 'a> Walk<'l, 'a> {
    fn new(
        lookups: &'l Lookups<'a>,
        domain: &DnsName,
        counts_everybody: bool,
        home: Option<&'l DnsName>,
    ) -> Self {
        Self {
            lookups,
            path: vec![domain.clone()],
            left: MAX_NETWORKS,
            records_left: MAX_RECORDS,
            counts_everybody,
            home,
        }
    }
}

impl Walk<'_, '_> {
    fn terms(&mut self, domain: &DnsName, record: &SpfRecord) -> Vec<TermNetworks> {
        let mut terms = Vec::new();
        for term in &record.terms {
            if term.mechanism == Mechanism::All {
                if self.counts_everybody && term.qualifier == Qualifier::Pass {
                    let networks = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
                    terms.push(TermNetworks { term: term.text.clone(), networks });
                }
                return terms;
            }
            if term.qualifier == Qualifier::Pass {
                let networks = self.networks(domain, &term.mechanism);
                terms.push(TermNetworks { term: term.text.clone(), networks });
            }
        }
        if let Some(redirect) = &record.redirect
            && let Some(target) = redirect.target.expand_without_client(domain.as_str())
        {
            let networks = self.included(&DnsName::new(&target));
            terms.push(TermNetworks { term: redirect.text.clone(), networks });
        }
        terms
    }

    fn networks(&mut self, domain: &DnsName, mechanism: &Mechanism) -> Vec<IpNet> {
        let name = |spec: &Option<DomainSpec>| {
            spec.as_ref().map_or(Some(domain.clone()), |spec| spec.plain_name(domain))
        };
        let found = match mechanism {
            Mechanism::Ip4(network) => vec![IpNet::V4(*network)],
            Mechanism::Ip6(network) => vec![IpNet::V6(*network)],
            Mechanism::A(spec, cidr) => name(spec).map(|host| self.host(&host, *cidr)).unwrap_or_default(),
            Mechanism::Mx(spec, cidr) => {
                name(spec).map(|name| self.mail_hosts(&name, *cidr)).unwrap_or_default()
            }
            Mechanism::Include(target) => {
                return target.plain_name(domain).map(|name| self.included(&name)).unwrap_or_default();
            }
            Mechanism::All | Mechanism::Ptr(_) | Mechanism::Exists(_) => Vec::new(),
        };
        let kept: Vec<IpNet> = found.into_iter().take(self.left).collect();
        self.left -= kept.len();
        kept
    }

    fn included(&mut self, name: &DnsName) -> Vec<IpNet> {
        let is_at_home =
            self.home.is_none_or(|home| name == home || name.as_str().ends_with(&format!(".{home}")));
        if !is_at_home || self.records_left == 0 || self.path.contains(name) || self.path.len() >= MAX_DEPTH {
            return Vec::new();
        }
        self.records_left -= 1;
        let Some(record) = record_of(self.lookups, name) else { return Vec::new() };
        self.path.push(name.clone());
        let terms = self.terms(name, &record);
        self.path.pop();
        terms.into_iter().flat_map(|term| term.networks).collect()
    }

    fn mail_hosts(&self, name: &DnsName, cidr: DualCidr) -> Vec<IpNet> {
        if !is_askable(name) {
            return Vec::new();
        }
        let answer = self.lookups.ask(name, RecordType::Mx);
        let hosts = answer.records.iter().filter_map(|record| match record {
            RecordData::Mx { exchange, .. } => Some(exchange),
            _ => None,
        });
        hosts.take(MAX_HOSTS).flat_map(|host| self.host(host, cidr)).collect()
    }

    fn host(&self, host: &DnsName, cidr: DualCidr) -> Vec<IpNet> {
        if !is_askable(host) {
            return Vec::new();
        }
        let (addresses, _) = self.lookups.addresses(host);
        addresses.into_iter().filter_map(|address| network_of(address, cidr)).collect()
    }
}

fn network_of(address: IpAddr, cidr: DualCidr) -> Option<IpNet> {
    match address {
        IpAddr::V4(address) => Ipv4Net::new(address, cidr.v4).ok().map(IpNet::V4),
        IpAddr::V6(address) => Ipv6Net::new(address, cidr.v6).ok().map(IpNet::V6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{DnsAnswer, DnsQuestion, Outcome, TxtStrings};

    fn txt(name: &str, text: &str) -> DnsAnswer {
        DnsAnswer {
            records: vec![RecordData::Txt(TxtStrings::new(vec![text.as_bytes().to_vec()]))],
            ..DnsAnswer::empty(DnsQuestion::new(DnsName::new(name), RecordType::Txt), Outcome::Answer)
        }
    }

    fn a(name: &str, address: &str) -> DnsAnswer {
        DnsAnswer {
            records: vec![RecordData::A(address.parse().unwrap())],
            ..DnsAnswer::empty(DnsQuestion::new(DnsName::new(name), RecordType::A), Outcome::Answer)
        }
    }

    #[test]
    fn networks_are_collected_by_term_through_includes_and_around_circles() {
        let book: AnswerBook = [
            txt("inc.example", "v=spf1 ip4:198.51.100.0/24 include:d.example include:inc.example ~all"),
            a("web.d.example", "192.0.2.7"),
        ]
        .into_iter()
        .collect();
        let text = b"v=spf1 a:web.d.example/28 include:inc.example -ip4:203.0.113.9 ?ip4:203.0.113.8 all ip4:10.0.0.1";
        let found = allowed_networks(&book, &DnsName::new("d.example"), text);
        let shown: Vec<String> =
            found.iter().map(|term| format!("{} {:?}", term.term, term.networks)).collect();
        assert_eq!(shown, ["a:web.d.example/28 [192.0.2.7/28]", "include:inc.example [198.51.100.0/24]"],);
    }

    #[test]
    fn records_that_include_each_other_many_times_over_come_to_an_end() {
        let many = |next: usize| format!("v=spf1 {}-all", format!("include:i{next}.example ").repeat(10));
        let book: AnswerBook =
            (0..12).map(|index| txt(&format!("i{index}.example"), &many(index + 1))).collect();
        let lookups = Lookups::new(&book);
        let domain = DnsName::new("d.example");
        let record = SpfRecord::parse(many(0).as_bytes()).unwrap();
        let mut walk = Walk::new(&lookups, &domain, true, None);
        assert_eq!(walk.terms(&domain, &record).len(), 10);
        assert_eq!(walk.records_left, 0, "all that may be read was read, and nothing more");
    }

    #[test]
    fn the_end_is_looked_for_behind_redirects() {
        let book: AnswerBook = [
            txt("a.example", "v=spf1 redirect=b.example"),
            txt("b.example", "v=spf1 ip4:192.0.2.1 -all"),
            txt("round.example", "v=spf1 redirect=round.example"),
        ]
        .into_iter()
        .collect();
        let end = |text: &str| effective_end(&book, &DnsName::new("d.example"), text.as_bytes());
        assert_eq!(end("v=spf1 redirect=a.example"), Some(Qualifier::Fail));
        assert_eq!(end("v=spf1 ~all redirect=a.example"), Some(Qualifier::SoftFail));
        assert_eq!(end("v=spf1 redirect=round.example"), None);
        assert_eq!(end("v=spf1 redirect=unknown.example"), None);
        assert_eq!(end("v=spf1 mx"), None);
    }
}
