use std::net::IpAddr;

use super::addresses::is_public;
use super::context::Context;
use super::evidence::EvidenceFacts;
use super::lookups::{address_of, is_askable};
use super::message::border_addresses;
use super::mx;
use super::spf::{Mechanism, SpfRecord, published};
use crate::values::RecordType;

/// Addresses that are looked at; more would burden block lists for nothing.
const MAX_SENDERS: usize = 8;

/// How the addresses were found. The first two are sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The owner named them.
    Owner,
    /// Receivers named them in replies and reports, or the log did.
    Evidence,
    /// Single hosts that the domain's own SPF record allows.
    Spf,
    /// Hosts that receive; they often send too, but need not.
    Mx,
}

/// The public addresses that send the domain's mail, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Senders {
    pub addresses: Vec<IpAddr>,
    pub found_by: FoundBy,
    /// Addresses that the owner named and that nobody outside can see.
    pub private: Vec<IpAddr>,
}

/// Finds the sending addresses. Asks what it needs on the way.
pub(super) fn find(context: &Context<'_>) -> Senders {
    let given = &context.facts.sending_addresses;
    if !given.is_empty() {
        let given: Vec<IpAddr> = given.iter().map(IpAddr::to_canonical).collect();
        let (public, private) = given.into_iter().partition(|address| is_public(*address));
        return Senders { addresses: first_ones(public), found_by: FoundBy::Owner, private };
    }
    let seen = context.facts.evidence.as_ref().map(EvidenceFacts::senders).unwrap_or_default();
    let in_messages = border_addresses(context.facts.messages(), context.facts.domain.as_ascii());
    let seen = first_ones(seen.into_iter().chain(in_messages).collect());
    if !seen.is_empty() {
        return Senders { addresses: seen, found_by: FoundBy::Evidence, private: Vec::new() };
    }
    let from_spf = first_ones(allowed_hosts(context));
    if !from_spf.is_empty() {
        return Senders { addresses: from_spf, found_by: FoundBy::Spf, private: Vec::new() };
    }
    let from_mx = first_ones(addresses_of_mx(context, &context.facts.domain.dns()));
    Senders { addresses: from_mx, found_by: FoundBy::Mx, private: Vec::new() }
}

fn first_ones(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let mut first: Vec<IpAddr> = Vec::new();
    for address in addresses {
        if !first.contains(&address) && is_public(address) && first.len() < MAX_SENDERS {
            first.push(address);
        }
    }
    first
}

/// Single addresses in `ip4`, `ip6`, `a` and `mx` terms of the domain's own record; includes are other people's servers.
fn allowed_hosts(context: &Context<'_>) -> Vec<IpAddr> {
    let domain = context.facts.domain.dns();
    let records = published(context.lookups.ask(&domain, RecordType::Txt));
    let [text] = records.as_slice() else { return Vec::new() };
    let Ok(record) = SpfRecord::parse(text) else { return Vec::new() };
    let mut addresses = Vec::new();
    for term in &record.terms {
        match &term.mechanism {
            Mechanism::Ip4(network) if network.prefix_len() == 32 => addresses.push(network.addr().into()),
            Mechanism::Ip6(network) if network.prefix_len() == 128 => addresses.push(network.addr().into()),
            Mechanism::A(target, _) => {
                let host = target.as_ref().map_or(Some(domain.clone()), |target| target.plain_name(&domain));
                if let Some(host) = host.filter(is_askable) {
                    addresses.extend(context.lookups.addresses(&host).0);
                }
            }
            Mechanism::Mx(target, _) => {
                let host = target.as_ref().map_or(Some(domain.clone()), |target| target.plain_name(&domain));
                if let Some(host) = host.filter(is_askable) {
                    addresses.extend(addresses_of_mx(context, &host));
                }
            }
            _ => {}
        }
    }
    addresses
}

fn addresses_of_mx(context: &Context<'_>, domain: &crate::values::DnsName) -> Vec<IpAddr> {
    let answer = context.lookups.ask(domain, RecordType::Mx);
    let mut addresses = Vec::new();
    for host in mx::hosts(answer).iter().filter(|host| is_askable(host)).take(MAX_SENDERS) {
        for record_type in [RecordType::A, RecordType::Aaaa] {
            addresses.extend(context.lookups.ask(host, record_type).records.iter().filter_map(address_of));
        }
    }
    addresses
}
