//! Says what a group of records depends on, so that an answer that is missing is not taken for “there is none”.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::current_zone::CurrentZone;
use super::desired::Filled;

/// Names that a group depends on, each with its record types; no types means all of them.
pub(super) struct Needs(Vec<(String, &'static [&'static str])>);

impl Needs {
    /// These types at the domain itself, where records of many purposes stand side by side.
    pub fn apex(types: &'static [&'static str]) -> Self {
        Self(vec![("@".to_owned(), types)])
    }

    /// Everything at one name below the domain.
    pub fn name(name: &str) -> Self {
        Self(vec![(name.to_owned(), &[])])
    }

    /// The names at which the provider’s records are placed.
    pub fn names_of(filled: &[Filled<'_>]) -> Self {
        let needs = filled.iter().map(|new| -> (String, &'static [&'static str]) {
            (new.name.clone(), if new.name == "@" { &["TXT"] } else { &[] })
        });
        Self(needs.collect())
    }

    /// What of it could not be read, each once: `TXT at “@”`.
    pub fn unread_in(&self, zone: &CurrentZone) -> Vec<String> {
        let needed = zone.unread.iter().filter(|unread| {
            self.0.iter().any(|(name, types)| {
                *name == unread.name && (types.is_empty() || types.contains(&unread.record_type.as_str()))
            })
        });
        let words: BTreeSet<String> =
            needed.map(|unread| format!("{} at “{}”", unread.record_type, unread.name)).collect();
        words.into_iter().collect()
    }
}

/// Addresses of hosts whose A and AAAA questions were both answered. A host that is known by half must be named in
/// SPF by its name, or its other addresses would no longer be allowed to send.
pub(super) fn fully_read_addresses(zone: &CurrentZone) -> BTreeMap<String, BTreeSet<IpAddr>> {
    let domain = zone.domain.as_ascii();
    let half_read: BTreeSet<String> = zone
        .unread
        .iter()
        .filter(|unread| matches!(unread.record_type.as_str(), "A" | "AAAA"))
        .flat_map(|unread| [unread.name.clone(), format!("{}.{domain}", unread.name)])
        .collect();
    let is_half_read = |host: &str| half_read.contains(host) || (host == domain && half_read.contains("@"));
    zone.addresses
        .iter()
        .filter(|(host, _)| !is_half_read(host))
        .map(|(host, addresses)| (host.clone(), addresses.clone()))
        .collect()
}
