use crate::values::{DnsAnswer, DnsName, RecordData};

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
