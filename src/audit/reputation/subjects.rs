//! What else is looked up besides addresses: the domain, and the names of the sending addresses.

use crate::audit::context::Context;
use crate::audit::lookups::{is_askable, reverse_name};
use crate::audit::senders::Senders;
use crate::values::{DnsName, RecordData, RecordType};

/// Names that are asked about; more would burden the lists for nothing.
const MAX_NAMES: usize = 4;

/// Names of the sending addresses that do not lie in the domain itself: those are judged by the domain's entry.
pub(super) fn foreign_names(context: &Context<'_>, senders: &Senders) -> Vec<DnsName> {
    let domain = context.facts.domain.dns();
    let below = format!(".{domain}");
    let mut names: Vec<DnsName> = Vec::new();
    for address in &senders.addresses {
        let answer = context.lookups.ask(&reverse_name(*address), RecordType::Ptr);
        for record in &answer.records {
            let RecordData::Ptr(name) = record else { continue };
            let is_own = *name == domain || name.as_str().ends_with(&below);
            if !is_own && is_askable(name) && !names.contains(name) && names.len() < MAX_NAMES {
                names.push(name.clone());
            }
        }
    }
    names
}
