//! Finds the addresses that send the domain's mail: named by the owner, seen in evidence, or guessed from SPF and MX.

use std::net::IpAddr;

use super::addresses::is_public;
use super::context::Context;
use super::evidence::EvidenceFacts;
use super::lookups::{is_askable, reverse_name};
use super::message::border_addresses;
use super::mx;
use super::spf::{Mechanism, SpfRecord, published};
use crate::values::{DnsName, RecordData, RecordType};

/// Addresses that are checked when nobody has named any; a domain that has more names its own.
const MAX_SENDERS: usize = 32;
/// Hosts of one `mx` term that are checked.
const MAX_HOSTS: usize = 16;

/// How the addresses were found. The first two are sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FoundBy {
    /// The owner named them.
    Owner,
    /// Receivers named them in replies and reports, or the log did.
    Evidence,
    /// Single hosts that the domain's own SPF record allows, with the other addresses of the same machines.
    Spf,
    /// Hosts that receive; they often send too, but need not.
    Mx,
}

/// The public addresses that send the domain's mail, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Senders {
    pub addresses: Vec<IpAddr>,
    pub found_by: FoundBy,
    /// Those that SPF and MX name alike.
    pub agreed: Vec<IpAddr>,
    /// Addresses that the owner named and that nobody outside can see.
    pub private: Vec<IpAddr>,
    /// How many were found beyond those that are checked.
    pub left_out: usize,
}

/// Finds the sending addresses. Asks what it needs on the way.
pub(super) fn find(context: &Context<'_>) -> Senders {
    let given = &context.facts.sending_addresses;
    if !given.is_empty() {
        let given: Vec<IpAddr> = given.iter().map(IpAddr::to_canonical).collect();
        let (mut public, private): (Vec<IpAddr>, _) =
            given.into_iter().partition(|address| is_public(*address));
        keep_first_of_each(&mut public);
        return Senders {
            addresses: public,
            found_by: FoundBy::Owner,
            agreed: Vec::new(),
            private,
            left_out: 0,
        };
    }
    let seen = context.facts.evidence.as_ref().map(EvidenceFacts::senders).unwrap_or_default();
    let in_messages = border_addresses(context.facts.messages(), context.facts.domain.as_ascii());
    let seen = cut(seen.into_iter().chain(in_messages).collect(), FoundBy::Evidence, Vec::new());
    if !seen.addresses.is_empty() {
        return seen;
    }
    let hosts = hosts_of_mx(context, &context.facts.domain.dns());
    let receiving: Vec<IpAddr> = hosts.iter().flat_map(|(_, addresses)| addresses).copied().collect();
    let mut allowed = allowed_hosts(context);
    let agreed: Vec<IpAddr> = allowed.iter().filter(|address| receiving.contains(address)).copied().collect();
    if !allowed.is_empty() {
        let siblings = other_addresses(context, &hosts, &allowed);
        allowed.extend(siblings);
        return cut(allowed, FoundBy::Spf, agreed);
    }
    cut(receiving, FoundBy::Mx, agreed)
}

fn cut(mut addresses: Vec<IpAddr>, found_by: FoundBy, agreed: Vec<IpAddr>) -> Senders {
    addresses.retain(|address| is_public(*address));
    keep_first_of_each(&mut addresses);
    let left_out = addresses.len().saturating_sub(MAX_SENDERS);
    addresses.truncate(MAX_SENDERS);
    Senders { addresses, found_by, agreed, private: Vec::new(), left_out }
}

fn keep_first_of_each(addresses: &mut Vec<IpAddr>) {
    let mut seen = Vec::new();
    addresses.retain(|address| {
        let is_new = !seen.contains(address);
        seen.push(*address);
        is_new
    });
}

/// Other addresses of machines of which one address may send: a machine with IPv6 sends over it, whatever SPF says.
/// They are known from mail hosts, and from the names of the addresses.
fn other_addresses(
    context: &Context<'_>,
    hosts: &[(DnsName, Vec<IpAddr>)],
    allowed: &[IpAddr],
) -> Vec<IpAddr> {
    let is_of_same_machine = |addresses: &[IpAddr]| addresses.iter().any(|address| allowed.contains(address));
    let mut others: Vec<IpAddr> = hosts
        .iter()
        .filter(|(_, addresses)| is_of_same_machine(addresses))
        .flat_map(|(_, addresses)| addresses)
        .copied()
        .collect();
    for address in allowed.iter().filter(|address| is_public(**address)).take(MAX_SENDERS) {
        let names = context.lookups.ask(&reverse_name(*address), RecordType::Ptr);
        let name = names.records.iter().find_map(|record| match record {
            RecordData::Ptr(name) => Some(name).filter(|name| is_askable(name)),
            _ => None,
        });
        let Some(name) = name else { continue };
        let (addresses, _) = context.lookups.addresses(name);
        // A name that does not lead back may be anybody's.
        if addresses.contains(address) {
            others.extend(addresses);
        }
    }
    others.retain(|address| !allowed.contains(address));
    others
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
                    addresses.extend(hosts_of_mx(context, &host).into_iter().flat_map(|(_, found)| found));
                }
            }
            _ => {}
        }
    }
    addresses
}

/// Mail hosts of a domain with their addresses, of both families.
fn hosts_of_mx(context: &Context<'_>, domain: &DnsName) -> Vec<(DnsName, Vec<IpAddr>)> {
    let answer = context.lookups.ask(domain, RecordType::Mx);
    mx::hosts(answer)
        .into_iter()
        .filter(is_askable)
        .take(MAX_HOSTS)
        .map(|host| {
            let addresses = context.lookups.addresses(&host).0;
            (host, addresses)
        })
        .collect()
}
