//! Reads MX records, and recognises domains without mail.

use crate::audit::context::Context;
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType};

/// Names of the mail exchangers, best first.
pub(in crate::audit) fn hosts(answer: &DnsAnswer) -> Vec<DnsName> {
    let mut hosts: Vec<(u16, &DnsName)> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Mx { preference, exchange } => Some((*preference, exchange)),
            _ => None,
        })
        .collect();
    hosts.sort();
    let mut names: Vec<DnsName> = Vec::new();
    for (_, host) in hosts {
        if !names.contains(host) {
            names.push(host.clone());
        }
    }
    names
}

/// Whether the only SPF record of a domain lets nobody send.
pub(super) fn sends_nothing(texts: &DnsAnswer) -> bool {
    let records: Vec<Vec<u8>> =
        texts.texts().filter(|text| text.to_ascii_lowercase().starts_with(b"v=spf1")).collect();
    let [record] = records.as_slice() else { return false };
    record
        .to_ascii_lowercase()
        .split(|byte| *byte == b' ')
        .filter(|term| !term.is_empty())
        .eq([&b"v=spf1"[..], b"-all"])
}

/// Whether the domain says that it neither takes nor sends mail (RFC 7505).
pub(in crate::audit) fn is_without_mail(context: &Context<'_>) -> bool {
    let domain = context.facts.domain.dns();
    let mx = hosts(context.lookups.ask(&domain, RecordType::Mx));
    mx.len() == 1
        && mx.iter().all(|host| host.as_str().is_empty())
        && sends_nothing(context.lookups.ask(&domain, RecordType::Txt))
}
