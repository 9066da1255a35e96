//! Collects what is known about the name servers of the zone, for the rules to judge.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::audit::Lookups;
use crate::audit::context::Context;
use crate::audit::lookups::is_askable;
use crate::values::{Asked, DnsAnswer, DnsName, NamedServer, Outcome, RecordData, RecordType};

/// Name servers of one zone that are checked; the root has 13.
const MAX_SERVERS: usize = 13;
/// Addresses of the zone that are asked directly.
const MAX_ADDRESSES: usize = 16;
/// Servers of the zone above that are asked about the delegation, one after the other until one answers.
const MAX_PARENT_SERVERS: usize = 3;

/// One name server of the zone, as it is known.
pub(super) struct Server<'a> {
    pub name: DnsName,
    pub addresses: Vec<IpAddr>,
    /// The answer about its addresses that says least; it tells why there are none.
    pub worst: &'a DnsAnswer,
    /// Whether its name is an alias (RFC 2181 section 10.3).
    pub is_alias: bool,
}

/// Who answers for the zone: by its own word, by the word of the zone above, and by trying.
pub(super) struct Servers<'a> {
    /// The top of the zone.
    pub apex: DnsName,
    /// What the zone says of itself; an authoritative server is believed before the resolver.
    pub own: Option<&'a DnsAnswer>,
    /// What the zone above says.
    pub parent: Option<&'a DnsAnswer>,
    /// Every server that either of them names.
    pub named: Vec<Server<'a>>,
    /// Each address with its answer about the start of the zone.
    pub tried: Vec<(IpAddr, &'a DnsAnswer)>,
    /// Addresses beyond what is asked.
    pub left_out: usize,
}

impl Servers<'_> {
    /// Addresses that answer with authority.
    pub fn in_charge(&self) -> impl Iterator<Item = IpAddr> {
        self.tried.iter().filter(|(_, answer)| is_in_charge(answer)).map(|(address, _)| *address)
    }

    /// Whether anything that was asked directly has answered, so that silence of others says something about them.
    pub fn is_heard(&self) -> bool {
        self.tried.iter().any(|(_, answer)| was_heard(answer)) || self.parent.is_some_and(was_heard)
    }
}

/// Whether a server answered as an authoritative one for the zone.
pub(super) fn is_in_charge(answer: &DnsAnswer) -> bool {
    answer.outcome == Outcome::Answer && answer.is_authoritative
}

/// Whether a server itself said something, good or bad.
pub(super) fn was_heard(answer: &DnsAnswer) -> bool {
    !matches!(answer.outcome, Outcome::Timeout | Outcome::OutOfReach | Outcome::Broken(_))
}

/// Names in the NS records or in the referral of an answer.
pub(super) fn server_names(answer: &DnsAnswer) -> BTreeSet<DnsName> {
    let records = answer.records.iter().filter_map(|record| match record {
        RecordData::Ns(name) => Some(name),
        _ => None,
    });
    records.chain(answer.delegation.iter().map(|server| &server.name)).cloned().collect()
}

/// The top of the zone that holds a name: the closest name above with a SOA record (RFC 1034 section 4.2).
/// `None` if that is not known.
pub(super) fn apex_of(lookups: &Lookups<'_>, name: &DnsName) -> Option<DnsName> {
    let mut above = Some(name.clone());
    while let Some(name) = above {
        let answer = lookups.try_ask(&name, RecordType::Soa)?;
        match answer.outcome {
            Outcome::Answer if answer.aliases.is_empty() => return Some(name),
            Outcome::Answer | Outcome::NoData | Outcome::NxDomain => above = name.parent(),
            _ => return None,
        }
    }
    None
}

