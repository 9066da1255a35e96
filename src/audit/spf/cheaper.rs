//! Proposes an SPF record that needs fewer lookups.

use std::net::IpAddr;

use super::{DualCidr, MAX_LOOKUPS, Mechanism, SpfRecord, Term};
use crate::audit::context::Context;
use crate::audit::lookups::is_askable;
use crate::audit::mx;
use crate::values::{DnsName, RecordType};

/// Addresses that one term may grow into; more would make the record too long.
const MAX_ADDRESSES: usize = 6;

/// The record with `a` and `mx` of known hosts replaced by their addresses, which cost no lookup.
///
/// `None` if that does not bring `lookups` under the limit, or where an address is not known for sure.
pub(super) fn cheaper_record(context: &Context<'_>, record: &SpfRecord, lookups: u32) -> Option<String> {
    let mut parts = vec!["v=spf1".to_owned()];
    let mut saved = 0;
    for term in &record.terms {
        match replacement(context, term) {
            Replacement::Keep => parts.push(term.text.clone()),
            Replacement::NotKnown => return None,
            Replacement::By(addresses) => {
                saved += 1;
                for address in addresses {
                    let kind = if address.is_ipv4() { "ip4" } else { "ip6" };
                    let part = format!("{kind}:{address}");
                    if !parts.contains(&part) {
                        parts.push(part);
                    }
                }
            }
        }
    }
    parts.extend(record.redirect.iter().map(|redirect| redirect.text.clone()));
    // An explanation or another modifier would be lost: then the owner has to decide.
    let is_whole = record.unknown_modifiers.is_empty() && !record.has_explanation();
    (saved > 0 && is_whole && lookups.saturating_sub(saved) <= MAX_LOOKUPS).then(|| parts.join(" "))
}

/// What becomes of a term.
enum Replacement {
    /// It stays as it is.
    Keep,
    /// Its addresses could not be measured, or are too many.
    NotKnown,
    /// These addresses take its place.
    By(Vec<IpAddr>),
}

fn replacement(context: &Context<'_>, term: &Term) -> Replacement {
    let is_plain_pass = term.text.starts_with(['a', 'A', 'm', 'M', '+']);
    let (target, is_mx) = match &term.mechanism {
        Mechanism::A(target, DualCidr { v4: 32, v6: 128 }) if is_plain_pass => (target, false),
        Mechanism::Mx(target, DualCidr { v4: 32, v6: 128 }) if is_plain_pass => (target, true),
        _ => return Replacement::Keep,
    };
    let domain = context.facts.domain.dns();
    let host = target.as_ref().map_or(Some(domain.clone()), |target| target.plain_name(&domain));
    let Some(host) = host.filter(is_askable) else { return Replacement::Keep };
    let hosts: Vec<DnsName> = if is_mx {
        let answer = context.lookups.ask(&host, RecordType::Mx);
        if !answer.outcome.is_known() {
            return Replacement::NotKnown;
        }
        mx::hosts(answer).into_iter().filter(is_askable).collect()
    } else {
        vec![host]
    };
    let mut addresses = Vec::new();
    for host in hosts {
        let (found, worse) = context.lookups.addresses(&host);
        if !worse.outcome.is_known() {
            return Replacement::NotKnown;
        }
        addresses.extend(found);
    }
    if addresses.len() <= MAX_ADDRESSES { Replacement::By(addresses) } else { Replacement::NotKnown }
}
