//! Lists the hosts that send for the domain, each with its IPv4 and IPv6 addresses, since SPF may allow only one of them.

use std::net::IpAddr;

use super::{Mechanism, SpfRecord};
use crate::audit::addresses::is_public;
use crate::audit::context::Context;
use crate::audit::evidence::EvidenceFacts;
use crate::audit::lookups::is_askable;
use crate::audit::message::border_addresses;
use crate::audit::mx;
use crate::values::{DnsName, RecordType};

/// Addresses out of logs and reports that are checked, the most frequent first.
const MAX_SEEN: usize = 10;
/// Hosts that are checked.
const MAX_HOSTS: usize = 40;

/// How sure it is that a host sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sureness {
    /// It receives; it often sends too, but need not.
    Receives,
    /// The record names it.
    Named,
    /// The owner or a message says so.
    Sends,
}

/// A host with its public addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SendingHost {
    /// Its name; the address where no name is known.
    pub name: String,
    pub addresses: Vec<IpAddr>,
    pub sureness: Sureness,
}

/// The hosts of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OwnSenders {
    pub hosts: Vec<SendingHost>,
    /// Hosts that were not checked because there are too many.
    pub left_out: usize,
}

impl OwnSenders {
    fn add(&mut self, name: String, addresses: &[IpAddr], sureness: Sureness) {
        let mut public: Vec<IpAddr> = Vec::new();
        for address in addresses.iter().map(IpAddr::to_canonical).filter(|address| is_public(*address)) {
            if !public.contains(&address) {
                public.push(address);
            }
        }
        if public.is_empty() {
            return;
        }
        if let Some(known) = self.hosts.iter_mut().find(|host| host.name == name || host.addresses == public)
        {
            known.sureness = known.sureness.max(sureness);
        } else if self.hosts.len() < MAX_HOSTS {
            self.hosts.push(SendingHost { name, addresses: public, sureness });
        } else {
            self.left_out += 1;
        }
    }
}

/// Everybody who sends as far as is known: named by the owner, seen in messages, named by the record, or receiving.
/// Includes are other people's servers.
pub(super) fn own_senders(context: &Context<'_>, record: &SpfRecord) -> OwnSenders {
    let mut senders = OwnSenders::default();
    let domain = context.facts.domain.dns();
    for address in &context.facts.sending_addresses {
        senders.add(address.to_canonical().to_string(), &[*address], Sureness::Sends);
    }
    let seen = context.facts.evidence.as_ref().map(EvidenceFacts::senders).unwrap_or_default();
    let seen = seen.into_iter().take(MAX_SEEN);
    for address in seen.chain(border_addresses(context.facts.messages(), domain.as_str())) {
        senders.add(address.to_string(), &[address], Sureness::Sends);
    }
    for term in record.terms.iter().take_while(|term| term.mechanism != Mechanism::All) {
        let name = |target: &Option<super::DomainSpec>| {
            let name = target.as_ref().map_or(Some(domain.clone()), |target| target.plain_name(&domain));
            name.filter(is_askable)
        };
        match &term.mechanism {
            Mechanism::Ip4(network) if network.prefix_len() == 32 => {
                senders.add(network.addr().to_string(), &[network.addr().into()], Sureness::Named);
            }
            Mechanism::Ip6(network) if network.prefix_len() == 128 => {
                senders.add(network.addr().to_string(), &[network.addr().into()], Sureness::Named);
            }
            Mechanism::A(target, _) => {
                if let Some(host) = name(target) {
                    senders.add(host.to_string(), &context.lookups.addresses(&host).0, Sureness::Named);
                }
            }
            Mechanism::Mx(target, _) => {
                if let Some(host) = name(target) {
                    add_mx(context, &host, &mut senders, Sureness::Named);
                }
            }
            _ => {}
        }
    }
    add_mx(context, &domain, &mut senders, Sureness::Receives);
    senders
}

fn add_mx(context: &Context<'_>, domain: &DnsName, senders: &mut OwnSenders, sureness: Sureness) {
    let answer = context.lookups.ask(domain, RecordType::Mx);
    for host in mx::hosts(answer).iter().filter(|host| is_askable(host)) {
        senders.add(host.to_string(), &context.lookups.addresses(host).0, sureness);
    }
}