/// Looks at everybody who may answer for the zone of the domain.
pub(super) fn look<'a>(context: &Context<'a>, apex: &DnsName) -> Servers<'a> {
    let lookups = &context.lookups;
    let parent = ask_parent(lookups, apex);
    let heard = lookups.ask(apex, RecordType::Ns);
    let mut names = server_names(heard);
    names.extend(parent.into_iter().flat_map(server_names));
    let glue: Vec<&NamedServer> = parent.into_iter().flat_map(|answer| &answer.delegation).collect();
    let servers: Vec<Server<'a>> =
        names.iter().take(MAX_SERVERS).map(|name| server(lookups, name, &glue)).collect();
    let mut addresses: Vec<IpAddr> = Vec::new();
    // First addresses first, so that a server with many of them hides nobody.
    for index in 0..MAX_ADDRESSES {
        let nth = servers.iter().filter_map(|server| server.addresses.get(index).copied());
        for address in nth {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    let left_out = addresses.len().saturating_sub(MAX_ADDRESSES) + names.len().saturating_sub(MAX_SERVERS);
    let tried: Vec<(IpAddr, &'a DnsAnswer)> = addresses
        .into_iter()
        .take(MAX_ADDRESSES)
        .map(|address| (address, lookups.ask_of(apex, RecordType::Soa, Asked::Server(address))))
        .collect();
    let in_charge = tried.iter().find(|(_, answer)| is_in_charge(answer));
    let own = in_charge
        .map(|(address, _)| lookups.ask_of(apex, RecordType::Ns, Asked::Server(*address)))
        .filter(|answer| answer.outcome.is_known())
        .or_else(|| Some(heard).filter(|heard| heard.outcome == Outcome::Answer));
    Servers { apex: apex.clone(), own, parent, named: servers, tried, left_out }
}

fn server<'a>(lookups: &Lookups<'a>, name: &DnsName, glue: &[&NamedServer]) -> Server<'a> {
    if !is_askable(name) {
        return Server {
            name: name.clone(),
            addresses: Vec::new(),
            worst: Lookups::not_asked(),
            is_alias: false,
        };
    }
    let (mut addresses, worst) = lookups.addresses(name);
    let is_alias = [RecordType::A, RecordType::Aaaa]
        .iter()
        .any(|record_type| !lookups.ask(name, *record_type).aliases.is_empty());
    if addresses.is_empty() {
        // Where the zone is dead, only the zone above knows where its servers are.
        addresses
            .extend(glue.iter().filter(|server| server.name == *name).flat_map(|server| &server.addresses));
    }
    Server { name: name.clone(), addresses, worst, is_alias }
}

/// What a server of the zone above says about the delegation; `None` if none is known.
fn ask_parent<'a>(lookups: &Lookups<'a>, apex: &DnsName) -> Option<&'a DnsAnswer> {
    let above = apex_of(lookups, &apex.parent()?)?;
    let hosts = server_names(lookups.ask(&above, RecordType::Ns));
    let mut last = None;
    for host in hosts.iter().filter(|host| is_askable(host)).take(MAX_PARENT_SERVERS) {
        let addresses = &lookups.try_ask(host, RecordType::A)?.records;
        // The first address of each host is enough to get on.
        let Some(address) = addresses.iter().find_map(RecordData::address) else { continue };
        let answer = lookups.try_ask_of(apex, RecordType::Ns, Asked::Server(address))?;
        if matches!(answer.outcome, Outcome::Answer | Outcome::Referral) {
            return Some(answer);
        }
        last = Some(answer);
    }
    last
}

/// What an authoritative server says to a question about a name in it; `None` if none answers with authority.
pub(in crate::audit) fn authoritative<'a>(
    context: &Context<'a>,
    name: &DnsName,
    record_type: RecordType,
) -> Option<&'a DnsAnswer> {
    let apex = apex_of(&context.lookups, &context.facts.domain.dns())?;
    let servers = look(context, &apex);
    servers
        .in_charge()
        .map(|address| context.lookups.ask_of(name, record_type, Asked::Server(address)))
        .find(|answer| answer.outcome.is_known() && answer.is_authoritative)
}
