//! The domain that a list of mailboxes is about.

use std::collections::BTreeMap;

use crate::plan::mailboxes::csv::CsvRow;
use crate::values::{DomainName, EmailAddress};

/// The domain that most user names at the destination share. If none of them is an address, that of the user names at
/// the source, and otherwise that of the mailboxes' own addresses. Of equally frequent domains, the first in the list.
pub fn shared_domain(rows: &[CsvRow]) -> Option<DomainName> {
    let at_destination = rows.iter().map(|row| row.destination_user.as_str());
    let at_source = rows.iter().map(|row| row.source_user.as_str());
    most_frequent(at_destination.filter_map(domain_of))
        .or_else(|| most_frequent(at_source.filter_map(domain_of)))
        .or_else(|| most_frequent(rows.iter().map(|row| row.address.domain().clone())))
}

fn domain_of(user: &str) -> Option<DomainName> {
    EmailAddress::parse(user).ok().map(|address| address.domain().clone())
}

fn most_frequent(domains: impl Iterator<Item = DomainName>) -> Option<DomainName> {
    let mut seen: BTreeMap<DomainName, Seen> = BTreeMap::new();
    for (place, domain) in domains.enumerate() {
        seen.entry(domain).or_insert(Seen { first: place, count: 0 }).count += 1;
    }
    let frequency = |(_, seen): &(DomainName, Seen)| (seen.count, std::cmp::Reverse(seen.first));
    seen.into_iter().max_by_key(frequency).map(|(domain, _)| domain)
}

/// How often a domain occurs.
struct Seen {
    /// Position of its first occurrence.
    first: usize,
    count: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::parse_mailboxes;

    #[test]
    fn the_most_frequent_domain_at_the_destination_decides_then_that_at_the_source() {
        for (list, expected) in [
            ("address\na@old.example\nb@weber.example\nc@weber.example\n", Some("weber.example")),
            ("address\na@old.example\nb@weber.example\n", Some("old.example")),
            (
                "address,source_user,destination_user\na@alias.example,a@old.example,a@new.example\n\
                 b@alias.example,b@old.example,b\n",
                Some("new.example"),
            ),
            ("address,source_user,destination_user\na@alias.example,a@old.example,a\n", Some("old.example")),
            ("address,source_user,destination_user\na@alias.example,a,a\n", Some("alias.example")),
            ("address\n", None),
        ] {
            let found = shared_domain(&parse_mailboxes(list.as_bytes()).unwrap());
            assert_eq!(found.as_ref().map(DomainName::as_ascii), expected, "{list}");
        }
    }
}
