//! Tests whether complete strangers pass SPF: terms that decide by lookups (`exists`, `ptr`, macros) have no networks to
//! count, so unused addresses are tried.

use std::net::{IpAddr, Ipv4Addr};

use super::{CostTree, SpfQuery, SpfResult, check_with};
use crate::audit::Lookups;
use crate::values::{DomainName, UnixTime};

/// Addresses that nobody uses (RFC 5737), far apart: a record that lets all of them send lets everybody send.
pub const STRANGERS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 123)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 123)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 123)),
];

/// Why strangers pass, as the evaluator says it of the last one; `None` if one of them does not, or nobody knows.
pub(super) fn why_strangers_pass(
    lookups: &Lookups<'_>,
    domain: &DomainName,
    tree: &CostTree,
    at: UnixTime,
) -> Option<String> {
    let is_by_lookup = |term: &str| {
        let bare = term.trim_start_matches(['+', '-', '~', '?']).to_ascii_lowercase();
        bare.starts_with("exists:") || bare.starts_with("ptr")
    };
    if tree.by_sender.is_empty() && !tree.nodes.iter().any(|node| is_by_lookup(&node.term)) {
        return None;
    }
    let mut why = None;
    for ip in STRANGERS {
        let query = SpfQuery {
            ip,
            domain: domain.as_ascii().to_owned(),
            sender: format!("postmaster@{}", domain.as_ascii()),
            helo: String::new(),
            at,
        };
        let verdict = check_with(lookups, &query)?;
        if verdict.result != SpfResult::Pass {
            return None;
        }
        why = Some(verdict.explanation);
    }
    why
}
